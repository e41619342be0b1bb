"""Transfer encodings undone: the octets that every reader gets.

House rule (adversary cases M11, M12): what strict and forgiving decoders agree on is put right with a note; what
they would decode to different octets is refused. Text after base64 padding is where Python stops and others go
on; ``=0`` is a literal here and nothing there.
Works on octets whose line ends are all LF, and gives canonical ones: CRLF, where a line end is meant at all.
Source: RFC 2045 section 6.
"""

import binascii
import re
from typing import Final

import pybase64

from gateway.mail.errors import AmbiguityError
from gateway.mail.notes import Notes

_BAD_ESCAPE: Final = re.compile(rb"=(?![0-9A-Fa-f]{2}|\n)")
_QUANTUM: Final = 4
"""Characters of one base64 group (RFC 2045 section 6.8)."""


def decode_transfer(raw: bytes, encoding: str, notes: Notes, part: str) -> bytes:
    """The content of a leaf.

    Args:
        raw: Its body, LF line ends.
        encoding: One of ``declared.ENCODINGS``.
        notes: What was put right goes here.
        part: Number of the part.

    Raises:
        AmbiguityError: Decoders would not agree.
    """
    if encoding == "base64":
        return _base64(raw, notes, part)
    if encoding == "quoted-printable":
        return _quoted_printable(raw, notes, part)
    return raw.replace(b"\n", b"\r\n")


def _base64(raw: bytes, notes: Notes, part: str) -> bytes:
    squeezed = raw.replace(b"\n", b"")
    if b" " in squeezed or b"\t" in squeezed:
        squeezed = squeezed.translate(None, b" \t")
    missing = -len(squeezed) % _QUANTUM
    if missing in {1, 2} and not squeezed.endswith(b"="):
        notes.add("missing base64 padding added", part)
        squeezed += b"=" * missing
    elif missing == _QUANTUM - 1 and squeezed.endswith(b"=") and not squeezed.endswith(b"=="):
        notes.add("surplus base64 padding removed", part)
        squeezed = squeezed[:-1]
    try:
        return pybase64.b64decode(squeezed, validate=True)
    except binascii.Error:
        raise AmbiguityError(
            "The base64 of a part holds other characters, or ends early: encode the part again.", part=part
        ) from None


def _quoted_printable(raw: bytes, notes: Notes, part: str) -> bytes:
    if raw.endswith(b"="):
        notes.add("soft line break at the end of quoted-printable removed", part)
        raw = raw[:-1]
    if _BAD_ESCAPE.search(raw):
        raise AmbiguityError(
            "The quoted-printable of a part has an = that is no escape: encode the part again.", part=part
        )
    if not raw.isascii():
        notes.add("raw 8-bit characters in quoted-printable kept", part)
    if b" \n" in raw or b"\t\n" in raw or raw.endswith((b" ", b"\t")):
        notes.add("blanks at line ends of quoted-printable removed", part)
        raw = b"\n".join(line.rstrip(b" \t") for line in raw.split(b"\n"))
    return binascii.a2b_qp(raw.replace(b"\n", b"\r\n"))
