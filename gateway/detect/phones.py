"""Telephone numbers in running text.

Three grades of evidence, so that an order confirmation full of numbers keeps them: the international form is certain;
a number with a word for telephone beside it is believed in any grouping; a number alone is believed only in a
grouping that telephone numbers have and hardly anything else has.

Not here: numbers that are none to call (``protected``), e-mail addresses (``addresses``), ``tel:`` links (``links``).
Source: ITU-T E.164 (at most 15 digits), E.123 (notation); numbering plans as in libphonenumber.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

import phonenumbers

from gateway.detect.fold import Folded, Span
from gateway.detect.number_words import DIGIT_WORDS
from gateway.detect.phone_shapes import (
    AMOUNT,
    EXTENSION,
    GROUP,
    GROUP_AFTER,
    GROUP_BEFORE,
    GROUPED,
    INTERNATIONAL,
    LISTED,
    MONEY,
    NAMED_AFTER,
    NAMED_CLOSE,
    NAMED_FAR,
    PAIRS,
    SHAPED,
    SPELLED,
    VANITY,
    WORD,
    WORDS,
)
from gateway.detect.scan import either, found, spans, whole

MIN_DIGITS = 6
"""Shortest local number that a word for telephone makes one; shorter ones are short codes and house numbers."""

MAX_DIGITS = 15
"""E.164; a longer run of digits is a list or something else."""

MIN_INTERNATIONAL = 8
"""Country calling code and number together; below it ``+`` is arithmetic."""

COMPLETE_DIGITS = 9
"""From here on a line break or a wide gap ends a number; below it the number may go on in the next line."""

MAX_VALIDATIONS = 100
"""Numbers of one text that libphonenumber is asked about, 60 us each; all further ones count as telephone numbers.
No honest mail holds a hundred doubtful numbers, and a flood of them must not hold a worker (adversary R14)."""


def find_phones(
    folded: Folded, protected: Sequence[tuple[int, int]], region: str | None = None
) -> tuple[Span, ...]:
    """Find telephone numbers.

    Args:
        folded: The text.
        protected: Stretches that only the international form can claim, folded coordinates.
        region: ISO 3166 country whose national numbers count even in groupings that others share, or ``None``.

    Returns:
        Spans in folded coordinates, sorted, apart from each other; text is the digits, with ``+`` for the
        international form.
    """
    text = folded.text
    masked = _mask(text, protected)
    hits: list[tuple[int, int]] = []
    if found(_ANYWHERE, text):
        hits += (*_international(text, protected), *_words(text))
    if found(_UNPROTECTED, masked):
        hits += (*_named(masked), *_shaped(masked), *_spelled(masked), *_vanity(masked))
    if region is not None:
        hits += _regional(masked, region)
    return _merge(hits, text)


def _mask(text: str, protected: Sequence[tuple[int, int]]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in protected:
        pieces += (text[done:start], _MASK * (end - start))
        done = end
    return "".join((*pieces, text[done:]))


def _merge(hits: list[tuple[int, int]], text: str) -> tuple[Span, ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(hits):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(Span(start, _with_extension(text, end), _normal(text[start:end])) for start, end in merged)


def _with_extension(text: str, end: int) -> int:
    tail = next(spans(EXTENSION, text[end : end + _MAX_EXTENSION]), (0, 0))
    return end + tail[1]


def _normal(number: str) -> str:
    if number[-1].isalpha() and whole(WORDS, number):
        return _dictated(number)
    plain = number.replace("(0)", "")
    digits = "".join(c for c in plain if c.isascii() and c.isalnum())
    return "+" + digits if plain.startswith("+") else digits


# --- international ----------------------------------------------------------------------------------------------------


def _international(text: str, protected: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    asked = 0
    begins = [start for start, _ in protected]
    for start, end in spans(INTERNATIONAL, text):
        if _is_inner(text, start, protected, bisect_left(begins, start) - 1):
            continue
        run = text[start:end]
        if found(AMOUNT, run) and found(MONEY, text[end : end + 5]):
            continue  # a surcharge: +10.000.000 JPY
        length, digits = _cut(run, text[start] != "+")
        if not _has_calling_code(digits):
            continue
        if run[1:length].isdecimal():
            # Digits without a gap can be a serial number or a sum: ask whether the number exists.
            asked += 1
            if asked <= MAX_VALIDATIONS and not _exists("+" + digits, None):
                continue
        yield start, start + length


def _is_inner(text: str, start: int, protected: Sequence[tuple[int, int]], index: int) -> bool:
    """Whether what looks like a prefix stands inside a number: ``1+49...``, ``B00...``, an IBAN's ``... 0044 ...``.

    A protected stretch that only begins with ``00`` does not shield it: ``order`` is written easily, an IBAN with the
    right check digits around a telephone number is not.
    """
    before = text[start - 1 : start]
    if text[start] == "+":
        return before.isdecimal()
    return before.isalnum() or before in _POINTS or (index >= 0 and start < protected[index][1])


def _cut(run: str, has_prefix: bool) -> tuple[int, str]:
    """How much of a run of digits and separators is one number: whole groups, at most ``MAX_DIGITS``.

    Returns:
        Length in code points, and the digits after ``+``, ``00`` or ``011``, without a trunk ``(0)``.
    """
    shift = (3 if run.startswith("011") else 2) if has_prefix else 1
    digits = ""
    length = 0
    for start, end in spans(GROUP, run[:MAX_RUN]):
        gap = run[length:start]
        if len(digits) >= COMPLETE_DIGITS and ("\n" in gap or len(gap) > _NARROW):
            break
        group = run[start:end]
        if run[start - 1 : end + 1] == "(0)":
            group = ""
        elif start < shift:
            group = run[shift:end]
        if len(digits) + len(group) > MAX_DIGITS:
            break
        digits += group
        length = end
    return length, digits


def _has_calling_code(digits: str) -> bool:
    return len(digits) >= MIN_INTERNATIONAL and any(digits[:n] in _CALLING_CODES for n in (1, 2, 3))


def _exists(number: str, region: str | None) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(number, region)))
    except phonenumbers.NumberParseException:
        return False


# --- national, with a word --------------------------------------------------------------------------------------------


def _named(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (NAMED_CLOSE, NAMED_FAR):
        for first, last in spans(pattern, text):
            start = first + next(at for at, c in enumerate(text[first:last]) if c in _STARTS)
            yield from (hit for hit in _numbers_in(text, start, last) if not _is_list(text[slice(*hit)]))
    for start, last in spans(NAMED_AFTER, text):
        if not _touches(text, start, last):
            end = last - next(at for at, c in enumerate(reversed(text[start:last])) if c.isdecimal())
            yield start, end


def _is_list(run: str) -> bool:
    """Whether a word for telephone has sizes or models behind it: ``phone case, iPhone 12 13 14 15``."""
    return whole(LISTED, run) and _counts_up(run)


def _numbers_in(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The numbers of one run after a word for telephone: ``Tel. 030 1234567 / 0151 23456789`` holds two.

    The run is taken line by line; one that is not complete goes on in the next line.
    """
    first = start
    count = 0
    last = start
    for group_start, group_end in spans(GROUP, text[start:end]):
        at = start + group_start
        gap = text[last:at]
        if count >= MIN_DIGITS and "\n" in gap:
            break
        if count >= COMPLETE_DIGITS and len(gap) > _NARROW:
            yield first, last
            first, count = at, 0
        count += group_end - group_start
        last = start + group_end
    if count >= MIN_DIGITS:
        yield first, last


