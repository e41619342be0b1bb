r"""Encoded words in header fields, and header text without control characters.

Not here: how encoded words are written (``encode``).
Decoded once: a word that appears only after decoding stays text. An encoded CR LF is where a naive rebuild
gets a header field injected (``=?utf-8?q?hi=0D=0ABcc:_x?=``, adversary case M30), so control characters become
blanks.
Source: RFC 2047, RFC 2231 section 5 (language suffix).
"""

import binascii
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from gateway.mail.charset import CHARSETS, canonical_charset

# Linear: each piece ends at the next "?", and a match can only begin at "=?".
_WORD: Final = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
_CONTROLS: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")


class _Piece(NamedTuple):
    """A stretch of field text: an encoded word (charset, octets), or plain text (no charset)."""

    written: str
    charset: str = ""
    octets: bytes = b""


def without_controls(text: str) -> str:
    """The text with every control character, and every Unicode line or paragraph separator, made a blank."""
    return text.translate(_CONTROLS)


def decode_words(text: str) -> str:
    """The text with its encoded words decoded and control characters made blanks.

    Blanks between two encoded words are dropped. A character that a sender split between two words of one
    charset is put together. A word whose charset is not taken, or that is no base64, stays as written.

    Args:
        text: Unfolded field body, or a piece of one.
    """
    if "=?" not in text:
        return without_controls(text)
    found: list[str] = []
    for charset, group in groupby(_pieces(text), key=lambda piece: piece.charset):
        pieces = list(group)
        if charset:
            octets = b"".join(piece.octets for piece in pieces)
            found.append(octets.decode(CHARSETS[charset], errors="replace"))
        else:
            found.extend(piece.written for piece in pieces)
    return without_controls("".join(found))


def _pieces(text: str) -> Iterator[_Piece]:
    position = 0
    after_word = False
    for match in _WORD.finditer(text):
        word = _read_word(match)
        between = text[position : match.start()]
        if between and not (after_word and word.charset and between.isspace()):
            yield _Piece(between)
        yield word
        position = match.end()
        after_word = bool(word.charset)
    if position < len(text):
        yield _Piece(text[position:])


def _read_word(match: re.Match[str]) -> _Piece:
    label, kind, encoded = match.groups()
    charset = canonical_charset(label.partition("*")[0])
    if charset is None:
        return _Piece(match.group())
    try:
        octets = _base64(encoded) if kind in "bB" else binascii.a2b_qp(encoded.encode(), header=True)
    except ValueError:
        return _Piece(match.group())
    return _Piece(match.group(), charset, octets)


def _base64(encoded: str) -> bytes:
    """Octets of a base64 word; missing padding is forgiven.

    Raises:
        ValueError: Other characters than base64's.
    """
    squeezed = "".join(encoded.split()).rstrip("=")
    return binascii.a2b_base64(squeezed + "=" * (-len(squeezed) % 4), strict_mode=True)
