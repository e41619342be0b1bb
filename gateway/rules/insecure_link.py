"""Links to an allowed place that are not https.

Not here: links to other places, https or not (``external_link``); images (``remote_content``).
Source: clause ``amazon:secure-links``.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.rules.context import Context
from gateway.rules.hosts import Standing
from gateway.rules.rule import Finding, Rule
from gateway.rules.written import link_findings

NAME = "insecure_link"


@dataclass(frozen=True, slots=True)
class Params:
    """Which places are judged here.

    Attributes:
        allowed_hosts: The marketplace's own hosts, lower case; their sub-domains are included. What the seller
            registered comes from the profile.
    """

    allowed_hosts: tuple[str, ...] = ()


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports links to allowed hosts over plain http."""
    return link_findings(context, NAME, params.allowed_hosts, Standing.INSECURE)


RULE = Rule(
    name=NAME,
    sentence="Links must be secure: https, not http.",
    advice="Write the link with https://.",
    label="insecure link",
    params=Params,
    check=check,
)
