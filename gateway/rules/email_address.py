"""E-mail addresses in any text: subject, names, words, attributes, file names.

``mailto:`` in a link belongs to ``external_link``; an address written out there is text like any other.
Source: clause ``amazon:contact``; adversary case O16.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.mail.address import mailboxes
from gateway.rules.context import Context, Surface, Where
from gateway.rules.rule import Finding, Rule
from gateway.rules.texts import Seen, masked, text_findings

NAME = "email_address"


@dataclass(frozen=True, slots=True)
class Params:
    """Which addresses may be there.

    Attributes:
        allowed_domains: Domains, lower case, whose addresses are no contact data (the marketplace's relay domains:
            quoted mail is full of them); their sub-domains are included.
    """

    allowed_domains: tuple[str, ...] = ()


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports every address that is not allowed."""
    return text_findings(context, NAME, lambda surface: _look(context, surface, params), is_apart=True)


def _look(context: Context, surface: Surface, params: Params) -> Iterator[Seen]:
    folded = context.folded(surface)
    own = _own_alias(context, surface)
    for span in context.addresses(surface):
        local, _, domain = span.text.rpartition("@")
        if span.text.strip("'") != own and not any(
            domain == host or domain.endswith(f".{host}") for host in params.allowed_domains
        ):
            yield Seen(*folded.span(span.start, span.end), f"{masked(local, 1, 1)}@{domain}")


def _own_alias(context: Context, surface: Surface) -> str | None:
    """The recipient's alias, where its display name says nothing else: Outlook writes ``"'a@b.c'" <a@b.c>``."""
    field = (
        context.message.field("To") if surface.where is Where.DISPLAY_NAME and surface.field == "To" else None
    )
    if field is None or surface.node is None:
        return None
    return str(mailboxes(field.body)[surface.node].address)


RULE = Rule(
    name=NAME,
    sentence="E-mail addresses are not allowed in messages to buyers.",
    advice="Remove the e-mail address; buyers reach you by answering the message.",
    label="e-mail address",
    params=Params,
    check=check,
)
