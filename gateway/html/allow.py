"""The allow-list: which elements, attributes and styles may leave, asked by both engines.

Three answers for an element: kept, unwrapped (its words stay: the answer to all that is unknown), dropped with what
it holds (code, foreign namespaces, other documents).
Not here: what is done with the answers (``inspect`` counts, ``rewrite`` rebuilds), which links may stay (the rules).
Source: WHATWG HTML sections 4, 15 and 16 (obsolete features, which mail lives on); ammonia for the three answers.
"""

import re
from collections.abc import Callable
from enum import Enum

from gateway.html.names import names
from gateway.html.references import clean_url, looks_like_url


class Fate(Enum):
    """What becomes of an element."""

    KEEP = "kept"
    UNWRAP = "unwrapped"
    DROP = "dropped"


KEPT = names(
    "html head body title style meta"
    " a abbr acronym address article aside b big blockquote br caption center cite code col colgroup dd del dfn dir"
    " div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark menu"
    " nav nobr ol p pre q s samp section small span strike strong sub summary sup table tbody td tfoot th thead time"
    " tr tt u ul var wbr"
)
"""Elements that may leave: structure, tables, lists, words and how they look."""

DROPPED = names(
    "script iframe frame frameset noembed noframes template svg math portal fencedframe bgsound"
    " base basefont link input keygen isindex param source track area embed"
)
"""Elements that go with all they hold: code, other documents, namespaces in which the same text parses otherwise."""

RENAMED = {
    **dict.fromkeys(("option", "optgroup", "legend", "fieldset", "details", "dialog"), "div"),
    **dict.fromkeys(("xmp", "listing", "plaintext"), "pre"),
}
"""Unwrapped elements whose words would run into one another, and what takes their place."""

VOID = names("br col hr img meta wbr")
"""Kept elements without an end tag."""

_PRESENTATION = names(
    "class id lang xml:lang dir title align valign width height bgcolor color border bordercolor cellpadding"
    " cellspacing colspan rowspan nowrap noshade clear hspace vspace size face start value type span scope headers"
    " abbr axis rules frame summary role alt text link vlink alink leftmargin topmargin marginwidth marginheight"
    " rightmargin bottommargin compact reversed datetime hidden translate char charoff media aria-hidden aria-label"
    " aria-labelledby aria-describedby aria-level"
)
_READ = frozenset({"title", "alt", "summary", "aria-label", "abbr"})
_SHEET_ATTRIBUTES = frozenset({"type", "media"})
_SAYS = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d])|@|\+[ \d().-]{7}")
"""What a value that is only for looks has no need of, and a domain, an address or a telephone number has."""
_ONE_WORD = re.compile(r"[\w .,:;%#()+/=-]{0,200}")
_TARGET = re.compile(r"_(?:blank|self|top|parent)", re.IGNORECASE)
_RELATION = re.compile(r"(?:noopener|noreferrer|nofollow|external|ugc|sponsored|\s)*", re.IGNORECASE)
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*+):")
_LINKED = frozenset({"http", "https", "mailto", "tel", "sms"})
_CID = re.compile(r"cid:(?:[^\s\"'<>\\/]|/(?!/)){1,500}", re.IGNORECASE)
_CONTENT_TYPE = re.compile(r"text/html *; *charset *= *utf-?8", re.IGNORECASE)
_META_NAMES = names(
    "viewport format-detection color-scheme supported-color-schemes x-apple-disable-message-reformatting"
    " x-ua-compatible"
)
_META_CONTENT = re.compile(r"[\w .,:;=*-]{0,200}")
_XHTML = "http://www.w3.org/1999/xhtml"


def fate(name: str) -> Fate:
    """What becomes of an element with this tag name in lower case."""
    if name in KEPT:
        return Fate.KEEP
    return Fate.DROP if name in DROPPED else Fate.UNWRAP


def attribute_value(element: str, name: str, value: str) -> str | None:
    """The value an attribute may leave with, ``None`` where it may not; ``style`` is not asked here.

    Args:
        element: Tag name of a kept element other than ``meta``.
        name: Attribute name in lower case.
        value: Its value, character references decoded.
    """
    if element == "style":
        is_plain = _ONE_WORD.fullmatch(value) and not _SAYS.search(value) and not looks_like_url(value)
        return value if name in _SHEET_ATTRIBUTES and is_plain else None
    special = _SPECIAL.get((element, name))
    if special is not None:
        return special(value)
    if name not in _PRESENTATION:
        return None
    is_for_looks = name not in _READ
    return None if is_for_looks and (looks_like_url(value) or _SAYS.search(value)) else value


def is_kept_meta(attributes: dict[str, str]) -> bool:
    """Whether a ``<meta>`` says only how wide, how bright, or which shape the mail is shown in."""
    if set(attributes) - {"name", "content", "http-equiv"}:
        return False
    name = attributes.get("name", attributes.get("http-equiv", "")).lower()
    has_one = ("name" in attributes) != ("http-equiv" in attributes)
    return has_one and name in _META_NAMES and bool(_META_CONTENT.fullmatch(attributes.get("content", "")))


def is_idle_meta(attributes: dict[str, str]) -> bool:
    """Whether a ``<meta>`` only repeats that the charset is UTF-8: not emitted, and not worth a rewrite."""
    if set(attributes) == {"charset"}:
        return attributes["charset"].strip().lower() in {"utf-8", "utf8"}
    return (
        set(attributes) == {"http-equiv", "content"}
        and attributes["http-equiv"].lower() == "content-type"
        and bool(_CONTENT_TYPE.fullmatch(attributes["content"].strip()))
    )


def _link(value: str) -> str | None:
    url = clean_url(value)
    scheme = _SCHEME.match(url)
    return url if scheme is None or scheme[1].lower() in _LINKED else None


def _image(value: str) -> str | None:
    url = clean_url(value)
    return url if _CID.fullmatch(url) else None


def _anchor(value: str) -> str | None:
    return None if looks_like_url(value) or _SAYS.search(value) else value


_SPECIAL: dict[tuple[str, str], Callable[[str], str | None]] = {
    ("a", "href"): _link,
    ("a", "name"): _anchor,
    ("a", "target"): lambda value: value if _TARGET.fullmatch(value) else None,
    ("a", "rel"): lambda value: value if _RELATION.fullmatch(value) else None,
    ("img", "src"): _image,
    ("html", "xmlns"): lambda value: value if value == _XHTML else None,
}
