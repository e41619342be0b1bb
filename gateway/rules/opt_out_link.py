"""Links and sentences about unsubscribing: the marketplace does that itself, and such a link proves a mass mailing.

A link is one by its URL, by its words, or by the sentence that it stands in. Its words are themselves an opt-out, so
the element goes whole; what the sentence says around it is redacted.
Source: clause ``amazon:opt-out``.
"""

from collections.abc import Iterator

from gateway.detect.fold import fold
from gateway.detect.phrases import is_opt_out, is_opt_out_url
from gateway.html.view import Element, Node, Purpose, Text, View
from gateway.rules.context import Context, Surface
from gateway.rules.places import text_target
from gateway.rules.rule import Finding, NoParams, Remedy, Rule, Target, shorten
from gateway.rules.texts import Seen, text_findings

NAME = "opt_out_link"


def check(context: Context, _params: NoParams) -> Iterator[Finding]:
    """Reports links first, then the sentences that no dropped link holds wholly."""
    dropped: set[tuple[str, int | None]] = set()
    for number, view in context.views.items():
        owners = _link_around(view)
        links = tuple(_opt_out_links(context, number, view, owners))
        gone = {element.index for element in links}
        dropped.update((number, index) for index, owner in enumerate(owners) if owner in gone)
        for element in links:
            yield Finding(
                rule=NAME,
                target=Target(part=number, node=element.index),
                evidence=shorten(element.get("href") or ""),
                remedy=Remedy.DROP_ELEMENT,
            )
    for finding in text_findings(context, NAME, lambda surface: _look(context, surface)):
        target = finding.target
        nodes: list[int | None] = [piece.node for piece in target.pieces if piece.node >= 0]
        if not all((target.part, node) in dropped for node in nodes or [target.node]):
            yield finding


def _link_around(view: View) -> tuple[int, ...]:
    """For every node the index of the link around it, itself included; -1 for none. One pass over the nodes."""
    links = {ref.element for ref in view.references if ref.purpose is Purpose.LINK}
    nearest: list[int] = []
    for node in view.nodes:
        inherited = nearest[node.parent] if node.parent >= 0 else -1
        is_link = isinstance(node, Element) and node.name in {"a", "area"} and node.index in links
        nearest.append(node.index if is_link else inherited)
    return tuple(nearest)


def _opt_out_links(context: Context, number: str, view: View, owners: tuple[int, ...]) -> Iterator[Element]:
    words: dict[int, list[str]] = {index: [] for index in sorted(set(owners) - {-1})}
    for node in view.nodes:
        if owners[node.index] >= 0:
            words[owners[node.index]].append(_said(node))
    near = _links_in_sentences(context, number, owners)
    for index, said in words.items():
        link = view.nodes[index]
        if isinstance(link, Element) and (
            index in near or is_opt_out(fold("".join(said)).text) or is_opt_out_url(link.get("href") or "")
        ):
            yield link


def _said(node: Node) -> str:
    """What a reader takes from a node: its text, or what a picture says instead of itself."""
    if isinstance(node, Text):
        return node.text
    return f" {node.get('alt') or ''} " if isinstance(node, Element) and node.name == "img" else ""


def _links_in_sentences(context: Context, number: str, owners: tuple[int, ...]) -> set[int]:
    """Links that stand in a sentence about unsubscribing, as ``here`` does in ``To unsubscribe, click here``."""
    found = set()
    for surface in context.surfaces:
        if surface.part == number and surface.rendering is not None:
            for seen in _look(context, surface):
                found |= {owners[piece.node] for piece in text_target(surface, seen.start, seen.end).pieces}
    return found


def _look(context: Context, surface: Surface) -> Iterator[Seen]:
    folded = context.folded(surface)
    for span in context.opt_outs(surface):
        yield Seen(*folded.span(span.start, span.end), span.text)


RULE = Rule(
    name=NAME,
    sentence="Opt-out links and words about unsubscribing are not allowed: the marketplace handles opt-outs itself.",
    advice="Remove the unsubscribe link and its sentence from the template.",
    label="opt-out",
    params=NoParams,
    check=check,
)
