"""Telephone numbers."""

import pytest

from gateway.rules.phone_number import RULE, Params
from gateway.rules.rule import Piece, Remedy, Target

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])


def test_hit_in_text(context_of, findings):
    """A number is reported with its characters, and with evidence that nobody could call."""
    text = "Hello,\ncall +49 151 23456789 today"
    [finding] = findings(RULE, context_of(text=text))
    [piece] = finding.target.pieces
    assert text[piece.start : piece.end] == "+49 151 23456789"
    assert finding.evidence == "+491********89"
    assert finding.remedy is Remedy.REDACT_TEXT


@ENGINES
def test_hit_in_html(context_of, findings, engine):
    """A number over several elements is one finding with a piece for each text node."""
    context = context_of("<p>Tel. <b>030</b> 123<i>4567</i></p>", engine=engine)
    [finding] = findings(RULE, context)
    nodes = context.views[finding.target.part].nodes
    assert "".join(nodes[p.node].text[p.start : p.end] for p in finding.target.pieces) == "0301234567"


@pytest.mark.parametrize(
    ("mail", "target"),
    [
        pytest.param(
            {"subject": "Tel. 030 1234567"}, Target(field="Subject", pieces=(Piece(-1, 5, 16),)), id="subject"
        ),
        pytest.param(
            {"sender": "Shop 030/1234567 <shop@seller.example>"},
            Target(field="From", node=0, pieces=(Piece(-1, 5, 16),)),
            id="display-name",
        ),
        pytest.param(
            {"attachments": [{"media_type": "application/pdf", "filenames": ("call 0151 23456789.pdf",)}]},
            Target(part="2", attribute="filename", node=0, pieces=(Piece(-1, 5, 18),)),
            id="file-name",
        ),
    ],
)
def test_hit_outside_the_body(context_of, findings, mail, target):
    """Header section and file names are texts, too."""
    [finding] = findings(RULE, context_of(**mail))
    assert (finding.target, finding.remedy) == (target, Remedy.REDACT_TEXT)


@ENGINES
def test_hit_in_an_attribute(context_of, findings, engine):
    """What a picture says instead of itself is read."""
    context = context_of('<img src="cid:a" alt="Tel. 030 1234567">', engine=engine)
    [finding] = findings(RULE, context)
    assert (finding.target.attribute, finding.target.pieces) == ("alt", (Piece(-1, 5, 16),))


def test_hit_in_a_conditional_comment(context_of, findings):
    """A comment that Outlook reads goes whole, with one finding for all it holds."""
    html = "<p>x</p><!--[if mso]><p>Tel. 030 1234567, +49 151 23456789</p><![endif]-->"
    [finding] = findings(RULE, context_of(html))
    assert finding.remedy is Remedy.DROP_ELEMENT
    assert finding.target.pieces == ()


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param(
            {"text": "Order 114-1234567-7654321, EAN 4006381333931, 12.03.2024"}, id="numbers-of-trade"
        ),
        pytest.param({"text": "Tracking: 1Z999AA10123456784"}, id="tracking"),
        pytest.param({"html": "<!-- Tel. 030 1234567 --><p>x</p>"}, id="comment-that-nobody-reads"),
        pytest.param({"html": '<a href="tel:+4915123456789">x</a>'}, id="link-of-another-rule"),
    ],
)
def test_near_miss(context_of, findings, mail):
    """Numbers that are none to call, and places that nobody reads or another rule owns, are not reported."""
    assert findings(RULE, context_of(**mail)) == []


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>+49<!-- x -->151<wbr>23456789</p>", id="comment-and-break-opportunity"),
        pytest.param("<p>+49&#8203;151&shy;23456789</p>", id="invisible-characters"),
        pytest.param("<p><b>+</b><b>4</b><b>9</b><b>15123456789</b></p>", id="element-per-character"),
        pytest.param("<p>+49 151 234<span style='display:none'>xx</span>56789</p>", id="hidden-salt"),
        pytest.param("<p>٠١٥١ ٢٣٤٥٦٧٨٩</p>", id="digits-of-another-script"),
        pytest.param("<p>order 0049 151 23456789</p>", id="word-that-shields-others"),
    ],
)
@ENGINES
def test_evasion(context_of, findings, html, engine):
    """A number split or disguised is found as it is read."""
    assert findings(RULE, context_of(html, engine=engine))


@ENGINES
def test_hidden_text_is_reported_once(context_of, findings, engine):
    """What is shown is not reported again for the text with its hidden runs; what is hidden is reported."""
    html = '<p>+49 151 23456789</p><p style="display:none">+49 30 7654321</p>'
    assert [f.evidence for f in findings(RULE, context_of(html, engine=engine))] == [
        "+491********89",
        "+493******21",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("+49 800 1234567", 0),
        ("0800 1234567", 0),
        ("Tel. 498001234567", 0),
        ("Tel. 234567", 0),
        ("+49 800 1234568", 1),
        ("0800 1234568", 1),
        ("Tel. 001234567", 0),
        ("+1 800 1234567", 1),
    ],
)
def test_allowed_numbers(context_of, findings, text, count):
    """Numbers of carriers and warranties stay, in both notations."""
    assert len(findings(RULE, context_of(text=text), Params(allowed=("+498001234567",)))) == count


def test_short_numbers_are_never_allowed_by_their_end(context_of, findings):
    """Five digits could be the end of any number."""
    assert findings(RULE, context_of(text="Tel. 034567"), Params(allowed=("+498001234567",)))


def test_regions(context_of, findings):
    """Countries make their plain groupings count, each number once."""
    context = context_of(text="20 12 34 56 or 0151 23456789")
    assert len(findings(RULE, context)) == 1
    assert len(findings(RULE, context, Params(regions=("DK", "NO")))) == 2
