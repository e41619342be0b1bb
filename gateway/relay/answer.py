"""From a next hop's words to what became of a recipient.

A 5yz about this mail or this recipient is permanent. A 5yz about us (greeting, EHLO, TLS, AUTH, a missing
login, relaying denied) is temporary: a mistake in our configuration must not bounce mail, the operator mends it and
the queue goes on.
*Source:* RFC 5321 section 4.2, RFC 3463 section 2, RFC 4954 section 6.
"""

import re

from gateway.mail.cause import Cause
from gateway.mail.delivery import PermanentFailure, TemporaryFailure
from gateway.relay.causes import Stage, cause_of

MAX_REPLY_CHARS = 480
"""Characters kept of a reply: about one line of RFC 5321; a next hop may send 32 KiB."""

OUR_MISTAKES = frozenset({503, 530, 534, 535, 538})
"""Replies that blame the session, not the mail: bad sequence, login or encryption needed (RFC 4954)."""

OUR_CAUSES = frozenset({Cause.GATEWAY_REFUSED, Cause.LOGIN_REFUSED, Cause.TLS_FAILED})
"""Causes that blame the session as long as the next hop has not seen the content."""

_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9.])")
_UNSPECIFIED = "5.0.0"
"""Status of a refusal that names none (RFC 3463 section 3.1)."""


def line(code: int, text: str) -> str:
    """A reply in one printable line: ``"550 5.1.1 No such user"``."""
    reply = f"{code} {text}"
    if not reply.isprintable():
        reply = "".join(c if c.isprintable() else " " for c in reply)
    return reply.strip()[:MAX_REPLY_CHARS]


def failure(next_hop: str, code: int, text: str, stage: Stage) -> TemporaryFailure | PermanentFailure:
    """What a negative reply means for a recipient.

    Args:
        next_hop: Host and port.
        code: Reply code; anything that is not 5yz is temporary.
        text: Rest of the reply, lines joined by line feeds.
        stage: What it answers; before MAIL, it is about us and temporary.
    """
    reply = line(code, text)
    found = _STATUS.match(text)
    status = found[0] if found and found[0][0] == str(code)[0] else ""
    cause = cause_of(code, status, text, stage)
    is_ours = code in OUR_MISTAKES or (cause in OUR_CAUSES and stage != "final dot")
    if not 500 <= code < 600 or is_ours:  # noqa: PLR2004 - RFC 5321 section 4.2.1
        return TemporaryFailure(next_hop=next_hop, reply=reply, cause=cause)
    return PermanentFailure(next_hop=next_hop, reply=reply, status=status or _UNSPECIFIED, cause=cause)
