"""Mail that two readers could read differently.

The rule exists so that policies, records and metrics can name it. It never reports anything itself: the parser
refuses such a mail (:class:`~gateway.mail.errors.AmbiguityError`) and ``filter.py`` makes the finding.
No policy can set it to anything but ``reject``.
Source: invariant 2 of ARCHITECTURE.md; adversary section 1.
"""

from collections.abc import Iterator

from gateway.rules.context import Context
from gateway.rules.rule import Finding, NoParams, Rule

NAME = "mime_ambiguity"


def check(context: Context, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Reports nothing: whoever has a context has a mail with one reading."""
    return iter(())


RULE = Rule(
    name=NAME,
    sentence="The mail must have exactly one reading.",
    advice="Send the mail with another program, or without the part that the reply names.",
    label="ambiguous content",
    params=NoParams,
    check=check,
)
