"""Sends what is due: claim, send, settle; one SMTP transaction for the recipients of one message.

House rules: at least once, never silently not at all.
Deliveries and retries are settled before anybody is told of failures, and a failure is settled only after its
notice is in the record: a crash between the two costs at worst a second notice, never a lost one.
A store that fails is asked again until it answers; what was sent meanwhile stays leased, so it is not sent again.

Not here: how a mail is sent (``relay/``), when again (``schedule.py``), what a notice says (the hook's owner).
"""

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gateway.mail.address import Address
from gateway.mail.delivery import DeliveryResult
from gateway.ops import events
from gateway.queue import outcome
from gateway.queue.outcome import FailedRecipient
from gateway.queue.schedule import Schedule
from gateway.queue.seams import Deliver, OnFailure, Queue
from gateway.store.records import Attempt, QueueItem, Settlement, StoreError

T = TypeVar("T")

MAX_SLEEP_S = 5.0
"""Seconds between looks at an idle queue: another process may make rows due, and the clock may jump."""

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between calls of a store that fails; the last one for ever."""

JUMP = timedelta(seconds=60)
"""Beyond it the wall clock was set."""

NOTICE_TRIES = 3
"""Calls of a failing hook (a failing store does not count): beyond it is a bug that waiting does not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerLimits:
    """How much at once.

    Attributes:
        per_route: SMTP transactions of one route at a time; a next hop that hangs holds no more than these.
        in_all: SMTP transactions at a time.
        batch: Recipients claimed at a time.
        held: Recipients of one route leased ahead of sending, before no more of it are claimed.
        lease_s: Seconds a lease lasts; renewed at a third of it for as long as we live.
    """

    per_route: int = 10
    in_all: int = 50
    batch: int = 200
    held: int = 400
    lease_s: float = 600.0


_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class _Group:
    """Recipients of one message that go in one transaction."""

    items: list[QueueItem] = field(default_factory=list)
    is_sending: bool = False
    claimed_at: datetime = _NEVER
    claimed_s: float = 0.0


