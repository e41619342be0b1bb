"""Images that are links: a logo may neither show nor carry a web address.

A link is taken for a logo's when it holds an image and no words; links with words are ``external_link``'s. A link to
the marketplace itself may be an image; one that the seller registered may not: it can be written with words.
Source: clause ``amazon:logo``; adversary case T01 (the link around a pixel).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.html.view import Element
from gateway.rules.context import Context
from gateway.rules.hosts import redacted
from gateway.rules.owners import links
from gateway.rules.rule import Finding, Remedy, Rule, Target, shorten

NAME = "linked_logo"


@dataclass(frozen=True, slots=True)
class Params:
    """Where an image may lead.

    Attributes:
        allowed_hosts: The marketplace's own hosts, lower case; their sub-domains are included.
    """

    allowed_hosts: tuple[str, ...] = ()


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports links around images, and areas of image maps; the image itself stays."""
    for number, view, reference in links(context, NAME, params.allowed_hosts):
        element = view.nodes[reference.element]
        is_area = isinstance(element, Element) and element.name == "area"
        yield Finding(
            rule=NAME,
            target=Target(part=number, node=reference.element),
            evidence=shorten(redacted(reference.url)),
            remedy=Remedy.DROP_ELEMENT if is_area else Remedy.UNWRAP_ELEMENT,
        )


RULE = Rule(
    name=NAME,
    sentence="A logo or other image must not be a link.",
    advice="Show the image without a link around it.",
    label="link of an image",
    params=Params,
    check=check,
)
