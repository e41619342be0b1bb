"""Files packed into the lines of a text: uuencode, base64 by uuencode's kin, yEnc.

Old mail readers take them out and show them as attachments, past every look at the MIME parts.
Source: POSIX uuencode; yEnc draft 1.3; adversary cases M13 and M14.
"""

import re
from collections.abc import Iterator

_UU_BEGIN = re.compile(r"begin [0-7]{3,4} \S")
_BASE64_BEGIN = re.compile(r"begin-base64 [0-7]{3,4} \S")
_YENC_BEGIN = "=ybegin "
_ANY_BEGIN = re.compile(r"(?m)^(?:begin |begin-base64 |=ybegin )")
_YENC_END = "=yend"
_BASE64_END = "===="
_UU_LINE = re.compile(r"[ -`]*\Z")
_UU_EMPTY = frozenset({"", " ", "`"})
_SLACK = 4
"""Characters by which a line may be off its announced length: blanks cut off its end, or a checksum behind it."""


def packed_blocks(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end, in code points, of every packed file in the text, its first and last line included."""
    if _ANY_BEGIN.search(text) is None:
        return ()
    lines = list(_lines(text))
    found = []
    at = 0
    while at < len(lines):
        last = _block_end(lines, at)
        if last is not None:
            found.append((lines[at][0], lines[last][0] + len(lines[last][1])))
            at = last
        at += 1
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line.rstrip("\r")
        start += len(line) + 1


def _block_end(lines: list[tuple[int, str]], first: int) -> int | None:
    """Index of the last line of the block that begins in this line, ``None`` when none begins."""
    line = lines[first][1]
    if line.startswith(_YENC_BEGIN):
        return _find_end(lines, first, _YENC_END)
    if _BASE64_BEGIN.match(line):
        return _find_end(lines, first, _BASE64_END)
    if _UU_BEGIN.match(line):
        return _uu_end(lines, first)
    return None


def _find_end(lines: list[tuple[int, str]], first: int, mark: str) -> int:
    """The line that begins with the mark; without one, the last: what follows is part of the file."""
    return next((i for i in range(first, len(lines)) if lines[i][1].startswith(mark)), len(lines) - 1)


def _uu_end(lines: list[tuple[int, str]], first: int) -> int | None:
    """Words may begin with "begin 100 pieces": only lines of uuencode behind it make it a file."""
    last = first
    for i in range(first + 1, len(lines)):
        line = lines[i][1]
        if line == "end":
            return i
        if line in _UU_EMPTY or not _is_uu_line(line):
            if line in _UU_EMPTY and i + 1 < len(lines) and lines[i + 1][1] == "end":
                return i + 1
            break
        last = i
    return last if last > first else None


def _is_uu_line(line: str) -> bool:
    """The first character says how many octets the line holds; four characters hold three (POSIX)."""
    octets = (ord(line[0]) - 32) & 63
    expected = -(-octets // 3) * 4
    return _UU_LINE.match(line) is not None and abs(len(line) - 1 - expected) < _SLACK
