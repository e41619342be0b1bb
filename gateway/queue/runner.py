"""Sends what is due: claim, send, settle; one SMTP transaction for the recipients of one message at one next hop.

House rules: at least once, never silently not at all.
Deliveries and retries are settled at once; what the seller is told of is settled in the transaction that queues the
notice, so that a crash neither loses a notice nor sends it twice.
A store that fails is asked again until it answers; what was sent meanwhile stays leased, so it is not sent again.
A next hop that is slow holds its own places and nobody else's.

Not here: how a mail is sent (``relay/``), when again (``schedule.py``), what a notice says (the hook's owner).
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gateway.mail.address import Address
from gateway.mail.delivery import DeliveryResult
from gateway.ops import events
from gateway.queue import outcome
from gateway.queue.outcome import Told
from gateway.queue.places import Group, Limits, Places, groups
from gateway.queue.room import Room
from gateway.queue.schedule import Schedule
from gateway.queue.seams import Deliver, Letters, Queue, Tell
from gateway.queue.settler import Settler
from gateway.store.records import Attempt, QueueItem, Settlement, StoreError

T = TypeVar("T")

MAX_SLEEP_S = 5.0
"""Seconds between looks at an idle queue: another process may make rows due, and the clock may jump."""

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between calls of a store that fails; the last one for ever."""

JUMP = timedelta(seconds=60)
"""Beyond it the wall clock was set."""

AHEAD_S = 20.0
"""Seconds that what is leased waits for a place to send: then it is given back. What is leased nobody can hold or
delete, and people want to when a next hop hangs."""

NOTICE_TRIES = 3
"""Calls of a failing hook (a failing store does not count): beyond it is a bug that waiting does not mend."""

PRELOAD_OCTETS = 16 * 1024 * 1024
"""Octets of claimed messages read in one go and kept until they are sent; what is larger is read in its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the runner is to do beside the queue.

    Attributes:
        deliver: Sends.
        tell: Writes to sellers.
        schedule: The retry schedule of a route.
        destination: Of a route and a recipient, the domain whose next hop DNS names; ``""`` where the route names it.
    """

    deliver: Deliver
    tell: Tell
    schedule: Callable[[str], Schedule]
    destination: Callable[[str, Address], str] = lambda _route, _address: ""


