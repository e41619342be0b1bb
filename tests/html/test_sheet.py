"""Style sheets keep harmless rules and tell which of them bear on what is painted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html import css, sheet
from gateway.html.selector import compile_selector
from gateway.html.sheet import Rule, may_hide, stylesheet

TEXTS = [
    ("", "", 0),
    ("p{color:red}", "p{color:red}", 0),
    (" p , td { color : red ; } ", "p,td{color:red}", 0),
    ("p{color:red}td{margin:0}", "p{color:red}\ntd{margin:0}", 0),
    ("<!-- p{color:red} -->", "p{color:red}", 0),
    ("/* x { */ p{color:red}/**/", "p{color:red}", 0),
    ("p{}", "", 0),
    ("p{content:'}'} td{color:red}", "td{color:red}", 1),
    ("p{font:'a'}", "p{font:'a'}", 0),
    ("p{background:url(x)}", "", 1),
    ("p{color:red;background:url(x)}", "p{color:red}", 1),
    ("@import 'x';p{color:red}", "p{color:red}", 1),
    ("@import x;p{color:red}", "p{color:red}", 1),
    ("@font-face{font-family:x;src:url(x)}", "", 1),
    ("@media screen{p{color:red} td{margin:0}}", "@media screen{p{color:red} td{margin:0}}", 0),
    ("@media screen{}", "", 0),
    ("@media screen{p{font:'a'}}", "@media screen{p{font:'a'}}", 0),
    ("@media screen{@import 'x';p{color:red}}", "@media screen{p{color:red}}", 1),
    ("@media screen{p{color:red} x}", "@media screen{p{color:red}}", 1),
    ("@media screen{p:has(a){color:red}}", "", 1),
    ("@media{p{color:red}}", "", 1),
    ("@media (a:b/c){p{color:red}}", "", 1),
    ("@media screen;", "", 1),
    ("@supports (a:b){p{color:red}}", "", 1),
    (".a[b]{display:none;color:red}", ".a[b]{color:red}", 1),
    ("a:hover{font-size:0;color:red}", "a:hover{color:red}", 1),
    ("a:hover,.b{font-size:0}", "", 1),
    ("p{a:b", "p{a:b}", 0),
    ("p:has(a){color:red}", "", 1),
    ("x", "", 1),
    ("{color:red}", "", 1),
    ("p{color:red}</style>", "p{color:red}", 1),
    ("a" * (css.MAX_CSS + 1), "", 1),
    ("p{a:b}" * (sheet.MAX_RULES + 2), "\n".join(["p{a:b}"] * sheet.MAX_RULES), 2),
]


@pytest.mark.parametrize(("text", "kept", "dropped"), TEXTS, ids=[case[0][:50] for case in TEXTS])
def test_stylesheet(text: str, kept: str, dropped: int) -> None:
    """Harmless rules are kept in one spelling, the others counted; the outcome is a fixed point."""
    found = stylesheet(text)
    assert (kept, dropped) == (found.text, found.dropped)
    assert (kept, 0) == stylesheet(kept)[:2]


MEDIA = [
    ("screen", True),
    ("all", True),
    ("only screen and (min-width:480px)", True),
    ("only screen and (min-width:4800px)", False),
    ("only screen and (max-width:600px)", False),
    ("screen and (max-width: 2000px)", True),
    ("print, screen", True),
    ("print", False),
    ("not screen", False),
    ("(prefers-color-scheme:dark)", False),
]


@pytest.mark.parametrize(("query", "applies"), MEDIA, ids=[case[0] for case in MEDIA])
def test_media(query: str, applies: bool) -> None:
    """Only rules that hold in a desktop window bear on what is painted."""
    rules = stylesheet(f"@media {query}{{.a{{display:none;text-align:left}}}}").rules
    assert ((Rule(compile_selector(".a"), (0, 1, 0), (("display", "none"),)),) if applies else ()) == rules


def test_a_dropped_media_rule_does_not_apply() -> None:
    """What is not kept hides nothing."""
    assert stylesheet("@media{.a{display:none}}").rules == ()


def test_each_selector_is_a_rule() -> None:
    """A list of selectors makes a rule for each."""
    assert len(stylesheet("p,.a{opacity:0}").rules) == 2


HIDE = [
    ("display", "none", True),
    ("display", "block", False),
    ("visibility", "Hidden", True),
    ("opacity", "0", True),
    ("opacity", ".01", True),
    ("opacity", "1", False),
    ("font-size", "0", True),
    ("font-size", "1px", True),
    ("font-size", ".5px", True),
    ("font-size", "5%", True),
    ("font-size", "14px", False),
    ("font", "0/0 a", True),
    ("font", "bold 1px a", True),
    ("font", "bold 14px/20px arial", False),
    ("line-height", "0", True),
    ("line-height", "20px", False),
    ("max-height", "0px!important", True),
    ("width", "600px", False),
    ("left", "-9999px", True),
    ("left", "0", False),
    ("color", "transparent", True),
    ("color", "red", False),
    ("height", "calc(0px)", True),
]


@pytest.mark.parametrize(("name", "value", "hides"), HIDE, ids=[f"{case[0]}:{case[1]}" for case in HIDE])
def test_may_hide(name: str, value: str, hides: bool) -> None:
    """Whatever could hide is told from what cannot."""
    assert hides is may_hide((("margin", "0"), (name, value)))


PIECES = "p .a #b * > , : hover { } color:red ; background:x @media screen ( ) max-width:600px /* */ @import x display:none < -->"


@settings(max_examples=800, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.sampled_from([*PIECES.split(), " ", "p{color:red}", "@media screen{"]), max_size=14).map(
        "".join
    )
)
def test_the_fast_way_says_the_same(text: str) -> None:
    """Ordinary sheets are read without tinycss2 as tinycss2 reads them, and any outcome is a fixed point."""
    careful = sheet._careful(text)
    assert sheet._plain(text) in (None, careful)
    assert (careful.text, 0) == sheet._careful(careful.text)[:2]
    assert "<" not in careful.text
