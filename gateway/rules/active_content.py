"""What runs or loads something when the mail is shown or an attachment is opened.

In HTML: scripts, event handlers, script URLs, frames, plug-ins, forms, ``<base>``, refresh, executable CSS, and
conditional comments with any of these. Attachments: programs, scripts, documents with macros or actions; they have no
remedy, since a mail without the document it speaks of is another mail.
Not here: JSON-LD order markup, which is data.
Source: clause ``amazon:active``; adversary cases O13, T03, T04, T12, O23.
"""

from collections.abc import Iterator
from typing import TypeAlias

from gateway.html.view import Comment, Element, Purpose, Text, View
from gateway.rules.attached import Parts
from gateway.rules.context import Context
from gateway.rules.owners import SCRIPT_SCHEMES, is_active, is_conditional
from gateway.rules.rule import Finding, NoParams, Remedy, Rule, Target, shorten
from gateway.rules.styles import is_executable_css

NAME = "active_content"

Attributes: TypeAlias = tuple[tuple[str, str], ...]
Seen: TypeAlias = tuple[tuple[str | None, str, Remedy], ...]
"""Attribute (``None`` for the element itself), evidence and remedy."""

_IN_COMMENT = (
    "<script",
    "<iframe",
    "<object",
    "<embed",
    "<applet",
    "<form",
    *(f"{s}:" for s in SCRIPT_SCHEMES),
)


def check(context: Context, params: NoParams) -> Iterator[Finding]:  # noqa: ARG001 - every rule has this shape
    """Reports active HTML piece by piece, and active attachments."""
    for number, view in context.views.items():
        yield from _in_view(number, view)
    for attachment in Parts(context).owned(NAME):
        seen = attachment.sniffed
        yield Finding(
            rule=NAME,
            target=Target(part=attachment.part.number),
            evidence=shorten(f"{seen.media_type}: {seen.reason or 'active content'}"),
            remedy=Remedy.NONE,
        )


def _in_view(number: str, view: View) -> Iterator[Finding]:
    gone: set[int] = set()
    known: dict[tuple[str, Attributes], Seen] = {}  # a mail has many elements of few kinds
    for node in view.nodes:
        if isinstance(node, Element):
            kind = (node.name, node.attributes)
            if kind not in known:
                known[kind] = _in_element(node)
            for attribute, evidence, remedy in known[kind]:
                if attribute is None:
                    gone.add(node.index)
                yield _finding(number, node.index, attribute, evidence, remedy)
        elif isinstance(node, Comment) and _is_active_comment(node.text):
            gone.add(node.index)
            yield _finding(number, node.index, None, "comment for Outlook", Remedy.DROP_ELEMENT)
        elif isinstance(node, Text) and node.parent >= 0 and _is_active_sheet(view, node):
            yield _finding(number, node.parent, None, "style sheet that runs a script", Remedy.DROP_ELEMENT)
    yield from _script_urls(number, view, gone)


def _in_element(element: Element) -> Seen:
    if is_active(element):
        remedy = Remedy.UNWRAP_ELEMENT if element.name == "form" else Remedy.DROP_ELEMENT
        return ((None, f"<{element.name}>", remedy),)
    found: list[tuple[str | None, str, Remedy]] = []
    for name, value in element.attributes:
        if name[:2] == "on" and name[2:].isalpha():
            found.append((name, f"{name} attribute", Remedy.DROP_ATTRIBUTE))
        elif name == "style" and is_executable_css(value):
            found.append((name, "CSS that runs a script", Remedy.DROP_ATTRIBUTE))
    return tuple(found)


def _script_urls(number: str, view: View, gone: set[int]) -> Iterator[Finding]:
    """``javascript:`` wherever a URL stands, and forms' targets on elements that stay."""
    for reference in view.references:
        element = view.nodes[reference.element]
        is_script = reference.url.partition(":")[0].strip().lower() in SCRIPT_SCHEMES
        is_target = reference.attribute in {"action", "formaction"}
        if reference.element in gone or not isinstance(element, Element) or not (is_script or is_target):
            continue
        if element.name == "a" and reference.purpose is Purpose.LINK:
            yield _finding(number, reference.element, None, "script link", Remedy.UNWRAP_ELEMENT)
        else:
            what = "script URL" if is_script else "form target"
            yield _finding(number, reference.element, reference.attribute, what, Remedy.DROP_ATTRIBUTE)


def _is_active_comment(text: str) -> bool:
    lowered = text.lower()
    return is_conditional(text) and any(mark in lowered for mark in _IN_COMMENT)


def _is_active_sheet(view: View, node: Text) -> bool:
    parent = view.nodes[node.parent]
    return isinstance(parent, Element) and parent.name == "style" and is_executable_css(node.text)


def _finding(number: str, node: int, attribute: str | None, evidence: str, remedy: Remedy) -> Finding:
    target = Target(part=number, node=node, attribute=attribute)
    return Finding(rule=NAME, target=target, evidence=shorten(evidence), remedy=remedy)


RULE = Rule(
    name=NAME,
    sentence="Scripts, forms, programs, macros and documents that act on their own are not allowed.",
    advice="Send the document as a plain PDF without scripts, and the mail without forms or scripts.",
    label="active content",
    params=NoParams,
    check=check,
)