# --- national, alone --------------------------------------------------------------------------------------------------


def _shaped(text: str) -> Iterator[tuple[int, int]]:
    for start, end in spans(SHAPED, text):
        digits = sum(c.isdecimal() for c in text[start:end])
        if not _MIN_SHAPED <= digits <= _MAX_SHAPED or _touches(text, start, end):
            continue
        run = text[start:end]
        is_plain = run[0] in _NO_TRUNK and not any(c in run for c in "-.()")
        if (is_plain and _has_neighbours(text, start, end)) or (whole(PAIRS, run) and _counts_up(run)):
            continue  # more groups of the same kind, or pairs in even steps: a sum, a list of sizes
        yield start, end


def _has_neighbours(text: str, start: int, end: int) -> bool:
    return found(GROUP_AFTER, text[end : end + 4]) or found(GROUP_BEFORE, text[max(start - 4, 0) : start])


def _counts_up(run: str) -> bool:
    """Pairs in even small steps: ``01 02 03 04 05``, ``05 10 15 20 25``; not ``01 23 45 67 89``."""
    pairs = [int(run[start:end]) for start, end in spans(GROUP, run)]
    steps = {b - a for a, b in pairwise(pairs)}
    return len(steps) == 1 and 0 < steps.pop() <= _MAX_STEP


