"""HTML leaves only as the allow-list has it, with the edits made and the words kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html import caps, rewrite
from gateway.html.edit import DropAttribute, DropElement, Edit, ReplaceText, UnwrapElement
from gateway.html.inspect import inspect
from gateway.html.rewrite import Rebuilt, rebuild
from gateway.html.settle import settled
from gateway.html.view import Comment, Element, Text
from gateway.mail.errors import LimitError


def body(html: str) -> str:
    """What stands in the body of a rebuilt part."""
    return html.partition("<body>")[2].removesuffix("</body></html>")


BODIES = [
    ("", ""),
    ("a", "a"),
    ("a & b < c \u00a0\u00e9", "a &amp; b &lt; c &nbsp;\u00e9"),
    ("<p>a", "<p>a</p>"),
    ("<p>a<br/>b<hr>", "<p>a<br>b</p><hr>"),
    ("<P CLASS=x ID=y>a</P>", '<p class="x" id="y">a</p>'),
    ("<p WIDTH=1 ALIGN=left>a", '<p width="1" align="left">a</p>'),
    ("<tr title=b><td width=1>a</td></tr>", "a"),
    ("<table><tr><td width=1>a", '<table><tr><td width="1">a</td></tr></table>'),
    ("<p title='a\"&lt;b>'>x</p>", '<p title="a&quot;&lt;b&gt;">x</p>'),
    ("<o:p>a</o:p><blink>b</blink>", "ab"),
    ("<form>a<input value=x><button>b</button></form>", "ab"),
    ("<script>x</script><svg><text>y</text></svg>a", "a"),
    ("<iframe>x</iframe><noembed>y</noembed>a", "a"),
    ("<noscript><b>a</b></noscript>", "<b>a</b>"),
    ("<xmp>\n<b></xmp>", "<pre>\n\n&lt;b&gt;</pre>"),
    ("<select><option>a<option>b</select>", "<div>a</div><div>b</div>"),
    ("a<!-- c --><![if x]>b<?x?>", "ab"),
    ("<img src=cid:a><img src=https://x alt=b>", '<img src="cid:a"><img alt="b">'),
    ("<a href='https://x/?a=1&amp;b=2' onclick=y>c</a>", '<a href="https://x/?a=1&amp;b=2">c</a>'),
    ("<a href=javascript:x>c</a>", "<a>c</a>"),
    ("<p style='color:red;background:url(x)'>a", '<p style="color:red">a</p>'),
    ("<p style='background:url(x)'>a", "<p>a</p>"),
    ("<p>a</p><style>p{color:red}</style>", "<p>a</p><style>p{color:red}</style>"),
    ("<p>a</p><style>@import 'x'</style>", "<p>a</p>"),
    ("<p>a</p><style></style>", "<p>a</p>"),
    ("<p>a</p><meta name=viewport content=a><meta charset=utf-8>", '<p>a</p><meta name="viewport" content="a">'),
    ("<pre>\na</pre>", "<pre>a</pre>"),
    ("<pre>\n\na</pre>", "<pre>\n\na</pre>"),
    ("<pre><b>x</b>\na</pre>", "<pre><b>x</b>\na</pre>"),
    ("a\x01&#2;b", "ab"),
    ("<body>\n <p>a</p>\n</body>", "<p>a</p>\n"),
    ("<p><object><p>a</p></object>b</p>", "<p></p><p>a</p>b"),
    ("<b><x><p>a</p></x>b</b>", "<b><p>a</p>b</b>"),
    ("<title>t</title>a", "a"),
    ("<a href=x><table><tr><td>b</table></a>", '<a href="x"><table><tr><td>b</td></tr></table></a>'),
    ("<B><I><p>a</p></I></B>", "<b><i><p>a</p></i></b>"),
    ("<title><b>t</title><textarea><b></textarea><!--<b>--><p>a", "&lt;b&gt;<p>a</p>"),
    ("<p>a<style><b>", "<p>a</p>"),
]  # fmt: skip


@pytest.mark.parametrize(("html", "rebuilt"), BODIES, ids=[ascii(case[0])[:60] for case in BODIES])
def test_body(html: str, rebuilt: str) -> None:
    """Known elements and attributes are written anew, the others' words stay."""
    assert rebuilt == body(settled(rebuild(html)))


WHOLE = [
    ("", "<html><head></head><body></body></html>"),
    ("<!doctype html>a", "<!DOCTYPE html><html><head></head><body>a</body></html>"),
    ("<!doctype x>a", "<!DOCTYPE html><html><head></head><body>a</body></html>"),
    (
        "<html lang=de onload=x>\n<head> <title>a&amp;b</title>\n<style>p{color:red}</style>\n</head>\n<body bgcolor=red>c",
        '<html lang="de"><head><title>a&amp;b</title><style>p{color:red}</style></head><body bgcolor="red">c</body></html>',
    ),
    ("<html><body lang=a><body lang=b>c", '<html><head></head><body lang="a">c</body></html>'),
]


