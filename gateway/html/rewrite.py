"""HTML rebuilt from the allow-list, by another engine than the one that judges it before and after.

Only user of beautifulsoup4, with the lxml builder, which is linear on every hostile shape tried. It is given ``str``:
of bytes it would believe ``<meta charset=utf-7>``. Of a repeated attribute lxml keeps the first, as browsers do.
The tree is only read: taking nodes out of a beautifulsoup4 tree searches all their siblings each time.
Not here: what may leave (``allow``, ``judge``), how it is written (``emit``).
Limits: ``caps``; ``MAX_ROUNDS``.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, Tag, XMLParsedAsHTMLWarning
from bs4.element import Doctype, PreformattedString

from gateway.html import caps
from gateway.html.doctype import read_doctype
from gateway.html.edit import Edit
from gateway.html.emit import emit
from gateway.html.judge import Judge, Survey, Tree
from gateway.html.veil import unveil, veil
from gateway.html.view import Comment, Element, Node, Text, View

MAX_ROUNDS = 4
"""How often the result is read again to see that it stays as it is; ordinary mail needs one."""

_LOSES_LINE_END = frozenset({"pre", "listing", "textarea"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """One HTML part, ready to be written anew.

    Attributes:
        view: The part as the rewriting engine reads it; edits name its nodes.
        normalised: What the allow-list takes away without a policy meaning, a phrase each (``"3 comments dropped"``).
    """

    view: View
    normalised: tuple[str, ...]
    _survey: Survey
    _judge: Judge

    def apply(self, edits: Iterable[Edit]) -> str:
        """The part with the edits made, and with nothing in it that is outside the allow-list.

        Returns:
            A whole document without a charset of its own. Reading and writing it again changes nothing.

        Raises:
            LimitError: What came out is over a limit of ``caps``.
        """
        text = emit(self._survey, self._judge, edits)
        for _ in range(MAX_ROUNDS):
            judge = Judge(_read)
            again = emit(judge.survey(text), judge)
            if again == text:
                return text
            text = again
        return _only_words(text)


def rebuild(html: str) -> Rebuilt:
    """Read a part for rewriting.

    Args:
        html: Decoded text of the part, any characters.

    Raises:
        LimitError: Over a limit of ``caps``.
    """
    judge = Judge(_read)
    survey = judge.survey(html)
    return Rebuilt(view=survey.view(), normalised=survey.normalised(), _survey=survey, _judge=judge)


def _only_words(html: str) -> str:
    """The words alone: for a text that no tree of ours holds still, such as nobody writes who wants to be read."""
    words = Judge(_read).survey(html).view().visible.text
    return "".join(
        ("<html><head></head><body>", "<br>".join(map(_escaped, words.split("\n"))), "</body></html>")
    )


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _read(html: str) -> Tree:
    html = caps.prepare(html)
    anomalies = caps.check_characters(html)
    doctype = read_doctype(html)
    nodes: list[Node] = []
    if doctype.unknown is not None:
        nodes.append(Comment(0, -1, f"DOCTYPE {doctype.unknown}"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        soup = BeautifulSoup(veil(html), "lxml", multi_valued_attributes=None)
    _flatten(soup, nodes)
    return Tree(nodes, doctype, anomalies)


def _flatten(soup: BeautifulSoup, nodes: list[Node]) -> None:
    """All nodes in document order."""
    places: dict[int, tuple[int, int]] = {id(soup): (-1, 0)}
    for node in soup.descendants:
        parent, depth = places[id(node.parent)]
        index = len(nodes)
        if isinstance(node, Tag):
            caps.check_tree(depth, index)
            places[id(node)] = (index, depth + 1)
            attributes = tuple([(str(name).lower(), str(value)) for name, value in node.attrs.items()])
            nodes.append(Element(index, parent, unveil(node.name.lower()), attributes, hidden=False))
        elif isinstance(node, PreformattedString):
            if not isinstance(node, Doctype):
                nodes.append(Comment(index, parent, str(node)))
        else:
            text = str(node)
            above = nodes[parent] if parent >= 0 else None
            if isinstance(above, Element) and above.name in _LOSES_LINE_END and parent == index - 1:
                text = text.removeprefix(
                    "\n"
                )  # browsers take it for the end of the tag's line; libxml2 does not
            nodes.append(Text(index, parent, text, hidden=False))