class Runner:
    """One queue runner of one instance.

    Attributes:
        steady: Called before a claim: moves what waits where the clock was set.
    """

    def __init__(
        self,
        store: Queue,
        hooks: Hooks,
        *,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._hooks = hooks
        self._limits = limits or Limits()
        self._clock = clock
        self.steady: Callable[[], Awaitable[object]] = _nothing
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self._is_stopping = False
        self._twice: set[int] = set()
        self._preloaded = 0
        self._places = Places(self._limits)
        self._room = Room()
        self._settler = Settler(store)
        self._tasks: dict[asyncio.Task[None], Group] = {}

    def wake(self) -> None:
        """Something may be due: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Send what is due until ``drain``."""
        self._ended.clear()
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._is_stopping:
                self._woken.clear()
                await self._pause(await self._persist(self._fill))
        finally:
            renewing.cancel()
            self._ended.set()

    async def drain(self, timeout_s: float) -> None:
        """Stop claiming, finish what is being sent, give the rest back.

        Args:
            timeout_s: Seconds until what is still being sent is cut off; it is recorded as of unknown outcome
                and is due again.
        """
        self._is_stopping = True
        self.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._ended.wait()
                while self._tasks:
                    await asyncio.wait(self._tasks)
        tasks = dict(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._cut_off([item for each in tasks.values() if each.is_sending for item in each.items])
            await self._store.release(tuple(self._places.held))
        except StoreError as error:  # the leases run out, or end when this instance comes up again
            _fault("queue", error)
        self._places.held.clear()

    async def _fill(self) -> float:
        """Claim what is due and start sending it; returns the seconds until it is worth looking again."""
        await self.steady()
        if self._places.is_full:
            return MAX_SLEEP_S
        full = self._places.full()
        items = await self._store.claim(self._limits.batch, self._clock(), self._limits.lease_s, exclude=full)
        held = self._places.held
        if self._is_stopping:
            await self._store.release([item.id for item in items if item.id not in held])
            return 0.0
        # What we hold can come back: its lease ran out (the clock jumped, a renewal failed), or it is being settled.
        self._twice.update(item.id for item in items if item.id in held)
        fresh = groups((item for item in items if item.id not in held), self._hooks.destination)
        for group in fresh:
            group.claimed_at, group.claimed_s = self._clock(), asyncio.get_running_loop().time()
            self._places.hold(group)
        await self._preload(fresh)
        for group in fresh:
            task = asyncio.create_task(self._attend(group))
            self._tasks[task] = group
            task.add_done_callback(self._finish)
        if len(items) == self._limits.batch:
            return 0.0
        due = await self._store.next_due(exclude=full)
        return MAX_SLEEP_S if due is None else (due - self._clock()).total_seconds()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(max(seconds, 0.0), MAX_SLEEP_S)):
                await self._woken.wait()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._limits.lease_s / 3)
            until = self._clock() + timedelta(seconds=self._limits.lease_s)
            try:
                await self._store.renew(tuple(self._places.held), until)
            except StoreError as error:
                _fault("queue", error)

    async def _preload(self, fresh: Sequence[Group]) -> None:
        """Read small contents together: a read for each would cost more than the octets do."""
        if not fresh:
            return
        try:
            found = await self._store.contents(
                list(dict.fromkeys(group.message_id for group in fresh)), PRELOAD_OCTETS - self._preloaded
            )
        except Exception as error:  # noqa: BLE001 - what is leased must be started: each is read in its turn then
            _fault("store", error)
            return
        for group in fresh:
            group.octets = found.get(group.message_id)
            self._preloaded += len(group.octets or b"")

    def _finish(self, task: asyncio.Task[None]) -> None:
        group = self._tasks.pop(task)
        self._unload(group)
        if not task.cancelled() and (error := task.exception()):
            # Our own bug: the leases run out, so that it neither stops the queue nor spins.
            _fault("queue", error)
            self._let_go(group, group.items)

    def _unload(self, group: Group) -> None:
        self._preloaded -= len(group.octets or b"")
        group.octets = None

    def _let_go(self, group: Group, items: Iterable[QueueItem]) -> None:
        if self._places.let_go(group.way, items):
            self.wake()

    async def _attend(self, group: Group) -> None:
        """Send to the recipients of a group once there is room, and settle them."""
        of_way, of_route, of_all = self._places.slots(group.way)
        try:
            # In this order: who waits for a few keeps nobody else waiting.
            async with asyncio.timeout(AHEAD_S) as patience, of_way, of_route, of_all:
                patience.reschedule(None)
                if self._is_stopping:
                    return
                results = await self._send(group)
        except TimeoutError:
            await self._give_back(group)
            return
        if self._places.moved(group.way):
            self.wake()
        group.items = self._as_old(group)
        await self._conclude(group, results)

    async def _give_back(self, group: Group) -> None:
        """Leave it to be claimed again, when its next hop moves."""
        self._places.waited_too_long(group.way)
        self._unload(group)
        self._let_go(group, group.items)
        ids = [item.id for item in group.items]
        self._twice.difference_update(ids)
        await self._persist(lambda: self._store.release(ids))
        self.wake()

    def _as_old(self, group: Group) -> list[QueueItem]:
        """The items as old as they are: a clock that was set forward while they were sent makes none too old."""
        passed = timedelta(seconds=asyncio.get_running_loop().time() - group.claimed_s)
        ahead = self._clock() - group.claimed_at - passed
        if ahead < JUMP:
            return group.items
        return [replace(item, first_at=item.first_at + ahead) for item in group.items]

    async def _size(self, group: Group) -> int:
        if group.octets is not None:
            return len(group.octets)
        return await self._persist(lambda: self._store.size(group.message_id))

    async def _octets(self, group: Group) -> bytes:
        if group.octets is not None:
            return group.octets
        return await self._persist(lambda: self._store.content(group.message_id))

    async def _send(self, group: Group) -> Mapping[Address, DeliveryResult]:
        first = group.items[0]
        recipients = tuple(item.recipient for item in group.items)
        began = asyncio.get_running_loop().time()
        results: dict[Address, DeliveryResult] = {}
        try:
            async with self._room.of(await self._size(group)):
                began = asyncio.get_running_loop().time()
                octets = await self._octets(group)
                group.is_sending = True
                results.update(await self._hooks.deliver(first.route, first.reverse_path, recipients, octets))
            reply = "the delivery agent did not say what became of this recipient"
        except Exception as error:  # noqa: BLE001 - whatever it was, the mail is tried again
            reply = f"internal error, incident {_fault('relay', error)}"
        group.is_sending = False
        self._unload(group)
        for address in recipients:
            if address not in results:
                results[address] = outcome.unknown(first.route, reply)
        outcome.report(first.message_id, results.values(), asyncio.get_running_loop().time() - began)
        return results

    async def _conclude(self, group: Group, results: Mapping[Address, DeliveryResult]) -> None:
        """Settle: first what nobody is told of, then the rest together with its notice."""
        now = self._clock()
        schedule = self._hooks.schedule(group.way[0])
        quiet: dict[int, Settlement] = {}
        loud: dict[int, Settlement] = {}
        told: list[Told] = []
        for item in group.items:
            settled = outcome.settled(item, results[item.recipient], schedule, now)
            # A delivery is settled before anything else, whoever wants to hear of it: a notice that is lost in a crash
            # is a smaller evil than a mail that is sent twice.
            is_quiet = settled.told is None or settled.told.what == "relayed"
            (quiet if is_quiet else loud)[item.id] = settled.settlement
            told.extend([settled.told] if settled.told else [])
        await self._settle(group, quiet, Letters())
        if told:
            await self._settle(group, loud, await self._told(group.message_id, tuple(told)))

    async def _settle(self, group: Group, settlements: dict[int, Settlement], letters: Letters) -> None:
        if not (settlements or letters.now or letters.later):
            return
        await self._persist(lambda: self._settler.settle(tuple(settlements.values()), letters))
        self._let_go(group, [item for item in group.items if item.id in settlements])
        for letter in letters.now:
            events.notice_sent(id=group.message_id, kind=letter.kind)
        twice = self._twice & settlements.keys()
        if twice:
            # Claimed again while we were at it: unless it is settled, nobody is at it now.
            self._twice -= twice
            await self._persist(lambda: self._store.release(tuple(twice)))
        if twice or letters.now or any(settled.due_at for settled in settlements.values()):
            self.wake()  # due earlier, perhaps, than what the loop is waiting for

    async def _told(self, message_id: str, told: tuple[Told, ...]) -> Letters:
        """Have the hook write to the seller; if it cannot, say so where an operator sees it."""
        if expired := sum(each.what == "expired" for each in told):
            events.message_expired(id=message_id, recipients=expired)
        incident = ""
        for tried in range(NOTICE_TRIES):
            if tried:
                await asyncio.sleep(BACK_OFF_S[tried])
            try:
                return await self._persist(lambda: self._hooks.tell(message_id, told))
            except Exception as error:  # noqa: BLE001 - a broken notice must not keep the mail for ever
                incident = _fault("notices", error)
        events.notice_failed(id=message_id, kind=told[0].what, reason=f"incident {incident}")
        return Letters()

    async def _cut_off(self, items: list[QueueItem]) -> None:
        if items:
            now = self._clock()
            reply = "stopped before the next hop answered"
            attempt = Attempt(at=now, outcome="unknown", next_hop="", reply=reply, cause="connection_lost")
            await self._store.settle(
                [Settlement(queue_id=item.id, state="queued", due_at=now, attempt=attempt) for item in items]
            )

    async def _persist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Call the store until it answers."""
        tries = 0
        while True:
            try:
                return await action()
            except StoreError as error:
                _fault("store", error)
                await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1


async def _nothing() -> None:
    pass


def _fault(where: str, error: BaseException) -> str:
    incident = secrets.token_hex(6)
    events.fault(incident=incident, where=where, exception=error)
    return incident
