"""Tables of element, attribute and property names, written as words.

Not here: the tables themselves.
"""


def names(words: str) -> frozenset[str]:
    """The set of names in a text of words."""
    return frozenset(words.split())
