"""A queue in memory, and builders for the runner's tests."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.mail.address import Address
from gateway.mail.delivery import Delivered
from gateway.queue import runner as module
from gateway.queue.places import Limits
from gateway.queue.runner import Hooks, Runner
from gateway.queue.schedule import Schedule
from gateway.queue.seams import Letters
from gateway.store.records import QueueItem, Settlement, StoreError

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


def _item(
    row_id: int = 1,
    *,
    message: str = "m1",
    to: str = "buyer",
    at: str = "market.example",
    route: str = "amazon",
    **changes,
) -> QueueItem:
    item = QueueItem(
        id=row_id,
        message_id=message,
        route=route,
        reverse_path=Address(local="orders", domain="shop.example"),
        recipient=Address(local=to, domain=at),
        attempts=0,
        first_at=NOW,
        due_at=NOW,
        lease_until=NOW,
    )
    return replace(item, **changes)


@pytest.fixture
def item() -> Callable[..., QueueItem]:
    return _item


@dataclass
class FakeQueue:
    """The store as the runner sees it: due rows, leases, and what was done to them, in order."""

    rows: dict[int, QueueItem] = field(default_factory=dict)
    claimable: dict[int, datetime] = field(default_factory=dict)
    log: list[tuple[str, object]] = field(default_factory=list)
    notices: list[object] = field(default_factory=list)
    owed: list[object] = field(default_factory=list)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, *items: QueueItem) -> None:
        """Queue rows."""
        for item in items:
            self.rows[item.id] = item
            self.claimable[item.id] = item.due_at

    def fail(self, method: str, *errors: Exception | None) -> None:
        """The next calls of a method raise these, or (None) do not."""
        self.faults[method] = list(errors)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to have been done."""
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    def calls(self, method: str) -> list[object]:
        """What a method was called with."""
        return [given for name, given in self.log if name == method]

    def _begin(self, method: str, given: object) -> None:
        self.log.append((method, given))
        self.changed.set()
        faults = self.faults.get(method)
        if faults and (error := faults.pop(0)):
            raise error

    async def claim(self, limit, now, lease_s, *, exclude=()):
        """As the store does."""
        self._begin("claim", tuple(exclude))
        due = [row for row in self.rows if self.claimable[row] <= now]
        due = [row for row in due if not self._ways(row) & set(exclude)][:limit]
        for row in due:
            self.claimable[row] = now + timedelta(seconds=lease_s)
        return [self.rows[row] for row in due]

    def _ways(self, row):
        item = self.rows[row]
        return {(item.route, ""), (item.route, item.recipient.domain)}

    async def size(self, message_id):
        """As the store does."""
        self._begin("size", message_id)
        return self.sizes.get(message_id, len(message_id))

    async def contents(self, message_ids, max_octets):  # noqa: ARG002 - everything fits that has no size of its own
        """As the store does."""
        self._begin("contents", tuple(message_ids))
        return {each: each.encode() for each in message_ids if each not in self.sizes}

    async def content(self, message_id):
        """As the store does."""
        self._begin("content", message_id)
        return message_id.encode()

    async def settle(self, settlements, *, notices=(), owed_notices=()):
        """As the store does."""
        self._begin("settle", [(s.queue_id, s.state, s.attempt and s.attempt.outcome) for s in settlements])
        self.notices += notices
        self.owed += owed_notices
        for settlement in settlements:
            self._settle(settlement)
        self.changed.set()

    def _settle(self, settlement: Settlement) -> None:
        if settlement.due_at is None:
            self.rows.pop(settlement.queue_id, None)
        else:
            row = self.rows[settlement.queue_id]
            self.rows[row.id] = replace(
                row,
                attempts=row.attempts + (settlement.attempt is not None),
                due_at=settlement.due_at,
                is_delay_told=row.is_delay_told or settlement.is_delay_told,
            )
            self.claimable[row.id] = settlement.due_at

    async def renew(self, ids, until):
        """As the store does."""
        self._begin("renew", (tuple(ids), until))

    async def release(self, ids):
        """As the store does."""
        self._begin("release", tuple(ids))
        for row in ids:
            if row in self.rows:
                self.claimable[row] = self.rows[row].due_at

    async def next_due(self, *, exclude=()):
        """As the store does."""
        self._begin("next_due", tuple(exclude))
        rows = [row for row in self.rows if not self._ways(row) & set(exclude)]
        return min((self.claimable[row] for row in rows), default=None)


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def store_error() -> StoreError:
    return StoreError("gateway.db: the disk is full")


class Hop:
    """A next hop: gives each local part its results in turn, and keeps what it was given."""

    def __init__(self, **results):
        self.results = {local: list(given) for local, given in results.items()}
        self.got, self.busy, self.most = [], 0, 0
        self.began, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def __call__(self, route, reverse_path, recipients, octets):
        """Delivers, once it is let go on."""
        self.got.append((route, str(reverse_path), tuple(a.local for a in recipients), octets))
        self.began.set()
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await self.go_on.wait()
        finally:
            self.busy -= 1
        found = {address: self._result(address.local) for address in recipients}
        return {address: result for address, result in found.items() if result is not None}

    def _result(self, local):
        given = self.results.get(local, [Delivered(next_hop="hop", reply="250 2.0.0")])
        result = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def make_hop() -> type[Hop]:
    return Hop


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF_S", (0.0,) * 5)


@pytest.fixture
def told():
    return []


@pytest.fixture
def running(queue, now, told):
    """Runs a runner over the queue; drains it at the end."""

    @asynccontextmanager
    async def run(hop, *, schedule=Schedule(jitter=0), clock=lambda: now, tell=None, mx=False, **limits):  # noqa: B008 - frozen
        async def note(message_id, recipients):
            queue.log.append(("told", message_id))
            told.append((message_id, [(each.address.local, each.what, each.attempts) for each in recipients]))
            queue.changed.set()
            return Letters()

        hooks = Hooks(
            deliver=hop,
            tell=tell or note,
            schedule=lambda _route: schedule,
            destination=lambda _route, address: address.domain if mx else "",
        )
        runner = Runner(queue, hooks, limits=Limits(**limits), clock=clock)
        task = asyncio.create_task(runner.run())
        try:
            yield runner
        finally:
            hop.go_on.set()
            await runner.drain(5)
            await task

    return run


@pytest.fixture
def hooks():
    """What a runner that never gets to telling anybody needs."""

    def make(hop):
        return Hooks(deliver=hop, tell=None, schedule=lambda _route: Schedule())

    return make
