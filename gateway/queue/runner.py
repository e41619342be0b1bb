"""Sends what is due: claim, send, settle; one SMTP transaction for the recipients of one message.

House rules: at least once, never silently not at all. Deliveries and retries are settled before anybody is told of
failures, and a failure is settled only after its notice is in the record: a crash between the two costs at worst a
second notice, never a second delivery and never a lost failure.
A store that fails is asked again until it answers; what was sent meanwhile stays leased and is not sent again.

Not here: how a mail is sent (``relay/``), when again (``schedule.py``), what a notice says (the hook's owner).
"""

import asyncio
import contextlib
import random
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from gateway.mail.address import Address
from gateway.mail.delivery import Delivered, DeliveryResult, PermanentFailure, TemporaryFailure
from gateway.ops import events
from gateway.queue.schedule import Schedule, next_attempt
from gateway.store.records import Attempt, Outcome, QueueItem, Settlement, StoreError

T = TypeVar("T")

MAX_SLEEP_S = 5.0
"""Seconds between looks at an idle queue: another process may have made a row due, and the clock may have jumped."""

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between calls of a store that fails; the last one for ever."""

NOTICE_TRIES = 3
"""Calls of a failing hook (a store that fails does not count): beyond that it is a bug that waiting will not mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerLimits:
    """How much at once.

    Attributes:
        per_route: SMTP transactions of one route at a time; a next hop that hangs holds no more than these.
        in_all: SMTP transactions at a time.
        batch: Recipients claimed at a time.
        held: Recipients of one route leased ahead of sending.
        lease_s: Seconds a lease lasts; renewed at a third of it as long as we live.
    """

    per_route: int = 10
    in_all: int = 50
    batch: int = 200
    held: int = 400
    lease_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRecipient:
    """A recipient that will not be tried again.

    Attributes:
        address: Forward-path.
        result: The last attempt's.
        is_expired: Given up after too long, rather than refused for good.
        attempts: Attempts made.
    """

    address: Address
    result: TemporaryFailure | PermanentFailure
    is_expired: bool
    attempts: int


class Deliver(Protocol):
    """Sends one message to one next hop; a recipient without a result counts as a temporary failure."""

    async def __call__(
        self, route: str, reverse_path: Address | None, recipients: tuple[Address, ...], octets: bytes
    ) -> Mapping[Address, DeliveryResult]:
        """Open a transaction, or use an open connection."""
        ...


OnFailure = Callable[[str, tuple[FailedRecipient, ...]], Awaitable[None]]
"""Called with our id of the message before its failures are settled: puts a notice in the record, or decides that
none is owed (null reverse-path, NOTIFY=NEVER). It may be called twice for the same failures."""


