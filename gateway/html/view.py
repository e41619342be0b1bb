"""One HTML part as a flat list of nodes: the common picture that both engines give and that the rules read.

Node indices are positions in ``View.nodes``; a finding names them, and a remedy is applied to the very tree whose
view the finding was made on.
Not here: how the picture is made (``inspect``, ``rewrite``).
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, TypeAlias


class Element(NamedTuple):
    """An element.

    Attributes:
        index: Position in ``View.nodes``.
        parent: Index of the parent element, -1 for the top.
        name: Tag name in lower case.
        attributes: Names in lower case, values with character references decoded; the first of a repeat only.
        hidden: Whether a browser would not paint it (``display:none``, zero size, ``hidden``, ...), by itself or
            by an ancestor.
    """

    index: int  # type: ignore[assignment]  # over tuple.index
    parent: int
    name: str
    attributes: tuple[tuple[str, str], ...]
    hidden: bool

    def get(self, name: str) -> str | None:
        """The value of an attribute, or ``None``."""
        return next((value for key, value in self.attributes if key == name), None)


class Text(NamedTuple):
    """A run of characters, character references decoded.

    Attributes:
        index: Position in ``View.nodes``.
        parent: Index of the parent element, -1 for the top.
        text: The characters.
        hidden: Whether a browser would not paint it.
    """

    index: int  # type: ignore[assignment]  # over tuple.index
    parent: int
    text: str
    hidden: bool


class Comment(NamedTuple):
    """A comment, declaration or processing instruction: never copied, but judged, since Outlook executes some.

    Attributes:
        index: Position in ``View.nodes``.
        parent: Index of the parent element, -1 for the top.
        text: What stands between the delimiters.
    """

    index: int  # type: ignore[assignment]  # over tuple.index
    parent: int
    text: str


Node: TypeAlias = Element | Text | Comment


class Purpose(Enum):
    """What a reference is for."""

    LINK = "link"
    """Followed when the reader acts: ``<a href>``, ``<area href>``, ``<form action>``, a button's ``formaction``."""

    FETCH = "fetch"
    """Loaded when the mail is shown: ``<img src>``, CSS ``url()``, ``<link>``, ``background``, ``srcset``, ..."""


class Reference(NamedTuple):
    """One URL in the markup.

    Attributes:
        element: Index of the element that carries it.
        attribute: Attribute name; ``"style"`` for a URL in inline CSS; ``""`` for one in the text of ``<style>``
            or in a comment.
        url: The URL as a browser would resolve it before parsing: character references decoded, ASCII tab, LF and
            CR removed, leading and trailing C0 controls and blanks removed.
        purpose: Link or fetch.
    """

    element: int
    attribute: str
    url: str
    purpose: Purpose


class Segment(NamedTuple):
    """A stretch of rendered text that stands unchanged in one text node.

    Attributes:
        start: Offset in ``Rendering.text``, code points.
        node: Index of the text node.
        offset: Offset in that node's text, code points.
        length: Code points.
    """

    start: int
    node: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """Text as read by a person.

    Inline elements are joined without a blank, blocks and ``<br>`` are line breaks, white space is collapsed.

    Attributes:
        text: The characters.
        segments: Where each stretch comes from, in order; characters between segments (line breaks that blocks
            make, collapsed blanks) come from no node.
    """

    text: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One HTML part.

    Attributes:
        nodes: All nodes in document order (an element before its content).
        references: All URLs, in document order.
        visible: Text that a browser paints.
        full: All text, hidden runs included; is ``visible`` itself when nothing is hidden.
        extras: What stands outside the allow-list, a phrase each with its count (``"3 comments"``), so that the
            part must leave through ``rewrite``; empty when every element, attribute and style is known.
    """

    nodes: tuple[Node, ...]
    references: tuple[Reference, ...]
    visible: Rendering
    full: Rendering
    extras: tuple[str, ...]

    def ancestors(self, index: int) -> tuple[Element, ...]:
        """The elements around a node, the nearest first."""
        found: list[Node] = []
        parent = self.nodes[index].parent
        while parent >= 0:
            found.append(self.nodes[parent])
            parent = self.nodes[parent].parent
        return tuple(node for node in found if isinstance(node, Element))