@pytest.mark.parametrize(("html", "rebuilt"), WHOLE, ids=[case[0][:40] for case in WHOLE])
def test_document(html: str, rebuilt: str) -> None:
    """There is one skeleton, with the attributes and the head that may stay."""
    assert rebuilt == settled(rebuild(html))


def find(rebuilt: Rebuilt, name: str) -> int:
    """The index of the first element of a name, or of the first text or comment that reads so."""
    return next(
        node.index
        for node in rebuilt.view.nodes
        if name == (node.name if isinstance(node, Element) else node.text)
    )


def edited(html: str, *edits: Edit) -> str:
    """The body after edits whose node is given by name."""
    rebuilt = rebuild(html)
    return body(settled(rebuilt, [edit._replace(node=find(rebuilt, edit.node)) for edit in edits]))


EDITS = [
    ("y<a href=x>z<b>c</b></a>d", [DropElement("a")], "yd"),
    ("y<a href=x>z<b>c</b></a>d", [UnwrapElement("a")], "yz<b>c</b>d"),
    ("a<a href=x>b</a>", [DropElement("b")], 'a<a href="x"></a>'),
    ("z<a href=x title=y>b</a>", [DropAttribute("a", "href")], 'z<a title="y">b</a>'),
    ("<p style='color:red;background:url(x)'>b", [DropAttribute("p", "style")], '<p style="color:red">b</p>'),
    ("<p>abcdef", [ReplaceText("abcdef", None, 1, 3, "X")], "<p>aXdef</p>"),
    ("<p>abcdef", [ReplaceText("abcdef", None, 4, 6, "Y"), ReplaceText("abcdef", None, 0, 2, "")], "<p>cdY</p>"),
    ("<p>abcdef", [ReplaceText("abcdef", None, 1, 4, "X"), ReplaceText("abcdef", None, 2, 5, "Y")], "<p>aXf</p>"),
    ("<p>abcdef", [ReplaceText("abcdef", None, 1, 4, "X"), ReplaceText("abcdef", None, 1, 4, "X")], "<p>aXef</p>"),
    ("<p>abcdef", [ReplaceText("abcdef", None, 0, 6, "<b>&")], "<p>&lt;b&gt;&amp;</p>"),
    ("<img src=cid:x alt=abc>", [ReplaceText("img", "alt", 0, 2, "X")], '<img src="cid:x" alt="Xc">'),
    ("<p title=abc class=d>e", [DropAttribute("p", "class"), ReplaceText("p", "title", 0, 1, "")], '<p title="bc">e</p>'),
    ("a<!--b-->", [DropElement("b")], "a"),
    ("<pre>abc</pre>", [ReplaceText("abc", None, 0, 1, "\n")], "<pre>\n\nbc</pre>"),
    ("<p>x<style>p{color:red}</style>", [ReplaceText("p{color:red}", None, 0, 1, "td")], "<p>x<style>td{color:red}</style></p>"),
    ("<p>x<style>p{color:red}</style>", [ReplaceText("p{color:red}", None, 0, 12, "<b>")], "<p>x</p>"),
    ("<p>a</p>b", [DropElement("body")], ""),
    ("<p>a</p>b", [UnwrapElement("body")], "<p>a</p>b"),
    ("<form action=x>b</form>", [DropAttribute("form", "action"), UnwrapElement("form")], "b"),
    ("<p><a href=x><b>c</b></a>", [UnwrapElement("b"), UnwrapElement("a")], "<p>c</p>"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "edits", "rebuilt"), EDITS, ids=[f"{case[0]} {case[1]}"[:70] for case in EDITS]
)
def test_edits(html: str, edits: list[Edit], rebuilt: str) -> None:
    """Each edit does what it says to the node that the view names, and the result is still inside the allow-list."""
    assert rebuilt == edited(html, *edits)


NORMALISED = [
    ("<p>a", ()),
    ("a<!--b--><!--c--><!--d-->", ("3 comments dropped",)),
    ("<p onclick=x>a", ("attribute onclick dropped",)),
    ("<o:p>a</o:p><script>x</script>", ("element o:p unwrapped", "element script dropped")),
    ("<style>@import 'x'</style><p style='a'>b", ("1 style rule dropped", "1 style declaration dropped")),
    ("<div>a", ("unclosed elements mended",)),
]


@pytest.mark.parametrize(("html", "phrases"), NORMALISED, ids=[case[0] for case in NORMALISED])
def test_normalised(html: str, phrases: tuple[str, ...]) -> None:
    """What is taken away without a policy meaning is told."""
    assert phrases == rebuild(html).normalised


