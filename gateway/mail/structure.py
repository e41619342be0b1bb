"""Where the parts of a multipart begin and end, on octets.

House rule: every line that begins like a delimiter is one, exactly. A boundary that is the beginning of another,
blanks behind it, a delimiter behind the closing one: each makes some reader see other parts than its neighbour
(adversary cases M04 to M06).
Works on octets whose line ends are all LF.
Source: RFC 2046 section 5.1.1.
"""

from dataclasses import dataclass
from typing import Final

from gateway.mail.errors import AmbiguityError, LimitError

_USUAL_PREAMBLES: Final = (b"this is a multi-part message", b"this is a multipart message", b"this is a mime")
MAX_PREAMBLE_OCTETS: Final = 200
"""Longer preambles say more than the usual sentence, and are named among what was put right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One multipart taken apart.

    Attributes:
        parts: First octet of each part and the octet after its last.
        is_closed: Whether a closing delimiter was there.
        has_preamble: Whether unusual text stands before the first part.
        has_epilogue: Whether text stands after the closing delimiter.
    """

    parts: tuple[tuple[int, int], ...]
    is_closed: bool
    has_preamble: bool
    has_epilogue: bool


def split_multipart(
    octets: bytes, start: int, end: int, boundary: str, *, max_parts: int, part: str
) -> Split:
    """The parts between the delimiters of a boundary.

    Args:
        octets: The whole mail, LF line ends.
        start: First octet of the multipart's body.
        end: Octet after its last.
        boundary: As declared.
        max_parts: How many more parts the mail may have.
        part: Number of the multipart, for errors.

    Raises:
        AmbiguityError: No delimiter, an empty part, or a line that only begins like a delimiter.
        LimitError: Too many parts.
    """
    delimiter = b"\n--" + boundary.encode("ascii")
    found: list[tuple[int, int]] = []
    opened = closed_at = -1
    # The line end before the first delimiter may be that of the blank line which ends the header section.
    first = at = octets.find(delimiter, start - 1, end)
    while at >= 0:
        tail, line_end = _tail(octets, at + len(delimiter), end)
        if closed_at >= 0 or tail not in {b"", b"--"}:
            raise AmbiguityError(
                "A line begins like a delimiter of the multipart and is none: use an unlikely boundary, "
                "without blanks after it.",
                part=part,
            )
        if opened >= 0:
            found.append(_span(opened, at, part))
        if len(found) + (tail == b"") > max_parts:
            raise LimitError("The mail has too many parts: send fewer.", part=part)
        opened, closed_at = (line_end + 1, -1) if tail == b"" else (-1, line_end)
        at = octets.find(delimiter, line_end, end)
    if opened >= 0:
        found.append(_span(opened, end, part))
    if not found:
        raise AmbiguityError(
            "No part stands between the delimiters of the multipart: send it anew.", part=part
        )
    return Split(
        parts=tuple(found),
        is_closed=closed_at >= 0,
        has_preamble=_is_unusual(octets[start : max(start, first)]),
        has_epilogue=closed_at >= 0 and bool(octets[closed_at:end].strip()),
    )


def _tail(octets: bytes, position: int, end: int) -> tuple[bytes, int]:
    """What follows a boundary on its line, and where the line ends."""
    line_end = octets.find(b"\n", position, end)
    line_end = end if line_end < 0 else line_end
    return octets[position:line_end], line_end


def _span(start: int, end: int, part: str) -> tuple[int, int]:
    if start > end:
        raise AmbiguityError("Two delimiters of the multipart follow one another: remove one.", part=part)
    return start, end


def _is_unusual(preamble: bytes) -> bool:
    text = preamble.strip().lower()
    return bool(text) and not (text.startswith(_USUAL_PREAMBLES) and len(text) <= MAX_PREAMBLE_OCTETS)
