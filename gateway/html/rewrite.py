"""HTML rebuilt from the allow-list, by another engine than the one that judges it before and after.

The tree is only read: taking nodes out of a beautifulsoup4 tree searches all their siblings each time.
Not here: the tree (``soup``), what may leave (``allow``, ``judge``), how it is written (``emit``).
Limits: ``caps``; ``MAX_ROUNDS``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bs4 import Tag
from bs4.element import Doctype, PreformattedString

from gateway.html import caps
from gateway.html.doctype import read_doctype
from gateway.html.edit import Edit
from gateway.html.emit import emit
from gateway.html.judge import Judge, Known, Survey, Tree
from gateway.html.scan import Scan
from gateway.html.soup import read_tree
from gateway.html.veil import unveil, veil
from gateway.html.view import Comment, Element, Node, Text, View

MAX_ROUNDS = 4
"""How often a text is read and written before it is given up: one that moves any longer goes round in circles."""

_LOSES_LINE_END = frozenset({"pre", "listing", "textarea"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """One HTML part, ready to be written anew.

    Attributes:
        view: The part as the rewriting engine reads it; edits name its nodes.
        normalised: What the allow-list takes away without a policy meaning, a phrase each (``"3 comments dropped"``).
        known: What has been judged in this mail.
    """

    view: View
    normalised: tuple[str, ...]
    known: Known
    _survey: Survey
    _judge: Judge

    def apply(self, edits: Iterable[Edit]) -> str:
        """The part with the edits made, and with nothing in it that is outside the allow-list.

        Returns:
            A whole document without a charset of its own. In ordinary mail it is what it reads; where a parser moves
            something (``inspect.is_settled``), ``still`` helps.
        """
        return emit(self._survey, self._judge, edits)


def rebuild(html: str, known: Known | None = None) -> Rebuilt:
    """Read a part for rewriting.

    Args:
        html: Decoded text of the part, any characters.
        known: What has been judged in this mail before.

    Raises:
        LimitError: Over a limit of ``caps``.
    """
    known = known or Known()
    judge = Judge(_read, known)
    survey = judge.survey(html)
    return Rebuilt(
        view=survey.view(), normalised=survey.normalised(), known=known, _survey=survey, _judge=judge
    )


def still(html: str) -> str:
    """The part as it stays however often it is read and written.

    A parser may move what is nested against the rules, so that what is written next is something else again.

    Returns:
        A text that reading and writing again does not change; the words alone where ``MAX_ROUNDS`` do not get there,
        since nobody writes so who wants to be read.

    Raises:
        LimitError: What came out is over a limit of ``caps``.
    """
    text = html
    for _ in range(MAX_ROUNDS):
        judge = Judge(_read)
        again = emit(judge.survey(text), judge)
        if again == text:
            return text
        text = again
    words = Judge(_read).survey(text).view().visible.text
    return "".join(
        ("<html><head></head><body>", "<br>".join(map(_escaped, words.split("\n"))), "</body></html>")
    )


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _read(html: str, scan: Scan) -> Tree:
    doctype = read_doctype(html)
    nodes: list[Node] = []
    if doctype.unknown is not None:
        nodes.append(Comment(0, -1, f"DOCTYPE {doctype.unknown}"))
    _flatten(read_tree(veil(html)), nodes)
    return Tree(nodes, doctype, scan.anomalies)


def _flatten(soup: Tag, nodes: list[Node]) -> None:
    """All nodes in document order."""
    walks = [(-1, iter(soup.contents))]
    while walks:
        parent, walk = walks[-1]
        node = next(walk, None)
        index = len(nodes)
        if node is None:
            walks.pop()
        elif isinstance(node, Tag):
            if len(walks) > caps.MAX_DEPTH or index > caps.MAX_NODES:
                caps.check_tree(len(walks) - 1, index)
            attributes = tuple([(name.lower(), str(value)) for name, value in node.attrs.items()])
            nodes.append(Element(index, parent, unveil(node.name.lower()), attributes, False))
            walks.append((index, iter(node.contents)))
        elif isinstance(node, PreformattedString):
            if not isinstance(node, Doctype):
                nodes.append(Comment(index, parent, str(node)))
        else:
            nodes.append(Text(index, parent, _shown(str(node), nodes, parent), False))


def _shown(text: str, nodes: list[Node], parent: int) -> str:
    """Without the line end that browsers take for that of the tag's own line; libxml2 leaves it."""
    if text[0] == "\n" and parent == len(nodes) - 1 and parent >= 0:
        above = nodes[parent]
        if isinstance(above, Element) and above.name in _LOSES_LINE_END:
            return text[1:]
    return text
