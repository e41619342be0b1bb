"""Numbers that are none to call and dots that are no domain: order numbers, tracking, tax, dates, prices, sizes.

House rules of this file: a shape that a standard checks (check digit, mod 97) is believed; a shape that only a word
vouches for (``Order 12345678``) is believed as long as the number could not be dialled as it stands. A number that
begins with ``+`` or ``00`` and a word for telephone right before a number both beat every protection: otherwise
writing ``order`` before a telephone number would carry it past the gateway.

Not here: what is looked for in the rest (``links``, ``phones``).
Source: GS1 General Specifications 7.9 (check digit), ISO 13616 (IBAN), UPU S10 (tracking), ISO 8601.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from gateway.detect.fold import Folded
from gateway.detect.number_words import (
    CURRENCIES,
    NUMBER_WORDS,
    PHONE_WORDS,
    PHONE_WORDS_UNSPACED,
    REFERENCE_WORDS,
    REFERENCE_WORDS_UNSPACED,
    UNITS,
)
from gateway.detect.scan import Pattern, any_of, compile_pattern, found, spans

BEFORE = 48
"""Code points before a number that are searched for a word: a keyword, a few small words, punctuation."""

AFTER = 24
"""Code points after a number that show whether it goes on: the rest of the longest telephone number."""

_PHONE_WORD = rf"(?:(?:^|[^0-9\pL]){any_of(PHONE_WORDS)}(?:[^0-9\pL]|$)|{any_of(PHONE_WORDS_UNSPACED)}|(?:^|[\n|,;/] ?)[TMFP][:.])"
_PHONE_WORD_LAST = compile_pattern(rf"(?i){_PHONE_WORD}[ .:=_*(/|-]*(?:[a-z]{{2}}[ .:]*)?$")


def protected_spans(folded: Folded) -> tuple[tuple[int, int], ...]:
    """Stretches that no rule may take for a telephone number or a link; folded coordinates, sorted, merged."""
    if not found(_DIGIT, folded.text):
        return ()
    hits = sorted(hit for shape in _SHAPES for hit in _hits(shape, folded.text))
    merged: list[tuple[int, int]] = []
    for start, end in hits:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


class _Shape(NamedTuple):
    pattern: Pattern
    check: Callable[[str, str], bool] | None = None
    """Sees the match and the code points after it."""
    is_dialable: bool = False
    """Whether a telephone number can have this shape, so that a word for telephone right before it wins."""
    is_edged: bool = False
    """Whether more digits behind a separator make it something else: ``01.02.03.04.05`` holds no date."""


def _hits(shape: _Shape, text: str) -> Iterator[tuple[int, int]]:
    for start, end in spans(shape.pattern, text):
        if text[start - 1 : start] == "+" or (
            shape.check is not None and not shape.check(text[start:end], text[end : end + AFTER])
        ):
            continue
        if shape.is_edged and _goes_on(text, start, end):
            continue
        if shape.is_dialable and found(_PHONE_WORD_LAST, text[max(start - BEFORE, 0) : start]):
            continue
        yield start, end


_SEPARATORS = frozenset("./-")


def _goes_on(text: str, start: int, end: int) -> bool:
    return (text[end : end + 1] in _SEPARATORS and text[end + 1 : end + 2].isdecimal()) or (
        start > 1 and text[start - 1] in _SEPARATORS and text[start - 2].isdecimal()
    )


# --- checks -----------------------------------------------------------------------------------------------------------


def _digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def _gs1_holds(text: str, _after: str) -> bool:
    digits = _digits(text)
    total = sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(reversed(digits)))
    return total % 10 == 0


def _iban_holds(text: str, _after: str) -> bool:
    plain = text.replace(" ", "").upper()
    value = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
    return int(value) % 97 == 1


def _date_holds(text: str, _after: str) -> bool:
    numbers = [int(n) for n in "".join(c if c.isdecimal() else " " for c in text).split()]
    if len(numbers) == 1:  # 20240305
        numbers = [numbers[0] // 10_000, numbers[0] // 100 % 100, numbers[0] % 100]
    small = sorted(numbers[1:3] if numbers[0] > _MAX_DAY else numbers[:2])
    return 1 <= small[0] <= _MAX_MONTH and small[1] <= _MAX_DAY


_MAX_DAY = 31
_MAX_MONTH = 12


def _reference_holds(text: str, after: str) -> bool:
    """Whether what a reference word names is a reference and could not be dialled as it stands.

    ``00`` begins an international number, and ``0`` with eight digits more may begin a national one: those are not
    shielded, whatever word stands before them (``Order 0049 151 23456789``, ``order 1/0151 23456789``). Groups that go
    on after the last one that fits are no reference either (``order 212 555 0100``).
    Known gap: ``order 212 555 1234`` reads as an order number in three groups, and stays.
    """
    at = next(at for at, c in enumerate(text) if c in "0123456789")
    if text[at - 1].isascii() and text[at - 1].isalpha():
        return True
    goes_on = after[:1] == " " and after[1:2].isdecimal()
    run = text[at:] + (after[: len(after) - len(after.lstrip(_RUN))])
    if goes_on and " " in text[at:]:
        return False
    # Every piece, not only the first: "order 1/0049 151 23456789".
    pieces = [
        first for first, c in enumerate(run) if c == "0" and (first == 0 or run[first - 1] in _PIECE_ENDS)
    ]
    return not any(
        run[first + 1 : first + 2] == "0" or len(_digits(run[first:])) >= _MIN_DIALABLE for first in pieces
    )


_RUN = "0123456789 ./()-"
_MIN_DIALABLE = 9
_PIECE_ENDS = frozenset("-_/. ")
_MIN_DIALABLE = 10


# --- shapes -----------------------------------------------------------------------------------------------------------

_DIGIT = compile_pattern("[0-9]")
_MONTHS = (
    *(
        "jan",
        "feb",
        "mar",
        "mär",
        "apr",
        "may",
        "mai",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "okt",
        "nov",
        "dec",
        "dez",
    ),
    *(
        "janv",
        "févr",
        "avr",
        "juin",
        "juil",
        "août",
        "déc",
        "gen",
        "mag",
        "giu",
        "lug",
        "ago",
        "set",
        "ott",
        "dic",
    ),
    *(
        "ene",
        "abr",
        "fev",
        "out",
        "maa",
        "mei",
        "maj",
        "sty",
        "lut",
        "kwi",
        "cze",
        "lip",
        "sie",
        "wrz",
        "paź",
        "lis",
    ),
    *("gru", "oca", "şub", "nis", "haz", "tem", "ağu", "eyl", "eki", "kas", "ara"),
)
_AMOUNT = r"\d{1,3}(?:[ .,']\d{3}){0,3}(?:[.,](?:\d{1,2}|-))?"
_CLOCK = r"(?:[01]?\d|2[0-4])"
_OCLOCK = r"(?:uhr|h|a\.?m\.?|p\.?m\.?|heures|ore|uur|kl|godz)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_REFERENCE = (
    rf"(?:(?:^|[^0-9\pL]){any_of(REFERENCE_WORDS)}s?|{any_of(REFERENCE_WORDS_UNSPACED)})"
    rf"(?:[ .:-]{{1,2}}{any_of(NUMBER_WORDS)})?(?:[ .:-]{{1,2}}{any_of(NUMBER_WORDS)})?"
    r"[ \t.:#°º=()\[\]-]{0,4}\n?[A-Z]{0,5}[-_/. ]?\d"
)
_VAT = (
    *(r"ATU\d{8}", r"BE[ ]?[01]\d{3}[ .]?\d{3}[ .]?\d{3}", r"BG\d{9,10}", r"CY\d{8}[A-Z]", r"CZ\d{8,10}"),
    *(r"DE[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}", r"DK[ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?\d{2}", r"EE\d{9}", r"EL\d{9}"),
    *(
        r"ES[ -]?[A-Z]\d{7}[A-Z0-9]",
        r"ES[ -]?\d{8}[A-Z]",
        r"FI[ ]?\d{8}",
        r"FR[ ]?[0-9A-Z]{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}",
    ),
    *(
        r"HR\d{11}",
        r"HU\d{8}",
        r"IE\d[0-9A-Z]\d{5}[A-Z]{1,2}",
        r"IT[ ]?\d{11}",
        r"LT(?:\d{9}|\d{12})",
        r"LU\d{8}",
    ),
    *(
        r"LV\d{11}",
        r"MT\d{8}",
        r"NL[ ]?\d{9}[ ]?B[ ]?\d{2}",
        r"PL[ ]?\d{3}-?\d{3}-?\d{2}-?\d{2}",
        r"PT[ ]?\d{9}",
    ),
    *(r"RO\d{2,10}", r"SE[ ]?\d{6}-?\d{4}(?:[ ]?01)?", r"SI\d{8}", r"SK\d{10}"),
    *(r"(?:GB|XI)[ ]?\d{3}[ ]?\d{4}[ ]?\d{2}(?:[ ]?\d{3})?", r"CHE[- ]?\d{3}\.?\d{3}\.?\d{3}", r"T\d{13}"),
)

_SHAPES = (
    # Marketplaces' order numbers: Amazon 3-7-7, eBay 2-5-5, Rakuten 6-8-10, Mirakl 12345678-A, Walmart and others by
    # word; a UUID names an Allegro order.
    _Shape(compile_pattern(r"\b(?:\d{3}|[A-Z]\d{2})-\d{7}-\d{7}\b")),
    _Shape(compile_pattern(r"\b\d{2}-\d{5}-\d{5}\b"), is_dialable=True, is_edged=True),
    _Shape(compile_pattern(r"\b\d{6}-\d{8}-\d{10}\b|\b\d{8,12}-[A-Z]\b")),
    _Shape(compile_pattern(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")),
    # Products: ASIN; EAN, UPC, GTIN and ISBN-13 with their check digit.
    _Shape(compile_pattern(r"\bB0[0-9A-Z]{8}\b")),
    _Shape(
        compile_pattern(r"\b(?:\d{8}|\d{12,14})\b|\b\d \d{6} \d{6}\b|\b\d \d{5} \d{5} \d\b"), _gs1_holds, True
    ),
    _Shape(compile_pattern(r"\b97[89](?:[- ]?\d){10}\b"), _gs1_holds),
    # Parcels: UPS, DHL, USPS, S10, and any run of 16 digits or more, which no telephone number has (E.164: 15).
    _Shape(
        compile_pattern(
            r"\b1Z(?: ?[0-9A-Z]){16}\b|\bJ(?:JD|VGL)\d{10,20}\b|\b[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}\b"
        )
    ),
    _Shape(compile_pattern(r"\b9[1-5]\d\d(?: \d{4}){4}(?: \d{2})?\b|\b\d{16,40}\b")),
    # Money and tax.
    _Shape(compile_pattern(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), _iban_holds),
    _Shape(compile_pattern(rf"\b(?:{'|'.join(_VAT)})\b"), is_dialable=True, is_edged=True),
    _Shape(compile_pattern(rf"(?i)(?:{any_of(CURRENCIES)}) ?{_AMOUNT}"), is_edged=True),
    _Shape(compile_pattern(rf"(?i)\b{_AMOUNT} ?(?:{any_of(CURRENCIES)})"), is_edged=True),
    # Dates and times.
    _Shape(
        compile_pattern(
            r"\b(?:\d{1,2}[./-] ?\d{1,2}[./-] ?(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2})\b"
        ),
        _date_holds,
        is_edged=True,
    ),
    _Shape(compile_pattern(r"\b(?:19|20)\d\d[01]\d[0-3]\d\b"), _date_holds),
    _Shape(
        compile_pattern(
            rf"(?i)\b{_DAY}(?:\.|st|nd|rd|th)? ?{any_of(_MONTHS)}\pL{{0,6}}\.?,? ?(?:19|20)\d\d\b"
        )
    ),
    _Shape(
        compile_pattern(rf"(?i)\b{any_of(_MONTHS)}\pL{{0,6}}\.? {_DAY}(?:st|nd|rd|th)?,? ?(?:19|20)\d\d\b")
    ),
    _Shape(
        compile_pattern(
            rf"(?i)\b{_CLOCK}[:.]?[0-5]\d(?:[:.][0-5]\d)?(?: ?{_OCLOCK})\b|\b{_CLOCK}:[0-5]\d(?::[0-5]\d)?\b"
        )
    ),
    _Shape(
        compile_pattern(
            rf"(?i)\b{_CLOCK}[:.][0-5]\d ?{_OCLOCK}? ?(?:-|bis|to|till|until|à|a|alle|tot|till|do) ?{_CLOCK}[:.][0-5]\d\b"
        ),
        is_edged=True,
    ),
    _Shape(compile_pattern(r"\b(?:19|20)\d\d ?[-/] ?(?:19|20)?\d\d\b"), is_edged=True),
    # Measures, versions, standards.
    _Shape(
        compile_pattern(
            r"(?i)\b\d{1,5}(?:[.,]\d{1,3})?(?: ?[a-z]{0,2} ?[x×*] ?\d{1,5}(?:[.,]\d{1,3})?){1,3}\b"
        )
    ),
    _Shape(compile_pattern(rf"(?i)\b\d{{1,7}}(?:[.,/-]\d{{1,5}})? ?{any_of(UNITS)}(?:[^0-9\pL]|$)")),
    _Shape(compile_pattern(r"(?i)\bv\.? ?\d{1,5}(?:\.\d{1,5}){1,4}[a-z]{0,4}\b")),
    _Shape(
        compile_pattern(
            r"(?i)\b(?:version|ver|firmware|build|release|windows|android|ios|macos|bios|rev) ?:?\d{1,5}(?:[.-]\d{1,6}){0,4}\b"
        )
    ),
    _Shape(
        compile_pattern(
            r"(?i)\b(?:iso|din|en|iec|ul|astm|ieee|bs|nf|uni|ansi|jis|gb/t|eg|eu|ec|ce)(?:[ /-](?:en|iso|iec|nr\.?|no\.?))?\)?[ -]?\d{2,5}(?:[-:/.]\d{1,4}){0,4}\b"
        ),
        is_edged=True,
    ),
    _Shape(compile_pattern(r"\b\d{2,4}/\d{1,4}/(?:EU|EG|EC|EWG|CE|UE)\b")),
    # Places: code and town where the form leaves no doubt.
    _Shape(
        compile_pattern(
            r"\b(?:[A-Z]{1,2}-)?\d{5},? [A-ZÄÖÜÉÈŁŚŻÅØ][\pL]{2,}|\b[A-Z]{2} \d{5}-\d{4}\b|〒 ?\d{3}-\d{4}\b"
        )
    ),
    _Shape(
        compile_pattern(
            r"\b\d{2}-\d{3} [A-ZŁŚŻŹĆ][\pL]{2,}|\b\d{4}-\d{3} [A-ZÁÉÍÓÚ][\pL]{2,}|\b\d{3} \d{2} [A-ZÅÄÖ][\pL]{2,}"
        ),
        None,
        True,
    ),
    # Tax numbers whose grouping is fixed: German Steuernummer, French SIREN and SIRET, Polish NIP, Swedish number.
    _Shape(compile_pattern(r"\b\d{2,3}/\d{3,4}/\d{4,5}\b"), None, True, True),
    _Shape(
        compile_pattern(
            r"(?i)\b(?:siren|siret|rcs(?: [a-z]{3,12})?|kvk|nip|regon|krs|org\.? ?nr|cvr|eori|bic)[ .:#°-]{0,3}[a-z]{0,3}\d(?:[ -]?\d){6,14}\b"
        )
    ),
    # A word for order, invoice, tracking ... and then one number, perhaps in a few groups.
    _Shape(
        compile_pattern(
            rf"(?i){_REFERENCE}(?:\d{{0,3}}(?: [1-9]\d{{1,3}}\b){{1,4}}|[0-9A-Z]{{0,40}}(?:[-_/.][0-9A-Z]{{1,20}}){{0,6}})"
        ),
        _reference_holds,
    ),
)
