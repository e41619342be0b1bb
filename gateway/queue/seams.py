"""What the runner is given: a queue, somebody who delivers, somebody who writes to sellers.

Protocols, so that the store, the delivery agent and the notices are joined in ``app.py`` and replaced in tests.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.mail.address import Address
from gateway.mail.delivery import DeliveryResult
from gateway.queue.outcome import Told
from gateway.store.owed import OwedNotice
from gateway.store.records import NewMessage, QueueItem, Settlement, Way


class Deliver(Protocol):
    """Sends one message to one next hop; a recipient without a result counts as a temporary failure."""

    async def __call__(
        self, route: str, reverse_path: Address | None, recipients: tuple[Address, ...], octets: bytes
    ) -> Mapping[Address, DeliveryResult]:
        """Open a transaction, or use an open connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A notice to a seller.

    Attributes:
        kind: As in ``gateway.ops.metrics.NOTICES``.
        message: To be queued.
    """

    kind: str
    message: NewMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """What is to be told of one message.

    Attributes:
        now: At once.
        later: With others, summed up.
    """

    now: tuple[Letter, ...] = ()
    later: tuple[OwedNotice, ...] = ()


Tell = Callable[[str, tuple[Told, ...]], Awaitable[Letters]]
"""Called with our id of the message before what is told of is settled: writes what is owed to the seller, which then
goes into the record with the settlement. It may be called twice for the same message, and has no effect of its own."""


class Queue(Protocol):
    """The side of the store that the runner uses."""

    async def claim(
        self, limit: int, now: datetime, lease_s: float, *, exclude: Sequence[Way] = ()
    ) -> list[QueueItem]:
        """Lease due rows."""
        ...

    async def content(self, message_id: str) -> bytes:
        """Octets to send."""
        ...

    async def size(self, message_id: str) -> int:
        """How many octets they are."""
        ...

    async def contents(self, message_ids: Sequence[str], max_octets: int) -> dict[str, bytes]:
        """Octets to send of several messages, as many as fit."""
        ...

    async def settle(
        self,
        settlements: Sequence[Settlement],
        *,
        notices: Sequence[NewMessage] = (),
        owed_notices: Sequence[OwedNotice] = (),
    ) -> None:
        """Write down what became of rows, and what sellers are told of it."""
        ...

    async def renew(self, ids: Iterable[int], until: datetime) -> None:
        """Hold leases longer."""
        ...

    async def release(self, ids: Iterable[int]) -> None:
        """Give leases back."""
        ...

    async def next_due(self, *, exclude: Sequence[Way] = ()) -> datetime | None:
        """When a row can be claimed next."""
        ...
