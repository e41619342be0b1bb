"""What a run of octets turned out to be: the one value that all of ``documents/`` answers with.

Not here: how it is found out (``sniff``).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Family: TypeAlias = Literal[
    "pdf",
    "word",
    "excel",
    "powerpoint",
    "image",
    "archive",
    "text",
    "html",
    "mail",
    "script",
    "executable",
    "tnef",
    "encrypted",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What content is, whatever its name and its declared type say.

    Attributes:
        media_type: The most usual media type of this kind of content, ``"application/octet-stream"`` for none.
        family: What people would call it. ``encrypted`` = nobody can look inside; ``unknown`` = no kind, or two
            kinds at once.
        is_active: Whether opening it can run or load something.
        reason: What was seen, in words that hold nothing of the content; ``""`` where the type says it all.
    """

    media_type: str
    family: Family
    is_active: bool = False
    reason: str = ""
