"""Links to allowed places over plain http."""

import pytest

from gateway.rules.context import Profile
from gateway.rules.insecure_link import RULE, Params
from gateway.rules.rule import Remedy

PARAMS = Params(allowed_hosts=("amazon.de",))


@pytest.mark.parametrize(
    "mail, remedy",
    [
        ({"html": '<a href="http://www.amazon.de/x">order</a>'}, Remedy.UNWRAP_ELEMENT),
        ({"text": "See http://www.amazon.de/x please"}, Remedy.REDACT_TEXT),
        ({"html": '<a href="http://upload.example/x">x</a>'}, Remedy.UNWRAP_ELEMENT),
    ],
    ids=["markup", "text", "registered"],
)
def test_hit(context_of, findings, mail, remedy):
    """An http link to an allowed host is reported."""
    context = context_of(**mail, profile=Profile(links=("upload.example",)))
    [finding] = findings(RULE, context, PARAMS)
    assert remedy is finding.remedy


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://www.amazon.de/x">order</a>',
        '<a href="http://shop.example/">external</a>',
        '<a href="http://www.amazon.de/"><img src="cid:a"></a>',
        "<p>www.amazon.de</p>",
    ],
    ids=["secure", "other host", "image", "no scheme"],
)
def test_near_miss(context_of, findings, html):
    """https, other hosts, images and bare names are not reported here."""
    assert findings(RULE, context_of(html), PARAMS) == []


@pytest.mark.parametrize(
    "html",
    [
        '<a href="HTTP://www.amazon.de/x">x</a>',
        '<a href="ht&#10;tp://www.amazon.de/x">x</a>',
        '<a href="//www.amazon.de/x">x</a>',
        '<a href="http:\\\\www.amazon.de/x">x</a>',
    ],
)
def test_evasion(context_of, findings, html):
    """Other spellings of http are http."""
    assert len(findings(RULE, context_of(html), PARAMS)) == 1
