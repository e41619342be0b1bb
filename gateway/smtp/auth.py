"""AUTH PLAIN and AUTH LOGIN: from the client's words to a name and a password.

*Not here:* whether they are right (the handler), how often one may try (``dialogue``, ``limits``).
*Source:* RFC 4954, RFC 4616; LOGIN is draft-murchison-sasl-login, spoken by every mail client since.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.smtp import replies
from gateway.smtp.replies import Refused

MECHANISMS = ("PLAIN", "LOGIN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the client claims.

    Attributes:
        username: Authentication identity.
        password: Never shown by ``repr``.
        on_behalf_of: Authorisation identity of PLAIN, usually ``""``.
    """

    username: str
    password: str = field(repr=False)
    on_behalf_of: str = ""

    @property
    def is_plausible(self) -> bool:
        """Whether it is worth asking: nobody has an empty name or password, nobody may act for another."""
        return bool(self.username and self.password) and self.on_behalf_of in ("", self.username)


Challenge = Callable[[bytes], Awaitable[bytes]]
"""Sends ``334`` with these octets (not yet base64), returns the client's line without its end."""


async def read_credentials(mechanism: str, initial: bytes | None, challenge: Challenge) -> Credentials:
    """Carry out one exchange.

    Args:
        mechanism: One of :data:`MECHANISMS`.
        initial: Initial response, base64, ``b"="`` for an empty one, ``None`` where there is none.
        challenge: Asks the client for more.

    Raises:
        Refused: Cancelled with ``*``, no base64, no UTF-8, or not what the mechanism wants.
    """
    if mechanism == "PLAIN":
        return _plain(decode(await challenge(b"") if initial is None else initial))
    username = _text(decode(await challenge(b"Username:") if initial is None else initial))
    return Credentials(username=username, password=_text(decode(await challenge(b"Password:"))))


def decode(response: bytes) -> bytes:
    """One response of the client, from base64."""
    if response == b"*":
        raise Refused(replies.AUTH_CANCELLED)
    if response == b"=":
        return b""
    try:
        return base64.b64decode(response, validate=True)
    except binascii.Error:
        raise Refused(replies.AUTH_UNREADABLE) from None


def _plain(response: bytes) -> Credentials:
    fields = response.split(b"\0")
    if len(fields) != len(("authzid", "authcid", "passwd")):
        raise Refused(replies.AUTH_UNREADABLE)
    on_behalf_of, username, password = map(_text, fields)
    return Credentials(username=username, password=password, on_behalf_of=on_behalf_of)


def _text(octets: bytes) -> str:
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise Refused(replies.AUTH_UNREADABLE) from None
    if "\0" in text:
        raise Refused(replies.AUTH_UNREADABLE)
    return text