ROW = (
    "<tr class=row><td width='50%' style=\"padding:4px;font-family:'Open Sans',Arial\"><p>Item {i}: caf\u00e9 &amp; more\n"
    " text</p><!--[if mso]><v:rect src=https://x/{i}></v:rect><![endif]--></td>"
    "<td align=right><a href='https://shop.test/p?a={i}&amp;b=2'>Item <b>{i}</b></a><br><img src=cid:i{i} alt=pic></td></tr>"
)
MAILS = {
    "table": "<table>" + "".join(ROW.format(i=i) for i in range(60)) + "</table>",
    "preheader": "<style>.p{display:none}</style><div class=p>pre</div><p>a<span style='font-size:0'>b</span>c</p>",
    "lists": "<h1>A</h1><ul><li>a<li>b<ol><li>c</ol></ul><dl><dt>d<dd>e</dl><blockquote>f</blockquote>",
    "fragment": "Hello <b>you</b>,<br>\nyour order <i>113-1</i>.\n\n<hr>Bye",
    "text": "just words\nin two lines",
    "outlook": "<div class=WordSection1><p class=MsoNormal><span style='font-size:11.0pt'>Hi<o:p></o:p></span></p></div>",
    "uppercase": "<HTML><BODY BGCOLOR=#FFFFFF><CENTER><FONT FACE=Arial SIZE=2>Hi<P>there</FONT></CENTER></BODY></HTML>",
    "entities": "<p>&euro; &nbsp;&zwnj;&#8203; &lt;tag&gt; &copy=2 &amp;amp;</p>",
    "xhtml": "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body><p>a<br />b</p></body></html>",
    "pre": "<pre>\n a\n  b</pre><p>c</p>",
    "form": "<select><option>a</option></select><button>b</button><textarea>\nc</textarea>",
}


@pytest.mark.parametrize("html", MAILS.values(), ids=MAILS)
def test_both_engines_agree_on_mail(html: str) -> None:
    """On ordinary mail both engines see the same words and the same references."""
    judged, rebuilt = inspect(html), rebuild(html)
    assert judged.visible.text == rebuilt.view.visible.text
    assert judged.full.text == rebuilt.view.full.text
    assert [r[1:] for r in judged.references] == [r[1:] for r in rebuilt.view.references]


@pytest.mark.parametrize("html", MAILS.values(), ids=MAILS)
def test_words_stay(html: str) -> None:
    """Without edits a browser reads the same words afterwards, and nothing is left to take away."""
    after = inspect(settled(rebuild(html)))
    assert inspect(html).visible.text == after.visible.text
    assert after.extras == ()


def test_deep_nesting() -> None:
    """A tree at the limit is rebuilt, a deeper one refused, without recursion."""
    deep = "<div>" * (caps.MAX_DEPTH - 2) + "x" + "</div>" * (caps.MAX_DEPTH - 2)
    assert "x" in settled(rebuild(deep))
    with pytest.raises(LimitError):
        rebuild("<div>" * (caps.MAX_DEPTH + 2))


def test_what_does_not_hold_still_becomes_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no reading is a fixed point only the visible words leave."""
    monkeypatch.setattr(rewrite, "MAX_ROUNDS", 0)
    html = "<p>a &lt; b</p><p hidden>x</p>c"
    assert rewrite.still(html) == "<html><head></head><body>a &lt; b<br>c</body></html>"


@pytest.mark.parametrize(
    "html", ["invoice.html", "https://x.test/", "<?xml version='1.0'?><a/>", "/etc/hosts"]
)
def test_no_warnings(html: str) -> None:
    """Text that beautifulsoup4 would warn about is read like any other."""
    assert settled(rebuild(html))


NODES = st.tuples(
    st.integers(0, 12), st.integers(0, 6), st.integers(0, 6), st.sampled_from(["", "x", "<b>", "\n"])
)
HTML = "<style>p{color:red}</style><p class=a title=bc>de<a href=https://x style='color:red'>f<!--g-->h</a></p><pre>ijk</pre>l"


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.sampled_from("DUAST"), NODES), max_size=6))
def test_any_edits_give_a_fixed_point(choices: list[tuple[str, tuple[int, int, int, str]]]) -> None:
    """Any edits on any nodes give HTML inside the allow-list that comes out of itself."""
    rebuilt = rebuild(HTML)
    edits: list[Edit] = []
    for kind, (node, start, end, text) in choices:
        is_text = node < len(rebuilt.view.nodes) and isinstance(rebuilt.view.nodes[node], Text | Comment)
        if kind == "D":
            edits.append(DropElement(node))
        elif kind == "U":
            edits.append(UnwrapElement(node))
        elif kind == "A":
            edits.append(DropAttribute(node, "href"))
        elif kind == "S":
            edits.append(ReplaceText(node, None if is_text else "title", start, end, text))
        else:
            edits.append(ReplaceText(node, None, start, end, text))
    result = settled(rebuilt, edits)
    assert inspect(result).extras == ()
    assert result == settled(rebuild(result))
