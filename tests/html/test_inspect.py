"""The judge sees what a browser sees, and says what is outside the allow-list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html import caps, judge
from gateway.html.inspect import inspect
from gateway.html.view import Comment, Element, Text
from gateway.mail.errors import LimitError

HONEST = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" lang="de">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1.0" />
<title>Ihre Bestellung 113-1234567-1234567</title>
<style type="text/css">
body, table { font-family: Arial, sans-serif; }
/* phones */
@media only screen and (max-width: 600px) { .wide { width: 100% !important; } }
a:hover { text-decoration: underline; }
.preheader { display: none; }
</style>
</head>
<body bgcolor="#ffffff" style="margin:0;padding:0">
<div class="preheader" style="display:none;max-height:0;overflow:hidden;mso-hide:all">Vielen Dank!&nbsp;&zwnj;</div>
<table role="presentation" width="600" border="0" cellpadding="0" cellspacing="0" align="center" class="wide">
<tr><td valign="top" style="padding:12px 24px;font:14px/1.5 'Open Sans',Arial;color:rgb(51,51,51)">
<h1>Guten Tag</h1><p>Ihr Paket ist <b>unterwegs</b>.<br />Gr&uuml;&szlig;e</p>
<img src="cid:logo@seller" alt="Logo" width="120" height="40" />
<a href="https://www.amazon.de/orders" target="_blank" rel="noopener">Bestellung</a>
</td></tr></table>
</body></html>
"""


def test_honest_mail_has_no_extras() -> None:
    """A typical order mail is wholly inside the allow-list and need not be rewritten."""
    view = inspect(HONEST)
    assert view.extras == ()
    assert "Guten Tag\nIhr Paket ist unterwegs.\nGr\u00fc\u00dfe" in view.visible.text
    assert "Vielen Dank" not in view.visible.text
    assert "Vielen Dank" in view.full.text
    assert [r.url for r in view.references] == ["cid:logo@seller", "https://www.amazon.de/orders"]


EXTRAS = [
    ("", ()),
    ("words", ()),
    ("<p>x<br>y", ()),
    ("<meta charset=utf-8><p>x", ()),
    ("<p style=''>x", ()),
    ("<meta charset=utf-16><p>x", ("element meta",)),
    ("x<!--a-->y<!--b--><!--c-->", ("3 comments",)),
    ("<p onclick=x>y", ("attribute onclick",)),
    ("<p onclick=x><p onclick=x>y", ("2 attributes onclick",)),
    ("<o:p>x</o:p>", ("element o:p",)),
    ("<script>x</script><script>y</script>", ("2 elements script",)),
    ("<p style='color:red;background:url(x);a'>x", ("2 style declarations",)),
    ("<style>p{color:red}@import 'x';</style>", ("1 style rule",)),
    ("<!DOCTYPE foo>x", ("1 comment",)),
    ("<img src=https://x>", ("attribute src",)),
    ("<img src=cid:x>", ()),
    ("<a href=javascript:x>y</a>", ("attribute href",)),
    ("<p>&#1;x", ("1 control character",)),
    ("<link href=x><base href=y>", ("element link", "element base")),
    ("<div>x", ("unclosed elements",)),
    ("<img src=cid:a src=http://x>", ("repeated attributes",)),
    ("<p \u00e9=x>y", ("1 attribute",)),
    ("<tr background=https://x><td>y</td></tr>", ("attributes outside the tree",)),
    ("<p>x</p title=y>", ("attributes outside the tree",)),
    ("<p>x</p shop.example>", ("attributes outside the tree",)),
    ("<p title=x title=y>z</p>", ("attributes outside the tree",)),
    ("<tr style='background:url(x)'><td>y</td></tr>", ("attributes outside the tree",)),
    ("<tr style='color:red' class=a><td width=1>y</td></tr>", ()),
    ("<p>x</p ><br /><img alt='' src=cid:a />", ()),
    ("<p>x</p><img src='https://x><p>y</p>", ("unclosed elements",)),
    ("<p " + "x" * 50 + "=1>y", ("1 attribute",)),
]


