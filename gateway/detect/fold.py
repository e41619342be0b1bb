"""Unicode folding that keeps the way back: what a reader sees, spelled in plain characters.

Detectors look at the folded text only, and give spans in it; ``Folded.span`` turns them into spans of the original.
Folding is for looking: nothing folded is ever sent.
In order: invisible characters go, compatibility forms become plain (NFKC), digits of all scripts become ASCII, dashes
and blanks become one kind; letters and their marks are composed, marks that strike through or pile up go; full stops
of other scripts become dots between Latin labels; look-alike letters become ASCII inside otherwise Latin tokens.

Not here: what is looked for (``links``, ``contacts``), emoji (they are looked for in the original).
Source: UAX 15 (NFKC, stream-safe text), UTS 39 (confusables), UAX 44 (Default_Ignorable_Code_Point).
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import NamedTuple

from gateway.detect.fold_tables import DOT_LIKE, LOOK_ALIKES

MAX_MARKS = 30
"""Combining marks that one letter keeps: UAX 15 stream-safe text allows 30. More are dropped unread: canonical
ordering of a pile of marks is quadratic in its height (adversary R14)."""


class Span(NamedTuple):
    """A stretch of text that was recognised.

    Attributes:
        start: First code point.
        end: Code point after the last.
        text: What was recognised, in normal form: a URL, ``local@domain``, the digits of a telephone number.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A text after folding.

    Attributes:
        text: The folded characters.
        original: The characters before.
        starts: Where each folded character begins in the original; ``None`` when both have the same positions.
        ends: Where each folded character ends in the original; ``None`` with ``starts``.
    """

    text: str
    original: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that folded characters ``start`` to ``end`` (not empty) come from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Fold a text; linear in its length, idempotent."""
    seen = frozenset(text)
    if seen <= _PLAIN:
        return Folded(text=text, original=text)
    folded, sources = _replace(text, seen)
    folded, sources = _compose(folded, sources)
    folded = _dots(folded)
    folded = _skeletons(folded)
    if sources is None:
        return Folded(text=folded, original=text)
    starts, ends = sources
    return Folded(text=folded, original=text, starts=tuple(starts), ends=tuple(ends))


_Sources = tuple[list[int], list[int]] | None


# --- one character at a time ------------------------------------------------------------------------------------------


def _replace(text: str, seen: frozenset[str]) -> tuple[str, _Sources]:
    changed = {c: _SINGLES[c] for c in seen if c in _SINGLES}
    if all(len(new) == 1 for new in changed.values()):
        return text.translate({ord(c): new for c, new in changed.items()}), None
    pieces = list(map(changed.get, text, text))
    lengths = map(len, pieces)
    starts = list(chain.from_iterable(map(repeat, range(len(text)), lengths)))
    return "".join(pieces), (starts, [at + 1 for at in starts])


# --- letters with their marks -----------------------------------------------------------------------------------------


def _compose(text: str, sources: _Sources) -> tuple[str, _Sources]:
    if _JOINING.isdisjoint(text):
        return text, sources
    starts, ends = sources if sources is not None else (list(range(len(text))), list(range(1, len(text) + 1)))
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    done = 0
    for first, last in _clusters(text):
        cluster = text[first:last]
        composed = _composed(cluster)
        if composed == cluster:
            continue
        pieces += (text[done:first], composed)
        new_starts += starts[done:first]
        new_ends += ends[done:first]
        new_starts += repeat(starts[first], len(composed))
        new_ends += repeat(ends[last - 1], len(composed))
        done = last
    pieces.append(text[done:])
    return "".join(pieces), (new_starts + starts[done:], new_ends + ends[done:])


