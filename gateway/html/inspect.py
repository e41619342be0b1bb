"""What a browser would see of an HTML part: the judge, before rewriting and again after it.

Only user of selectolax, behind the caps that keep lexbor linear.
Not here: what the nodes mean (``judge``), rewriting (``rewrite``).
Limits: ``caps``.
Source: WHATWG HTML section 13.2 (parsing), which lexbor implements.
"""

from typing import Any

from selectolax.lexbor import LexborHTMLParser

from gateway.html import caps
from gateway.html.doctype import read_doctype
from gateway.html.judge import Judge, Known, Tree
from gateway.html.lost import has_lost
from gateway.html.scan import Scan
from gateway.html.view import Comment, Element, Node, Text, View


def inspect(html: str, known: Known | None = None) -> View:
    """The part as a browser reads it.

    Args:
        html: Decoded text of the part, any characters.
        known: What has been judged in this mail before.

    Returns:
        The view; its ``extras`` are empty when all of it is inside the allow-list.

    Raises:
        LimitError: Over a limit of ``caps``.
    """
    return Judge(_read, known).survey(html).view()


def is_settled(html: str) -> bool:
    """Whether a browser makes of a rewritten part just the elements that are written in it.

    Where it closes, moves or adds one (``<p>x<pre>``), another reader may do otherwise, and what is read again would be
    written otherwise. A ``tbody`` that it adds to a table changes nothing.

    Args:
        html: What ``rewrite`` wrote.
    """
    text = html[html.find("<html") :]
    root: Any = LexborHTMLParser(text).root
    return _without_tbody(root.html) == _without_tbody(text)


def _without_tbody(html: str) -> str:
    """Characters that read so are tags: in text and in values they would be escaped."""
    return html.replace("<tbody>", "").replace("</tbody>", "")


def _read(html: str, scan: Scan) -> Tree:
    doctype = read_doctype(html)
    nodes: list[Node] = []
    if doctype.unknown is not None:
        nodes.append(Comment(0, -1, f"DOCTYPE {doctype.unknown}"))
    _flatten(LexborHTMLParser(html), nodes)
    anomalies = scan.anomalies
    if not anomalies and has_lost(scan.written, nodes):
        anomalies = ("attributes outside the tree",)
    return Tree(nodes, doctype, anomalies)


def _flatten(parser: Any, nodes: list[Node]) -> None:
    """All nodes in document order, the content of ``<template>`` below its element."""
    places: dict[int, tuple[int, int]] = {}
    walks = [parser.root.parent.traverse(include_text=True)]
    while walks:
        node = next(walks[-1], None)
        if node is None:
            walks.pop()
            continue
        above = node.parent
        parent, depth = places.get(above.mem_id, (-1, 0)) if above is not None else (-1, 0)
        index = len(nodes)
        tag = node.tag
        if tag == "-text":
            nodes.append(Text(index, parent, node.text_content, False))
        elif tag == "-comment":
            nodes.append(Comment(index, parent, node.comment_content))
        elif node.is_element_node:
            if depth > caps.MAX_DEPTH or index > caps.MAX_NODES:
                caps.check_tree(depth, index)
            place = places[node.mem_id] = (index, depth + 1)
            attributes = tuple([(name.lower(), value or "") for name, value in node.attributes.items()])
            nodes.append(Element(index, parent, tag.lower(), attributes, False))
            if tag == "template":  # its content hangs from a fragment of its own, not from the element
                for fragment in node.template_fragments()[:1]:
                    if fragment.parent.mem_id == node.mem_id:  # in SVG it has none, but may hold one that has
                        places[fragment.mem_id] = place
                        walks.append(fragment.traverse(include_text=True))
