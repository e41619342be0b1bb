"""Formatting elements are hidden from libxml2 where, and only where, they are elements."""

import pytest

from gateway.html.veil import unveil, veil

CASES = [
    ("", ""),
    ("<p>x</p>", "<p>x</p>"),
    ("<p><b>x</b>", "<p><b>x</b>"),
    ("<a href=x>y<br><img src=z></a >", "<a href=x>y<br><img src=z></a >"),
    ("<p><b><p>x</b>", "<p><gw-b><p>x</gw-b>"),
    ("<i>x</i><b><i>x</i></b>", "<body><gw-i>x</gw-i><gw-b><gw-i>x</gw-i></gw-b>"),
    ("<A href=x>", "<body><gw-A href=x>"),
    ("<title>t</title><b>x</b><i>", "<title>t</title><body><gw-b>x</gw-b><gw-i>"),
    ("<body><b>", "<body><gw-b>"),
    ("<p title='<b>'><br><abbr>", "<p title='<b>'><br><abbr>"),
    ("<!-- <b> --><style><b></style><textarea><b>", "<!-- <b> --><style><b></style><textarea><b>"),
    ("</b><? <b>", "<body></gw-b><? <b>"),
]


@pytest.mark.parametrize(("html", "veiled"), CASES, ids=[case[0] for case in CASES])
def test_veil(html: str, veiled: str) -> None:
    """Start and end tags get another name, unless all hold words and images only; all else stays."""
    assert veiled == veil(html)


@pytest.mark.parametrize(("name", "shown"), [("gw-b", "b"), ("b", "b"), ("gw-gw-b", "gw-b")])
def test_unveil(name: str, shown: str) -> None:
    """The name comes back as it was."""
    assert shown == unveil(name)
