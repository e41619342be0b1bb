"""The shapes of numbers that are none to call, and how each is checked.

Not here: how a text is searched for them (``protected``).
Source: GS1 General Specifications 7.9 (check digit), ISO 13616 (IBAN), UPU S10 (tracking), ISO 8601 (dates); national
tax offices for tax numbers.
"""

from collections.abc import Callable
from typing import NamedTuple

from gateway.detect.number_words import (
    CURRENCY_CODES,
    CURRENCY_SIGNS,
    NUMBER_WORDS,
    REFERENCE_WORDS,
    REFERENCE_WORDS_UNSPACED,
    UNITS,
)
from gateway.detect.scan import Pattern, any_of, compile_pattern, whole


class Shape(NamedTuple):
    """One kind of number.

    Attributes:
        pattern: What it looks like.
        check: Sees the match and the code points after it; ``None`` where looking like it is enough.
        is_dialable: Whether a telephone number can look the same, so that a word for telephone right before it wins.
        is_edged: Whether digits behind a point, slash or dash on either side make it something else:
            ``01.02.03.04.05`` holds no date.
        is_first: Whether digits before it, a blank or a sign between, make it something else: in
            ``030 12345 Hallo`` the last five digits are no postcode.
    """

    pattern: Pattern
    check: Callable[[str, str], bool] | None = None
    is_dialable: bool = False
    is_edged: bool = False
    is_first: bool = False


# --- checks -----------------------------------------------------------------------------------------------------------

MAX_DAY = 31
MAX_MONTH = 12
MIN_DIALABLE = 9
"""Digits that a national number with its trunk 0 has at least; below it nobody is called."""

_RUN = "0123456789 ./()-"
_PIECE_ENDS = frozenset("-_/. ")


def _digits(text: str) -> str:
    return "".join(c for c in text if c in "0123456789")


def _gs1_holds(text: str, _after: str) -> bool:
    digits = _digits(text)
    total = sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(reversed(digits)))
    return total % 10 == 0


def _luhn_holds(text: str, _after: str) -> bool:
    total = sum(int(d) * (2 if at % 2 else 1) for at, d in enumerate(reversed(_digits(text))))
    return (total - 9 * sum(d > "4" for d in _digits(text)[-2::-2])) % 10 == 0


def _issn_holds(text: str, _after: str) -> bool:
    digits = text.replace("-", "")
    return sum((8 - at) * (10 if c in "Xx" else int(c)) for at, c in enumerate(digits[-8:])) % 11 == 0


def _iban_holds(text: str, _after: str) -> bool:
    plain = text.replace(" ", "")
    value = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
    return int(value) % 97 == 1


