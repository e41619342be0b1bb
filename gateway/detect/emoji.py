"""Emoji and emoticons, in coordinates of the original text: folding would take them apart.

A span is a whole sequence, so that nothing of it (joiners, variation selectors, tags) stays behind when it goes;
sequences side by side make one span.
Not here: emoji that are pictures or letters of a symbol font (HTML, not text).
Source: UTS 51 (emoji sequences); ``emoji_tables`` for the characters.
"""

from collections.abc import Iterator

from gateway.detect.emoji_tables import ALWAYS, KAOMOJI, TEXT_SYMBOLS
from gateway.detect.fold import Span
from gateway.detect.scan import Pattern, compile_pattern, either, found, spans


def find_emoji(text: str) -> tuple[Span, ...]:
    """Find emoji; spans in original coordinates, sorted, apart from each other, text as written."""
    if text.isascii():
        return ()
    return tuple(Span(start, end, text[start:end]) for start, end in spans(_EMOJI, text))


def find_emoticons(text: str) -> tuple[Span, ...]:
    """Find emoticons made of punctuation and letters; spans in original coordinates, sorted, apart from each other."""
    if not found(_ANY, text):
        return ()
    apart: list[Span] = []
    for hit in sorted(
        (*_western(text), *_hearts(text), *_eastern(text)), key=lambda hit: (hit.start, -hit.end)
    ):
        if not apart or hit.start >= apart[-1].end:
            apart.append(hit)
    return tuple(apart)


def _western(text: str) -> Iterator[Span]:
    for pattern, is_word in ((_NOSED, False), (_SMILEY, False), (_LETTERED, True)):
        for start, end in spans(pattern, text):
            if _stands_free(text, start, end, is_word) and not _closes_bracket(text, start, end):
                yield Span(start, end, text[start:end])


def _stands_free(text: str, start: int, end: int, is_word: bool) -> bool:
    """Whether nothing on either side makes it part of a word, a time, a path or code.

    Punctuation emoticons may follow a word without a blank (``Thanks:)``), but no digit (``10:30)``) and no second
    sign of their own kind; those with a letter must stand apart (``size :D2``, ``http://``).
    """
    before, after = text[start - 1 : start], text[end : end + 1]
    if after.isalnum() or after in _GOES_ON or before in _CODE_BEFORE or before.isdecimal():
        return False
    return not (before.isalpha() and (is_word or text[end - 1] not in _CLEAR_MOUTHS))


def _closes_bracket(text: str, start: int, end: int) -> bool:
    """Whether the mouth closes a bracket of the sentence: ``(see note:)``."""
    if text[end - 1] not in ")]":
        return False
    line = text[max(start - MAX_BRACKET, 0) : start].rpartition("\n")[2]
    depth = 0
    for c in line:
        # "a) b)" closes nothing: a list is numbered so.
        depth = depth + 1 if c in "([" else max(depth - (c in ")]"), 0)
    return depth > 0


def _hearts(text: str) -> Iterator[Span]:
    """``<3``, unless it says "fewer than three"."""
    for start, end in spans(_HEART, text):
        before, after = text[max(start - 2, 0) : start], text[end : end + 16]
        is_compared = (
            before[-1:].isalnum()
            or before.strip().isdecimal()
            or after[:1].isalnum()
            or found(_QUANTITY, after)
        )
        if not is_compared and after[:1] not in _GOES_ON:
            yield Span(start, end, text[start:end])


def _eastern(text: str) -> Iterator[Span]:
    for start, end in spans(_KAOMOJI, text):
        before, after = text[start - 1 : start], text[end : end + 1]
        if not before.isalnum() and not after.isalnum() and before not in _RULE and after not in _RULE:
            yield Span(start, end, text[start:end])


# --- tables -----------------------------------------------------------------------------------------------------------

MAX_BRACKET = 200
"""Code points of a line that are searched for the bracket that ``:)`` may close."""

_GOES_ON = frozenset("/\\@#=&%$")
_CODE_BEFORE = frozenset("/\\@#=&%$_:;<([{\"'`")
_CLEAR_MOUTHS = frozenset(")(")
_RULE = frozenset("-_~=*^<>")


def _class(ranges: str) -> str:
    return "".join("-".join(rf"\x{{{code}}}" for code in part.split("-")) for part in ranges.split())


def _sequences() -> Pattern:
    """One emoji after UTS 51: a base with its modifiers, joined to more of them; a flag; a keycap."""
    always, symbol = _class(ALWAYS), _class(TEXT_SYMBOLS)
    selector, keycap, joiner = r"\x{FE0F}", r"\x{20E3}", r"\x{200D}"
    modifier = rf"[\x{{1F3FB}}-\x{{1F3FF}}\x{{FE0E}}\x{{FE0F}}{keycap}\x{{E0020}}-\x{{E007F}}]"
    flag = r"[\x{1F1E6}-\x{1F1FF}]+"
    base = rf"(?:[{always}]{modifier}*|[{symbol}](?:{selector}|[\x{{1F3FB}}-\x{{1F3FF}}]){modifier}*)"
    inner = rf"(?:[{always}{symbol}]{modifier}*)"
    digits = rf"[0-9#*]{selector}?{keycap}"
    one = rf"{base}(?:{joiner}{inner})*{joiner}?|[{symbol}](?:{joiner}{inner})+|{flag}{modifier}*|{digits}"
    return compile_pattern(f"(?:{one})+")


_EMOJI = _sequences()

_NOSED = compile_pattern(r"[:;=8xXB][-'^~o][)(\]\[DPpOo/\\|*3Ss$@]+|:'-?[()]|[(\[]-[:;=]")
_SMILEY = compile_pattern(r"[:;=][)(]+|\([:;=]|[:;=]\]|:\*|\^\^+")
_LETTERED = compile_pattern(r"[:;=][DPpOo]+|[xX]D+|:[/\\|]|\\o/")
_HEART = compile_pattern(r"<[/\\]?3+")
_QUANTITY = compile_pattern(
    r"(?i)^[ .,]?[0-9]|^ ?(?:%|°|kg|g|mg|mm|cm|m|km|l|ml|w|v|h|x|min|sec|s|days?|hours?|weeks?|months?|years?|pcs"
    r"|pieces|tagen?|stunden?|wochen?|monaten?|jahren?|stück|sterne?|stars?|jours?|heures?|semaines?|giorni|ore|días|horas"
    r"|dagen|uur|dni|gün)\b"
)
_KAOMOJI = compile_pattern("|".join(KAOMOJI))
_ANY = either(_NOSED, _SMILEY, _LETTERED, _HEART, _KAOMOJI)
"""Every emoticon begins with one of these."""
