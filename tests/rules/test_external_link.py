"""Links to other places."""

import pytest

from gateway.rules.context import Profile
from gateway.rules.external_link import RULE, Params
from gateway.rules.rule import Remedy

PARAMS = Params(allowed_hosts=("amazon.de",))
ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])

MARKUP = {
    "link": (
        '<p>See <a href="https://shop.example/x">our shop</a></p>',
        Remedy.UNWRAP_ELEMENT,
        "https://shop.example/…",
    ),
    "mail": ('<a href="mailto:a@shop.example">write</a>', Remedy.UNWRAP_ELEMENT, "mailto:…"),
    "phone": ('<a href="tel:+4930">call</a>', Remedy.UNWRAP_ELEMENT, "tel:…"),
    "relative": ('<a href="orders/1">order</a>', Remedy.UNWRAP_ELEMENT, "relative link"),
    "redirect": (
        '<a href="https://www.amazon.de/r?u=https://shop.example">x</a>',
        Remedy.UNWRAP_ELEMENT,
        "https://www.amazon.de/…",
    ),
    "image and words": (
        '<a href="https://shop.example"><img src="cid:a">our shop</a>',
        Remedy.UNWRAP_ELEMENT,
        "https://shop.example",
    ),
    "for Outlook": (
        '<!--[if mso]><v:rect href="https://shop.example/x"/><![endif]-->',
        Remedy.DROP_ELEMENT,
        "https://shop.example/…",
    ),
}


@ENGINES
@pytest.mark.parametrize("html, remedy, evidence", MARKUP.values(), ids=MARKUP)
def test_hit_in_markup(context_of, findings, html, remedy, evidence, engine):
    """A link to another place is reported once, with the remedy that keeps its words."""
    [finding] = findings(RULE, context_of(html, engine=engine), PARAMS)
    assert (remedy, evidence) == (finding.remedy, finding.evidence)
    assert finding.target.node is not None


def test_hit_in_text(context_of, findings):
    """A URL that is written out is reported with its characters."""
    text = "Visit https://shop.example/x today"
    [finding] = findings(RULE, context_of(text=text), PARAMS)
    [piece] = finding.target.pieces
    assert text[piece.start : piece.end] == "https://shop.example/x"
    assert finding.remedy is Remedy.REDACT_TEXT


def test_hit_in_the_words_of_a_link(context_of, findings):
    """A link whose words are a URL is taken apart, and the words are redacted."""
    html = '<a href="https://shop.example">www.shop.example</a>'
    assert [finding.remedy for finding in findings(RULE, context_of(html), PARAMS)] == [
        Remedy.UNWRAP_ELEMENT,
        Remedy.REDACT_TEXT,
    ]


PLACES = {
    "subject": {"subject": "Re: order - www.shop.example"},
    "display name": {"sender": '"www.shop.example" <a@seller.example>'},
    "alternative text": {"html": '<img src="cid:a" alt="www.shop.example">'},
    "title": {"html": '<p title="www.shop.example">x</p>'},
    "hidden words": {"html": '<p>a <span style="display:none">www.shop.example</span></p>'},
    "file name": {"attachments": [{"media_type": "application/pdf", "filenames": ("www.shop.example",)}]},
    "description": {"attachments": [{"media_type": "application/pdf", "description": "www.shop.example"}]},
}


@pytest.mark.parametrize("mail", PLACES.values(), ids=PLACES)
def test_hit_wherever_text_is_read(context_of, findings, mail):
    """A URL is seen in every text that somebody reads, and reported once."""
    [finding] = findings(RULE, context_of(**mail), PARAMS)
    assert finding.remedy is Remedy.REDACT_TEXT


FINE = {
    "own page": '<a href="https://www.amazon.de/gp/x">order</a>',
    "own page in words": "<p>https://www.amazon.de/gp/x and Amazon.de</p>",
    "place in the mail": '<a href="#terms">terms</a><a name="terms"></a>',
    "insecure is another rule's": '<a href="http://www.amazon.de/">order</a>',
    "a logo is another rule's": '<a href="https://shop.example"><img src="cid:a"></a>',
    "a script is another rule's": '<a href="javascript:alert(1)">x</a>',
    "a form is another rule's": '<form action="https://shop.example"><p>x</p></form>',
    "comment that nobody reads": "<!-- made by https://mjml.io -->",
    "commented out": '<!-- <a href="https://shop.example">x</a> -->',
    "namespace for Outlook": '<!--[if mso]><xml xmlns:o="http://schemas.microsoft.com/office"></xml><![endif]-->',
    "quote of another mail": '<blockquote type="cite" cite="mid:1@shop.example">x</blockquote>',
    "page in a frame is another rule's": """<iframe srcdoc='<a href="https://shop.example">x</a>'></iframe>""",
    "no link": "<p>Version 1.2.3 of Node.js, file setup.zip</p>",
    "refresh is another rule's": '<meta http-equiv="refresh" content="0;url=https://shop.example/x"><p>x</p>',
}


@ENGINES
@pytest.mark.parametrize("html", FINE.values(), ids=FINE)
def test_near_miss(context_of, findings, html, engine):
    """What is allowed, reaches nobody, or belongs to another rule is not reported."""
    assert findings(RULE, context_of(html, engine=engine), PARAMS) == []


def test_near_miss_of_registered_links(context_of, findings):
    """What the seller registered for completing orders is allowed, in markup and in words."""
    profile = Profile(links=("https://shop.example/design", "upload.example"))
    html = '<a href="https://shop.example/design/7">design</a> https://upload.example/x'
    assert findings(RULE, context_of(html, profile=profile), PARAMS) == []


EVASIONS = {
    "tab in the scheme": '<a href="ht&#9;tps://shop.example">x</a>',
    "blank before": '<a href=" https://shop.example">x</a>',
    "user that looks own": '<a href="https://amazon.de@shop.example">x</a>',
    "host that looks own": '<a href="https://amazon.de.shop.example">x</a>',
    "backslashes": '<a href="https:\\\\shop.example">x</a>',
    "no scheme": '<a href="//shop.example">x</a>',
    "number for a host": '<a href="https://2130706433/">x</a>',
    "hidden words beside the image": '<a href="https://shop.example"><img src="cid:a"><i>a</i></a>',
    "second target": '<a href="https://shop.example" href="https://amazon.de">x</a>',
    "two in a comment for Outlook": '<!--[if mso]><a href="https://a.example">x</a><a href="https://b.example">y</a>-->',
    "page in an attribute": """<p srcdoc='<a href="https://shop.example">x</a>'>x</p>""",
    "letters set apart by weight": "<p><b>shop.com</b>now</p>",
    "letters set apart by colour": '<p>x<i style="color:#fff">q</i>shop.com<i style="color:#fff">q</i></p>',
    "one word in two cells": "<table><tr><td>shop</td><td>.com</td></tr></table>",
    "one word in two boxes": '<div style="float:left">shop</div><div style="float:left">.com</div>',
    "in an abbreviation of a cell": '<table><tr><th abbr="shop.com">x</th></tr></table>',
    "in a comment for Outlook": '<!--[if gte mso 9]><a href="https://shop.example">x</a><![endif]-->',
}


@pytest.mark.parametrize("html", EVASIONS.values(), ids=EVASIONS)
def test_evasion(context_of, findings, html):
    """Links that only look like allowed ones are reported."""
    assert len(findings(RULE, context_of(html), PARAMS)) == 1
