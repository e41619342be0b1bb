"""A queue in memory, and builders for the runner's tests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.mail.address import Address
from gateway.store.records import QueueItem, Settlement, StoreError

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


def _item(
    row_id: int = 1, *, message: str = "m1", to: str = "buyer", route: str = "amazon", **changes
) -> QueueItem:
    item = QueueItem(
        id=row_id,
        message_id=message,
        route=route,
        reverse_path=Address(local="orders", domain="shop.example"),
        recipient=Address(local=to, domain="market.example"),
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
    faults: dict[str, list[Exception]] = field(default_factory=dict)
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

    async def claim(self, limit, now, lease_s, *, exclude_routes=()):
        """As the store does."""
        self._begin("claim", tuple(exclude_routes))
        due = [row for row in self.rows if self.claimable[row] <= now]
        due = [row for row in due if self.rows[row].route not in exclude_routes][:limit]
        for row in due:
            self.claimable[row] = now + timedelta(seconds=lease_s)
        return [self.rows[row] for row in due]

    async def content(self, message_id):
        """As the store does."""
        self._begin("content", message_id)
        return message_id.encode()

    async def settle(self, settlements):
        """As the store does."""
        self._begin("settle", [(s.queue_id, s.state, s.attempt.outcome) for s in settlements])
        for settlement in settlements:
            self._settle(settlement)
        self.changed.set()

    def _settle(self, settlement: Settlement) -> None:
        if settlement.due_at is None:
            self.rows.pop(settlement.queue_id, None)
        else:
            row = self.rows[settlement.queue_id]
            self.rows[row.id] = replace(row, attempts=row.attempts + 1, due_at=settlement.due_at)
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

    async def next_due(self, *, exclude_routes=()):
        """As the store does."""
        self._begin("next_due", tuple(exclude_routes))
        return min((at for row, at in self.claimable.items() if row in self.rows), default=None)


@pytest.fixture
def queue() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def store_error() -> StoreError:
    return StoreError("gateway.db: the disk is full")
