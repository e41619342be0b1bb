"""A known document type stays; any other is dropped and reported."""

import pytest

from gateway.html.doctype import read_doctype

XHTML = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)
CASES = [
    ("<p>x", "", None, True),
    ("<!DOCTYPE html>", "<!DOCTYPE html>", None, False),
    (" \n<!doctype HTML>x", "<!DOCTYPE html>", None, False),
    ("<!-- c --><?xml version='1.0'?><!doctype html>", "<!DOCTYPE html>", None, False),
    (XHTML, XHTML, None, False),
    (XHTML.replace('"', "'").replace(" PUBLIC", "\n public"), XHTML, None, False),
    (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">',
        '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">',
        None,
        True,
    ),
    (
        "<!DOCTYPE html SYSTEM 'https://leak.test'>",
        "<!DOCTYPE html>",
        "html SYSTEM 'https://leak.test'",
        False,
    ),
    ('<!DOCTYPE html "a>b">', "<!DOCTYPE html>", 'html "a>b"', False),
    ("<!doctype html><p><!doctype html>", "<!DOCTYPE html>", "html", False),
    ("x<!doctype html>", "", "", True),
    ("<!doctype html", "", "", True),
]


@pytest.mark.parametrize(("html", "text", "unknown", "quirky"), CASES, ids=[case[0][:40] for case in CASES])
def test_doctype(html: str, text: str, unknown: str | None, quirky: bool) -> None:
    """The kept text, the words of an unknown one and the layout mode."""
    assert (text, unknown, quirky) == tuple(read_doctype(html))
