"""CSS that runs code, in engines that ever did so.

Shared by rules; no rule of its own.
Source: CSS Syntax 3 sections 4.3.2 (comments) and 4.3.7 (escapes); adversary case T04.
"""

import re

_PROPERTIES = frozenset({"behavior", "-ms-behavior", "-moz-binding"})
_VALUES = ("expression(", "javascript:", "vbscript:")
_MAY_RUN = re.compile(r"\\|/\*|behavior|-moz-binding|expression|script", re.IGNORECASE)
"""What such a declaration has in it: a word, or what can disguise one. Ordinary styles are done with it."""
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})[ \t\n\f]?|\\([^0-9a-fA-F\n])")
_MAX_CODE_POINT = 0x10FFFF


def is_executable_css(text: str) -> bool:
    """Whether a style attribute or a style sheet holds a declaration that runs code."""
    if not _MAY_RUN.search(text):
        return False
    plain = _without_comments(_ESCAPE.sub(_unescape, text)).lower()
    for separator in "{}":
        plain = plain.replace(separator, ";")
    for declaration in plain.split(";"):
        name, _, value = declaration.partition(":")
        if name.strip() in _PROPERTIES or any(mark in "".join(value.split()) for mark in _VALUES):
            return True
    return False


def _unescape(found: re.Match[str]) -> str:
    r"""``expr\65ssion`` is ``expression`` to a browser."""
    if found[2] is not None:
        return found[2]
    number = int(found[1], 16)
    return chr(number) if number <= _MAX_CODE_POINT else "\ufffd"


def _without_comments(text: str) -> str:
    pieces = []
    at = 0
    while (start := text.find("/*", at)) >= 0:
        pieces.append(text[at:start])
        end = text.find("*/", start + 2)
        at = end + 2 if end >= 0 else len(text)
    pieces.append(text[at:])
    return "".join(pieces)
