"""From a next hop's words to what became of a recipient.

A 5yz about this mail or this recipient is permanent. A 5yz about us (greeting, EHLO, TLS, AUTH, a missing
login) is temporary: a mistake in our configuration must not bounce mail, the operator mends it and the queue
goes on.
*Source:* RFC 5321 section 4.2, RFC 3463 section 2, RFC 4954 section 6.
"""

import re

from gateway.mail.delivery import DeliveryResult, PermanentFailure, TemporaryFailure

MAX_REPLY_CHARS = 480
"""Characters kept of a reply: about one line of RFC 5321; a next hop may send 32 KiB."""

OUR_MISTAKES = frozenset({503, 530, 534, 535, 538})
"""Replies that blame the session, not the mail: bad sequence, login or encryption needed (RFC 4954)."""

_STATUS = re.compile(r"5\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")
_UNSPECIFIED = "5.0.0"
"""Status of a refusal that names none (RFC 3463 section 3.1)."""


def line(code: int, text: str) -> str:
    """A reply in one printable line: ``"550 5.1.1 No such user"``."""
    words = "".join(c if c.isprintable() else " " for c in text)
    return f"{code} {words}".strip()[:MAX_REPLY_CHARS]


def failure(next_hop: str, code: int, text: str) -> DeliveryResult:
    """What a negative reply to MAIL, RCPT, DATA or the final dot means for a recipient.

    Args:
        next_hop: Host and port.
        code: Reply code; anything that is not 5yz is temporary.
        text: Rest of the reply, lines joined by line feeds.
    """
    reply = line(code, text)
    if not 500 <= code < 600 or code in OUR_MISTAKES:  # noqa: PLR2004 - RFC 5321 section 4.2.1
        return TemporaryFailure(next_hop=next_hop, reply=reply)
    found = _STATUS.match(text)
    return PermanentFailure(next_hop=next_hop, reply=reply, status=found[0] if found else _UNSPECIFIED)
