"""Images that nobody is meant to see: they tell the sender that, when and where the mail was read.

A remote image counts when it is hidden, has a side of at most ``TINY_PX``, or states no size and carries an
identifier in its URL. An embedded image of a few pixels tells nobody anything, but is no picture either.
Not here: other remote images (``remote_content``).
Source: clause ``amazon:tracking``; adversary cases T01, T02, T08.
"""

from collections.abc import Iterator

from gateway.rules.attached import Parts
from gateway.rules.context import Context
from gateway.rules.hosts import redacted
from gateway.rules.owners import fetch_remedy, fetches
from gateway.rules.rule import Finding, NoParams, Remedy, Rule, Target, shorten

NAME = "tracking_pixel"


def check(context: Context, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Reports remote images made not to be seen, and embedded dots."""
    for number, view, reference in fetches(context, NAME):
        target, remedy = fetch_remedy(number, view, reference)
        yield Finding(rule=NAME, target=target, evidence=shorten(redacted(reference.url)), remedy=remedy)
    for attachment in Parts(context).owned(NAME):
        yield Finding(
            rule=NAME,
            target=Target(part=attachment.part.number),
            evidence="embedded image of a few pixels",
            remedy=Remedy.DROP_PART,
        )


RULE = Rule(
    name=NAME,
    sentence="Tracking pixels and tracking images are not allowed.",
    advice="Switch off open tracking in the program that wrote this mail.",
    label="tracking pixel",
    params=NoParams,
    check=check,
)
