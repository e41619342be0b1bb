"""Attributes that stand in the characters of a part and nowhere in the tree that a browser makes of them.

A browser forgets ``<tr background=…>`` outside a table, a second ``title``, attributes of an end tag. But a relay that
sets the mail into a table of its own brings the row to life, and other readers take the second of two attributes. So
such a part leaves through ``rewrite``, which writes only what was judged.
Not here: what may stay (``allow``), unclosed elements (``caps``).
Limits: attributes that neither fetch nor are read may stay forgotten.
Source: WHATWG HTML section 13.2.6.4 ("Parse error. Ignore the token."); adversary T03, O12.
"""

from collections.abc import Iterable
from html import unescape

from gateway.html import allow, css
from gateway.html.references import clean_url
from gateway.html.scan import ATTRIBUTE
from gateway.html.view import Element, Node

_SAID = frozenset({"title", "alt", "summary", "aria-label", "abbr", "href", "src"})
"""Kept attributes that are read, followed or loaded; all other kept ones are for looks."""


def has_lost(written: Iterable[tuple[str, str]], nodes: Iterable[Node]) -> bool:
    """Whether a tag carries an attribute that matters and that no element of the tree has.

    Args:
        written: Name and attributes of the tags, as they stand in the characters.
        nodes: The tree.
    """
    kinds = {node.attributes for node in nodes if isinstance(node, Element)}
    found = {(name, clean_url(value)) for attributes in kinds for name, value in attributes}
    return any(
        _is_lost(element.lower(), attributes, found) for element, attributes in written if len(attributes) > 1
    )


def _is_lost(element: str, attributes: str, found: set[tuple[str, str]]) -> bool:
    pairs = ((match[1].lower(), _unquoted(match[2] or "")) for match in ATTRIBUTE.finditer(attributes))
    return any(
        (name, clean_url(unescape(value))) not in found and _matters(element, name, unescape(value))
        for name, value in pairs
    )


def _unquoted(value: str) -> str:
    """Without the quotes around it, and with those inside: ``"font:7pt 'Times New Roman'"`` ends in an apostrophe."""
    return value[1:].removesuffix(value[0]) if value[:1] in {'"', "'"} else value


def _matters(element: str, name: str, value: str) -> bool:
    if name == "style":
        return css.declarations(value).dropped > 0
    return name in _SAID or allow.attribute_value(element, name, value) is None
