"""Content that is loaded from elsewhere."""

import pytest

from gateway.rules.remote_content import RULE
from gateway.rules.rule import Remedy

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])
URL = "https://cdn.example/a.png"

HITS = {
    "image": (f'<img src="{URL}" width="300">', Remedy.DROP_ELEMENT),
    "insecure image": ('<img src="http://cdn.example/a.png" width="300">', Remedy.DROP_ELEMENT),
    "relative image": ('<img src="a.png" width="300">', Remedy.DROP_ELEMENT),
    "other sizes": (f'<img src="cid:a" srcset="{URL} 2x, {URL} 3x">', Remedy.DROP_ATTRIBUTE),
    "background": (f'<table background="{URL}"><tr><td>x</td></tr></table>', Remedy.DROP_ATTRIBUTE),
    "style": (f'<p style="background:url({URL})">x</p>', Remedy.DROP_ATTRIBUTE),
    "style sheet": (f"<style>p{{background:url({URL})}}</style><p>x</p>", Remedy.DROP_ATTRIBUTE),
    "linked style sheet": (f'<link rel="stylesheet" href="{URL}"><p>x</p>', Remedy.DROP_ELEMENT),
    "video": (f'<video src="{URL}"></video>', Remedy.DROP_ELEMENT),
    "poster": (f'<video poster="{URL}"></video>', Remedy.DROP_ATTRIBUTE),
    "for Outlook": (f'<!--[if mso]><v:fill src="{URL}"/><![endif]-->', Remedy.DROP_ELEMENT),
}


@ENGINES
@pytest.mark.parametrize("html, remedy", HITS.values(), ids=HITS)
def test_hit(context_of, findings, html, remedy, engine):
    """Everything that would be loaded is reported once, with the least that must go."""
    [finding] = findings(RULE, context_of(html, engine=engine))
    assert remedy is finding.remedy
    assert finding.target.node is not None


NEAR_MISSES = {
    "embedded": '<img src="cid:a">',
    "tracker": f'<img src="{URL}" width="1">',
    "link": f'<a href="{URL}">x</a>',
    "inline": '<img src="data:image/png;base64,AAAA">',
    "nothing": '<img src="">',
    "blank page": '<img src="about:blank">',
    "place in the mail": '<p style="background:url(#x)">x</p>',
    "inline in a style sheet": "<style>p{background:url(data:image/png;base64,AAAA)}</style>",
    "frame": f'<iframe src="{URL}"></iframe>',
    "commented out": f'<!-- <img src="{URL}"> -->',
    "preview for other sites": f'<meta property="og:image" content="{URL}">',
    "name of a thing": '<div itemscope itemtype="http://schema.org/Order">x</div>',
    "note of Gmail": f'<a href="https://www.amazon.de" data-saferedirecturl="{URL}">x</a>',
    "doctype": '<!DOCTYPE html PUBLIC "a" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"><p>x</p>',
}


@ENGINES
@pytest.mark.parametrize("html", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_miss(context_of, findings, html, engine):
    """What is part of the mail, is never loaded, or belongs to another rule is not reported."""
    assert findings(RULE, context_of(html, engine=engine)) == []


EVASIONS = {
    "escaped url()": "<p style='background:\\75\\72\\6C(https://cdn.example/a)'>x</p>",
    "import": '<style>@import "https://cdn.example/a.css";</style>',
    "font": "<style>@font-face{font-family:a;src:url(https://cdn.example/a)}</style>",
    "ping": '<a href="#x" ping="https://cdn.example/a">x</a>',
    "low resolution": '<img src="cid:a" lowsrc="https://cdn.example/a">',
    "unknown attribute": '<p fetchme="https://cdn.example/a">x</p>',
    "header by meta": '<meta http-equiv="link" content="https://cdn.example/a">',
    "line end in the scheme": '<img src="ht&#10;tps://cdn.example/a" width="300">',
    "other scheme": '<img src="ftp://cdn.example/a" width="300">',
    "no scheme": '<img src="//cdn.example/a" width="300">',
    "drawing": '<svg><image href="https://cdn.example/a"/></svg>',
}


@pytest.mark.parametrize("html", EVASIONS.values(), ids=EVASIONS)
def test_evasion(context_of, findings, html):
    """Every way to load something is seen."""
    assert findings(RULE, context_of(html))
