"""What is to be done to the tree of one HTML part, in terms of its view.

Not here: who decides it (``rules/``, ``filter.py``), who does it (``rewrite``).
"""

from typing import NamedTuple, TypeAlias


class DropElement(NamedTuple):
    """Remove an element with all that it holds."""

    node: int


class UnwrapElement(NamedTuple):
    """Remove an element and keep what it holds: a link's words stay."""

    node: int


class DropAttribute(NamedTuple):
    """Remove one attribute; for ``style`` only the declarations that hold a URL."""

    node: int
    attribute: str


class ReplaceText(NamedTuple):
    """Replace code points ``start`` to ``end`` of a text node, or of an attribute's value.

    An empty ``replacement`` removes them. ``attribute`` is ``None`` for a text node.
    """

    node: int
    attribute: str | None
    start: int
    end: int
    replacement: str


Edit: TypeAlias = DropElement | UnwrapElement | DropAttribute | ReplaceText
