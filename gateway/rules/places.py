"""From a stretch of a surface's text to the place that a remedy can act on.

Shared by the rules that look at text; no rule of its own.
"""

from bisect import bisect_left, bisect_right
from operator import attrgetter

from gateway.html.view import Rendering
from gateway.rules.context import Surface, Where
from gateway.rules.rule import Piece, Remedy, Target


def text_target(surface: Surface, start: int, end: int) -> Target:
    """The target of code points ``start`` to ``end`` of a surface's original text."""
    return Target(
        part=surface.part,
        field=surface.field,
        node=surface.node,
        attribute=surface.attribute,
        pieces=(Piece(-1, start, end),)
        if surface.rendering is None
        else _pieces(surface.rendering, start, end),
    )


def text_remedy(surface: Surface) -> Remedy:
    """What takes text out of a surface: comments go whole, all else is redacted."""
    return Remedy.DROP_ELEMENT if surface.where is Where.HTML_COMMENT else Remedy.REDACT_TEXT


def _pieces(rendering: Rendering, start: int, end: int) -> tuple[Piece, ...]:
    """The stretch in the text nodes it stands in; only its own segments are met, since a mail can be full of hits."""
    found = []
    segments = rendering.segments
    begin = max(bisect_right(segments, start, key=_START) - 1, 0)
    for segment in segments[begin : bisect_left(segments, end, begin, key=_START)]:
        first, last = max(start, segment.start), min(end, segment.start + segment.length)
        if first < last:
            shift = segment.offset - segment.start
            found.append(Piece(segment.node, first + shift, last + shift))
    return tuple(found)


_START = attrgetter("start")
