"""Taking things out of a message."""

import pytest

from gateway.filter.remedy import Cut, Removal, mend, merged, redact
from gateway.html.rewrite import rebuild
from gateway.mail.message import HeaderField, Message, Part
from gateway.rules.rule import Finding, Piece, Remedy, Target

REDACTED = {
    "words in place": ("call 555 now", [Cut(5, 8, "[x]")], "call [x] now"),
    "two cuts": ("a 1 b 2 c", [Cut(6, 7, "Y"), Cut(2, 3, "X")], "a X b Y c"),
    "overlapping cuts join": ("0123456789", [Cut(2, 6, "A"), Cut(4, 8, "B")], "01A89"),
    "a cut inside another": ("0123456789", [Cut(2, 8, ""), Cut(4, 6, "B")], "01B89"),
    "the same cut twice": ("0123", [Cut(1, 2, "x"), Cut(1, 2, "x")], "0x23"),
    "nothing between two blanks leaves one": ("on its way X soon", [Cut(11, 12, "")], "on its way soon"),
    "nothing before a full stop": ("on Thursday X.", [Cut(12, 13, "")], "on Thursday."),
    "nothing before a line end": ("way X\nnext", [Cut(4, 5, "")], "way\nnext"),
    "nothing at the end": ("way X", [Cut(4, 5, "")], "way"),
    "nothing inside a word": ("goXod", [Cut(2, 3, "")], "good"),
    "nothing before a word": ("a XY", [Cut(2, 3, "")], "a Y"),
    "nothing at the start": ("X way", [Cut(0, 1, "")], " way"),
    "two in a row": ("a X Y b", [Cut(2, 3, ""), Cut(4, 5, "")], "a b"),
}


@pytest.mark.parametrize("text, cuts, expected", REDACTED.values(), ids=REDACTED)
def test_redact(text, cuts, expected):
    """Cuts are carried out in the coordinates of the whole text, and leave no gaps."""
    assert redact(text, cuts) == expected


def test_touching_cuts_stay_two():
    """Cuts that only touch are two findings, each with its words."""
    assert merged([Cut(2, 4, "B"), Cut(0, 2, "A")]) == [Cut(0, 2, "A"), Cut(2, 4, "B")]


def field(name, body):
    return HeaderField(name=name, body=body, text=body)


HTML = '<p title="call 555">Call <b>555</b> <a href="https://x.example">here</a><img src="cid:pic"></p>'
MESSAGE = Message(
    fields=(
        field("From", '"Shop 555" <a@x.example>, B <b@x.example>'),
        field("Subject", "call 555"),
        field("X-Receipt", "1"),
    ),
    root=Part(
        number="",
        media_type="multipart/mixed",
        children=(
            Part(number="1", media_type="text/plain", text="call 555", content=b"call 555"),
            Part(number="2", media_type="text/html", text=HTML, content=HTML.encode()),
            Part(
                number="3",
                media_type="image/png",
                filenames=("call 555.png", "other.png"),
                description="call 555",
                content_id="pic",
                content=b"png",
            ),
        ),
    ),
)
PIECES = (Piece(-1, 5, 8),)


def removal(remedy, words="[x]", **target):
    return Removal(
        finding=Finding(rule="phone_number", target=Target(**target), evidence="e", remedy=remedy),
        words=words,
    )


def mended(*removals, rebuilt=None):
    return mend(MESSAGE, removals, rebuilt or {})


def leaf(message, number):
    return next((part for part in message.leaves() if part.number == number), None)


def node(view, name):
    return next(each.index for each in view.nodes if getattr(each, "name", None) == name)


def text_node(view, words):
    return next(each.index for each in view.nodes if getattr(each, "text", None) == words)


def test_nothing_to_do_is_the_same_object():
    """A message without removals is not touched at all."""
    assert mended() is MESSAGE


def test_field_goes():
    """DROP_FIELD takes the field out, whatever its case."""
    assert mended(removal(Remedy.DROP_FIELD, field="x-receipt")).field("X-Receipt") is None


def test_subject_is_redacted():
    """Words of the subject are replaced."""
    assert (
        mended(removal(Remedy.REDACT_TEXT, field="Subject", pieces=PIECES)).field("Subject").text
        == "call [x]"
    )