def _touches(text: str, start: int, end: int) -> bool:
    """Whether the stretch is part of something longer: digits, letters, a decimal or a code go on beside it."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    return (
        before[-1:].isalnum()
        or after[:1].isalnum()
        or (before[-1:] in _JOINTS and before[:1].isalnum() and len(before) > 1)
        or (after[:1] in _JOINTS and after[1:].isdecimal())
        or before[-1:] == _MASK
        or before[-1:] in _CURRENCY_SIGNS
    )


def _spelled(text: str) -> Iterator[tuple[int, int]]:
    """``0 1 5 1 2 3 4 5 6 7 8``: a gap after every digit."""
    for start, end in spans(SPELLED, text):
        digits = "".join(c for c in text[start:end] if c.isdecimal())
        if len(digits) <= MAX_DIGITS and not _counts(digits) and not _touches(text, start, end):
            yield start, end


def _counts(digits: str) -> bool:
    """A scale (0 1 2 3 ...) or one digit over and over."""
    return digits in _SCALE or len(set(digits)) <= 2  # noqa: PLR2004 - 0 0 1 0 ...: a table of flags


def _vanity(text: str) -> Iterator[tuple[int, int]]:
    for start, end in spans(VANITY, text):
        signs = sum(c.isalnum() for c in text[start:end])
        if (
            signs >= _MIN_VANITY
            and any(c.isalpha() for c in text[start:end])
            and not _touches(text, start, end)
        ):
            yield start, end


def _words(text: str) -> Iterator[tuple[int, int]]:
    for start, end in spans(WORDS, text):
        run = text[start:end]
        words = sum(c.isalpha() and not d.isalpha() for c, d in zip(run, run[1:] + " ", strict=True))
        if words >= _MIN_WORDS and not _counts(_dictated(run).strip("+")):
            yield start, end


def _dictated(run: str) -> str:
    tokens = (run[start:end].lower() for start, end in spans(WORD, run))
    return "".join(DIGIT_WORDS.get(token, token) for token in tokens)


def _regional(text: str, region: str) -> Iterator[tuple[int, int]]:
    for asked, (start, end) in enumerate(spans(GROUPED, text)):
        if not _touches(text, start, end) and (asked >= MAX_VALIDATIONS or _exists(text[start:end], region)):
            yield start, end


# --- tables -----------------------------------------------------------------------------------------------------------

MAX_RUN = 80
"""Code points of a run of digits and separators that can be one number: 15 digits with gaps of three, and slack."""

_MASK = "\0"
_STARTS = frozenset("+(0123456789")
_POINTS = frozenset(".,")
_JOINTS = frozenset(".,-/:_'")
_CURRENCY_SIGNS = frozenset("€$£¥₺₹#")
_NARROW = 2
_MAX_STEP = 10
_NO_TRUNK = frozenset("23456789")
_MAX_EXTENSION = 24
_MIN_SHAPED = 8
_MAX_SHAPED = 13
_MIN_VANITY = 9
_MIN_WORDS = 5
_SCALE = "0123456789101112131415" + "1098765432100"
_CALLING_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
_ANYWHERE = either(INTERNATIONAL, WORDS)
_UNPROTECTED = either(NAMED_CLOSE, NAMED_FAR, NAMED_AFTER, SHAPED, SPELLED, VANITY)
"""Where none of these is found, there is no telephone number."""
