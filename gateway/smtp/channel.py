"""What a dialogue needs of its connection: the seam between the verbs and the socket.

*Not here:* the connection itself (``session``).
"""

import ssl
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from gateway.mail.reply import Reply
from gateway.smtp import replies
from gateway.smtp.data import Content
from gateway.smtp.handler import Submission
from gateway.smtp.replies import Refused
from gateway.smtp.usage import Hand

T = TypeVar("T")


class Channel(Protocol):
    """What a dialogue needs of its connection."""

    @property
    def is_secure(self) -> bool:
        """Whether TLS is active."""
        ...

    async def ask_client(self, challenge: bytes) -> bytes:
        """Send 334 with these octets; the client's line without CRLF."""
        ...

    async def unhurried(self, work: Awaitable[T]) -> T:
        """Our own work: the client's time does not run meanwhile."""
        ...

    async def read_content(self, hand: Hand) -> Content:
        """Send 354 and read a message, to its end or until it is far too large; dropped once ``hand`` is full."""
        ...

    async def judge(self, submission: Submission, hand: Hand) -> Reply:
        """Have the mail judged, also when the client goes away; ``hand`` is released when that is done."""
        ...

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Send 220 and shake hands. Raises ``Refused`` when something came in clear behind STARTTLS."""
        ...

    def now(self) -> float:
        """Monotonic clock, in seconds."""
        ...


async def ask_handler(channel: Channel, question: Awaitable[T]) -> T:
    """The handler's answer; whatever goes wrong with it is our fault, never the client's.

    Raises:
        Refused: 451 4.3.0 with an incident id.
    """
    try:
        return await channel.unhurried(question)
    except Exception as exception:  # noqa: BLE001 - where a handler's exception ends
        raise Refused(replies.fault(exception), counts=False) from None
