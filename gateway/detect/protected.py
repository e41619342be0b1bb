"""Numbers that are none to call and dots that are no domain: order numbers, tracking, tax, dates, prices, sizes.

House rules of this file: a shape that a standard checks (check digit, mod 97) is believed; a shape that only a word
vouches for (``Order 12345678``) is believed as long as the number could not be dialled as it stands. A number that
begins with ``+`` or ``00`` and a word for telephone right before a number both beat every protection: otherwise
writing ``order`` before a telephone number would carry it past the gateway.

Not here: the shapes themselves (``number_shapes``), what is looked for in the rest (``links``, ``phones``).
Source: facts of the marketplaces and offices, see ``number_shapes``.
"""

from collections.abc import Iterator

from gateway.detect.fold import Folded
from gateway.detect.number_shapes import SHAPES, Shape
from gateway.detect.number_words import PHONE_WORDS, PHONE_WORDS_UNSPACED
from gateway.detect.scan import any_of, compile_pattern, either, found, spans

BEFORE = 48
"""Code points before a number that are searched for a word for telephone, small words and punctuation included."""

AFTER = 24
"""Code points after a number that show whether it goes on: the rest of the longest telephone number."""


def protected_spans(folded: Folded) -> tuple[tuple[int, int], ...]:
    """Stretches that no rule may take for a telephone number or a link; folded coordinates, sorted, merged."""
    text = folded.text
    if not (found(_DIGIT, text) and found(_ANY, text)):
        return ()
    hits = sorted(
        hit for gate, shapes in _GROUPS if found(gate, text) for shape in shapes for hit in _hits(shape, text)
    )
    merged: list[tuple[int, int]] = []
    for start, end in hits:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _hits(shape: Shape, text: str) -> Iterator[tuple[int, int]]:
    for start, end in spans(shape.pattern, text):
        if (
            (shape.is_edged and _goes_on(text, start, end))
            or (shape.is_first and _went_before(text, start))
            or text[start - 1 : start] == "+"
            or (shape.check is not None and not shape.check(text[start:end], text[end : end + AFTER]))
            or (shape.is_dialable and found(_PHONE_WORD_LAST, text[max(start - BEFORE, 0) : start]))
        ):
            continue
        yield start, end


def _goes_on(text: str, start: int, end: int) -> bool:
    return (text[end : end + 1] in _SEPARATORS and text[end + 1 : end + 2].isdecimal()) or (
        text[start - 1 : start] in _SEPARATORS and text[start - 2 : start - 1].isdecimal()
    )


def _went_before(text: str, start: int) -> bool:
    return text[start - 1 : start] in _GAPS and text[start - 2 : start - 1].isdecimal()


_SEPARATORS = frozenset("./-")
_GAPS = frozenset(" ./-()")
_DIGIT = compile_pattern("[0-9]")
_PHONE_WORD_LAST = compile_pattern(
    rf"(?i)(?:(?:^|[^0-9\pL]){any_of(PHONE_WORDS)}|{any_of(PHONE_WORDS_UNSPACED)}|(?:^|[\n|,;/] ?)[TMFP][:.])"
    r"(?:[^0-9\pL][ .:=_*(/|-]*)?(?:[a-z]{2}[ .:]*)?$"
)
_ANY = either(*(shape.pattern for shape in SHAPES))
_GROUP = 6
"""Shapes that are asked for together: most texts hold a number or two, of one shape or two."""
_GROUPS = tuple(
    (either(*(shape.pattern for shape in SHAPES[at : at + _GROUP])), SHAPES[at : at + _GROUP])
    for at in range(0, len(SHAPES), _GROUP)
)
