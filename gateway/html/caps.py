"""Limits on one HTML part, checked on the characters before any tree is built, and on the tree while it is read.

lexbor is quadratic in nesting and in the attributes of one element (50,000 attributes cost 8 s), so what it is given
is tokenised here first, in linear time, as WHATWG does.
Not here: what the elements mean (``allow``, ``references``).
Limits: the constants below; a real order mail has 300 tags, a large newsletter 3,000.
Source: WHATWG HTML section 13.2.5 (tokenization), 13.2.4.3 (the list of active formatting elements).
"""

import re

from gateway.html.names import names
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

_SPACE = r"\t\n\f "
_ATTRIBUTE_NAME = rf"(?:=[^{_SPACE}/>=]*+|[^{_SPACE}/>=]++)"
_ATTRIBUTE_VALUE = rf"(?:\"[^\"]*+\"?+|'[^']*+'?+|[^{_SPACE}>\"'][^{_SPACE}>]*+)"
_REST = rf"(?:[{_SPACE}]*+=[{_SPACE}]*+{_ATTRIBUTE_VALUE}?+)?+"
_ORDINARY = rf"[{_SPACE}][a-zA-Z-]++=\"[^\"]*+\""  # the same as above, only met faster
TOKEN = re.compile(
    rf"<(?:(/?)([a-zA-Z][^{_SPACE}/>]*+)(?:{_ORDINARY})*+(?:[{_SPACE}/]*+{_ATTRIBUTE_NAME}{_REST})*+[{_SPACE}/]*+(>?+)"
    r"|!--(?:-?+>|.*?(?:--!?>|\Z))"
    r"|[!?/][^>]*+>?+)",
    re.DOTALL,
)
"""A tag (slash, name and closing bracket are its groups), a comment or a bogus comment."""
ATTRIBUTE = re.compile(
    rf"[{_SPACE}/]*+({_ATTRIBUTE_NAME})(?:[{_SPACE}]*+=[{_SPACE}]*+({_ATTRIBUTE_VALUE})?+)?+"
)
"""An attribute of a tag: its name, and its value with the quotes around it."""
_SURROGATE = re.compile("[\ud800-\udfff]")

RAW_TEXT = names("style script title textarea xmp iframe noembed noframes noscript plaintext")
"""Elements whose content is, in HTML, text; of ``<noscript>`` that depends on whether scripts run."""

_SHORT = 10
"""Characters of a tag that has no room for two ``src``."""

_FORMATTING = names("a b big code em font i nobr s small strike strong tt u")
_NEED_NO_END = names(
    "area base br col embed hr img input link meta param source track wbr html head body p li dt dd option optgroup"
    " colgroup thead tbody tfoot tr td th rp rt"
)
_REPLACES_ITSELF = frozenset({"a", "nobr"})


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


def check_characters(html: str) -> tuple[str, ...]:
    """Count tags, attributes and unclosed formatting, in time linear in ``html``.

    ``<style>`` is plain text in HTML and holds elements in SVG, and which of the two it is only the tree builder
    knows, so after such a tag the scan goes both ways; ways meet again at the next token they share.

    Returns:
        What a browser mends in silence: ``"unclosed elements"``, which would take in what a relay puts behind the
        mail, and ``"repeated attributes"``, of which other readers may take the last.

    Raises:
        LimitError: Over ``MAX_TAGS``, ``MAX_ATTRIBUTES`` or ``MAX_REOPENED``.
    """
    scan = _Scan(html)
    while scan.ways:
        scan.follow(scan.ways.pop())
    anomalies = ["unclosed elements"] if scan.is_open or any(scan.balance.values()) else []
    return (*anomalies, "repeated attributes") if scan.has_repeats else tuple(anomalies)


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


class _Scan:
    """What has been met so far.

    Attributes:
        ways: Offsets from which the scan has still to go on.
        balance: Start tags less end tags by name, of elements that need an end tag.
        is_open: Whether the text ends inside a tag or a comment.
        has_repeats: Whether a tag has two attributes of one name, one of them a URL or a style.
    """

    def __init__(self, html: str) -> None:
        self.html = html
        self.ways = [0]
        self.balance: dict[str, int] = {}
        self.is_open = False
        self.has_repeats = False
        self._seen: set[int] = set()
        self._ends: dict[str, int] = {}
        self._tags = 0
        self._open: dict[str, int] = {}
        self._unclosed = 0
        self._reopened = 0

    def follow(self, start: int) -> None:
        """Read tokens from one offset to the end, or to where another way has been."""
        seen = self._seen
        for match in TOKEN.finditer(self.html, start):
            at, end = match.span()
            if at in seen:
                return
            seen.add(at)
            slash, name = match.group(1, 2)
            if end == len(self.html) and (self.html[-1] != ">" or match[3] == ""):
                self.is_open = True
            if name is None:
                if match[0].startswith("<![CDATA["):  # text up to "]]>" in SVG, a comment up to ">" in HTML
                    self._branch("]]>", end)
                continue
            if end - at > _SHORT:
                self._attributes(match[0].lower())
            name = name.lower()
            if name in _FORMATTING:
                self._formatting(name, is_end=bool(slash))
            if name not in _NEED_NO_END:
                self.balance[name] = self.balance.get(name, 0) + (-1 if slash else 1)
            if not slash:
                self._start(name, end)

    def _attributes(self, tag: str) -> None:
        is_long = len(tag) > 2 * MAX_ATTRIBUTES  # an attribute takes two characters at least
        may_repeat = tag.count("src") > 1 or tag.count("href") > 1 or tag.count("style") > 1
        if not (is_long or may_repeat):
            return
        seen: set[str] = set()
        for count, match in enumerate(ATTRIBUTE.finditer(tag)):  # the first is the tag's own name
            if count > MAX_ATTRIBUTES:
                raise LimitError(
                    f"An HTML tag has more than {MAX_ATTRIBUTES} attributes; send it with fewer."
                )
            self.has_repeats = self.has_repeats or match[1] in seen
            seen.add(match[1])

    def _start(self, name: str, end: int) -> None:
        if name in RAW_TEXT:
            self._branch(f"</{name}", end)
        self._tags += 1
        self._reopened += self._unclosed
        if self._tags > MAX_TAGS:
            raise LimitError(f"The HTML has more than {MAX_TAGS} tags; send a shorter mail.")
        if self._reopened > MAX_REOPENED:
            raise LimitError("The HTML leaves too many formatting tags unclosed; close each of them.")

    def _formatting(self, name: str, *, is_end: bool) -> None:
        count = self._open.get(name, 0)
        change = -min(count, 1) if is_end else int(not count or name not in _REPLACES_ITSELF)
        self._open[name] = count + change
        self._unclosed += change

    def _branch(self, end: str, start: int) -> None:
        """Go on, later, where ``end`` stands; found once for all starts before it, so that many stay linear."""
        known = self._ends.get(end, 0)
        if 0 <= known < start:
            match = re.compile(re.escape(end), re.IGNORECASE).search(self.html, start)
            known = self._ends[end] = -1 if match is None else match.start()
            if known >= 0:
                self.ways.append(known)