def _clusters(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of a letter and what may compose with it."""
    first = last = -1
    for at in [at for at, c in enumerate(text) if c in _JOINING]:
        if at != last:
            if last > 0:
                yield first, last
            first = max(at - 1, 0)
        last = at + 1
    yield first, last


def _composed(cluster: str) -> str:
    composed = unicodedata.normalize("NFC", cluster[: MAX_MARKS + 1])
    if _STACKED.isdisjoint(composed):
        return composed
    return unicodedata.normalize("NFC", "".join(c for c in composed if c not in _STACKED))


# --- dots and look-alikes ---------------------------------------------------------------------------------------------


def _dots(text: str) -> str:
    if _DOT_LIKE.isdisjoint(text) and _LONG_SIGN not in text:
        return text
    characters = list(text)
    for at in [at for at, c in enumerate(text) if c == _LONG_SIGN]:
        # Between digits kana's sign for a long vowel is what a Japanese keyboard gives for a dash.
        if text[max(at - 1, 0)] in _DIGITS and text[at + 1 : at + 2] in _DIGITS:
            characters[at] = "-"
    for at in [at for at, c in enumerate(text) if c in _DOT_LIKE]:
        # UTS 46 reads these as label separators, so a mail client that makes links of bare domains may follow it.
        # Between other letters they are what they are: a sentence ends there.
        if text[max(at - 1, 0)] in _LATIN_LIKE and text[at + 1 : at + 2] in _LATIN_LIKE:
            characters[at] = "."
    return "".join(characters)


def _skeletons(text: str) -> str:
    seen = set(text)
    if seen.isdisjoint(_SKELETON):
        return text
    breaks = {ord(c): " " for c in seen if not (c.isalnum() or c in _IN_TOKEN)}
    pieces: list[str] = []
    at = done = 0
    for token in text.translate(breaks).split(" "):
        if not token.isascii():
            pieces += (text[done:at], _skeleton(token))
            done = at + len(token)
        at += len(token) + 1
    pieces.append(text[done:])
    return "".join(pieces)


def _skeleton(token: str) -> str:
    whole = _label_skeleton(token)
    if whole != token:
        return whole
    return ".".join(map(_label_skeleton, token.split(".")))


def _label_skeleton(label: str) -> str:
    """The label in ASCII where all that is foreign in it looks Latin and something in it is Latin; else the label.

    A real word of another script has letters without a twin, or nothing Latin beside it, and stays itself.
    """
    letters = frozenset(label)
    if letters.isdisjoint(_ASCII_ALNUM) or not all(c < _LATIN_END or c in _SKELETON for c in letters):
        return label
    return label.translate(_SKELETON_MAP)


# --- tables -----------------------------------------------------------------------------------------------------------

_INVISIBLE_RANGES = (
    *((0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F)),  # controls that no client paints
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *(
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
    ),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
_COMPATIBILITY_RANGES = ((0x80, 0x3400), (0xA000, 0xAC00), (0xF900, 0x20000), (0x2F800, 0x2FA20))
"""Blocks that hold every character that NFKC changes, and every digit; ideographs and Hangul syllables stay out."""

_DASHES = "\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\u30a0\ufe58"
_BLANKS = "\u1680\u2800\u3000"
_LINE_ENDS = "\x85\u2028\u2029"
_STACKED_RANGES = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0x488, 0x489))
"""Marks that no alphabet needs once composed: strike-through, enclosing keycaps, piles."""

_DARK_LETTERS = (0x1F150, 0x1F170)
"""First of the white-on-black circled and squared capitals, which have no compatibility decomposition."""

_DARK_DIGITS = ((0x2776, 1), (0x2780, 1), (0x278A, 1), (0x24F5, 1), (0x24EB, 11))
"""First of the circled digits without decomposition, and its value."""


def _characters(ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    return (chr(code) for first, last in ranges for code in range(first, last + 1))


def _singles() -> dict[str, str]:
    table: dict[str, str] = {}
    for c in _characters(_COMPATIBILITY_RANGES):
        digit = unicodedata.digit(c, None) if c.isdecimal() else None
        new = unicodedata.normalize("NFKC", c) if digit is None else str(digit)
        if new != c:
            table[c] = new
    for first in _DARK_LETTERS:
        table |= {chr(first + shift): chr(ord("A") + shift) for shift in range(26)}
    for first_digit, value in _DARK_DIGITS:
        table |= {chr(first_digit + shift): str(value + shift) for shift in range(10)}
    table |= dict.fromkeys(_DASHES, "-") | dict.fromkeys(_BLANKS, " ") | dict.fromkeys(_LINE_ENDS, "\n")
    table |= dict.fromkeys(_characters(_INVISIBLE_RANGES), "")
    # What NFKC makes can itself be a dash, a blank or a filler: once more, so that folding twice changes nothing.
    return {c: "".join(table.get(d, d) for d in new) for c, new in table.items()}


def _joining() -> frozenset[str]:
    """Characters that can compose with, or be reordered among, what stands before them (NFC_Quick_Check=Maybe)."""
    found = set(map(chr, chain(range(0x1161, 0x1176), range(0x11A8, 0x11C3))))
    for c in _characters(((0x300, 0x3400), (0xA000, 0xAC00), (0xFB00, 0x1FFFF))):
        if unicodedata.combining(c):
            found.add(c)
    for c in _characters(((0xC0, 0x3400), (0xA000, 0xAC00), (0x11000, 0x12000))):
        parts = unicodedata.decomposition(c).split()
        if len(parts) == 2 and not parts[0].startswith("<"):  # noqa: PLR2004 - a canonical pair
            found.add(chr(int(parts[1], 16)))
    return frozenset(found | set(_characters(_STACKED_RANGES)))


_ASCII_ALNUM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_SINGLES = _singles()
_STACKED = frozenset(_characters(_STACKED_RANGES))
_JOINING = _joining()
_DOT_LIKE = frozenset(DOT_LIKE)
_SKELETON = {twin: plain for plain, twins in LOOK_ALIKES for twin in twins}
_SKELETON_MAP = {ord(twin): plain for twin, plain in _SKELETON.items()}
_LONG_SIGN = "\u30fc"
_DIGITS = frozenset("0123456789")
_LATIN_LIKE = _ASCII_ALNUM | frozenset(_SKELETON)
_LATIN_END = "\u0250"
"""End of the Latin blocks whose letters real languages mix with ASCII."""
_IN_TOKEN = "._-"  # noqa: S105 - characters that do not end a token
_PLAIN = frozenset(map(chr, chain(range(0x20, 0x7F), (0x09, 0x0A, 0x0B, 0x0C, 0x0D))))
"""Characters that fold to themselves in any neighbourhood: the fast path."""