def _date_holds(text: str, _after: str) -> bool:
    numbers = [int(n) for n in "".join(c if c.isdecimal() else " " for c in text).split()]
    if len(numbers) == 1:  # 20240305
        numbers = [numbers[0] // 10_000, numbers[0] // 100 % 100, numbers[0] % 100]
    small = sorted(numbers[1:3] if numbers[0] > MAX_DAY else numbers[:2])
    return 1 <= small[0] <= MAX_MONTH and small[1] <= MAX_DAY


def _reference_holds(text: str, after: str) -> bool:
    """Whether what a reference word names is a reference and could not be dialled as it stands.

    Decisions against ``order`` as a shield: ``00`` begins an international number, ``0`` with eight digits more may
    begin a national one (``Order 0049 151 23456789``, ``order 1/0151 23456789``), three, three and four digits are
    North American (``order 555-123-4567``), and groups that go on after the last one that fits are no reference
    (``order 212 555 0100``).
    Known gap: ``order 212 555 1234`` reads as an order number in three groups, and stays.
    """
    at = next(at for at, c in enumerate(text) if c in "0123456789")
    if text[at - 1].isascii() and text[at - 1].isalpha():
        return True
    run = text[at:] + after[: len(after) - len(after.lstrip(_RUN))]
    if whole(_NORTH_AMERICAN, run.rstrip(_RUN[10:])) or (
        " " in text[at:] and after[:1] == " " and after[1:2].isdecimal()
    ):
        return False
    # Every piece, not only the first: "order 1/0049 151 23456789".
    pieces = [
        first for first, c in enumerate(run) if c == "0" and (first == 0 or run[first - 1] in _PIECE_ENDS)
    ]
    return not any(
        run[first + 1 : first + 2] == "0" or len(_digits(run[first:])) >= MIN_DIALABLE for first in pieces
    )


# --- expressions ------------------------------------------------------------------------------------------------------

_NORTH_AMERICAN = compile_pattern(r"\(?[2-9]\d\d\)?[ .-]{1,2}\d{3}[.-]\d{4}")

_MONTHS = any_of(
    (
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
        ),
        *(
            "dez",
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
        ),
        *(
            "ott",
            "dic",
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
        ),
        *("wrz", "paź", "lis", "gru", "oca", "şub", "nis", "haz", "tem", "ağu", "eyl", "eki", "kas", "ara"),
    )
)
_MONEY = rf"(?:{any_of(CURRENCY_SIGNS)}|(?i:{any_of(CURRENCY_CODES)}))"
_AMOUNT = r"(?:0|[1-9]\d{0,2}(?:[ .,']\d{3}){0,3}|[1-9]\d{3,6})(?:[.,](?:\d{1,2}|-))?"
_CLOCK = r"(?:[01]?\d|2[0-4])"
_OCLOCK = r"(?:uhr|h|a\.?m\.?|p\.?m\.?|heures|ore|uur|kl|godz)"
_UNTIL = r"(?:-|bis|to|till|until|à|a|alle|tot|do)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d\d"
_SIZE = r"\d{1,5}(?:[.,]\d{1,3})?"
_TOWN = r"[\p{Lu}]\pL{2,}"
_PRODUCTS = r"(?:version|ver|firmware|build|release|windows|android|ios|macos|bios|rev)"
_STANDARDS = r"(?:ISO|DIN|EN|IEC|UL|ASTM|IEEE|BS|NF|UNI|ANSI|JIS|EG|EU|EC|CE)"
_OFFICES = r"(?:siren|siret|rcs(?: [a-z]{3,12})?|kvk|nip|regon|krs|org\.? ?nr|cvr|eori|bic)"
_REFERENCE = (
    rf"(?:(?:^|[^0-9\pL]){any_of(REFERENCE_WORDS)}s?|{any_of(REFERENCE_WORDS_UNSPACED)})"
    rf"(?:[ .:-]{{1,2}}{any_of(NUMBER_WORDS)})?(?:[ .:-]{{1,2}}{any_of(NUMBER_WORDS)})?"
    r"[ \t.:#°º=()\[\]-]{0,4}\n?[A-Z]{0,5}[-_/. ]?\d"
)
_VAT = "|".join(
    (
        *(r"ATU\d{8}", r"BE ?[01]\d{3}[ .]?\d{3}[ .]?\d{3}", r"BG\d{9,10}", r"CY\d{8}[A-Z]", r"CZ\d{8,10}"),
        *(
            r"DE ?\d{3} ?\d{3} ?\d{3}",
            r"DK ?\d{2} ?\d{2} ?\d{2} ?\d{2}",
            r"E[EL]\d{9}",
            r"ES[ -]?[A-Z]\d{7}[A-Z0-9]",
        ),
        *(
            r"ES[ -]?\d{8}[A-Z]",
            r"FI ?\d{8}",
            r"FR ?[0-9A-Z]{2} ?\d{3} ?\d{3} ?\d{3}",
            r"HR\d{11}",
            r"HU\d{8}",
        ),
        *(
            r"IE\d[0-9A-Z]\d{5}[A-Z]{1,2}",
            r"IT ?\d{11}",
            r"LT(?:\d{9}|\d{12})",
            r"L[U]\d{8}",
            r"LV\d{11}",
            r"MT\d{8}",
        ),
        *(
            r"NL ?\d{9} ?B ?\d{2}",
            r"PL ?\d{3}-?\d{3}-?\d{2}-?\d{2}",
            r"PT ?\d{9}",
            r"RO\d{2,10}",
            r"S[I]\d{8}",
        ),
        *(r"SE ?\d{6}-?\d{4}(?: ?01)?", r"SK\d{10}", r"(?:GB|XI) ?\d{3} ?\d{4} ?\d{2}(?: ?\d{3})?"),
        *(r"CHE[- ]?\d{3}\.?\d{3}\.?\d{3}", r"T\d{13}"),
    )
)


