"""Opt-out links and sentences."""

import pytest

from gateway.rules.opt_out_link import RULE
from gateway.rules.rule import Remedy

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])


def _elements(context, found):
    return [
        context.views[f.target.part].nodes[f.target.node].name
        for f in found
        if f.remedy is Remedy.DROP_ELEMENT
    ]


def _words(context, found):
    nodes = context.views["1"].nodes
    return [
        "".join(nodes[p.node].text[p.start : p.end] for p in f.target.pieces)
        for f in found
        if f.remedy is Remedy.REDACT_TEXT
    ]


@pytest.mark.parametrize(
    ("html", "words"),
    [
        pytest.param('<a href="https://x.example/unsubscribe?u=1">here</a>', [], id="by-its-url"),
        pytest.param('<a href="https://x.example/a"><b>Unsub</b>scribe</a>', [], id="by-its-words"),
        pytest.param(
            '<p>Hello. To unsubscribe click <a href="https://x.example/a">here</a>. Bye.</p>',
            ["To unsubscribe clickhere."],
            id="by-its-sentence",
        ),
        pytest.param('<map><area href="https://x.example/optout"></map>', [], id="image-map"),
    ],
)
@ENGINES
def test_hit_link(context_of, findings, html, words, engine):
    """A link is dropped whole; what stands around it in the sentence is redacted (but for a blank between elements)."""
    context = context_of(html, engine=engine)
    found = findings(RULE, context)
    assert len(_elements(context, found)) == 1
    assert _words(context, found) == words


def test_hit_in_text(context_of, findings):
    """In text the whole sentence is redacted."""
    text = "Your order is on its way. Newsletter abbestellen: bitte antworten. Danke"
    [finding] = findings(RULE, context_of(text=text))
    [piece] = finding.target.pieces
    assert text[piece.start : piece.end] == "Newsletter abbestellen: bitte antworten."
    assert finding.evidence == "Newsletter abbestellen"


def test_hit_in_the_subject(context_of, findings):
    """The subject is a text, too."""
    [finding] = findings(RULE, context_of(subject="Unsubscribe"))
    assert finding.target.field == "Subject"


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param({"text": "You can cancel your order. Subscribe & save."}, id="cancelling-an-order"),
        pytest.param(
            {"html": '<a href="https://www.amazon.de/orders">your order</a>'}, id="link-to-the-order"
        ),
        pytest.param({"html": '<a name="unsubscribed">x</a><p>y</p>'}, id="anchor-without-a-target"),
        pytest.param({"html": '<p>Hello. <a href="https://x.example/a">here</a></p>'}, id="another-link"),
        pytest.param({"html": "<!-- unsubscribe --><p>x</p>"}, id="comment-that-nobody-reads"),
    ],
)
def test_near_miss(context_of, findings, mail):
    """Cancelling, other links and what nobody reads are not reported."""
    assert findings(RULE, context_of(**mail)) == []


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://x.example/a">un&#8203;subscribe</a>',
        '<a href="https://x.example/a">ｕｎｓｕｂｓｃｒｉｂｅ</a>',
        '<a href="https://x.example/a">unsubscrіbe</a>',
        '<a href="https://x.example/a">配信停止</a>',
        '<a href="https://x.example/a" style="display:none">unsubscribe</a>',
        '<a href="https://x.example/a"><img alt="x">uns<i>ubscri</i>be</a>',
    ],
)
@ENGINES
def test_evasion(context_of, findings, html, engine):
    """Words split, disguised, hidden or in another language give the link away."""
    context = context_of(html, engine=engine)
    assert _elements(context, findings(RULE, context)) == ["a"]


@ENGINES
def test_picture_of_the_words(context_of, findings, engine):
    """A picture's words are the words of the link around it, and are not reported again."""
    html = '<a href="https://x.example/a"><img src="cid:a" alt="Unsubscribe"><br></a><p title="x">y</p>'
    context = context_of(html, engine=engine)
    found = findings(RULE, context)
    assert (_elements(context, found), len(found)) == (["a"], 1)


@ENGINES
def test_picture_without_a_link(context_of, findings, engine):
    """A picture's words are redacted where no link is around it."""
    [finding] = findings(RULE, context_of('<img src="cid:a" alt="Unsubscribe">', engine=engine))
    assert (finding.target.attribute, finding.remedy) == ("alt", Remedy.REDACT_TEXT)
