"""Images that are links."""

import pytest

from gateway.rules.context import Profile
from gateway.rules.linked_logo import RULE, Params
from gateway.rules.rule import Remedy

PARAMS = Params(allowed_hosts=("amazon.de",))
ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])

HITS = {
    "logo": ('<a href="https://shop.example"><img src="cid:a" alt="Shop"></a>', Remedy.UNWRAP_ELEMENT),
    "wrapped": ('<a href="https://shop.example"><b> <img src="cid:a"></b></a>', Remedy.UNWRAP_ELEMENT),
    "insecure": ('<a href="http://www.amazon.de"><img src="cid:a"></a>', Remedy.UNWRAP_ELEMENT),
    "area": ('<map name="m"><area href="https://shop.example" shape="rect"></map>', Remedy.DROP_ELEMENT),
}


@ENGINES
@pytest.mark.parametrize("html, remedy", HITS.values(), ids=HITS)
def test_hit(context_of, findings, html, remedy, engine):
    """A link that holds an image and no words is reported."""
    [finding] = findings(RULE, context_of(html, engine=engine), PARAMS)
    assert remedy is finding.remedy


def test_hit_of_a_registered_link(context_of, findings):
    """A registered link may be words, but no image."""
    html = '<a href="https://shop.example"><img src="cid:a"></a>'
    assert findings(RULE, context_of(html, profile=Profile(links=("shop.example",))), PARAMS)


NEAR_MISSES = {
    "image without a link": '<p><img src="cid:a"></p>',
    "image that leads to the marketplace": '<a href="https://www.amazon.de/review"><img src="cid:a"></a>',
    "image with words": '<a href="https://shop.example"><img src="cid:a">to our shop</a>',
    "words": '<a href="https://shop.example">to our shop</a>',
    "image beside a link": '<a href="https://shop.example">x</a><img src="cid:a">',
    "anchor": '<a name="x"><img src="cid:a"></a>',
    "place in the mail": '<a href="#x"><img src="cid:a"></a>',
}


@ENGINES
@pytest.mark.parametrize("html", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_miss(context_of, findings, html, engine):
    """Images without a link, links with words and the marketplace's own are not reported."""
    assert findings(RULE, context_of(html, engine=engine), PARAMS) == []


EVASIONS = {
    "no-break space": '<a href="https://shop.example">&nbsp;<img src="cid:a"></a>',
    "invisible character": '<a href="https://shop.example">&#8203;<img src="cid:a"></a>',
    "hidden words": '<a href="https://shop.example"><span style="display:none">a</span><img src="cid:a"></a>',
    "second image": '<a href="https://shop.example"><img src="cid:a"><img src="cid:b"></a>',
    "table in between": '<a href="https://shop.example"><table><tr><td><img src="cid:a"></td></tr></table></a>',
    "drawing": '<a href="https://shop.example"><svg><rect/></svg></a>',
    "button": '<a href="https://shop.example"><input type="image" src="cid:a"></a>',
}


@pytest.mark.parametrize("html", EVASIONS.values(), ids=EVASIONS)
def test_evasion(context_of, findings, html):
    """Blanks, invisible characters and hidden words are no words."""
    assert len(findings(RULE, context_of(html), PARAMS)) == 1
