"""Selectors get one spelling; simple ones can be matched."""

import pytest
import tinycss2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html.selector import PLAIN_SELECTOR, Compound, compile_selector, selector_text, specificity, tidy

TEXTS = [
    ("p", "p"),
    (" .a > b , #c + d~e ", ".a>b,#c+d~e"),
    ("a/**/b", "a b"),
    ("a:hover", "a:hover"),
    ("p::first-line", "p::first-line"),
    ("*", "*"),
    ("td[class=x]", "td[class=x]"),
    ('[href^="tel"]', "[href^='tel']"),
    ("[a*='x y']", None),
    ("[a=x i]", None),
    ("[style]", "[style]"),
    ("tr:nth-child(2n+1)", "tr:nth-child(2n+1)"),
    ("tr:nth-child( odd )", "tr:nth-child( odd )"),
    ("tr:nth-child(2)", "tr:nth-child(2)"),
    ("tr:nth-child(.5)", None),
    ("p:not(.a)", "p:not(.a)"),
    ("p:not(:not(.a))", None),
    ("p:has(a)", None),
    (".a\\:b", None),
    (".5a", None),
    ("#5a", "#5a"),
    ("#a\\<b", None),
    ("a|b", None),
    ("a & b", None),
    ("'x'", None),
    ("url(x)", None),
]  # fmt: skip


@pytest.mark.parametrize(("selector", "text"), TEXTS, ids=[case[0] for case in TEXTS])
def test_selector_text(selector: str, text: str | None) -> None:
    """A selector of harmless tokens gets one spelling, any other none."""
    tokens = tinycss2.parse_component_value_list(selector)
    assert text == selector_text(tokens)


COMPILED = [
    ("p", (Compound("p", (), (), False),)),
    ("*", (Compound("", (), (), False),)),
    ("TD.a.b#c", (Compound("td", ("c",), ("a", "b"), False),)),
    (".a b", (Compound("b", (), (), False), Compound("", (), ("a",), False))),
    (".a>b", (Compound("b", (), (), True), Compound("", (), ("a",), False))),
    ("a>", ()),
    (">a", ()),
    ("a>>b", ()),
    ("a:hover", ()),
    ("a[b]", ()),
    ("a+b", ()),
    (" ".join("a" * 17), ()),
]


@pytest.mark.parametrize(("selector", "compounds"), COMPILED, ids=[case[0] for case in COMPILED])
def test_compile(selector: str, compounds: tuple[Compound, ...]) -> None:
    """Names, classes, ids and their nesting can be matched, nothing else."""
    assert compounds == compile_selector(selector)


def test_specificity() -> None:
    """Ids, classes and names are counted over all compounds."""
    assert specificity(compile_selector("table.a td.b #c *")) == (1, 2, 2)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet="ab.#*:>+~, -_1\n", max_size=14))
def test_a_plain_selector_is_already_harmless(text: str) -> None:
    """What the regular expression lets pass is spelled as tinycss2 would have it."""
    if PLAIN_SELECTOR.fullmatch(text):
        assert tidy(text) == selector_text(tinycss2.parse_component_value_list(text))
