"""Every URL in the markup, and what it is for.

Known URL attributes count whatever they hold; any other attribute counts as soon as its value looks like a URL, so
that an attribute nobody here has heard of cannot fetch unseen (adversary T03).
Not here: URLs in readable text (``detect/links``), what a URL says (``url``), which may stay (the rules, ``allow``).
Source: WHATWG HTML section 4 (attributes), 2.3 (URLs), 4.8.4.2 (srcset); Cure53 HTTPLeaks for what fetches.
"""

import re
from collections.abc import Iterator

from gateway.html import css
from gateway.html.names import names
from gateway.html.view import Purpose

FETCHING = names(
    "src srcset imagesrcset lowsrc dynsrc background poster data codebase code archive classid longdesc manifest"
    " profile href xlink:href ping icon srcdoc xml:base"
)
"""Attributes that hold URLs even where the value could be anything else."""

FOLLOWED = frozenset({"action", "formaction", "cite"})
"""Attributes that hold URLs which only a click or nobody follows."""

_SETS = frozenset({"srcset", "imagesrcset"})
_LISTS = frozenset({"ping", "archive"})
_LINKING = frozenset({"a", "area"})
_READ = frozenset({"alt", "title", "summary", "label", "placeholder", "value", "aria-label", "abbr"})
_PRESENTING = names(
    "class id width height align valign bgcolor border cellpadding cellspacing role colspan rowspan color face size"
    " name lang dir type target rel charset"
)
_ONLY_IN = {
    "data": frozenset({"object"}),
    "code": frozenset({"applet", "object"}),
    "archive": frozenset({"applet", "object"}),
    "profile": frozenset({"head"}),
}
_LOOKS_LIKE_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]*+:)?[/\\]{2}|(?:https?|ftp|file|data|cid|javascript|vbscript|mailto|tel|blob|view-source|"
    r"about|ms-[a-z-]+):|www\.",
    re.IGNORECASE,
)
_ANYWHERE = re.compile(r"[a-z][a-z0-9+.-]{1,20}+:[/\\]{2}[^\s\"'<>]*+", re.IGNORECASE)
_REFRESH = re.compile(r"[\s;,]*+[\d.]*+[\s;,]*+(?:url\s*+=\s*+)?[\"']?+([^\"']*+)", re.IGNORECASE)
_STRIPPED = "".join(map(chr, range(0x21)))
_REMOVED = str.maketrans("", "", "\t\n\r")
_DESCRIPTOR = re.compile(r"[^,(]*+(?:\([^)]*+\)?+[^,(]*+)*")


def clean_url(value: str) -> str:
    """The value of a URL attribute as URL parsing begins: no C0 or blank around it, no tab or line end in it."""
    return value.translate(_REMOVED).strip(_STRIPPED)


def looks_like_url(value: str) -> bool:
    """Whether the value of an attribute that should hold something else reads as a URL."""
    if ":" not in value and "//" not in value and "\\" not in value and "www." not in value:
        return False
    return bool(_LOOKS_LIKE_URL.match(clean_url(value)) or _ANYWHERE.search(value))


def attribute_urls(
    element: str, attribute: str, value: str, attributes: dict[str, str]
) -> Iterator[tuple[str, Purpose]]:
    """The URLs in one attribute, each cleaned.

    Args:
        element: Tag name.
        attribute: Attribute name, not ``srcdoc`` and not one that is known to hold none.
        value: Its value.
        attributes: All attributes of the element.
    """
    if attribute in FETCHING and element in _ONLY_IN.get(attribute, (element,)):
        links = attribute in {"href", "xlink:href"} and element in _LINKING
        for url in _split(attribute, value):
            yield clean_url(url), Purpose.LINK if links else Purpose.FETCH
    elif attribute in FOLLOWED:
        yield clean_url(value), Purpose.LINK
    elif attribute == "style":
        for url in css.urls(value):
            yield clean_url(url), Purpose.FETCH
    elif (
        element == "meta"
        and attribute == "content"
        and attributes.get("http-equiv", "").lower().strip() == "refresh"
    ):
        match = _REFRESH.match(value)
        if match and match[1]:
            yield clean_url(match[1]), Purpose.FETCH
    elif not attribute.startswith("xmlns"):  # the name of a namespace is never fetched
        yield from _sniff(value)


def may_refer(attribute: str) -> bool:
    """Whether an attribute has to be looked at; those for the reader and the common ones for looks need not be."""
    return attribute not in _READ and attribute not in _PRESENTING


def _split(attribute: str, value: str) -> Iterator[str]:
    if attribute in _SETS:
        yield from _candidates(value)
    elif attribute in _LISTS:
        yield from value.replace(",", " ").split()
    else:
        yield value


def _candidates(value: str) -> Iterator[str]:
    """The URLs of a ``srcset``; commas before one and after one do not belong to it (``,,,https://…``)."""
    at = 0
    while at < len(value):
        if value[at] in ", \t\n\f\r":
            at += 1
            continue
        end = next((i for i in range(at, len(value)) if value[i] in " \t\n\f\r"), len(value))
        url = value[at:end]
        yield url.rstrip(",")
        at = end
        if not url.endswith(","):
            match = _DESCRIPTOR.match(value, end)
            at = match.end() if match else end


def _sniff(value: str) -> Iterator[tuple[str, Purpose]]:
    if "(" in value:
        for url in css.urls(value):
            yield clean_url(url), Purpose.FETCH
    if looks_like_url(value):
        match = None if _LOOKS_LIKE_URL.match(clean_url(value)) else _ANYWHERE.search(value)
        yield clean_url(match[0] if match else value), Purpose.FETCH


def comment_urls(text: str) -> list[str]:
    """URLs of a declaration or processing instruction: nothing reads it as HTML, old readers fetch from it."""
    return [clean_url(url) for url in _ANYWHERE.findall(text)]
