"""From text to places."""

from gateway.rules.context import Where
from gateway.rules.places import text_remedy, text_target
from gateway.rules.rule import Piece, Remedy


def surface(context, where: Where):
    return next(s for s in context.surfaces if s.where is where)


def test_plain_text(context_of):
    """In a text part the place is the stretch itself."""
    target = text_target(surface(context_of(text="a shop b"), Where.TEXT), 2, 6)
    assert ((Piece(-1, 2, 6),), "1") == (target.pieces, target.part)


def test_html(context_of):
    """In HTML it is the stretches of the text nodes that were rendered."""
    context = context_of("<p>one <b>sh</b>op <i>two</i></p>")
    text = surface(context, Where.HTML_VISIBLE)
    start = text.text.index("shop")
    target = text_target(text, start, start + 4)
    nodes = context.views["1"].nodes
    assert [nodes[piece.node].text[piece.start : piece.end] for piece in target.pieces] == ["sh", "op"]


def test_html_between_the_nodes(context_of):
    """What begins or ends in a line break that a block makes takes only what stands beside it."""
    text = surface(context_of("<p>one</p><p>two</p><p>three</p>"), Where.HTML_VISIBLE)
    assert text.text == "one\ntwo\nthree"
    pieces = text_target(text, 3, 8).pieces
    assert [(piece.start, piece.end) for piece in pieces] == [(0, 3)]


def test_remedy(context_of):
    """Comments go whole, other text is redacted."""
    context = context_of("<p>a</p><!-- b -->")
    remedies = [text_remedy(surface(context, where)) for where in (Where.HTML_VISIBLE, Where.HTML_COMMENT)]
    assert remedies == [Remedy.REDACT_TEXT, Remedy.DROP_ELEMENT]
