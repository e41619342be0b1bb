"""Formatting elements are hidden from libxml2 where, and only where, they are elements."""

import pytest

from gateway.html.veil import unveil, veil

CASES = [
    ("", ""),
    ("<p>x</p>", "<p>x</p>"),
    ("<p><b>x</b>", "<p><gw-b>x</gw-b>"),
    ("<A href=x>", "<body><gw-A href=x>"),
    ("<title>t</title><b>x</b><i>", "<title>t</title><body><gw-b>x</gw-b><gw-i>"),
    ("<body><b>", "<body><gw-b>"),
    ("<p title='<b>'><br><abbr>", "<p title='<b>'><br><abbr>"),
    ("<!-- <b> --><style><b></style><textarea><b>", "<!-- <b> --><style><b></style><textarea><b>"),
    ("</b><? <b>", "<body></gw-b><? <b>"),
]


@pytest.mark.parametrize(("html", "veiled"), CASES, ids=[case[0] for case in CASES])
def test_veil(html: str, veiled: str) -> None:
    """Start and end tags get another name; texts, comments and attribute values stay."""
    assert veiled == veil(html)


@pytest.mark.parametrize(("name", "shown"), [("gw-b", "b"), ("b", "b"), ("gw-gw-b", "gw-b")])
def test_unveil(name: str, shown: str) -> None:
    """The name comes back as it was."""
    assert shown == unveil(name)
