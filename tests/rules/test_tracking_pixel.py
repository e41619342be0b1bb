"""Images that nobody is meant to see."""

import io

import pytest
from PIL import Image

from gateway.rules.rule import Remedy
from gateway.rules.tracking_pixel import RULE

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])
URL = "https://track.example/o"


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def shown(content: bytes) -> dict:
    return {"media_type": "image/png", "content": content, "content_id": "a@x"}


HITS = {
    "1 by 1": f'<img src="{URL}" width="1" height="1">',
    "flat": f'<img src="{URL}" width="600" height="1">',
    "nothing": f'<img src="{URL}" width=0 height=0>',
    "by style": f'<img src="{URL}" style="width: 1px; height: 1px !important">',
    "by largest width": f'<img src="{URL}" style="max-width:0">',
    "per cent of nothing": f'<img src="{URL}" width="0%">',
    "hidden": f'<img src="{URL}" width="50" style="display:none">',
    "hidden by its parent": f'<div style="display:none"><img src="{URL}" width="50" height="50"></div>',
    "identifier in the query": f'<img src="{URL}?u=4711">',
    "identifier in the path": '<img src="https://track.example/8f14e45fceea167a5a36dedd/o.gif">',
}


@ENGINES
@pytest.mark.parametrize("html", HITS.values(), ids=HITS)
def test_hit(context_of, findings, html, engine):
    """A remote image that shows nothing is reported, and goes."""
    [finding] = findings(RULE, context_of(html, engine=engine))
    assert (finding.remedy, finding.evidence) == (Remedy.DROP_ELEMENT, "https://track.example/…")


def test_hit_of_an_embedded_dot(context_of, findings):
    """An embedded image of one pixel goes with its part."""
    context = context_of('<img src="cid:a%40x">', attachments=[shown(png(1, 1))])
    [finding] = findings(RULE, context)
    assert (finding.remedy, finding.target.part) == (Remedy.DROP_PART, "2")


NEAR_MISSES = {
    "remote banner": f'<img src="{URL}/banner.png" width="600" height="200">',
    "remote image of no size": f'<img src="{URL}/banner.png">',
    "embedded and small": '<img src="cid:a@x" width="1" height="1">',
    "one per cent": f'<img src="{URL}" width="1%">',
    "two em": f'<img src="{URL}" width="2em" style="color:red">',
    "automatic": f'<img src="{URL}?x" width="auto">',
    "background": f'<td background="{URL}" width="1" height="1">',
    "active": f'<iframe src="{URL}" width="1" height="1"></iframe>',
    "inline": '<img src="data:image/png;base64,AAAA" width="1" height="1">',
    "nothing to load": '<img src="" width="1" height="1">',
}


@pytest.mark.parametrize("html", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_miss(context_of, findings, html):
    """What can be seen, is no image, or is not remote is not reported here."""
    assert findings(RULE, context_of(html, attachments=[shown(png(40, 40))])) == []


def test_near_miss_of_an_attached_dot(context_of, findings):
    """A tiny image that nothing shows is an attachment, and so is what is no image."""
    assert findings(RULE, context_of("<p>x</p>", attachments=[shown(png(1, 1))])) == []
    assert findings(RULE, context_of('<img src="cid:a@x">', attachments=[shown(b"%PDF-1.4")])) == []


EVASIONS = {
    "blanks in the size": f'<img src="{URL}" width=" 1 ">',
    "unit": f'<img src="{URL}" width="1px">',
    "points": f'<img src="{URL}" style="height:2pt">',
    "below one": f'<img src="{URL}" width="0.5">',
    "negative": f'<img src="{URL}" width="-1">',
    "one side only": f'<img src="{URL}" width="100%" height="2">',
    "invisible": f'<img src="{URL}" width="9" style="visibility:hidden">',
    "see-through": f'<img src="{URL}" width="9" style="opacity:0">',
    "scheme-relative": '<img src="//track.example/o" width="1">',
}


@pytest.mark.parametrize("html", EVASIONS.values(), ids=EVASIONS)
def test_evasion(context_of, findings, html):
    """Other ways to say "one pixel" or "hidden" are seen."""
    assert len(findings(RULE, context_of(html))) == 1
