"""Images shown in the mail."""

import io
import struct
import zlib

import pytest
from PIL import Image

from gateway.rules.image_type import RULE, Params
from gateway.rules.rule import Remedy


def image(kind: str, frames: int = 1, size: tuple[int, int] = (8, 8)) -> bytes:
    out = io.BytesIO()
    first, *more = [Image.new("RGB", size, (80 * i, 200 - 60 * i, 0)) for i in range(frames)]
    first.save(out, kind, **({"save_all": True, "append_images": more, "duration": 50} if more else {}))
    return out.getvalue()


def bomb() -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", 13_000, 13_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def part(content: bytes, media_type: str = "application/octet-stream", *names: str) -> dict:
    return {"content": content, "media_type": media_type, "filenames": names, "content_id": "a@x"}


SHOWN = '<p>x<img src="cid:a@x"></p>'
HITS = {
    "gif": (part(image("GIF"), "image/gif", "a.gif"), "image/gif"),
    "animated gif": (part(image("GIF", 3), "image/gif", "a.gif"), "animated image/gif"),
    "webp": (part(image("WEBP")), "image/webp"),
    "bmp": (part(image("BMP")), "image/bmp"),
    "drawing": (part(b"<svg/>", "image/svg+xml", "a.svg"), "image/svg+xml"),
    "animated png": (part(image("PNG", 3), "image/png", "a.png"), "animated image/png"),
    "no image": (part(b"%PDF-1.4", "image/png", "a.png"), "application/pdf"),
    "two kinds": (part(image("PNG") + b"<script>", "image/png"), "image/png: HTML or script inside"),
    "damaged": (part(b"\x89PNG\r\n\x1a\n", "image/png"), "image/png that cannot be read"),
    "another name": (part(image("PNG"), "image/png", "a.jpg"), "image/png under another kind's name"),
    "another type": (part(image("PNG"), "image/jpeg"), "image/png declared as image/jpeg"),
    "bomb": (part(bomb(), "image/png"), "image of too many pixels"),
}


@pytest.mark.parametrize("attachment, evidence", HITS.values(), ids=HITS)
def test_hit(context_of, findings, attachment, evidence):
    """A shown image of another kind is reported once, and its part goes."""
    [finding] = findings(RULE, context_of(SHOWN, attachments=[attachment]))
    assert (Remedy.DROP_PART, evidence, "2") == (finding.remedy, finding.evidence, finding.target.part)


@pytest.mark.parametrize("engine", ["inspect", "rebuild"])
def test_hit_inside_a_url(context_of, findings, engine):
    """An image inside a URL is no part that could be looked at."""
    html = '<img src="data:image/png;base64,AAAA"><p style="background:url(data:image/png;base64,AAAA)">x</p>'
    remedies = [finding.remedy for finding in findings(RULE, context_of(html, engine=engine))]
    assert remedies == [Remedy.DROP_ELEMENT, Remedy.DROP_ATTRIBUTE]


def test_hit_of_an_attached_bomb(context_of, findings):
    """A bomb is reported wherever it is."""
    assert len(findings(RULE, context_of(text="x", attachments=[part(bomb(), "image/png")]))) == 1


NEAR_MISSES = {
    "png": (SHOWN, part(image("PNG"), "image/png", "logo.png")),
    "jpeg": (SHOWN, part(image("JPEG"), "image/jpg", "logo.jpeg")),
    "no type and no name": (SHOWN, part(image("PNG"))),
    "attached gif": ("<p>x</p>", part(image("GIF"), "image/gif", "a.gif")),
    "linked gif": ('<a href="cid:a@x">x</a>', part(image("GIF"), "image/gif", "a.gif")),
    "attached document": ("<p>x</p>", part(b"%PDF-1.4", "application/pdf", "a.pdf")),
    "one pixel": (SHOWN, part(image("GIF", size=(1, 1)))),
    "drawing that runs": (SHOWN, part(b"<svg onload='x'/>", "image/svg+xml")),
}


@pytest.mark.parametrize("html, attachment", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_miss(context_of, findings, html, attachment):
    """Still PNG and JPEG pass; what is not shown, shows nothing, or runs is another rule's."""
    assert findings(RULE, context_of(html, attachments=[attachment])) == []


def test_near_miss_where_gif_is_allowed(context_of, findings):
    """A policy that allows GIF allows animations."""
    context = context_of(SHOWN, attachments=[part(image("GIF", 3), "image/gif", "a.gif")])
    assert findings(RULE, context, Params(allowed=("image/gif",))) == []


EVASIONS = {
    "gif called png": (SHOWN, part(image("GIF"), "image/png", "a.png")),
    "shown by percent-encoding": ('<img src="CID:a%40x">', part(image("GIF"), "image/gif")),
    "shown as background": ('<p style="background:url(cid:a@x)">x</p>', part(image("GIF"), "image/gif")),
    "shown in another size": ('<img srcset="cid:a@x 2x">', part(image("GIF"), "image/gif")),
    "style sheet for an image": (
        '<link rel="stylesheet" href="cid:a@x">',
        part(b"p{}", "application/octet-stream"),
    ),
}


@pytest.mark.parametrize("html, attachment", EVASIONS.values(), ids=EVASIONS)
def test_evasion(context_of, findings, html, attachment):
    """Another name or another way to show it changes nothing."""
    assert len(findings(RULE, context_of(html, attachments=[attachment]))) == 1


@pytest.mark.parametrize(
    "url",
    ["DATA:image/gif;base64,R0lG", " data:image/png,x", "da&#9;ta:image/png,x"],
    ids=["capitals", "blank", "tab"],
)
def test_evasion_inside_a_url(context_of, findings, url):
    """Other spellings of an image inside a URL are seen."""
    assert len(findings(RULE, context_of(f'<img src="{url}">'))) == 1
