"""What telephone numbers look like: the re2 expressions behind ``phones``.

Not here: what is made of a match (``phones``), shapes that are none to call (``number_shapes``).
Source: ITU-T E.123 (notation); numbering plans of the marketplaces' countries.
"""

from gateway.detect.number_words import (
    DIGIT_WORDS,
    PHONE_WORDS,
    PHONE_WORDS_PLAIN,
    PHONE_WORDS_UNSPACED,
    SMALL_WORDS,
)
from gateway.detect.scan import any_of, compile_pattern

_GAP = r"[ \t./()\-_~*|:]{0,3}"
_RUN = rf"\(?\d(?:{_GAP}\n?{_GAP}\d){{5,}}"
_LETTERS_END = r"(?:^|[^0-9\pL])"

GROUP = compile_pattern(r"\d+")
EXTENSION = compile_pattern(r"(?i)^[ ,(]{0,2}(?:ext|x|extension|durchwahl|dw|poste|int|#)[.:]? ?\d{1,6}\b\)?")
PAIRS = compile_pattern(r"\d\d(?:[ .-]\d\d){4,5}")
LISTED = compile_pattern(r"\d\d(?:[ ./-]{1,3}\d\d){2,}")
GROUP_AFTER = compile_pattern(r"^[ .-]\d{2,3}\b")
GROUP_BEFORE = compile_pattern(r"\b\d{2,3}[ .-]$")
_WIDE = r"[ \t./()\-_~*|:=\\<>\[\]{}\"'\x{00B7}\x{2022}]{0,3}"
INTERNATIONAL = compile_pattern(
    rf"\+[ (\t\n]{{0,2}}\(?\d(?:{_WIDE}\n?{_WIDE}\d){{6,}}|(?:00[ ]?|011[ -])\(?\d(?:{_GAP}\n?{_GAP}\d){{6,}}"
)
AMOUNT = compile_pattern(r"^\+ ?\d{1,3}(?:[., ']\d{3})+(?:[.,]\d{1,2})?$")
MONEY = compile_pattern(r"(?i)^ ?(?:€|\$|£|¥|₺|eur|usd|gbp|jpy|pln|円|yen)")
NAMED_CLOSE = compile_pattern(
    rf"(?i)(?:{_LETTERS_END}{any_of(PHONE_WORDS)}|{any_of(PHONE_WORDS_UNSPACED)}|(?:^|[\n|,;/] ?)[TMFP][:.])"
    rf"[ \t.:=_*/|)\]-]{{0,4}}(?:[ ]?{any_of(SMALL_WORDS)}[ .:]{{1,3}}){{0,3}}\n?[ ]{{0,4}}{_RUN}"
)
NAMED_FAR = compile_pattern(
    rf"(?i){_LETTERS_END}{any_of(PHONE_WORDS_PLAIN)}[^0-9\pL+(\n\x00][^0-9+(\n\x00]{{0,18}}\n?[ ]{{0,4}}{_RUN}"
)
NAMED_AFTER = compile_pattern(
    rf"(?i){_RUN} ?(?:[(\[][^0-9()\n\x00]{{0,12}}|(?:on|via|per|by|über|par|por|su) ){any_of(PHONE_WORDS_PLAIN)}"
)
_SHAPES = (
    # North America: the last gap is no blank, or the first group stands in brackets, or all prefixes can exist.
    r"(?:\+?1[ .-]?)?\(?[2-9]\d\d\)?[ .-]{1,2}\d{3}[.-]\d{4}",
    r"(?:\+?1[ .-]?)?\([2-9]\d\d\) ?\d{3}[ .-]\d{4}",
    r"(?:1 )?[2-9][0-8]\d [2-9]\d\d \d{4}",
    r"1-[2-9]\d\d-\d{3}-\d{4}",
    # Area code in brackets: (030) 1234567, (11) 91234-5678.
    r"[(\[{<]0\d{1,5}[)\]}>][ /-]{0,3}\d{2,8}(?:[ -]\d{1,5}){0,3}",
    r"\(\d{2,4}\) ?\d{3,5}[ -]\d{4}",
    # Area code before a slash: 030/1234567.
    r"0\d{1,5} ?/ ?\d{3,8}(?:[ -]?\d{1,5}){0,4}",
    # Trunk 0 and an area code of three to five digits: 0151 23456789, 020 7946 0958, 0212 123 45 67.
    r"0[1-9]\d{1,4}[ .-]{1,3}\d{2,9}(?:[ .-]\d{2,5}){0,4}",
    r"0800[ .-]?\d{2,4}[ .-]?\d{2,5}(?:[ .-]?\d{2,4})?",
    # Trunk 0 and one digit: French pairs (six for German mobiles), then
    # 03-1234-5678, 06-12345678, 02 123 45 67, 08-123 456 78, 0 532 123 45 67.
    r"0[1-9](?:[ .-]\d\d){4,5}",
    r"0[1-9][ .-]{1,3}\d{3,4}[ .-]\d{3,4}",
    r"0[1-9][ .-]{1,3}\d{6,8}",
    r"0[1-9][ .-]{1,3}\d{3}[ .-]\d{2,3}[ .-]\d{2}",
    r"0 \d{3} \d{3} \d{2} ?\d{2}",
    # No trunk prefix: Spain, Poland, Portugal, Czechia in threes; Spain and Norway in their own groups.
    r"[5-9]\d\d[ -]\d{3}[ -]\d{3}",
    r"[89]\d \d{3} \d\d \d\d",
    r"[679]\d\d \d\d \d\d \d\d",
    r"[49]\d\d \d\d \d{3}",
)
SHAPED = compile_pattern("|".join(_SHAPES), is_longest=True)
GROUPED = compile_pattern(r"\b\d{2,4}(?:[ .-]\d{2,4}){2,4}\b")
SPELLED = compile_pattern(r"[+(]?\b0\)?(?:[ .\-_*/|~,]{1,3}\d\b){8,}")
VANITY = compile_pattern(
    r"\b(?:1[ .-]?)?\(?(?:8(?:00|33|44|55|66|77|88)|0800|1800|1300|0300)\)?[ .-](?:[A-Z0-9]{1,9}-){0,3}[A-Z0-9]{2,10}\b"
)
_WORD_OR_DIGITS = rf"(?:{any_of(DIGIT_WORDS)}|\d{{1,5}})"
WORDS = compile_pattern(rf"(?i)\b{_WORD_OR_DIGITS}\b(?:[ ,.\-/]{{1,3}}{_WORD_OR_DIGITS}\b){{6,}}")
WORD = compile_pattern(rf"(?i){_WORD_OR_DIGITS}\b")
