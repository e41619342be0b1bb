"""E-mail addresses."""

import pytest

from gateway.rules.email_address import RULE, Params
from gateway.rules.rule import Piece, Remedy, Target

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])


def test_hit_in_text(context_of, findings):
    """An address is reported with its characters, its local part masked."""
    text = "Write to info@shop.com."
    [finding] = findings(RULE, context_of(text=text))
    [piece] = finding.target.pieces
    assert text[piece.start : piece.end] == "info@shop.com"
    assert (finding.evidence, finding.remedy) == ("i**o@shop.com", Remedy.REDACT_TEXT)


@pytest.mark.parametrize(
    ("mail", "target"),
    [
        pytest.param(
            {"subject": "a@shop.com"}, Target(field="Subject", pieces=(Piece(-1, 0, 10),)), id="subject"
        ),
        pytest.param(
            {"sender": '"Shop a@shop.com" <x@seller.example>'},
            Target(field="From", node=0, pieces=(Piece(-1, 5, 15),)),
            id="display-name",
        ),
        pytest.param(
            {"attachments": [{"media_type": "application/pdf", "filenames": ("a@shop.com.pdf",)}]},
            Target(part="2", attribute="filename", node=0, pieces=(Piece(-1, 0, 10),)),
            id="file-name",
        ),
        pytest.param(
            {"attachments": [{"media_type": "application/pdf", "description": "by a@shop.com"}]},
            Target(part="2", attribute="description", pieces=(Piece(-1, 3, 13),)),
            id="description",
        ),
    ],
)
def test_hit_outside_the_body(context_of, findings, mail, target):
    """Header section, file names and descriptions are texts, too."""
    [finding] = findings(RULE, context_of(**mail))
    assert finding.target == target


@pytest.mark.parametrize(
    ("field", "value", "count"),
    [
        pytest.param(
            "recipient", "\"'x1@marketplace.amazon.de'\" <x1@marketplace.amazon.de>", 0, id="as-outlook"
        ),
        pytest.param("recipient", '"x1@marketplace.amazon.de" <x1@marketplace.amazon.de>', 0, id="as-others"),
        pytest.param(
            "recipient", '"x2@marketplace.amazon.de" <x1@marketplace.amazon.de>', 1, id="another-alias"
        ),
        pytest.param("recipient", '"a@shop.com" <x1@marketplace.amazon.de>', 1, id="another-address"),
        pytest.param("sender", '"a@shop.com" <a@shop.com>', 1, id="of-the-seller"),
    ],
)
def test_alias_as_its_own_display_name(context_of, findings, field, value, count):
    """The recipient's alias before itself tells nothing; the seller's address as a name would reach the buyer."""
    assert len(findings(RULE, context_of(text="x", **{field: value}))) == count


@ENGINES
def test_hit_in_the_words_of_a_link(context_of, findings, engine):
    """An address that is written out is text, whatever the link around it."""
    context = context_of('<a href="mailto:info@shop.com">info@shop.com</a>', engine=engine)
    assert len(findings(RULE, context)) == 1


@pytest.mark.parametrize(
    "text", ["@ 10:00", "3 @ 5 EUR", "@media print", "find @myshop", "look at shop.com", "user@localhost"]
)
def test_near_miss(context_of, findings, text):
    """Times, prices, style sheets and handles hold no address."""
    assert findings(RULE, context_of(text=text)) == []


@pytest.mark.parametrize(
    "html",
    [
        "<p>info (at) shop (dot) com</p>",
        "<p>info&#8203;@shop&#46;com</p>",
        "<p>info＠shop．com</p>",
        "<p>in<b>fo@</b>sh<!-- -->op<span>.com</span></p>",
        "<p>info&amp;commat;shop.com</p>",
        "<p>infо@shоp.cоm</p>",
    ],
)
@ENGINES
def test_evasion(context_of, findings, html, engine):
    """An address split or disguised is found as it is read."""
    [finding] = findings(RULE, context_of(html, engine=engine))
    assert finding.evidence == "i**o@shop.com"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x@marketplace.amazon.de", 0),
        ("x@eu.marketplace.amazon.de", 0),
        ("x@evilmarketplace.amazon.de", 1),
        ("x@amazon.de", 1),
    ],
)
def test_allowed_domains(context_of, findings, text, count):
    """Relay addresses stay; a domain that only ends alike is another."""
    params = Params(allowed_domains=("marketplace.amazon.de",))
    assert len(findings(RULE, context_of(text=text), params)) == count


def test_short_local_part_has_nothing_to_mask(context_of, findings):
    """Two characters are shown as they are."""
    [finding] = findings(RULE, context_of(text="me@shop.com"))
    assert finding.evidence == "me@shop.com"
