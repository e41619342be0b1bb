"""Line ends of octets: whether each is CRLF, and how they become LF; where a dot begins a line.

A bare CR is where readers part: one ends a line at it, another does not (CVE-2023-51764).
re2 leaps from one CR to the next; ``bytes.count`` and ``replace`` of two octets take ten times as long, which with
a few looks at each mail of 150 KB was a tenth of all work.
Not here: what is made of a mail with a bare CR (``parse``, ``relay/outgoing``), where a message ends (``smtp/data``).
Source: RFC 5321 sections 2.3.8 and 4.5.2.
"""

from typing import Any

import re2


def _compile(expression: bytes) -> Any:  # re2 has no types
    options = re2.Options()
    # As UTF-8, a CR before an octet that is none would be overlooked.
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return re2.compile(expression, options)


_BARE_CR = _compile(rb"\r(?:[^\n]|\z)")
_DOTTED = _compile(rb"\r\n\.")


def has_bare_cr(octets: bytes) -> bool:
    """Whether some CR has no LF behind it."""
    return _BARE_CR.search(octets) is not None


def has_crlf_only(octets: bytes) -> bool:
    """Whether CR and LF stand in pairs only."""
    return not has_bare_cr(octets) and octets.count(b"\r") == octets.count(b"\n")


def with_lf(octets: bytes) -> bytes:
    """The octets with LF for CRLF.

    Args:
        octets: Without a bare CR.
    """
    return octets.replace(b"\r", b"")


def has_dotted_line(octets: bytes) -> bool:
    """Whether a line other than the first begins with a dot; lines end with CRLF."""
    return _DOTTED.search(octets) is not None
