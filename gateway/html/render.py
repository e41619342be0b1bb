"""Text as a person reads it, with the way back to the text nodes it stands in.

Inline elements join without a blank, so that ``my<b></b>shop.com`` reads ``myshop.com``; blocks and ``<br>`` break
the line, table cells stand apart by a tab, white space is collapsed outside ``<pre>``. What ``hidden`` took out is
only in the full rendering.
Not here: which nodes are hidden (``hidden``).
Source: WHATWG HTML section 15.3 (rendering), CSS Text Level 3 section 4.1 (white space).
"""

import re
from collections.abc import Iterable

from gateway.html.names import names
from gateway.html.view import Element, Node, Rendering, Segment, Text

BLOCKS = names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu nav noframes ol"
    " optgroup option p plaintext pre section select summary table tbody tfoot thead title tr ul xmp"
)
"""Elements that begin and end a line."""

CELLS = frozenset({"td", "th"})
"""Elements that stand beside each other in a row."""

PREFORMATTED = frozenset({"pre", "listing", "xmp", "plaintext", "textarea"})
"""Elements whose white space is kept."""

UNREAD = frozenset({"style", "script"})
"""Elements whose text is code, to nobody's eyes while hidden."""

MAX_BREAKS = 2
"""Line breaks in a row that are kept; more say no more."""

_RUN = re.compile(r"[^ \t\n\f\r]++(?: [^ \t\n\f\r]++)*")
_BLANK = " \t\n\f\r"
_BLANK_END = frozenset({" ", ""})


def render(nodes: Iterable[Node], *, with_hidden: bool) -> Rendering:
    """The text of a part, as painted or with what is not painted.

    Args:
        nodes: In document order, ``hidden`` already set.
        with_hidden: Whether hidden text is included.
    """
    page = _Page()
    open_elements: list[Element] = []
    preformatted = 0
    for node in nodes:
        while open_elements and open_elements[-1].index != node.parent:
            name = open_elements.pop().name
            preformatted -= name in PREFORMATTED
            page.end(name)
        if isinstance(node, Element):
            page.start(node.name)
            open_elements.append(node)
            preformatted += node.name in PREFORMATTED
        elif isinstance(node, Text) and (with_hidden or not node.hidden):
            is_code = node.hidden and bool(open_elements) and open_elements[-1].name in UNREAD
            if not is_code:
                page.text(node, is_kept=preformatted > 0)
    return Rendering(text="".join(page.parts), segments=tuple(page.segments))


class _Page:
    """What has been written.

    Attributes:
        parts: Pieces of the text.
        segments: Where they come from.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.segments: list[Segment] = []
        self._length = 0
        self._breaks = 0
        self._gap = ""

    def start(self, name: str) -> None:
        """An element begins."""
        if name == "br":
            self._breaks += 1
        else:
            self.end(name)

    def end(self, name: str) -> None:
        """An element ends; a block breaks the line on both sides."""
        if name in BLOCKS:
            self._breaks = self._breaks or 1
        elif name in CELLS:
            self._gap = "\t"

    def text(self, node: Text, *, is_kept: bool) -> None:
        """Characters; where ``is_kept``, with their white space."""
        text = node.text
        if is_kept:
            if text:
                self._write(node.index, 0, text)
            return
        if text.isprintable() and "  " not in text and text[:1] != " " and text[-1:] not in _BLANK_END:
            self._write(node.index, 0, text)
            return
        end = 0
        for match in _RUN.finditer(text):
            start = match.start()
            if start > end:
                self._gap = self._gap or " "
            end = match.end()
            self._write(node.index, start, match[0])
        if end < len(text):
            self._gap = self._gap or " "

    def _write(self, index: int, offset: int, text: str) -> None:
        if self.parts:
            space = "\n" * min(self._breaks, MAX_BREAKS) or self._gap
            if space:
                self.parts.append(space)
                self._length += len(space)
        self._breaks, self._gap = 0, ""
        self.segments.append(Segment(self._length, index, offset, len(text)))
        self.parts.append(text)
        self._length += len(text)