def _shape(
    *alternatives: str,
    check: Callable[[str, str], bool] | None = None,
    is_dialable: bool = False,
    is_edged: bool = False,
    is_first: bool = False,
) -> Shape:
    return Shape(compile_pattern("|".join(alternatives)), check, is_dialable, is_edged, is_first)


SHAPES = (
    # Marketplaces' order numbers: Amazon 3-7-7, eBay 2-5-5, Rakuten 6-8-10, Mirakl 12345678-A; a UUID names an Allegro
    # order; Walmart's and others' are digits only, and need a word.
    _shape(r"\b(?:\d{3}|[A-Z]\d{2})-\d{7}-\d{7}\b"),
    _shape(r"\b\d{2}-\d{5}-\d{5}\b", is_dialable=True, is_edged=True),
    _shape(r"\b\d{6}-\d{8}-\d{10}\b", r"\b\d{8,12}-[A-Z]\b"),
    _shape(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    # Products: ASIN; EAN, UPC, GTIN and ISBN-13 with their check digit.
    _shape(r"\bB0[0-9A-Z]{8}\b"),
    _shape(
        *(r"\b(?:\d{8}|\d{12,14})\b", r"\b\d \d{6} \d{6}\b", r"\b\d \d{5} \d{5} \d\b"),
        check=_gs1_holds,
        is_dialable=True,
    ),
    _shape(r"\b97[89](?:[- ]?\d){10}\b", check=_gs1_holds),
    _shape(r"(?i)\bISSN[ :]{1,2}\d{4}-\d{3}[\dX]\b", check=_issn_holds),
    _shape(r"\b\d\d[ -]\d{6}[ -]\d{6}[ -]\d\b", check=_luhn_holds, is_dialable=True),
    # Parcels: UPS, DHL, USPS, S10, and any run of 16 digits or more, which no telephone number has (E.164: 15).
    _shape(
        *(r"\b1Z(?: ?[0-9A-Z]){16}\b", r"\bJ(?:JD|VGL)\d{10,20}\b"),
        *(
            r"\b[A-Z]{2} ?\d{3} ?\d{3} ?\d{3} ?[A-Z]{2}\b",
            r"\b9[1-5]\d\d(?: \d{4}){4}(?: \d{2})?\b",
            r"\b\d{16,40}\b",
        ),
    ),
    # Money and tax. Tax numbers by their fixed grouping: German Steuernummer, French SIREN, Polish NIP, Swedish number.
    _shape(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", check=_iban_holds),
    _shape(rf"\b(?:{_VAT})\b", is_dialable=True, is_edged=True),
    _shape(rf"{_MONEY} ?{_AMOUNT}\b", is_edged=True),
    _shape(rf"\b{_AMOUNT} ?{_MONEY}(?:[^\pL]|$)", is_dialable=True, is_edged=True, is_first=True),
    _shape(r"\b[1-9]\d{1,2}/\d{3,4}/\d{4,5}\b", is_dialable=True, is_edged=True),
    _shape(rf"(?i)\b{_OFFICES}[ .:#°-]{{0,3}}[a-z]{{0,3}}\d(?:[ -]?\d){{6,14}}\b"),
    # Dates and times.
    _shape(
        *(rf"\b\d{{1,2}}[./-] ?\d{{1,2}}[./-] ?{_YEAR}\b", r"\b\d{1,2}[./-]\d{1,2}[./-]\d\d\b"),
        rf"\b{_YEAR}[./-]\d{{1,2}}[./-]\d{{1,2}}(?:T\d\d:\d\d(?::\d\d)?)?\b",
        check=_date_holds,
        is_edged=True,
    ),
    _shape(rf"\b{_YEAR}[01]\d[0-3]\d\b", check=_date_holds, is_dialable=True),
    _shape(rf"(?i)\b{_DAY}(?:\.|st|nd|rd|th)? ?{_MONTHS}\pL{{0,6}}\.?,? ?{_YEAR}\b"),
    _shape(rf"(?i)\b{_MONTHS}\pL{{0,6}}\.? {_DAY}(?:st|nd|rd|th)?,? ?{_YEAR}\b"),
    _shape(rf"(?i)\b{_CLOCK}[:.]?[0-5]\d(?:[:.][0-5]\d)? ?{_OCLOCK}\b", is_first=True),
    _shape(rf"\b{_CLOCK}:[0-5]\d(?::[0-5]\d)?\b"),
    _shape(rf"(?i)\b{_CLOCK}[:.][0-5]\d ?{_OCLOCK}? ?{_UNTIL} ?{_CLOCK}[:.][0-5]\d\b", is_edged=True),
    _shape(rf"\b{_YEAR} ?[-/] ?(?:19|20)?\d\d\b", is_dialable=True, is_edged=True, is_first=True),
    # Measures, versions, standards.
    _shape(rf"(?i)\b{_SIZE}(?: ?[a-z]{{0,2}} ?[x\x{{D7}}] ?{_SIZE}){{1,3}}\b"),
    _shape(
        rf"(?i)\b\d{{1,5}}(?:[.,/-]\d{{1,3}})? ?{any_of(UNITS)}(?:[^0-9\pL]|$)", is_edged=True, is_first=True
    ),
    _shape(r"(?i)\bv\.? ?(?:0|[1-9]\d{0,4})(?:\.\d{1,5}){1,4}[a-z]{0,4}\b"),
    _shape(
        rf"(?i)\b{_PRODUCTS} ?:?(?:\d{{1,2}}(?:\.\d{{1,6}}){{0,4}}|\d{{4,6}}(?:\.\d{{1,5}})?)\b",
        is_edged=True,
    ),
    _shape(
        rf"\b{_STANDARDS}(?:[ /-](?:EN|ISO|IEC|Nr\.?|No\.?))?\)?[ -]?\d{{2,5}}(?:[-/]\d{{1,4}}){{0,3}}(?::\d{{4}})?\b",
        rf"\b\d{{2,4}}/\d{{1,4}}/{_STANDARDS}\b",
        is_edged=True,
    ),
    # Places: code and town where the form leaves no doubt.
    _shape(
        *(rf"\b(?:[A-Z]{{1,2}}-)?\d{{5}},? {_TOWN}", r"\b[A-Z]{2} \d{5}-\d{4}\b", r"\x{3012} ?\d{3}-\d{4}\b"),
        *(rf"\b\d{{2}}-\d{{3}} {_TOWN}", rf"\b\d{{4}}-\d{{3}} {_TOWN}", rf"\b\d{{3}} \d{{2}} {_TOWN}"),
        is_dialable=True,
        is_first=True,
    ),
    # A word for order, invoice, tracking ... and then one number, perhaps in a few groups.
    _shape(
        rf"(?i){_REFERENCE}(?:\d{{0,3}}(?: [1-9]\d{{1,3}}\b){{1,4}}"
        r"|[0-9A-Z]{0,40}(?:[-_/.][0-9A-Z]{1,20}){0,6})",
        check=_reference_holds,
    ),
)
