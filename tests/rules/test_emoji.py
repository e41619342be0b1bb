"""Emoji."""

import pytest

from gateway.rules.emoji import RULE, Params
from gateway.rules.rule import Piece, Remedy, Target

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])


def test_hit_in_text(context_of, findings):
    """A run of emoji is one finding."""
    [finding] = findings(RULE, context_of(text="Thanks 😀👍🏽!"))
    assert finding.target.pieces == (Piece(-1, 7, 10),)
    assert (finding.evidence, finding.remedy) == ("😀👍🏽", Remedy.REDACT_TEXT)


@pytest.mark.parametrize(
    ("mail", "target"),
    [
        pytest.param({"subject": "Hi 😀"}, Target(field="Subject", pieces=(Piece(-1, 3, 4),)), id="subject"),
        pytest.param(
            {"sender": "Shop 😀 <x@seller.example>"},
            Target(field="From", node=0, pieces=(Piece(-1, 5, 6),)),
            id="display-name",
        ),
        pytest.param(
            {"attachments": [{"media_type": "application/pdf", "filenames": ("😀.pdf",)}]},
            Target(part="2", attribute="filename", node=0, pieces=(Piece(-1, 0, 1),)),
            id="file-name",
        ),
    ],
)
def test_hit_outside_the_body(context_of, findings, mail, target):
    """Header section and file names are texts, too."""
    [finding] = findings(RULE, context_of(**mail))
    assert finding.target == target


@ENGINES
def test_hit_in_an_attribute(context_of, findings, engine):
    """A picture of an emoji carries it as its words."""
    [finding] = findings(RULE, context_of('<img class="emoji" src="cid:a" alt="😀">', engine=engine))
    assert finding.target.attribute == "alt"


@pytest.mark.parametrize("text", ["© 2024 Shop™ ®", "→ next", "✓ done ✔", "• item", "☎ ✉", "100 °C", "1 # *"])
def test_near_miss(context_of, findings, text):
    """Typographic signs are text."""
    assert findings(RULE, context_of(text=text)) == []


@pytest.mark.parametrize(
    "html",
    [
        "<p>&#128512;</p>",
        "<p>1&#xFE0F;&#x20E3;</p>",
        "<p>©&#xFE0F;</p>",
        "<p><b>🇩</b></p>",
        "<p>👨&zwj;👩&zwj;👧</p>",
    ],
)
@ENGINES
def test_evasion(context_of, findings, html, engine):
    """References, keycaps, selectors, half a flag and joined families are emoji."""
    assert len(findings(RULE, context_of(html, engine=engine))) == 1


@pytest.mark.parametrize(("text", "count"), [("👍", 0), ("👍👍", 0), ("👍😀", 1), ("😀", 1)])
def test_allowed(context_of, findings, text, count):
    """Emoji that are allowed stay, alone."""
    assert len(findings(RULE, context_of(text=text), Params(allowed=("👍",)))) == count
