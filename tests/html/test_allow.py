"""The allow-list answers for each element and attribute."""

import pytest

from gateway.html import allow
from gateway.html.allow import Fate

FATES = [
    ("table", Fate.KEEP),
    ("font", Fate.KEEP),
    ("img", Fate.KEEP),
    ("style", Fate.KEEP),
    ("o:p", Fate.UNWRAP),
    ("form", Fate.UNWRAP),
    ("button", Fate.UNWRAP),
    ("noscript", Fate.UNWRAP),
    ("bdo", Fate.UNWRAP),
    ("xmp", Fate.UNWRAP),
    ("made-up", Fate.UNWRAP),
    ("script", Fate.DROP),
    ("svg", Fate.DROP),
    ("iframe", Fate.DROP),
    ("input", Fate.DROP),
]


@pytest.mark.parametrize(("name", "fate"), FATES, ids=[case[0] for case in FATES])
def test_fate(name: str, fate: Fate) -> None:
    """Known elements stay, code and foreign content goes, all else is unwrapped."""
    assert fate is allow.fate(name)


def test_tables_do_not_contradict() -> None:
    """No element is both kept and dropped, and every void one is kept."""
    assert not allow.KEPT & allow.DROPPED
    assert allow.VOID <= allow.KEPT


VALUES = [
    ("p", "class", "a b", "a b"),
    ("p", "class", "https://x", None),
    ("p", "class", "shop.com", None),
    ("p", "class", "md:w-1/2 a.5", "md:w-1/2 a.5"),
    ("td", "width", "me@shop", None),
    ("p", "lang", "+49 151 2345678", None),
    ("font", "size", "+1", "+1"),
    ("th", "abbr", "shop.com", "shop.com"),
    ("a", "name", "shop.com", None),
    ("style", "type", "shop.com", None),
    ("style", "media", "https://x", None),
    ("style", "media", "(min-resolution: 1.5dppx)", "(min-resolution: 1.5dppx)"),
    ("img", "src", "cid:https://x", None),
    ("img", "src", "cid:a/b@x", "cid:a/b@x"),
    ("td", "width", "100%", "100%"),
    ("p", "title", "see https://x", "see https://x"),
    ("p", "onclick", "x", None),
    ("p", "data-x", "x", None),
    ("p", "src", "cid:x", None),
    ("p", "href", "https://x", None),
    ("a", "href", " https://x/\n", "https://x/"),
    ("a", "href", "#x", "#x"),
    ("a", "href", "x/y:z", "x/y:z"),
    ("a", "href", "mailto:a@b", "mailto:a@b"),
    ("a", "href", "java\tscript:x", None),
    ("a", "href", "data:text/html,x", None),
    ("a", "href", "x-app:y", None),
    ("a", "name", "top", "top"),
    ("a", "name", "//x", None),
    ("a", "target", "_blank", "_blank"),
    ("a", "target", "frame", None),
    ("a", "rel", "noopener noreferrer", "noopener noreferrer"),
    ("a", "rel", "stylesheet", None),
    ("img", "src", "cid:a@b", "cid:a@b"),
    ("img", "src", " CID:a ", "CID:a"),
    ("img", "src", "https://x", None),
    ("img", "src", "data:image/png;base64,x", None),
    ("img", "src", "cid:a b", None),
    ("img", "srcset", "cid:a", None),
    ("html", "xmlns", "http://www.w3.org/1999/xhtml", "http://www.w3.org/1999/xhtml"),
    ("html", "xmlns", "http://x", None),
    ("html", "xmlns:o", "urn:x", None),
    ("style", "type", "text/css", "text/css"),
    ("style", "media", "screen", "screen"),
    ("style", "media", "<", None),
    ("style", "title", "x", None),
]


@pytest.mark.parametrize(
    ("element", "name", "value", "kept"), VALUES, ids=[" ".join(case[:3]) for case in VALUES]
)
def test_attribute_value(element: str, name: str, value: str, kept: str | None) -> None:
    """Values of known attributes stay, URLs only where a rule judges them."""
    assert kept == allow.attribute_value(element, name, value)


METAS = [
    ({"name": "viewport", "content": "width=device-width, initial-scale=1.0"}, "kept"),
    ({"name": "x-apple-disable-message-reformatting"}, "kept"),
    ({"http-equiv": "X-UA-Compatible", "content": "IE=edge"}, "kept"),
    ({"name": "viewport", "content": "https://x/"}, "dropped"),
    ({"name": "viewport", "http-equiv": "refresh", "content": "0"}, "dropped"),
    ({"name": "viewport", "content": "x", "data-x": "y"}, "dropped"),
    ({"name": "generator", "content": "x"}, "dropped"),
    ({"http-equiv": "refresh", "content": "0"}, "dropped"),
    ({"charset": "UTF-8"}, "idle"),
    ({"charset": "utf-7"}, "dropped"),
    ({"charset": "utf-8", "name": "x"}, "dropped"),
    ({"http-equiv": "Content-Type", "content": "text/html; charset=utf-8"}, "idle"),
    ({"http-equiv": "Content-Type", "content": "text/html; charset=iso-8859-1"}, "dropped"),
    ({"http-equiv": "Content-Type"}, "dropped"),
    ({}, "dropped"),
]


@pytest.mark.parametrize(("attributes", "fate"), METAS, ids=[str(case[0]) for case in METAS])
def test_meta(attributes: dict[str, str], fate: str) -> None:
    """Hints on how to show a mail stay, the charset goes without a word, all else goes."""
    found = (
        "kept" if allow.is_kept_meta(attributes) else "idle" if allow.is_idle_meta(attributes) else "dropped"
    )
    assert fate == found
