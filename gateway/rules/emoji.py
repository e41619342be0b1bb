"""Emoji in any text: subject, names, words, attributes, file names.

Signs that business mail uses as text (the trade mark sign, arrows, check marks) are none; see ``detect/emoji_tables``.
Source: clause ``amazon:styling``; adversary case O21.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.detect.emoji import find_emoji
from gateway.rules.context import Context, Surface
from gateway.rules.rule import Finding, Rule
from gateway.rules.texts import Seen, text_findings

NAME = "emoji"


@dataclass(frozen=True, slots=True)
class Params:
    """Which emoji may be there.

    Attributes:
        allowed: Emoji as written, variation selector included.
    """

    allowed: tuple[str, ...] = ()


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports every run of emoji that is not wholly allowed."""
    return text_findings(context, NAME, lambda surface: _look(surface, params), replacement="")


def _look(surface: Surface, params: Params) -> Iterator[Seen]:
    for span in find_emoji(surface.text):
        rest = span.text
        for allowed in params.allowed:
            rest = rest.replace(allowed, "")
        if rest:
            yield Seen(span.start, span.end, span.text)


RULE = Rule(
    name=NAME,
    sentence="Emoji are not allowed in messages to buyers.",
    advice="Remove the emoji.",
    label="emoji",
    params=Params,
    check=check,
)
