"""What a rule looks at."""

from gateway.rules.context import Where


def test_surfaces(context_of):
    """Every text of a mail is a surface, with the place it stands in."""
    context = context_of(
        html='<p title="t">v<span style="display:none">h</span></p><!--c-->',
        text="plain",
        subject="s",
        fields=[("X-Other", "not read")],
        attachments=[{"media_type": "application/pdf", "filenames": ("a.pdf", "b.pdf"), "description": "d"}],
    )
    found = [(s.where, s.part, s.text, s.field, s.node is None) for s in context.surfaces]
    assert found == [
        (Where.DISPLAY_NAME, "", "Shop", "From", False),
        (Where.DISPLAY_NAME, "", "Buyer", "To", False),
        (Where.SUBJECT, "", "s", "Subject", True),
        (Where.TEXT, "1.1", "plain", None, True),
        (Where.HTML_VISIBLE, "1.2", "v", None, True),
        (Where.HTML_FULL, "1.2", "vh", None, True),
        (Where.HTML_ATTRIBUTE, "1.2", "t", None, False),
        (Where.HTML_COMMENT, "1.2", "c", None, False),
        (Where.FILENAME, "2", "a.pdf", None, False),
        (Where.FILENAME, "2", "b.pdf", None, False),
        (Where.DESCRIPTION, "2", "d", None, True),
    ]


def test_views_of_a_text_are_made_once(context_of):
    """Folding and protecting are done once for a text, wherever it stands."""
    context = context_of(text="Order 305-1234567-1234567")
    surface = context.surfaces[-1]
    assert context.folded(surface) is context.folded(surface)
    assert context.protected(surface) is context.protected(surface)


def test_apart(context_of):
    """Where letters of two elements touch, the text is given once more with a blank there, and the way back."""
    context = context_of("<p>a <b>shop.com</b>now</p>", text="a")
    [surface] = context.apart
    assert surface.text == "a shop.com now"
    assert [surface.text[part.start :][: part.length] for part in surface.rendering.segments] == [
        "a",
        "shop.com",
        "now",
    ]
    assert context_of("<p>a <b>b</b>, c<br>d</p>").apart == ()


def test_attachments(context_of):
    """Every leaf that is not body text is an attachment, sniffed, and known to be shown or not."""
    parts = [
        {"media_type": "image/png", "content": b"%PDF-1.4", "content_id": "a@x"},
        {"media_type": "image/png", "content": b"%PDF-1.4", "content_id": "b@x"},
    ]
    first, second = context_of('<img src="CID:a@x">', attachments=parts).attachments
    assert (first.is_referenced, second.is_referenced) == (True, False)
    assert first.sniffed.media_type == "application/pdf"
