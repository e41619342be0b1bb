"""Emoticons such as ``:-)`` in any text: subject, names, words, attributes, file names.

Source: clause ``amazon:styling``; adversary case O21.
"""

from collections.abc import Iterator

from gateway.rules.context import Context, Surface
from gateway.rules.rule import Finding, NoParams, Rule
from gateway.rules.texts import Seen, text_findings

NAME = "emoticon"


def check(context: Context, _params: NoParams) -> Iterator[Finding]:
    """Reports every emoticon."""
    return text_findings(context, NAME, lambda surface: _look(context, surface), replacement="")


def _look(context: Context, surface: Surface) -> Iterator[Seen]:
    plain = tuple(Seen(*span) for span in context.emoticons(surface.text))
    yield from plain
    folded = context.folded(surface)
    if folded.text == surface.text:
        return
    # Other dashes, full-width signs and invisible characters make faces, too.
    taken = {at for seen in plain for at in range(seen.start, seen.end)}
    for span in context.emoticons(folded.text):
        start, end = folded.span(span.start, span.end)
        if taken.isdisjoint(range(start, end)) and _OPENING not in surface.text[start:end]:
            yield Seen(start, end, span.text)


_OPENING = "\uff08"
"""Full-width opening bracket: behind a full-width colon it begins a remark."""


RULE = Rule(
    name=NAME,
    sentence="Emoticons are not allowed in messages to buyers.",
    advice="Remove the emoticon.",
    label="emoticon",
    params=NoParams,
    check=check,
)
