"""Emoticons."""

import pytest

from gateway.rules.emoticon import RULE
from gateway.rules.rule import Piece, Remedy

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])


def test_hit_in_text(context_of, findings):
    """An emoticon is reported with its characters."""
    [finding] = findings(RULE, context_of(text="Thank you :-) Anna"))
    assert finding.target.pieces == (Piece(-1, 10, 13),)
    assert (finding.evidence, finding.remedy) == (":-)", Remedy.REDACT_TEXT)


@ENGINES
def test_hit_in_html(context_of, findings, engine):
    """An emoticon over two elements is one finding."""
    [finding] = findings(RULE, context_of("<p>Thanks <b>;</b>-)</p>", engine=engine))
    assert len(finding.target.pieces) == 2


@pytest.mark.parametrize(
    "text",
    [
        "at 10:30)",
        "a) b) 8)",
        "(c)",
        "http://x",
        "ratio 3:1",
        "<3 days",
        "size :S",
        "(note:)",
        "送料：（税込）",
    ],
)
def test_near_miss(context_of, findings, text):
    """Times, lists, brackets and comparisons are no emoticons."""
    assert findings(RULE, context_of(text=text)) == []


@pytest.mark.parametrize(
    "html",
    [
        "<p>Thanks:)</p>",
        "<p>&#58;&#41;</p>",
        "<p>x &lt;3</p>",
        "<p>(^_^)</p>",
        "<p>:<!-- -->)</p>",
        "<p>：）</p>",
        "<p>:&#8209;)</p>",
        "<p>:&#8203;-)</p>",
        "<p>&nbsp;:)</p>",
    ],
)
@ENGINES
def test_evasion(context_of, findings, html, engine):
    """Emoticons without a blank, in references, upright or split are found."""
    assert len(findings(RULE, context_of(html, engine=engine))) == 1
