"""Links in markup and in text, each once, for the rules that judge where links lead.

Shared by ``external_link`` and ``insecure_link``; no rule of its own.
"""

from collections.abc import Iterator

from gateway.html.view import Comment, Element, View
from gateway.rules.context import Context, Surface, Where
from gateway.rules.hosts import Allowed, Hosting, Standing, redacted
from gateway.rules.owners import is_conditional, is_refresh, links
from gateway.rules.places import text_remedy, text_target
from gateway.rules.rule import Finding, Piece, Remedy, Target, shorten

NAMESPACE_HOSTS = ("w3.org", "schemas.microsoft.com", "schemas.openxmlformats.org", "purl.org")
"""Hosts of XML namespaces, which conditional comments for Outlook are full of; nobody ever goes there."""


def link_findings(context: Context, rule: str, hosts: tuple[str, ...], wanted: Standing) -> Iterator[Finding]:
    """Findings of one rule on links.

    Args:
        context: The mail.
        rule: Name of the rule, by which markup is assigned (``owners``).
        hosts: The marketplace's hosts.
        wanted: The standing that the rule reports.
    """
    seen: set[Target] = set()
    for number, view, reference in links(context, rule, hosts):
        target, remedy = _link_remedy(number, view, reference.element, reference.attribute)
        if target not in seen:
            seen.add(target)
            yield Finding(rule=rule, target=target, evidence=shorten(redacted(reference.url)), remedy=remedy)
    allowed = Hosting(Allowed.of(hosts, context.profile.links), context.readings)
    in_comments = Hosting(Allowed.of((*hosts, *NAMESPACE_HOSTS), context.profile.links), context.readings)
    taken: set[tuple[str, Piece]] = set()
    for surface in (*context.surfaces, *context.apart):
        hosting = in_comments if surface.where is Where.HTML_COMMENT else allowed
        for target, link in _written(context, surface, hosting, wanted):
            # What is shown stands in the full text, too; a comment goes whole, with its first link.
            pieces = {(target.part, piece) for piece in target.pieces if piece.node >= 0}
            if target not in seen and not (pieces and pieces <= taken):
                seen.add(target)
                taken |= pieces
                remedy = text_remedy(surface)
                yield Finding(rule=rule, target=target, evidence=shorten(redacted(link)), remedy=remedy)


def _link_remedy(number: str, view: View, index: int, attribute: str) -> tuple[Target, Remedy]:
    element = view.nodes[index]
    if isinstance(element, Comment):
        return Target(part=number, node=index), Remedy.DROP_ELEMENT
    if isinstance(element, Element) and element.name == "a":
        return Target(part=number, node=index), Remedy.UNWRAP_ELEMENT
    return Target(part=number, node=index, attribute=attribute), Remedy.DROP_ATTRIBUTE


def _written(
    context: Context, surface: Surface, allowed: Hosting, wanted: Standing
) -> Iterator[tuple[Target, str]]:
    """URLs of a wanted standing in one run of text."""
    if _is_unread(context, surface):
        return
    folded = context.folded(surface)
    for span in context.links(surface):
        link = span.text if _has_scheme(span.text) else f"https://{span.text}"
        if allowed.standing(link) is wanted:
            if surface.where is Where.HTML_COMMENT:
                yield Target(part=surface.part, node=surface.node), link
            else:
                yield text_target(surface, *folded.span(span.start, span.end)), link


def _is_unread(context: Context, surface: Surface) -> bool:
    """Comments that Outlook skips, and the address of a refresh, which ``active_content`` reports."""
    if surface.where is Where.HTML_COMMENT:
        return not is_conditional(surface.text)
    if surface.where is not Where.HTML_ATTRIBUTE or surface.node is None:
        return False
    element = context.views[surface.part].nodes[surface.node]
    return isinstance(element, Element) and is_refresh(element)


def _has_scheme(link: str) -> bool:
    """``shop.example:8080`` begins like a scheme; only these are."""
    return (
        "://" in link
        or link.startswith("//")
        or link.lower().startswith(("http:", "https:", "mailto:", "tel:"))
    )
