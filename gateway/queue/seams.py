"""What the runner is given: a queue, somebody who delivers, somebody who tells of failures.

Protocols, so that the store, the delivery agent and the notices are joined in ``app.py`` and replaced in tests.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from gateway.mail.address import Address
from gateway.mail.delivery import DeliveryResult
from gateway.queue.outcome import FailedRecipient
from gateway.store.records import QueueItem, Settlement


class Deliver(Protocol):
    """Sends one message to one next hop; a recipient without a result counts as a temporary failure."""

    async def __call__(
        self, route: str, reverse_path: Address | None, recipients: tuple[Address, ...], octets: bytes
    ) -> Mapping[Address, DeliveryResult]:
        """Open a transaction, or use an open connection."""
        ...


OnFailure = Callable[[str, tuple[FailedRecipient, ...]], Awaitable[None]]
"""Called with our id of the message before its failures are settled: puts a notice in the record, or decides
that none is owed (null reverse-path, NOTIFY=NEVER). It may be called twice for the same failure."""


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
