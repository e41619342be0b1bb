"""How the word tables of this folder are written: words in a string, a comma between them.

Not here: the tables (``number_words``, ``link_words``).
"""


def listed(*lines: str) -> tuple[str, ...]:
    """The words of one or more comma-separated lists, in order."""
    return tuple(word.strip() for line in lines for word in line.split(",") if word.strip())
