"""Links that lead away from the marketplace and from what the seller registered for completing orders.

Looks at every link that is no script (``active_content``) and holds more than an image (``linked_logo``), and at every
URL in any text: subject, names, words, attributes, file names, conditional comments.
A link loses its element and keeps its words; a URL written out is redacted.
Source: clause ``amazon:links``; adversary cases O10, O11, O12, O14, T13.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.rules.context import Context
from gateway.rules.hosts import Standing
from gateway.rules.rule import Finding, Rule
from gateway.rules.written import link_findings

NAME = "external_link"


@dataclass(frozen=True, slots=True)
class Params:
    """What may be linked.

    Attributes:
        allowed_hosts: The marketplace's own hosts, lower case; their sub-domains are included. What the seller
            registered comes from the profile.
    """

    allowed_hosts: tuple[str, ...] = ()


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports links to other places."""
    return link_findings(context, NAME, params.allowed_hosts, Standing.EXTERNAL)


RULE = Rule(
    name=NAME,
    sentence="Links are only allowed to the marketplace itself or where they are needed to complete the order.",
    advice="Remove the link, or have it registered with `gateway seller link add` if the order cannot be completed "
    "without it.",
    label="link",
    params=Params,
    check=check,
)
