"""The document type: a few harmless ones are kept, since they decide between two ways of laying out a page.

Not here: anything behind it.
Source: WHATWG HTML section 13.2.6.4.1 (the "initial" insertion mode: quirks, limited quirks).
"""

import re
from typing import NamedTuple

_KNOWN = {
    text.lower(): text
    for text in (
        "html",
        'html SYSTEM "about:legacy-compat"',
        'html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd"',
        'html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"',
        'html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"',
        'html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd"',
        'html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd"',
        'html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"',
        'html PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN"',
        'html PUBLIC "-//W3C//DTD HTML 3.2//EN"',
    )
}
_QUIRKY = frozenset(
    {
        'html public "-//w3c//dtd html 4.01 transitional//en"',
        'html public "-//w3c//dtd html 4.0 transitional//en"',
        'html public "-//w3c//dtd html 3.2//en"',
    }
)
_FIRST = re.compile(
    r"(?:[ \t\n\f]++|<!--(?:[^-]++|-(?!->))*-->|<\?[^>]*+>)*<!doctype((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*)>",
    re.IGNORECASE | re.DOTALL,
)
_ANY = re.compile(r"<!doctype", re.IGNORECASE)


class Doctype(NamedTuple):
    """What stands before the document.

    Attributes:
        text: What may be emitted, with its delimiters; ``""`` for none.
        unknown: The words of one that may not, ``None`` where there is no such.
        is_quirky: Whether browsers lay the page out as in 1996.
    """

    text: str
    unknown: str | None
    is_quirky: bool


def read_doctype(html: str) -> Doctype:
    """The document type of a part; any but the first, and any with words not in the list, is unknown."""
    starts = _ANY.findall(html)
    if not starts:
        return Doctype("", None, is_quirky=True)
    match = _FIRST.match(html)
    words = " ".join(match[1].split()) if match else ""
    known = _KNOWN.get(words.replace("'", '"').lower())
    if known is None or len(starts) > 1:
        # A page that had a modern layout keeps it.
        return Doctype("<!DOCTYPE html>" if match else "", words, is_quirky=match is None)
    return Doctype(f"<!DOCTYPE {known}>", None, is_quirky=known.lower() in _QUIRKY)