class Queue(Protocol):
    """The side of the store that this module uses."""

    async def claim(
        self, limit: int, now: datetime, lease_s: float, *, exclude_routes: Sequence[str] = ()
    ) -> list[QueueItem]:
        """Lease due rows."""
        ...

    async def content(self, message_id: str) -> bytes:
        """Octets to send."""
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Write down what became of rows."""
        ...

    async def renew(self, ids: Iterable[int], until: datetime) -> None:
        """Hold leases longer."""
        ...

    async def release(self, ids: Iterable[int]) -> None:
        """Give leases back."""
        ...

    async def next_due(self, *, exclude_routes: Sequence[str] = ()) -> datetime | None:
        """When a row can be claimed next."""
        ...


@dataclass(slots=True, kw_only=True)
class _Group:
    """Recipients of one message that go in one transaction."""

    items: list[QueueItem] = field(default_factory=list)
    is_sending: bool = False


class Runner:
    """One queue runner of one instance."""

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
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()
        self._is_stopping = False
        self._held: dict[int, QueueItem] = {}
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
            timeout_s: Seconds until what is still being sent is cut off; it is recorded as of unknown outcome, and
                due again.
        """
        deadline = asyncio.get_running_loop().time() + timeout_s
        self._is_stopping = True
        self.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._ended.wait()
                while self._tasks:
                    await asyncio.wait(self._tasks)
        tasks = dict(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._cut_off([group for group in tasks.values() if group.is_sending])
            await self._store.release(tuple(self._held))
        except StoreError as error:  # the leases run out, or end when this instance comes up again
            _fault("queue", error)
        self._held.clear()

    async def _fill(self) -> float:
        """Claim what is due and start sending it; returns the seconds until it is worth looking again."""
        full = self._full_routes()
        now = self._clock()
        items = await self._store.claim(self._limits.batch, now, self._limits.lease_s, exclude_routes=full)
        # Our own leases that ran out come back too (the clock jumped, a renewal failed): those are being sent.
        for group in _groups(item for item in items if item.id not in self._held):
            self._start(group)
        if len(items) == self._limits.batch:
            return 0.0
        due = await self._store.next_due(exclude_routes=full)
        return MAX_SLEEP_S if due is None else min((due - self._clock()).total_seconds(), MAX_SLEEP_S)

    def _full_routes(self) -> tuple[str, ...]:
        held = Counter(item.route for item in self._held.values())
        return tuple(route for route, count in held.items() if count >= self._limits.held)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0.0)):
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
        self._held.update((item.id, item) for item in group.items)
        task = asyncio.create_task(self._attend(group))
        self._tasks[task] = group
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        group = self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()):
            # Our own bug: let the leases run out, so that it neither stops the queue nor spins.
            _fault("queue", error)
            self._let_go(group.items)
        self.wake()

    def _let_go(self, items: Iterable[QueueItem]) -> None:
        for item in items:
            self._held.pop(item.id, None)

    async def _attend(self, group: _Group) -> None:
        """Send to the recipients of a group once there is room, and settle them."""
        route = group.items[0].route
        slots = self._route_slots.setdefault(route, asyncio.Semaphore(self._limits.per_route))
        async with slots, self._slots:  # in this order: who waits for his route keeps nobody else waiting
            if self._is_stopping:
                return
            results = await self._send(group)
        await self._conclude(group.items, results)

    async def _send(self, group: _Group) -> Mapping[Address, DeliveryResult]:
        first = group.items[0]
        recipients = tuple(item.recipient for item in group.items)
        began = asyncio.get_running_loop().time()
        try:
            octets = await self._persist(lambda: self._store.content(first.message_id))
            group.is_sending = True
            given = await self._deliver(first.route, first.reverse_path, recipients, octets)
            results = {address: given.get(address, _no_result(first.route)) for address in recipients}
        except Exception as error:  # noqa: BLE001 - whatever it was, the mail is tried again
            unknown = _unknown(first.route, f"internal error, incident {_fault('relay', error)}")
            results = dict.fromkeys(recipients, unknown)
        group.is_sending = False
        _report(first.message_id, results.values(), asyncio.get_running_loop().time() - began)
        return results

    async def _conclude(self, items: list[QueueItem], results: Mapping[Address, DeliveryResult]) -> None:
        """Settle: first what needs nobody to be told, then the failures."""
        now = self._clock()
        settlements = {item.id: self._settlement(item, results[item.recipient], now) for item in items}
        failed = [item for item in items if settlements[item.id].state in {"failed", "expired"}]
        await self._settle([item for item in items if item not in failed], settlements)
        if failed:
            told = tuple(_failed(item, results[item.recipient], settlements[item.id]) for item in failed)
            await self._tell(failed[0].message_id, told)
            await self._settle(failed, settlements)

    def _settlement(self, item: QueueItem, result: DeliveryResult, now: datetime) -> Settlement:
        attempt = Attempt(at=now, outcome=_outcome(result), next_hop=result.next_hop, reply=result.reply)
        if isinstance(result, Delivered):
            return Settlement(queue_id=item.id, state="delivered", due_at=None, attempt=attempt)
        if isinstance(result, PermanentFailure):
            return Settlement(queue_id=item.id, state="failed", due_at=None, attempt=attempt)
        dice = random.random()  # noqa: S311 - spreads load, guards nothing
        due_at = next_attempt(self._schedule, item.attempts + 1, item.first_at, now, dice)
        state = "expired" if due_at is None else "queued"
        return Settlement(queue_id=item.id, state=state, due_at=due_at, attempt=attempt)

    async def _settle(self, items: list[QueueItem], settlements: Mapping[int, Settlement]) -> None:
        if items:
            await self._persist(lambda: self._store.settle([settlements[item.id] for item in items]))
            self._let_go(items)

    async def _tell(self, message_id: str, failed: tuple[FailedRecipient, ...]) -> None:
        """Have the hook put a notice in the record; if it cannot, say so where an operator sees it."""
        if expired := sum(recipient.is_expired for recipient in failed):
            events.message_expired(id=message_id, recipients=expired)
        for delay_s in (*BACK_OFF_S[: NOTICE_TRIES - 1], None):
            try:
                await self._persist(lambda: self._on_failure(message_id, failed))
            except Exception as error:  # noqa: BLE001 - a broken notice must not keep the mail in the queue for ever
                incident = _fault("notices", error)
                if delay_s is not None:
                    await asyncio.sleep(delay_s)
            else:
                return
        events.notice_failed(id=message_id, kind="failed", reason=f"incident {incident}")

    async def _cut_off(self, groups: list[_Group]) -> None:
        now = self._clock()
        attempt = Attempt(
            at=now, outcome="unknown", next_hop="", reply="stopped before the next hop answered"
        )
        await self._store.settle(
            [
                Settlement(queue_id=item.id, state="queued", due_at=now, attempt=attempt)
                for group in groups
                for item in group.items
            ]
        )

    async def _persist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Call the store until it answers."""
        delays = iter(BACK_OFF_S)
        while True:
            try:
                return await action()
            except StoreError as error:
                _fault("store", error)
                await asyncio.sleep(next(delays, BACK_OFF_S[-1]))


def _groups(items: Iterable[QueueItem]) -> Iterator[_Group]:
    groups: dict[tuple[str, str], _Group] = {}
    for item in items:
        groups.setdefault((item.message_id, item.route), _Group()).items.append(item)
    return iter(groups.values())


def _outcome(result: DeliveryResult) -> Outcome:
    match result:
        case Delivered():
            return "delivered"
        case PermanentFailure():
            return "permanent"
        case TemporaryFailure(outcome_unknown=True):
            return "unknown"
    return "temporary"


def _unknown(next_hop: str, reply: str) -> TemporaryFailure:
    return TemporaryFailure(next_hop=next_hop, reply=reply, outcome_unknown=True)


def _no_result(route: str) -> TemporaryFailure:
    return _unknown(route, "the delivery agent did not say what became of this recipient")


def _failed(item: QueueItem, result: DeliveryResult, settlement: Settlement) -> FailedRecipient:
    if isinstance(result, Delivered):
        raise TypeError("a delivered recipient has not failed")
    return FailedRecipient(
        address=item.recipient,
        result=result,
        is_expired=settlement.state == "expired",
        attempts=item.attempts + 1,
    )


def _report(message_id: str, results: Iterable[DeliveryResult], seconds: float) -> None:
    """One event for the recipients that share an outcome."""
    counted = Counter((result.next_hop, _outcome(result), result.reply) for result in results)
    for (next_hop, outcome, reply), count in counted.items():
        events.attempt_made(
            id=message_id, next_hop=next_hop, outcome=outcome, recipients=count, reply=reply, seconds=seconds
        )


def _fault(where: str, error: BaseException) -> str:
    incident = secrets.token_hex(6)
    events.fault(incident=incident, where=where, exception=error)
    return incident
