"""Limits are found on the characters, in linear time, whatever way the tree builder would read them."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html import caps
from gateway.html.scan import _Ways, scan
from gateway.mail.errors import LimitError

OVER = {
    "tags": "<p>" * (caps.MAX_TAGS + 1),
    "attributes": "<a " + " ".join(f"a{i}" for i in range(caps.MAX_ATTRIBUTES + 1)) + ">",
    "attributes with > in their values": "<a" + "".join(f' a{i}=">"' for i in range(200)),
    "attributes behind =": "<a = " + "b " * 200 + ">",
    "attributes in an end tag": "</p " + "b " * 200 + ">",
    "attributes without blanks": "<a" + "/b" * 200 + ">",
    "attributes in unclosed tag": "<a " * 300,
    "attributes in <style> of svg": "<svg><style><a x='</style><b " + "c " * 200 + ">'",
    "attributes in second <style>": "<style><a x='</style><svg><style><b " + "c " * 200 + ">'",
    "attributes behind CDATA of svg": "<svg><![CDATA[><a x='>]]><b " + "c " * 200 + ">'",
    "unclosed formatting": "<p>" + "".join(f"<b i={i}>" for i in range(190)) + "<p>x" * 9_000,
    "unclosed after stray end tags": "</b></i>" + "<b>" * 190 + "<p>" * 2_000,
}


@pytest.mark.parametrize("html", OVER.values(), ids=OVER)
def test_over_a_limit(html: str) -> None:
    """Too many tags, attributes or unclosed elements are refused in a sentence without the mail's words."""
    with pytest.raises(LimitError) as caught:
        scan(html)
    assert caught.value.sentence.endswith(".")


UNDER = {
    "closed formatting": "<b>x</b>" * 9_000,
    "links close links": "<a>x" * 9_000,
    "attributes": "<a " + " ".join(f"a{i}=1" for i in range(caps.MAX_ATTRIBUTES)) + "></a>",
    "words": "a b c " * 10_000,
    "comment": "<!--" + "<a b c>" * 10_000 + "-->",
    "comment that ends at once": "<!-->" * 9_000 + "<!--->",
    "comment ended by --!>": "<!-- --!>" * 9_000,
    "style": "<style>" + "a > b {}" * 5_000 + "</style>",
    "long value": f"<a href='{'x' * 9_000}'></a>",
}


@pytest.mark.parametrize("html", UNDER.values(), ids=UNDER)
def test_under_the_limits(html: str) -> None:
    """What only looks like many tags or attributes passes."""
    scan(html)


FLOODS = (
    "<a ",
    "<!--",
    "<!-->",
    "&",
    "&amp",
    "</",
    "<",
    "<style>",
    "<style></style q=",
    "<title><a x='",
    "<![CDATA[",
    "<style ></styl ",
    "<a b='",
    "<x/////",
)


@pytest.mark.parametrize("piece", FLOODS)
def test_a_flood_ends(piece: str) -> None:
    """A mebibyte of one piece gives an answer or a LimitError (measured below 0.4 s CPU each)."""
    html = caps.prepare(piece * (caps.MAX_OCTETS // len(piece)))
    with contextlib.suppress(LimitError):
        assert set(scan(html).anomalies) <= {"unclosed elements", "repeated attributes"}


ANOMALIES = [
    ("<p>x<br><li>y</p>", ()),
    ("<div>x</div>\n", ()),
    ("<div>x", ("unclosed elements",)),
    ("x</div>", ("unclosed elements",)),
    ("<img src='http://x", ("unclosed elements",)),
    ("x<!-- y", ("unclosed elements",)),
    ("x < y", ()),
    ("x <", ()),
    ("<img src=a SRC=b>", ("repeated attributes",)),
    ("<img src src>", ("repeated attributes",)),
    ("<p style=a class=b style=c>", ("repeated attributes",)),
    ("<a href=x title='a href=b href=c'></a>", ()),
    ("<div><img src=a src=b>", ("unclosed elements", "repeated attributes")),
]


@pytest.mark.parametrize(("html", "anomalies"), ANOMALIES, ids=[html for html, _ in ANOMALIES])
def test_anomalies(html: str, anomalies: tuple[str, ...]) -> None:
    """What a browser mends in silence is told."""
    assert anomalies == scan(html).anomalies


PREPARED = [
    ("a\r\nb\rc\n", "a\nb\nc\n"),
    ("\ufeffa\0b", "ab"),
    ("a\ud800\u00e9", "a\ufffd\u00e9"),
    ("plain", "plain"),
]


@pytest.mark.parametrize(("html", "prepared"), PREPARED, ids=[ascii(html) for html, _ in PREPARED])
def test_prepare(html: str, prepared: str) -> None:
    """Line ends, NUL, byte order mark and surrogates are as in WHATWG's input stream."""
    assert prepared == caps.prepare(html)


@pytest.mark.parametrize("html", ["x" * (caps.MAX_OCTETS + 1), "\u20ac" * (caps.MAX_OCTETS // 2)])
def test_too_large(html: str) -> None:
    """More than a mebibyte of UTF-8 is refused, however few characters it is."""
    with pytest.raises(LimitError):
        caps.prepare(html)


@pytest.mark.parametrize(
    "call",
    [
        lambda: caps.check_tree(caps.MAX_DEPTH + 1, 1),
        lambda: caps.check_tree(1, caps.MAX_NODES + 1),
        lambda: caps.check_nested(caps.MAX_NESTED + 1),
    ],
)
def test_tree_limits(call: object) -> None:
    """A tree too deep, too large or too often nested is refused."""
    with pytest.raises(LimitError):
        call()


def test_tree_within_limits() -> None:
    """A tree at the limits passes."""
    caps.check_tree(caps.MAX_DEPTH, caps.MAX_NODES)
    caps.check_nested(caps.MAX_NESTED)


PIECES = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<div>",
            "</div>",
            "<b>",
            "</b>",
            "<a href=x>",
            "</a>",
            "<img src=a src=b>",
            "<td",
            ">",
            "<",
        ),
        *(
            "<style>",
            "</style>",
            "<STYLE >",
            "</style x>",
            "<title>t",
            "</title>",
            "<script>a<b",
            "</script>",
            "<textarea>",
        ),
        *(
            "<!--",
            "-->",
            "<!-- <style></style> -->",
            "--!>",
            "<![CDATA[",
            "]]>",
            "<!x",
            "<?y>",
            "</",
            "<plaintext>",
        ),
        *(
            '<p title="<style></style>">',
            "<p title='>",
            "'",
            '"',
            " ",
            "word",
            "<br/>",
            "<noscript>",
            "</noscript>",
        ),
    ]
)


@settings(max_examples=1_000, deadline=None)
@given(st.lists(PIECES, max_size=16).map("".join))
def test_one_go_counts_as_all_ways_do(html: str) -> None:
    """Where the short count is taken, following every way through the text would say the same."""
    ways = _Ways(html)
    ways.follow_all()
    anomalies = []
    if ways.is_open or any(ways.balance.values()):
        anomalies.append("unclosed elements")
    if ways.has_repeats:
        anomalies.append("repeated attributes")
    assert tuple(anomalies) == scan(html).anomalies
