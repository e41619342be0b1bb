"""From a stretch of a surface's text to the place that a remedy can act on.

Shared by the rules that look at text; no rule of its own.
"""

from gateway.html.view import Rendering
from gateway.rules.context import Surface, Where
from gateway.rules.rule import Piece, Remedy, Target


def text_target(surface: Surface, start: int, end: int) -> Target:
    """The target of code points ``start`` to ``end`` of a surface's original text."""
    if surface.rendering is not None:
        pieces = _pieces(surface.rendering, start, end)
    else:
        pieces = (Piece(-1, start, end),)
    return Target(
        part=surface.part,
        field=surface.field,
        node=surface.node,
        attribute=surface.attribute,
        pieces=pieces,
    )


def text_remedy(surface: Surface) -> Remedy:
    """What takes text out of a surface: comments go whole, all else is redacted."""
    return Remedy.DROP_ELEMENT if surface.where is Where.HTML_COMMENT else Remedy.REDACT_TEXT


def _pieces(rendering: Rendering, start: int, end: int) -> tuple[Piece, ...]:
    found = []
    for segment in rendering.segments:
        first, last = max(start, segment.start), min(end, segment.start + segment.length)
        if first < last:
            shift = segment.offset - segment.start
            found.append(Piece(segment.node, first + shift, last + shift))
    return tuple(found)
