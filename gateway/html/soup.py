"""beautifulsoup4's tree of an HTML part, without what nobody here asks of it.

A tree that is to be edited links every node with its neighbours and knows for every tag how it is printed, which costs
20 us an element, more than all else that is done to it. Ours is only read, from the top: names, attributes, contents.
Only user of beautifulsoup4, with the lxml builder, which is linear on every hostile shape tried. It is given ``str``:
of bytes it would believe ``<meta charset=utf-7>``. Of a repeated attribute lxml keeps the first, as browsers do.
Not here: what is made of the tree (``rewrite``).
"""

import warnings
from typing import Any

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, Tag, XMLParsedAsHTMLWarning
from bs4.builder._lxml import LXMLTreeBuilder
from bs4.element import NavigableString


def read_tree(html: str) -> BeautifulSoup:
    """The tree that libxml2 makes of a text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        return _Soup(html, builder=_Builder(multi_valued_attributes=None))


class _Builder(LXMLTreeBuilder):
    """Hands on what lxml reads: HTML has no namespaces to look up."""

    soup: "_Soup"

    def start(self, tag: Any, attrib: Any, nsmap: Any = None) -> None:  # noqa: ARG002 - the base class's
        self.soup.open(_Tag(tag, attrib))

    def end(self, tag: Any) -> None:
        self.soup.handle_endtag(tag)

    def data(self, data: Any) -> None:
        self.soup.current_data.append(data)


class _Tag(Tag):
    """An element that knows what it is called, what it has and what it holds.

    Not what holds it: a tree without circles is gone as soon as it was read.
    """

    def __init__(self, name: str, attributes: Any) -> None:
        self.name = name
        self.attrs = attributes
        self.contents = []


class _Soup(BeautifulSoup):
    """Takes the builder's calls; ``tagStack`` and ``currentTag`` are the base class's."""

    def open(self, tag: _Tag) -> None:
        """An element begins."""
        if self.current_data:
            self.endData()
        self.tagStack[-1].contents.append(tag)
        self.tagStack.append(tag)
        self.currentTag = tag

    def handle_endtag(self, name: str, nsprefix: str | None = None) -> None:  # noqa: ARG002 - the base class's
        """The innermost open element ends: libxml2 says of each that it ends, in the order of a tree."""
        if self.current_data:
            self.endData()
        self.tagStack.pop()
        self.currentTag = self.tagStack[-1]

    def endData(self, containerClass: type[NavigableString] | None = None) -> None:  # noqa: N802, N803 - the base class's
        if self.current_data:
            text = (containerClass or NavigableString)("".join(self.current_data))
            self.current_data = []
            self.tagStack[-1].contents.append(text)
