"""Text reads as a person reads it, and every stretch leads back to its node."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html.inspect import inspect
from gateway.html.rewrite import rebuild
from gateway.html.view import Rendering, Text, View

CASES = [
    ("", ""),
    ("plain", "plain"),
    ("my<b>sh</b>op<i>.com</i>", "myshop.com"),
    ("my<!-- c -->sh<span></span>op<wbr>.com", "myshop.com"),
    ("my&shy;shop", "my\u00adshop"),
    ("a  b\n c", "a b c"),
    (" a ", "a"),
    ("a <b> b</b>", "a b"),
    ("<p>a</p><p>b</p>", "a\nb"),
    ("<p>a</p>\n\n<p> b </p>c", "a\nb\nc"),
    ("a<br>b", "a\nb"),
    ("a<br><br><br>b", "a\n\nb"),
    ("a<br> b", "a\nb"),
    ("<p>a</p><br><p>b</p>", "a\n\nb"),
    ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
    ("<table><tr><td>a </td> <td> b</td></tr></table>", "a\tb"),
    ("<table><tr><td><p>a</p></td><td>b</td></tr></table>", "a\nb"),
    ("<ul><li>a<li>b</ul>c", "a\nb\nc"),
    ("<pre>a\n  b</pre>c", "a\n  b\nc"),
    ("<pre>\n\na</pre>", "\na"),
    ("<pre><b>a\n</b> b</pre>", "a\n b"),
    ("<pre></pre>a", "a"),
    ("a&nbsp; b", "a\u00a0 b"),
    ("<h1>a</h1>b<hr>c<center>d</center>", "a\nb\nc\nd"),
    ("<script>x</script><style>y{}</style>a", "a"),
    ("<a href=x>a</a><a href=y>b</a>", "ab"),
]


@pytest.mark.parametrize(("html", "text"), CASES, ids=[case[0] for case in CASES])
def test_visible(html: str, text: str) -> None:
    """Inline joins, blocks break, cells stand apart, white space collapses."""
    assert text == inspect(html).visible.text


@pytest.mark.parametrize("html", [case[0] for case in CASES])
def test_both_engines_agree(html: str) -> None:
    """The rewriting engine reads the same words."""
    assert inspect(html).visible.text == rebuild(html).view.visible.text


def test_zero_size_decoys_are_only_in_full() -> None:
    """Salt of no size is left out of what is seen, and stands in what is there."""
    view = inspect('myshop<span style="font-size:0">x</span>.com')
    assert (view.visible.text, view.full.text) == ("myshop.com", "myshopx.com")


@pytest.mark.parametrize(
    "html", ["a", "<title>t</title><style>p{color:red}</style>\n<p>a", "<p hidden> </p>a"]
)
def test_full_is_visible_where_nothing_is_hidden(html: str) -> None:
    """Honest mail is rendered, and folded by the rules, once."""
    view = inspect(html)
    assert view.full is view.visible


def check(view: View, rendering: Rendering) -> None:
    end = 0
    for start, index, offset, length in rendering.segments:
        node = view.nodes[index]
        assert isinstance(node, Text)
        assert rendering.text[start : start + length] == node.text[offset : offset + length]
        assert start >= end
        end = start + length
    assert end == len(rendering.text)


PIECES = [
    "a",
    " b ",
    "\n",
    "  ",
    "<b>",
    "</b>",
    "<p>",
    "</p>",
    "<br>",
    "<pre>",
    "</pre>",
    "<td>",
    "<table>",
    "</table>",
]
MORE = [
    "<p hidden>",
    "<i style=font-size:0>",
    "</i>",
    "&amp;",
    "\u00e9",
    "&#13;",
    "<style>x{}</style>",
    "\U0001f600",
]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from([*PIECES, *MORE]), max_size=12).map("".join))
def test_segments(html: str) -> None:
    """Each segment is the very text of its node, and the last one ends the rendering."""
    for view in (inspect(html), rebuild(html).view):
        check(view, view.visible)
        check(view, view.full)
