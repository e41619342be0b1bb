"""Words of a structured header field: atoms, quoted strings, comments and separators.

Never fails and never recurses: ``((((`` a thousand deep is a counter, not a call stack (adversary case R04).
Source: RFC 5322 section 3.2.
"""

import re
from enum import Enum
from typing import Final, NamedTuple

SEPARATORS: Final = "<>@,:;"
# Linear: an encoded word ends at the third "?" after its beginning, and what is none begins no other such try before
# the next "?"; the other alternatives begin with different characters, and none has a choice inside.
# Encoded words come first, since many systems leave a comma or colon in them as it is.
_TOKEN: Final = re.compile(r"[ \t]+|=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=|[<>@,:;]|[^ \t<>@,:;\"()]+|[\"()]")
_QUOTED: Final = re.compile(r'[^"\\]+|\\.|"|\\')
_PARENTHESIS: Final = re.compile(r"[^()\\]+|\\.|[()]|\\")


class Kind(Enum):
    """What a token is."""

    ATOM = "atom"
    QUOTED = "quoted"
    COMMENT = "comment"
    SEPARATOR = "separator"


class Token(NamedTuple):
    """One word.

    Attributes:
        kind: What it is.
        text: Its characters; of a quoted string or comment, without the delimiters and quoting backslashes.
        start: Where it begins in the field body, code points.
        end: Where it ends.
    """

    kind: Kind
    text: str
    start: int
    end: int


def tokens(body: str) -> list[Token]:
    """The words of a field body in order, blanks left out.

    A quoted string or comment that is not closed runs to the end.

    Args:
        body: Unfolded field body without line breaks.
    """
    found: list[Token] = []
    position = 0
    while match := _TOKEN.match(body, position):
        start, word = position, match.group()
        position = match.end()
        if word == '"':
            text, position = _quoted(body, position)
            found.append(Token(Kind.QUOTED, text, start, position))
        elif word == "(":
            text, position = _comment(body, position)
            found.append(Token(Kind.COMMENT, text, start, position))
        elif word in SEPARATORS:
            found.append(Token(Kind.SEPARATOR, word, start, position))
        elif not word.isspace():
            found.append(Token(Kind.ATOM, word, start, position))
    return found


def _quoted(body: str, position: int) -> tuple[str, int]:
    """Text of the quoted string whose opening quote stands before ``position``, and where it ends."""
    pieces: list[str] = []
    while match := _QUOTED.match(body, position):
        position = match.end()
        piece = match.group()
        if piece == '"':
            break
        pieces.append(piece.removeprefix("\\"))
    return "".join(pieces), position


def _comment(body: str, position: int) -> tuple[str, int]:
    """Text of the comment whose opening parenthesis stands before ``position``, and where it ends."""
    pieces: list[str] = []
    depth = 1
    while match := _PARENTHESIS.match(body, position):
        position = match.end()
        piece = match.group()
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if depth == 0:
            break
        pieces.append(piece.removeprefix("\\"))
    return "".join(pieces), position
