"""Telephone numbers in any text: subject, names, words, attributes, file names.

Order numbers, tracking numbers, tax numbers, dates and prices are kept apart by ``detect/protected``; ``tel:`` in a
link belongs to ``external_link``.
Source: clause ``amazon:contact``; adversary case O15.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.detect.fold import Span
from gateway.rules.context import Context, Surface
from gateway.rules.rule import Finding, Rule
from gateway.rules.texts import Seen, masked, text_findings

NAME = "phone_number"

MIN_SHARED = 6
"""Digits that a national number must share with the end of an allowed one: fewer could be anybody's."""

_SHOWN_START = 4
_SHOWN_END = 2


@dataclass(frozen=True, slots=True)
class Params:
    """Which numbers may be there, and whose notation counts.

    Attributes:
        allowed: Numbers of carriers, warranties and manufacturers in E.164 form, ``"+498001234567"``; their national
            notation is allowed with them.
        regions: Countries (ISO 3166, ``"DK"``) whose national numbers count even in groupings that other numbers
            share; without any, such numbers count only beside a word for telephone.
    """

    allowed: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports every number that is not allowed."""
    return text_findings(context, NAME, lambda surface: _look(context, surface, params))


def _look(context: Context, surface: Surface, params: Params) -> Iterator[Seen]:
    folded = context.folded(surface)
    spans: set[Span] = set()
    for region in params.regions or (None,):
        spans.update(context.phones(surface, region))
    for span in sorted(spans):
        if not _is_allowed(span.text, params.allowed):
            yield Seen(*folded.span(span.start, span.end), masked(span.text, _SHOWN_START, _SHOWN_END))


def _is_allowed(number: str, allowed: tuple[str, ...]) -> bool:
    if number.startswith("+"):
        return number in allowed
    national = number.lstrip("0")
    return len(national) >= MIN_SHARED and any(
        other.endswith(national) or other == f"+{national}" for other in allowed
    )


RULE = Rule(
    name=NAME,
    sentence="Telephone numbers are not allowed in messages to buyers.",
    advice="Remove the telephone number; buyers reach you by answering the message.",
    label="phone number",
    params=Params,
    check=check,
)
