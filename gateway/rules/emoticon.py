"""Emoticons such as ``:-)`` in any text: subject, names, words, attributes, file names.

Source: clause ``amazon:styling``; adversary case O21.
"""

from collections.abc import Iterator

from gateway.detect.emoji import find_emoticons
from gateway.rules.context import Context, Surface
from gateway.rules.rule import Finding, NoParams, Rule
from gateway.rules.texts import Seen, text_findings

NAME = "emoticon"


def check(context: Context, _params: NoParams) -> Iterator[Finding]:
    """Reports every emoticon."""
    return text_findings(context, NAME, _look, replacement="")


def _look(surface: Surface) -> Iterator[Seen]:
    return (Seen(*span) for span in find_emoticons(surface.text))


RULE = Rule(
    name=NAME,
    sentence="Emoticons are not allowed in messages to buyers.",
    advice="Remove the emoticon.",
    label="emoticon",
    params=NoParams,
    check=check,
)
