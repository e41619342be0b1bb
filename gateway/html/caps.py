"""Limits on one HTML part, checked on the characters before any tree is built, and on the tree while it is read.

lexbor is quadratic in nesting and in the attributes of one element (50,000 attributes cost 8 s), so what it is given
is looked through first (``scan``).
Not here: what the elements mean (``allow``, ``references``).
Limits: the constants below; a real order mail has 300 tags, a large newsletter 3,000.
"""

import re

from gateway.mail.errors import LimitError

MAX_OCTETS = 1_048_576
"""Octets of UTF-8. Amazon cuts mails far below; above it no reader is honest about what it shows."""

MAX_TAGS = 20_000
"""Start tags. lexbor needs 0.9 s for this many nested, and 10 ms for this many in a row."""

MAX_ATTRIBUTES = 100
"""Attributes of one tag. Duplicate names are searched one by one, so the cost is their square."""

MAX_DEPTH = 200
"""Elements inside elements. Table layouts reach 60; lxml's own readers lose everything below 256."""

MAX_NODES = 200_000
"""Nodes of a finished tree; a parser that re-opens unclosed formatting makes many out of few tags."""

MAX_REOPENED = 200_000
"""Unclosed formatting elements times the blocks behind them: what a parser may have to re-open.

``<b 1><b 2>…<b 200>`` and 9,000 times ``<p>x`` are 38 KB and 1,800,000 elements (700 MB in lexbor).
"""

MAX_NESTED = 3
"""HTML inside HTML: a conditional comment, ``srcdoc``. Comments within comments cost the square of their depth."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def prepare(html: str) -> str:
    """Characters as the input stream of WHATWG section 13.2.3.5 has them: only LF ends a line, no BOM, no NUL.

    Lone surrogates, which no octets decode to, become U+FFFD.

    Raises:
        LimitError: Over ``MAX_OCTETS``.
    """
    if "\r" in html:
        html = html.replace("\r\n", "\n").replace("\r", "\n")
    html = html.removeprefix("\ufeff").replace("\0", "")
    if not html.isascii():
        html = _SURROGATE.sub("\ufffd", html)
    if len(html) > MAX_OCTETS or (not html.isascii() and len(html.encode()) > MAX_OCTETS):
        raise LimitError(f"The HTML is larger than {MAX_OCTETS} octets; send a shorter mail.")
    return html


def check_tree(depth: int, nodes: int) -> None:
    """Raises ``LimitError`` over ``MAX_DEPTH`` or ``MAX_NODES``."""
    if depth > MAX_DEPTH:
        raise LimitError(
            f"The HTML nests elements deeper than {MAX_DEPTH} levels; send it with a simpler layout."
        )
    if nodes > MAX_NODES:
        raise LimitError(f"The HTML has more than {MAX_NODES} elements and texts; send a shorter mail.")


def check_nested(level: int) -> None:
    """Raises ``LimitError`` over ``MAX_NESTED``."""
    if level > MAX_NESTED:
        raise LimitError(f"The HTML holds HTML within HTML over {MAX_NESTED} levels deep; send it without.")
