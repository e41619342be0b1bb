"""What the submission server asks, and what it hands over.

The server knows the protocol and nothing of sellers or marketplaces: each question that needs such knowledge is
one method of :class:`Handler`. The server checks when it starts that all four exist.

*Not here:* who answers (``intake``), the dialogue (``dialogue``).
*Source:* RFC 5321 section 3.3, RFC 4954.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.mail.address import Address
from gateway.mail.envelope import Envelope, Recipient
from gateway.mail.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who submits.

    Attributes:
        seller: Name of the seller.
        username: The name the client logged in with.
        proof: What the handler wants to know again at each MAIL; opaque here, never shown by ``repr``.
    """

    seller: str
    username: str
    proof: str = field(default="", repr=False)


LOCAL = Login(seller="local", username="local")
"""Whoever reaches a loopback listener with ``auth = "none"``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One mail as it came, complete.

    Attributes:
        envelope: Reverse-path, recipients without repeats, DSN parameters.
        octets: Wire octets after the dots are taken out, otherwise as sent: a bare CR, bare LF or NUL is still there.
        login: Who submits.
        peer: Address and port of the client, ``"192.0.2.1:50000"`` or ``"[2001:db8::1]:50000"``.
        received_at: When the final dot was read, aware, UTC.
    """

    envelope: Envelope
    octets: bytes
    login: Login
    peer: str
    received_at: datetime


class Handler(Protocol):
    """Decides. Any exception of any method is answered 451 4.3.0 with an incident id, and never with its text."""

    async def authenticate(self, username: str, password: str, peer: str) -> Login | None:
        """Who this is, or ``None`` for a wrong name or password. Must not hold up the event loop."""
        ...

    async def reverse_path(self, login: Login, address: Address | None) -> Reply | None:
        """Whether this login (still) may send from there; ``None`` is yes.

        ``address`` ``None`` is the null reverse-path. A reply 421 ends the session, as for a login that was revoked.
        """
        ...

    async def recipient(
        self, login: Login, accepted: tuple[Recipient, ...], address: Address
    ) -> Reply | None:
        """Whether this recipient may stand beside those accepted before; ``None`` is yes."""
        ...

    async def message(self, submission: Submission) -> Reply:
        """Take or refuse the mail.

        Awaited exactly once per mail, in a task that the client cannot end: neither its patience nor the loss of
        the connection stops it. A positive reply takes responsibility for the mail (RFC 5321 section 6.1).
        """
        ...


METHODS = ("authenticate", "reverse_path", "recipient", "message")
"""What a handler must have: a gateway whose filter is missing must not start."""
