"""Keeps the deadlines of held mail: warns before, and has the policy decide when nobody has in time.

Not here: what is decided then (``review``), how long a mail may wait (``policy/``).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from gateway.ops import events
from gateway.store.records import StateError, StoreError
from gateway.store.rulings import HeldMessage
from gateway.worker import WorkerLostError

MAX_SLEEP_S = 60.0
"""Seconds between looks: a command beside us may hold or release, the clock may jump, and what failed is due again."""

MIN_SLEEP_S = 1.0
"""Seconds between looks when something is due already."""


class Holds(Protocol):
    """The side of the store that this module uses."""

    async def holds_due(self, now: datetime) -> list[HeldMessage]:
        """Held messages that want a warning, or whose deadline has come."""
        ...

    async def next_hold_due(self) -> datetime | None:
        """When the next warning or deadline comes."""
        ...

    async def warned(self, message_id: str) -> bool:
        """Write down that the warning is being given."""
        ...


AtDeadline = Callable[[HeldMessage], Awaitable[str]]
"""Has the policy decide; returns the verdict."""


class Keeper:
    """One keeper of one instance; several do not harm each other.

    Args:
        store: The record.
        at_deadline: Has the policy decide.

    Attributes:
        clock: Aware UTC.
        steady: Called before the clock is read: moves what waits where it was set.
    """

    def __init__(self, store: Holds, at_deadline: AtDeadline) -> None:
        self._store = store
        self._at_deadline = at_deadline
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.steady: Callable[[], Awaitable[object]] = _nothing

    async def run(self) -> None:
        """Keeps deadlines until it is cancelled."""
        while True:
            seconds = await self.look()
            await asyncio.sleep(seconds)

    async def look(self) -> float:
        """Does what is due now.

        Returns:
            Seconds until it is worth looking again.
        """
        try:
            await self.steady()
            all_went_well = [await self._attend(each) for each in await self._store.holds_due(self.clock())]
            due = await self._store.next_hold_due()
        except StoreError as error:
            _fault("store", error)
            return MAX_SLEEP_S
        if due is None or not all(all_went_well):
            return MAX_SLEEP_S
        return min(max((due - self.clock()).total_seconds(), MIN_SLEEP_S), MAX_SLEEP_S)

    async def _attend(self, held: HeldMessage) -> bool:
        """Warns, or has it decided; ``False`` where that is to be tried again later."""
        left = (held.until - self.clock()).total_seconds()
        if left > 0:
            if await self._store.warned(held.id):
                events.hold_due(id=held.id, seller=held.seller, seconds=left)
            return True
        try:
            verdict = await self._at_deadline(held)
        except StateError:
            return True  # somebody has decided in the last moment
        except WorkerLostError:
            return False  # the log has it already
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - our own bug: this mail stays held, the next ones get their due
            _fault("queue", error)
            return False
        events.hold_ended(id=held.id, seller=held.seller, verdict=verdict)
        return True


async def _nothing() -> None:
    pass


def _fault(where: str, error: BaseException) -> None:
    events.fault(incident=secrets.token_hex(4), where=where, exception=error)
