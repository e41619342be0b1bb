"""The tree of parts: numbered, and without multiparts that hold nothing together.

Recursion is bounded by ``Limits.depth``, which is enforced before a tree exists.
Source: RFC 3501 section 6.4.5 for the numbers.
"""

from dataclasses import replace

from gateway.mail.message import Part

EMPTY = Part(number="1", media_type="text/plain", text="")
"""What is left of a mail without any part."""


def numbered(root: Part) -> tuple[Part, dict[str, str]]:
    """The tree with its final numbers, and for each old number the new one.

    Args:
        root: The outermost part; its numbers tell the parts apart and nothing more.
    """
    renumbered: dict[str, str] = {}
    if not root.is_multipart:
        renumbered[root.number] = "1"
        return replace(root, number="1"), renumbered
    return _numbered(root, "", renumbered), renumbered


def simplified(root: Part) -> Part:
    """The tree without multiparts of one child or none, numbered anew."""
    kept = _simplified(root)
    return numbered(kept)[0] if kept else EMPTY


def _numbered(part: Part, number: str, renumbered: dict[str, str]) -> Part:
    renumbered[part.number] = number
    prefix = f"{number}." if number else ""
    children = tuple(
        _numbered(child, f"{prefix}{index}", renumbered) for index, child in enumerate(part.children, 1)
    )
    return replace(part, number=number, children=children)


def _simplified(part: Part) -> Part | None:
    if not part.is_multipart:
        return part
    children = tuple(kept for child in part.children if (kept := _simplified(child)))
    if len(children) > 1:
        return replace(part, children=children)
    return children[0] if children else None
