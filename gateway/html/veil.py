"""Names of formatting elements hidden from libxml2, which closes them where HTML does not.

By the rules of HTML 4, ``<a><table>…`` becomes ``<a></a><table>…`` and ``<b><p>…`` ``<b></b><p>…``: a button would
lose its link and a paragraph its weight. Elements that libxml2 does not know it leaves where they are.
Not here: the tree (``rewrite``); what the elements may do (``allow``).
Source: libxml2 HTMLparser.c, ``htmlStartClose``; WHATWG HTML section 13.2.6.4.7.
"""

import re

from gateway.html.names import names
from gateway.html.scan import RAW_TEXT, TOKEN

VEIL = "gw-"
"""Goes before the name. A mail that writes it itself gains nothing: the name is judged without it."""

_VEILED = names("a b i u s small big tt strike font")
_FORMATTING = re.compile(rf"<(?:{'|'.join(sorted(_VEILED))})(?=[\s/>])", re.IGNORECASE)
_INLINE = re.compile(
    rf"<({'|'.join(sorted(_VEILED))})(?:\s[^<>]*+)?>(?:[^<]++|<(?:img|br)(?=[\s/>])[^<>]*+>)*</\1\s*+>",
    re.IGNORECASE,
)
"""Formatting around words and images only; where all is of this kind, the names can stay."""
_HEAD = names("html head title style script meta link base")
_RAW_TEXT = RAW_TEXT - {"noscript"}


def veil(html: str) -> str:
    """The same HTML with other names for formatting elements, outside comments and raw text.

    An element it does not know libxml2 takes for part of the head, so the body is begun where one would begin it.
    """
    if len(_INLINE.findall(html)) == len(_FORMATTING.findall(html)):
        return html  # nothing of this kind holds anything that libxml2 would close it for
    parts = []
    has_body = False
    written = at = 0
    while match := TOKEN.search(html, at):
        at = match.start()
        slash, name = match.group(1, 2)
        name = (name or "").lower()
        if name in _VEILED:
            parts += [html[written:at], "" if has_body else "<body>", html[at : match.start(2)], VEIL]
            written = match.start(2)
        has_body = has_body or (bool(name) and name not in _HEAD)
        at = match.end()
        if name in _RAW_TEXT and not slash:
            end = re.compile(f"</{name}", re.IGNORECASE).search(html, at)
            at = end.start() if end else len(html)
    return "".join([*parts, html[written:]])


def unveil(name: str) -> str:
    """The name as it was written."""
    return name.removeprefix(VEIL)
