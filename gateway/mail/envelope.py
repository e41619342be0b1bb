"""The SMTP side of a mail: who it is from and for whom, as the dialogue said it.

Source: RFC 5321 section 2.3.1; RFC 3461 for the DSN parameters, which govern our own notices only.
"""

import re
from dataclasses import dataclass

from gateway.mail.address import Address

_HEX = re.compile(r"\+([0-9A-F]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One RCPT TO.

    Attributes:
        address: Forward-path.
        notify: NOTIFY keywords in upper case, ``()`` where the client named none (RFC 3461 section 4.1).
        original: ORCPT as given (``"rfc822;a@b"``), or ``None``.
    """

    address: Address
    notify: tuple[str, ...] = ()
    original: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """MAIL FROM and RCPT TO.

    Attributes:
        reverse_path: ``None`` is the null reverse-path ``<>``.
        recipients: In the order of the dialogue, without repeats.
        smtputf8: Whether the client asked for SMTPUTF8 (RFC 6531).
        ret: RET, ``"FULL"``, ``"HDRS"`` or ``None`` (RFC 3461 section 4.3).
        envid: ENVID as given, or ``None`` (RFC 3461 section 4.4).
    """

    reverse_path: Address | None
    recipients: tuple[Recipient, ...]
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None


def from_xtext(text: str | None) -> str | None:
    """What ENVID or ORCPT stands for, as a notice says it (RFC 3461 section 4): ``a+3Db`` is ``a=b``.

    What stands for anything but printable ASCII stays as it was given: a line break would begin a field of its own.
    """
    if text is None:
        return None
    plain = _HEX.sub(lambda match: chr(int(match[1], 16)), text)
    return plain if plain.isascii() and plain.isprintable() else text