class Runner:
    """One queue runner of one instance.

    Attributes:
        steady: Called before a claim: moves what waits where the clock was set.
    """

    def __init__(
        self,
        store: Queue,
        deliver: Deliver,
        schedule: Schedule,
        *,
        on_failure: OnFailure,
        limits: RunnerLimits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._schedule = schedule
        self._on_failure = on_failure
        self._limits = limits or RunnerLimits()
        self._clock = clock
        self.steady: Callable[[], Awaitable[object]] = _nothing
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self._is_stopping = False
        self._held: dict[int, QueueItem] = {}
        self._twice: set[int] = set()
        self._load: Counter[str] = Counter()
        self._full: tuple[str, ...] = ()
        self._tasks: dict[asyncio.Task[None], _Group] = {}
        self._slots = asyncio.Semaphore(self._limits.in_all)
        self._route_slots: dict[str, asyncio.Semaphore] = {}

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
            await self._cut_off(
                [item for group in tasks.values() if group.is_sending for item in group.items]
            )
            await self._store.release(tuple(self._held))
        except StoreError as error:  # the leases run out, or end when this instance comes up again
            _fault("queue", error)
        self._held.clear()

    async def _fill(self) -> float:
        """Claim what is due and start sending it; returns the seconds until it is worth looking again."""
        await self.steady()
        self._full = tuple(route for route, count in self._load.items() if count >= self._limits.held)
        items = await self._store.claim(
            self._limits.batch, self._clock(), self._limits.lease_s, exclude_routes=self._full
        )
        if self._is_stopping:
            await self._store.release([item.id for item in items if item.id not in self._held])
            return 0.0
        # What we hold can come back: its lease ran out (the clock jumped, a renewal failed), or it is being settled.
        self._twice.update(item.id for item in items if item.id in self._held)
        for group in _groups(item for item in items if item.id not in self._held):
            self._start(group)
        if len(items) == self._limits.batch:
            return 0.0
        due = await self._store.next_due(exclude_routes=self._full)
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
                await self._store.renew(tuple(self._held), until)
            except StoreError as error:
                _fault("queue", error)

    def _start(self, group: _Group) -> None:
        for item in group.items:
            self._held[item.id] = item
            self._load[item.route] += 1
        group.claimed_at, group.claimed_s = self._clock(), asyncio.get_running_loop().time()
        task = asyncio.create_task(self._attend(group))
        self._tasks[task] = group
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        group = self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()):
            # Our own bug: the leases run out, so that it neither stops the queue nor spins.
            _fault("queue", error)
            self._let_go(group.items)

    def _let_go(self, items: Iterable[QueueItem]) -> None:
        for item in items:
            if self._held.pop(item.id, None):
                self._load[item.route] -= 1
                if item.route in self._full and self._load[item.route] <= self._limits.held // 2:
                    self.wake()

    async def _attend(self, group: _Group) -> None:
        """Send to the recipients of a group once there is room, and settle them."""
        route = group.items[0].route
        slots = self._route_slots.setdefault(route, asyncio.Semaphore(self._limits.per_route))
        async with slots, self._slots:  # in this order: who waits for a route keeps nobody else waiting
            if self._is_stopping:
                return
            results = await self._send(group)
        await self._conclude(self._as_old(group), results)

    def _as_old(self, group: _Group) -> list[QueueItem]:
        """The items as old as they are: a clock that was set forward while they were sent makes none too old."""
        passed = timedelta(seconds=asyncio.get_running_loop().time() - group.claimed_s)
        ahead = self._clock() - group.claimed_at - passed
        if ahead < JUMP:
            return group.items
        return [replace(item, first_at=item.first_at + ahead) for item in group.items]

    async def _send(self, group: _Group) -> Mapping[Address, DeliveryResult]:
        first = group.items[0]
        recipients = tuple(item.recipient for item in group.items)
        began = asyncio.get_running_loop().time()
        results: dict[Address, DeliveryResult] = {}
        try:
            octets = await self._persist(lambda: self._store.content(first.message_id))
            group.is_sending = True
            results.update(await self._deliver(first.route, first.reverse_path, recipients, octets))
            reply = "the delivery agent did not say what became of this recipient"
        except Exception as error:  # noqa: BLE001 - whatever it was, the mail is tried again
            reply = f"internal error, incident {_fault('relay', error)}"
        group.is_sending = False
        for address in recipients:
            results.setdefault(address, outcome.unknown(first.route, reply))
        outcome.report(first.message_id, results.values(), asyncio.get_running_loop().time() - began)
        return results

    async def _conclude(self, items: list[QueueItem], results: Mapping[Address, DeliveryResult]) -> None:
        """Settle: first what needs nobody to be told, then the failures."""
        now = self._clock()
        fine: dict[int, Settlement] = {}
        final: dict[int, Settlement] = {}
        told: list[FailedRecipient] = []
        for item in items:
            settled = outcome.settlement(item, results[item.recipient], self._schedule, now)
            failed = outcome.failure(item, results[item.recipient], settled)
            (final if failed else fine)[item.id] = settled
            told.extend([failed] if failed else [])
        await self._settle(items, fine)
        if final:
            await self._tell(items[0].message_id, tuple(told))
            await self._settle(items, final)

    async def _settle(self, items: list[QueueItem], settlements: dict[int, Settlement]) -> None:
        if not settlements:
            return
        await self._persist(lambda: self._store.settle(tuple(settlements.values())))
        self._let_go(item for item in items if item.id in settlements)
        if twice := self._twice & settlements.keys():
            # Claimed again while we were at it: unless it is settled, nobody is at it now.
            self._twice -= twice
            await self._persist(lambda: self._store.release(tuple(twice)))
        if twice or any(settled.due_at for settled in settlements.values()):
            self.wake()  # due earlier, perhaps, than what the loop is waiting for

    async def _tell(self, message_id: str, failed: tuple[FailedRecipient, ...]) -> None:
        """Have the hook put a notice in the record; if it cannot, say so where an operator sees it."""
        if expired := sum(recipient.is_expired for recipient in failed):
            events.message_expired(id=message_id, recipients=expired)
        incident = ""
        for tried in range(NOTICE_TRIES):
            if tried:
                await asyncio.sleep(BACK_OFF_S[tried])
            try:
                await self._persist(lambda: self._on_failure(message_id, failed))
            except Exception as error:  # noqa: BLE001 - a broken notice must not keep the mail for ever
                incident = _fault("notices", error)
            else:
                return
        events.notice_failed(id=message_id, kind="failed", reason=f"incident {incident}")

    async def _cut_off(self, items: list[QueueItem]) -> None:
        if items:
            now = self._clock()
            reply = "stopped before the next hop answered"
            attempt = Attempt(at=now, outcome="unknown", next_hop="", reply=reply)
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


def _groups(items: Iterable[QueueItem]) -> Iterator[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for item in items:
        groups.setdefault((item.message_id, item.route), _Group()).items.append(item)
    return iter(groups.values())


def _fault(where: str, error: BaseException) -> str:
    incident = secrets.token_hex(6)
    events.fault(incident=incident, where=where, exception=error)
    return incident