@pytest.mark.parametrize(("html", "extras"), EXTRAS, ids=[ascii(case[0])[:50] for case in EXTRAS])
def test_extras(html: str, extras: tuple[str, ...]) -> None:
    """What is outside the allow-list is told, each kind with its count."""
    assert extras == inspect(html).extras


def test_extras_are_bounded() -> None:
    """Attribute names of the mail's own making do not fill the record."""
    html = "".join(f"<p a{i}=x>" for i in range(judge.MAX_PHRASES + 5))
    extras = inspect(html).extras
    assert len(extras) == judge.MAX_PHRASES + 1
    assert extras[-1] == "5 other kinds"


def test_nodes() -> None:
    """Nodes stand in document order, each after its parent, attributes lower-case and the first of a repeat only."""
    view = inspect("<P ID=x CLASS='a&amp;b' id=y data>t<!--c--></P>")
    p, text, comment = view.nodes[-3:]
    assert (Element, Text, Comment) == (type(p), type(text), type(comment))
    assert p.attributes == (("id", "x"), ("class", "a&b"), ("data", ""))
    assert ("t", p.index, "c", p.index) == (text.text, text.parent, comment.text, comment.parent)
    assert [e.name for e in (p, *view.ancestors(p.index))] == ["p", "body", "html"]
    assert (p.get("id"), p.get("href")) == ("x", None)


def test_template_content_is_seen() -> None:
    """The content of templates, also of one in another, stands below its element."""
    view = inspect("<template><p>a</p><template><i>b</i></template></template>c")
    names = [getattr(node, "name", "") or node.text for node in view.nodes]
    assert names == ["html", "head", "template", "p", "a", "template", "i", "b", "body", "c"]
    assert (view.visible.text, view.full.text) == ("c", "a\nb\nc")


def test_template_in_svg() -> None:
    """A template in SVG has no content apart, and one that it holds keeps its own."""
    view = inspect("<svg><template>a<desc><template>b</template></desc></template></svg>")
    assert [node.text for node in view.nodes if isinstance(node, Text)] == ["a", "b"]


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<span style=\"font:7.0pt 'Times New Roman'\">x</span>", id="apostrophe-at-the-end"),
        pytest.param("<span style='font-family:\"Segoe UI\"'>x</span>", id="quote-at-the-end"),
        pytest.param('<abbr title="the sellers\'">x</abbr>', id="apostrophe-in-words"),
        pytest.param('<abbr title="">x</abbr>', id="empty"),
        pytest.param("<abbr title=x>x</abbr>", id="no-quotes"),
        pytest.param("<abbr title>x</abbr>", id="no-value"),
    ],
)
def test_quotes_within_an_attribute_are_its_own(html: str) -> None:
    """A value that ends in a quote of the other kind, as Word writes fonts, is found in the tree."""
    assert inspect(html).extras == ()


OVER = {
    "depth": "<div>" * (caps.MAX_DEPTH + 1),
    "nested comments": "<!--<a><!--<a><!--<a><!--<a><!--<a>",
    "nested srcdoc": "<iframe srcdoc=\"<iframe srcdoc='<iframe srcdoc=&amp;quot;<iframe srcdoc=<a>>&amp;quot;>'>\">",
    "many comments": "".join(f"<!--<a {i}-->" for i in range(judge.MAX_NESTED_PARTS + 1)),
    "style rules": "<style>" + ".a p{display:none}" * 999 + "</style>" + "<p>x</p>" * 300,
    "octets": "x" * (caps.MAX_OCTETS + 1),
}


@pytest.mark.parametrize("html", OVER.values(), ids=OVER)
def test_limits(html: str) -> None:
    """Over a limit there is no view."""
    with pytest.raises(LimitError):
        inspect(html)


def test_equal_comments_are_read_once() -> None:
    """The same conditional comment over and over is not many."""
    html = "<!--[if mso]><img src=u><![endif]-->" * (2 * judge.MAX_NESTED_PARTS)
    assert len(inspect(html).references) == 2 * judge.MAX_NESTED_PARTS


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=80))
def test_any_text_gives_a_view(html: str) -> None:
    """Any characters give a view or a LimitError, the same each time."""
    assert inspect(html) == inspect(html)
