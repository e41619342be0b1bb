"""Styles keep what is harmless, in one spelling, and name every URL."""

import pytest
import tinycss2
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html import css

KEPT = [
    ("color:red", "color:red", 0),
    ("", "", 0),
    (" COLOR : Red ;; width:12px; ", "color:Red;width:12px", 0),
    ("margin:-5px\n auto 0   +.5em", "margin:-5px auto 0 +.5em", 0),
    ("font:bold 12px/1.5 \"Open Sans\", 'Arial'", "font:bold 12px/1.5 'Open Sans', 'Arial'", 0),
    ("font-family:'A  B'", "font-family:'A  B'", 0),
    ("font-family:\uff2d\uff33 x", "font-family:\uff2d\uff33 x", 0),
    ("font-family:'\uff2d\uff33'", "font-family:'\uff2d\uff33'", 0),
    ("color:'red'", "", 1),
    ("color:red!important", "color:red!important", 0),
    ("color:red ! IMPORTANT", "color:red!important", 0),
    ("color:rgb(1, 2,3)", "color:rgb(1, 2,3)", 0),
    ("color:RGBA(1,2,3,.5)", "color:rgba(1,2,3,.5)", 0),
    ("width:calc(100% - (2 * 10px))", "", 1),
    ("width:calc(100% - 10px*2)", "width:calc(100% - 10px*2)", 0),
    ("width:calc(calc(calc(calc(calc(1px)))))", "", 1),
    ("background:linear-gradient(rgba(0,0,0,.1),#fff)", "background:linear-gradient(rgba(0,0,0,.1),#fff)", 0),
    ("mso-line-height-rule:exactly", "mso-line-height-rule:exactly", 0),
    ("-webkit-text-size-adjust:100%", "-webkit-text-size-adjust:100%", 0),
    ("a/**/b:c", "", 1),
    ("color:/**/red/**/", "color:red", 0),
    ("margin:1px/**/ 2px", "margin:1px 2px", 0),
    ("color", "", 1),
    ("color:", "", 1),
    (":red", "", 1),
    ("_height:1px", "", 1),
    ("--x:1", "", 1),
    ("color:var(--x)", "", 1),
    ("color:#ggg", "color:#ggg", 0),
    ("color:#", "", 1),
    ("color:#fff\\", "", 1),
    ("color:\\72 ed", "color:red", 0),
    ("color:\\3c x", "", 1),
    ("color:\u00e9", "", 1),
    ("width:1e3px", "", 1),
    ("width:1.2.3", "width:1.2.3", 0),
    ("width:1abcdefghi", "", 1),
    ("width:5-3", "width:5-3", 0),
    ("unicode-range:u+26", "", 1),
    ("a:b{c:d}", "", 1),
    ("a{b:c};color:red", "color:red", 1),
    ("@media x{};color:red", "color:red", 1),
    ("color:red;background:url(x)", "color:red", 1),
    ("behavior:none", "", 1),
    ("content:normal", "", 1),
    ("transform:none;zoom:1;filter:none", "", 3),
    ("unicode-bidi:bidi-override;direction:rtl", "direction:rtl", 1),
    ("unicode-bidi:\\62idi-override", "", 1),
    ("unicode-bidi:BIDI-override", "", 1),
    ("quotes:'a' 'b'", "", 1),
    ("font-family:'shop.com'", "", 1),
    ("font-family:'.SF Text 1.5'", "font-family:'.SF Text 1.5'", 0),
    ("font-family:'</style>'", "", 1),
    ("font-family:'a\\'b'", "", 1),
    ("x:" + "a" * css.MAX_CSS, "", 1),
]


@pytest.mark.parametrize(("style", "text", "dropped"), KEPT, ids=[ascii(case[0])[:50] for case in KEPT])
def test_declarations(style: str, text: str, dropped: int) -> None:
    """Harmless declarations are kept in one spelling, the others counted; the outcome is a fixed point."""
    found = css.declarations(style)
    assert (text, dropped) == (found.text, found.dropped)
    assert found.kept == css.declarations(found.text).kept


URLS = [
    ("color:red", ()),
    ("color:rgb(1,2,3)", ()),
    ("font:'Open Sans'", ()),
    ("color:rgb(1,2,3);font:'x'", ()),
    ("a:url(x) url('y') url( \"z\" )", ("x", "y", "z")),
    ("a:url(x),url(x)", ("x",)),
    ("a:\\75\\72\\6C(x)", ("x",)),
    ("a:image('x')", ("x",)),
    ("a:image-set('x' 1x, url(y) 2x)", ("x", "y")),
    ("a:linear-gradient(red,url(x))", ("x",)),
    ("a:calc('x')", ()),
    ("a:foo(calc('x'))", ("x",)),
    ("filter:progid:X.AlphaImageLoader(src='x')", ("x",)),
    ("@import 'x' screen; a{b:'c'}", ("x",)),
    ("@import url(x)", ("x",)),
    ("@\\69mport 'x'", ("x",)),
    ("@charset 'x'; @media{a{b:url(y)}}", ("y",)),
    ("[a='x']{b:url(y)} (c)", ("y",)),
    ("a:url(http://x y z);b:url(//w)", ("//w", "http://x")),
    ("a:url('http://x\n", ("http://x",)),
    ("a:b('x' c)}", ("x",)),
]


@pytest.mark.parametrize(("text", "urls"), URLS, ids=[ascii(case[0]) for case in URLS])
def test_urls(text: str, urls: tuple[str, ...]) -> None:
    """Every URL in any notation is found once."""
    assert urls == css.urls(text)


PLAIN = st.text(alphabet="abrg -:;#0129.,/%()'\"!_+\\*\n", max_size=30)
TOKENS = "color:red; ; width: 1px 2% 'a b' \"a\" rgb(1,2,3) rgba(1, 2, 3,.5) !important ! / , #fff -x .5em font-family: u+1"
WORDS = st.sampled_from(TOKENS.split(" "))


@settings(max_examples=1_500, deadline=None, derandomize=True, database=None)
@given(st.one_of(PLAIN, st.lists(WORDS, max_size=8).map(" ".join), st.lists(WORDS, max_size=8).map("".join)))
def test_the_fast_way_says_the_same(style: str) -> None:
    """Ordinary styles are read without tinycss2 as tinycss2 reads them, and any outcome is a fixed point."""
    blocks = tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True)
    careful = css.filter_declarations(blocks)
    plain = css.plain_declarations(style)
    assert plain in (None, careful)
    assert css.declarations(careful.text) == css.Declarations(careful.kept, 0)
