"""Whether both engines read an HTML part alike, so that what is said of one reading holds for the other.

libxml2 leaves out the ``head`` and ``tbody`` that a browser adds, and puts blanks elsewhere; neither is seen, read or
judged. Anything else that differs is worth a second look.
Not here: what is made of a part (``view``).
"""

from typing import TypeAlias

from gateway.html.view import Element, Text, View

_ADDED = frozenset({"html", "head", "body", "tbody", "colgroup"})
"""Elements that a browser adds where they are missing; with attributes they were written."""
_BLANK = " \t\n\f\r"

_Word: TypeAlias = tuple[int, str, object, bool]
"""Place of what is around it, name or characters, attributes, whether it is hidden."""


def agree(one: View, other: View) -> bool:
    """Whether two views hold the same elements, texts, comments and references in the same places."""
    return (
        one.visible.text == other.visible.text
        and one.full.text == other.full.text
        and [reference[1:] for reference in one.references]
        == [reference[1:] for reference in other.references]
        and _words(one) == _words(other)
    )


def _words(view: View) -> list[_Word]:
    """What counts of a view, in document order."""
    words: list[_Word] = []
    places: list[int] = []
    for node in view.nodes:
        place = places[node.parent] if node.parent >= 0 else -1
        if isinstance(node, Element):
            counts = bool(node.attributes) or node.name not in _ADDED
            word: _Word = (place, node.name, node.attributes, node.hidden)
        elif isinstance(node, Text):
            counts = bool(node.text.strip(_BLANK))
            word = (place, node.text, None, node.hidden)
        else:
            counts = True
            word = (place, node.text, "comment", False)
        if counts:
            place = len(words)
            words.append(word)
        places.append(place)
    return words
