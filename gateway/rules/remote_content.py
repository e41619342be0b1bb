"""Content that is loaded from elsewhere when the mail is shown: images, styles, fonts, backgrounds, anything.

Not here: images that nobody could see (``tracking_pixel``), ``data:`` images (``image_type``), what scripts and frames
load (``active_content``).
Source: clause ``amazon:tracking``; adversary cases T03, T04, T05, M20.
"""

from collections.abc import Iterator

from gateway.rules.context import Context
from gateway.rules.hosts import redacted
from gateway.rules.owners import fetch_remedy, fetches
from gateway.rules.rule import Finding, NoParams, Rule, Target, shorten

NAME = "remote_content"


def check(context: Context, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Reports everything that is not part of the mail itself."""
    seen: set[Target] = set()
    for number, view, reference in fetches(context, NAME):
        target, remedy = fetch_remedy(number, view, reference)
        if target not in seen:
            # A srcset or a style with five addresses is one attribute to take out.
            seen.add(target)
            yield Finding(rule=NAME, target=target, evidence=shorten(redacted(reference.url)), remedy=remedy)


RULE = Rule(
    name=NAME,
    sentence="Images and other content must be part of the mail; nothing may be loaded from elsewhere.",
    advice="Attach the image and show it by its Content-ID (cid:), or leave it out.",
    label="remote content",
    params=NoParams,
    check=check,
)
