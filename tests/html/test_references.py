"""Every URL of the markup is seen, with what it is for."""

import pytest

from gateway.html.inspect import inspect
from gateway.html.references import clean_url, looks_like_url
from gateway.html.rewrite import rebuild

L, F = "link", "fetch"
CASES = [
    ("<a href=' ht\ntps://x/?a&amp;b '>", [("href", "https://x/?a&b", L)]),
    ("<a href=#x>", [("href", "#x", L)]),
    ("<map><area href=u></map>", [("href", "u", L)]),
    ("<a href=u ping='v w'>", [("href", "u", L), ("ping", "v", F), ("ping", "w", F)]),
    ("<form action=u><button formaction=v>x</button></form>", [("action", "u", L), ("formaction", "v", L)]),
    ("<input type=image src=u>", [("src", "u", F)]),
    ("<blockquote cite=u>x</blockquote>", [("cite", "u", L)]),
    (
        "<img src=u lowsrc=v dynsrc=w longdesc=x>",
        [("src", "u", F), ("lowsrc", "v", F), ("dynsrc", "w", F), ("longdesc", "x", F)],
    ),
    ("<img srcset=',,u 1x, v 2x,w (1,2) 3x'>", [("srcset", "u", F), ("srcset", "v", F), ("srcset", "w", F)]),
    ("<img srcset='u, v'>", [("srcset", "u", F), ("srcset", "v", F)]),
    ("<img srcset=''>", []),
    ("<link rel=stylesheet href=u>", [("href", "u", F)]),
    ("<base href=u>", [("href", "u", F)]),
    ("<meta http-equiv=refresh content='0;url=u'>", [("content", "u", F)]),
    ("<meta http-equiv=' Refresh ' content='1, URL = \"u\"'>", [("content", "u", F)]),
    ("<meta http-equiv=refresh content='5'>", []),
    ("<meta http-equiv=refresh content=''>", []),
    ("<meta property=og:image content='https://u'>", [("content", "https://u", F)]),
    ("<meta name=x content='words'>", []),
    ("<iframe src=u></iframe>", [("src", "u", F)]),
    ("<iframe srcdoc='<a href=u><img src=v>'></iframe>", [("srcdoc", "u", L), ("srcdoc", "v", F)]),
    (
        "<object data=u classid=v><embed src=w></object>",
        [("data", "u", F), ("classid", "v", F), ("src", "w", F)],
    ),
    ("<p data=u code=v archive=w profile=x>", []),
    ("<p data='https://u'>", [("data", "https://u", F)]),
    ("<applet archive='u,v' code=w></applet>", [("archive", "u", F), ("archive", "v", F), ("code", "w", F)]),
    ("<video poster=u src=v><track src=w></video>", [("poster", "u", F), ("src", "v", F), ("src", "w", F)]),
    ("<table background=u>", [("background", "u", F)]),
    (
        "<svg><image xlink:href=u /><a xlink:href=v>x</a></svg>",
        [("xlink:href", "u", F), ("xlink:href", "v", L)],
    ),
    ("<svg><rect fill='url(u)'/></svg>", [("fill", "u", F)]),
    ("<svg><set to='//u'/></svg>", [("to", "//u", F)]),
    ("<p style='background:url(u)'>", [("style", "u", F)]),
    ("<style>@import 'u';p{background:url(v)}</style>", [("", "u", F), ("", "v", F)]),
    ("<p foo='https://u'>", [("foo", "https://u", F)]),
    ("<p foo='see https://u'>", [("foo", "https://u", F)]),
    ("<p foo='www.u'>", [("foo", "www.u", F)]),
    ("<p foo=bar data-x='a:b'>", []),
    ("<p title='https://u' class='https://u'>", []),
    ("<html xmlns='http://www.w3.org/1999/xhtml' xmlns:o='urn:x://y'>", []),
    ("<template><img src=u></template>", [("src", "u", F)]),
    ("<!--[if mso]><v:fill src=u><![endif]-->", [("", "u", F)]),
    ("<!-- https://u -->", []),
    ("<?xml-stylesheet href='http://u'?>", [("", "http://u", F)]),
    ("<!DOCTYPE html SYSTEM 'http://u'>", [("", "http://u", F)]),
    ("<!-- <!-- --><img src=u>", [("src", "u", F)]),
]


@pytest.mark.parametrize(("html", "found"), CASES, ids=[case[0] for case in CASES])
def test_references(html: str, found: list[tuple[str, str, str]]) -> None:
    """Attribute, cleaned URL and purpose, in document order."""
    assert found == [(r.attribute, r.url, r.purpose.value) for r in inspect(html).references]


@pytest.mark.parametrize("html", [case[0] for case in CASES if "<svg" not in case[0]])
def test_both_engines_agree(html: str) -> None:
    """The rewriting engine sees the same references."""
    assert [r[1:] for r in inspect(html).references] == [r[1:] for r in rebuild(html).view.references]


def test_reference_names_its_node() -> None:
    """A reference leads to the element, comment or style text that carries it."""
    view = inspect("<!--<img src=u>--><style>p{background:url(v)}</style><a href=w>x</a>")
    nodes = [view.nodes[r.element] for r in view.references]
    assert [getattr(n, "name", None) or n.text for n in nodes] == ["<img src=u>", "p{background:url(v)}", "a"]


LOOKS = [
    ("https://x", True),
    (" h\ttps://x", True),
    ("//x", True),
    ("\\\\x", True),
    ("/\\x", True),
    ("mailto:a@b", True),
    ("a=https://x", True),
    ("www.x.de", True),
    ("a:b", False),
    ("12px", False),
    ("a // b", False),
]


@pytest.mark.parametrize(("value", "looks"), LOOKS, ids=[case[0] for case in LOOKS])
def test_looks_like_url(value: str, looks: bool) -> None:
    """URLs are told from other values of attributes."""
    assert looks is looks_like_url(value)


def test_clean_url() -> None:
    """Tabs and line ends go everywhere, blanks and controls only at the ends."""
    assert clean_url("\x00 a\t \nb\x01c\r \x1f") == "a b\x01c"