def test_display_name_is_redacted():
    """Words of the named mailbox's display name are replaced; addresses and other mailboxes stay."""
    message = mended(removal(Remedy.REDACT_TEXT, field="From", node=0, pieces=PIECES))
    assert message.field("From").body == '"Shop [x]" <a@x.example>, "B" <b@x.example>'


def test_text_part_is_redacted():
    """Words of a text part are replaced in its text and its content."""
    part = leaf(mended(removal(Remedy.REDACT_TEXT, part="1", pieces=PIECES)), "1")
    assert (part.text, part.content) == ("call [x]", b"call [x]")


def test_file_name_is_redacted():
    """Only the named candidate changes, and the words in it are fit for a file name."""
    target = {"part": "3", "attribute": "filename", "node": 0}
    assert leaf(mended(removal(Remedy.REDACT_TEXT, **target, pieces=PIECES)), "3").filenames == (
        "call removed.png",
        "other.png",
    )


def test_file_name_keeps_an_empty_replacement():
    """Where a policy wants nothing in place of what goes, a file name gets nothing either."""
    target = {"part": "3", "attribute": "filename", "node": 0}
    part = leaf(mended(removal(Remedy.REDACT_TEXT, "", **target, pieces=PIECES)), "3")
    assert part.filenames[0] == "call.png"


def test_description_is_redacted():
    """Words of a Content-Description are replaced."""
    target = {"part": "3", "attribute": "description"}
    assert (
        leaf(mended(removal(Remedy.REDACT_TEXT, **target, pieces=PIECES)), "3").description == "call removed"
    )


def test_part_goes():
    """DROP_PART takes the part out and keeps the others."""
    message = mended(removal(Remedy.DROP_PART, part="3"))
    assert [part.number for part in message.leaves()] == ["1", "2"]


def test_all_parts_go():
    """A message that loses all its parts is an empty text."""
    message = mended(*(removal(Remedy.DROP_PART, part=number) for number in "123"))
    assert [part.text for part in message.leaves()] == [""]


def test_what_shows_a_dropped_part_goes_with_it():
    """A rewritten HTML part shows no image that is not there any more."""
    tree = rebuild(HTML)
    message = mended(removal(Remedy.DROP_PART, part="3"), rebuilt={"2": tree})
    assert "cid:" not in leaf(message, "2").text


def test_elements_go_and_unwrap():
    """Remedies on elements act on the rebuilt tree."""
    tree = rebuild(HTML)
    message = mended(
        removal(Remedy.UNWRAP_ELEMENT, part="2", node=node(tree.view, "a")),
        removal(Remedy.DROP_ELEMENT, part="2", node=node(tree.view, "img")),
        removal(Remedy.DROP_ATTRIBUTE, part="2", node=node(tree.view, "p"), attribute="title"),
        rebuilt={"2": tree},
    )
    html = leaf(message, "2").text
    assert "<p>Call <b>555</b> here</p>" in html


def test_html_text_is_redacted_once_over_several_nodes():
    """A span over two text nodes is replaced where it begins and removed where it goes on."""
    tree = rebuild(HTML)
    pieces = (Piece(text_node(tree.view, "Call "), 0, 5), Piece(text_node(tree.view, "555"), 0, 3))
    html = leaf(mended(removal(Remedy.REDACT_TEXT, part="2", pieces=pieces), rebuilt={"2": tree}), "2").text
    assert "[x]<b></b>" in html


def test_attribute_text_is_redacted():
    """Words of an attribute that people read are replaced in it."""
    tree = rebuild(HTML)
    target = {"part": "2", "node": node(tree.view, "p"), "attribute": "title"}
    message = mended(removal(Remedy.REDACT_TEXT, **target, pieces=PIECES), rebuilt={"2": tree})
    assert 'title="call [x]"' in leaf(message, "2").text


def test_a_remedy_without_a_place_is_our_own_fault():
    """A rule that names a remedy and no place has a bug, and that must not pass as done."""
    with pytest.raises(ValueError, match="phone_number"):
        mended(removal(Remedy.DROP_ELEMENT, part="2"))
