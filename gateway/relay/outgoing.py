"""One mail as a next hop is to see it: envelope, octets on the wire, and what they need of the next hop.

*Source:* RFC 5321 sections 2.3.8 and 4.5.2, RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.mail.address import Address
from gateway.mail.line_ends import has_crlf_only, has_dotted_line

PIECE_OCTETS = 262_144
"""Octets made ready for the wire at a time: nine megabytes in one go held up the event loop for 100 ms."""

_STRAY_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A mail for the recipients that share a next hop.

    Attributes:
        reverse_path: ``None`` is the null reverse-path.
        recipients: Without repeats.
        octets: Content, not dot-stuffed.
        needs_utf8: Whether only SMTPUTF8 can carry it: non-ASCII in an address or in the header section.
        needs_8bit: Whether octets above 127 are in it.
    """

    reverse_path: Address | None
    recipients: tuple[Address, ...]
    octets: bytes
    needs_utf8: bool
    needs_8bit: bool

    def wire(self) -> Iterator[bytes]:
        """What follows the 354, some lines at a time: dot-stuffed content with CRLF only, and the final dot."""
        ready = b""
        for lines in _whole_lines(self.octets):
            if ready:
                yield ready
            ready = stuff(with_crlf(lines))
        yield ready + b".\r\n"


def outgoing(reverse_path: Address | None, recipients: Sequence[Address], octets: bytes) -> Outgoing:
    """Make an :class:`Outgoing`.

    Args:
        reverse_path: ``None`` is the null reverse-path.
        recipients: Repeats are dropped.
        octets: Content; a line end that is not CRLF becomes one on the wire.
    """
    unique = tuple(dict.fromkeys(recipients))
    is_8bit = not octets.isascii()
    addresses = unique if reverse_path is None else (reverse_path, *unique)
    header_section = octets[: octets.find(b"\r\n\r\n")] if is_8bit else b""
    return Outgoing(
        reverse_path=reverse_path,
        recipients=unique,
        octets=octets,
        needs_utf8=not header_section.isascii() or not all(address.is_ascii for address in addresses),
        needs_8bit=is_8bit,
    )


def _whole_lines(octets: bytes) -> Iterator[bytes]:
    """The octets in pieces of at least ``PIECE_OCTETS`` that end with a line."""
    start = 0
    while (line_end := octets.find(b"\n", start + PIECE_OCTETS)) >= 0:
        yield octets[start : line_end + 1]
        start = line_end + 1
    if start < len(octets) or not start:
        yield octets[start:]


def with_crlf(octets: bytes) -> bytes:
    """``octets`` with every line ended by CRLF; the same object when they are so already.

    Smuggling: a next hop that ends DATA at LF.LF or CR.CR would read the rest as commands (CVE-2023-51764).
    We compose with CRLF only; this is the second lock.
    """
    if not has_crlf_only(octets):
        octets = _STRAY_LINE_END.sub(b"\r\n", octets)
    return octets if octets.endswith(b"\r\n") else octets + b"\r\n"


def as_on_the_wire(octets: bytes) -> bytes:
    """What a next hop will have before it, dots taken out: for whom hashes it before it is sent.

    Looked at some lines at a time, since one look at 25 MB holds every other thread for 50 ms.
    """
    return b"".join(with_crlf(lines) for lines in _whole_lines(octets))


def stuff(octets: bytes) -> bytes:
    """Double the dot at the start of a line (RFC 5321 section 4.5.2).

    Args:
        octets: With CRLF line ends.
    """
    stuffed = octets.replace(b"\r\n.", b"\r\n..") if has_dotted_line(octets) else octets
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
