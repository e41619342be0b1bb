"""The tags that stand in the characters of an HTML part, found in linear time before any tree is built.

Ordinary mail is counted in one go. Where what a tag is depends on the tree (``<style>`` is plain text in HTML and holds
elements in SVG), the scan goes both ways; ways meet again at the next token they share.
Not here: the limits (``caps``), what the tags mean (``allow``, ``references``).
Source: WHATWG HTML section 13.2.5 (tokenization), 13.2.4.3 (the list of active formatting elements).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, pairwise
from operator import itemgetter
from typing import NamedTuple

from gateway.html.caps import MAX_ATTRIBUTES, MAX_REOPENED, MAX_TAGS
from gateway.html.names import names
from gateway.mail.errors import LimitError

_SPACE = r"\t\n\f "
_ATTRIBUTE_NAME = rf"(?:=[^{_SPACE}/>=]*+|[^{_SPACE}/>=]++)"
_ATTRIBUTE_VALUE = rf"(?:\"[^\"]*+\"?+|'[^']*+'?+|[^{_SPACE}>\"'][^{_SPACE}>]*+)"
_REST = rf"(?:[{_SPACE}]*+=[{_SPACE}]*+{_ATTRIBUTE_VALUE}?)?"
_ORDINARY = rf"[{_SPACE}][a-zA-Z-]++=\"[^\"]*+\""  # the same as above, only met faster
TOKEN = re.compile(
    rf"<(?:(/?)([a-zA-Z][^{_SPACE}/>]*+)"
    rf"((?:{_ORDINARY})*(?:[{_SPACE}/]*+{_ATTRIBUTE_NAME}{_REST})*[{_SPACE}/]*+)(>?+)"
    r"|!--(?:-?+>|.*?(?:--!?>|\Z))"
    r"|[!?/][^>]*+>?+)",
    re.DOTALL,
)
"""A tag (slash, name, attributes and closing bracket are its groups), a comment or a bogus comment."""
ATTRIBUTE = re.compile(
    rf"[{_SPACE}/]*+({_ATTRIBUTE_NAME})(?:[{_SPACE}]*+=[{_SPACE}]*+({_ATTRIBUTE_VALUE})?)?"
)
"""An attribute of a tag: its name, and its value with the quotes around it."""

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


class Scan(NamedTuple):
    """What stands in the characters.

    Attributes:
        anomalies: What a browser mends in silence: ``"unclosed elements"``, which would take in what a relay puts
            behind the mail, and ``"repeated attributes"``, of which other readers may take the last.
        kinds: How many tags there are, by slash (``"/"`` or ``""``) and name in lower case.
        written: Name and attributes of every tag as written, each once.
    """

    anomalies: tuple[str, ...]
    kinds: Mapping[tuple[str, str], int]
    written: frozenset[tuple[str, str]]


NOTHING_ODD = Scan((), {}, frozenset())
"""Of a text whose tags are known otherwise."""


def scan(html: str) -> Scan:
    """Count tags, attributes and unclosed formatting, in time linear in ``html``.

    Raises:
        LimitError: Over ``MAX_TAGS``, ``MAX_ATTRIBUTES`` or ``MAX_REOPENED``.
    """
    tokens: list[tuple[str, str, str, str]] = TOKEN.findall(html)
    kinds: Counter[tuple[str, str]] = Counter()
    for (slash, name), count in Counter(map(_KIND, tokens)).items():
        if name:
            kinds[slash, name.lower()] += count
    written = frozenset(map(_WRITTEN, tokens)) - {("", "")}
    if _is_simple(html, tokens, kinds):
        has_repeats = _have_repeats(f"{name}{attributes}".lower() for name, attributes in written)
        is_unclosed = any(
            count != kinds["/" if not slash else "", name]
            for (slash, name), count in tuple(kinds.items())
            if name not in _NEED_NO_END
        )
    else:
        ways = _Ways(html)
        ways.follow_all()
        has_repeats = ways.has_repeats
        is_unclosed = ways.is_open or any(ways.balance.values())
    anomalies = ["unclosed elements"] if is_unclosed else []
    return Scan((*anomalies, "repeated attributes") if has_repeats else tuple(anomalies), kinds, written)


_KIND = itemgetter(0, 1)
_WRITTEN = itemgetter(1, 2)
_CLOSED = itemgetter(3)


def _is_simple(
    html: str, tokens: list[tuple[str, str, str, str]], kinds: Mapping[tuple[str, str], int]
) -> bool:
    """Whether every way through the text meets the same tags, all closed, and no cap on their number is near."""
    formatting = sum(kinds.get(("", name), 0) for name in _FORMATTING)
    closed = sum(map(len, map(_CLOSED, tokens)))
    return (
        len(tokens) <= MAX_TAGS
        and formatting * len(tokens) <= MAX_REOPENED
        and html.rfind("<") <= html.rfind(">")
        and html.rfind("<!--") <= html.rfind("-->")
        and closed == sum(kinds.values())
        and "<![" not in html
        and _is_raw_text_quiet(tokens, kinds)
    )


def _is_raw_text_quiet(
    tokens: Sequence[tuple[str, str, str, str]], kinds: Mapping[tuple[str, str], int]
) -> bool:
    """Whether nothing stands in raw text that could be a tag: behind each start comes its end."""
    if not any(kinds.get(("", name)) for name in RAW_TEXT):
        return True
    return all(
        (slash, name.lower()) == ("/", raw.lower())
        for (start, raw, _, _), (slash, name, _, _) in pairwise((*tokens, ("", "", "", "")))
        if not start and raw.lower() in RAW_TEXT
    )


def _have_repeats(tags: Iterable[str]) -> bool:
    """Whether a tag, in lower case, has two attributes of one name, one of them a URL or a style.

    Raises:
        LimitError: Over ``MAX_ATTRIBUTES``.
    """
    return sum(map(_has_repeats, tags)) > 0  # each is looked at, for the sake of the limit


def _has_repeats(tag: str) -> bool:
    is_long = len(tag) > 2 * MAX_ATTRIBUTES  # an attribute takes two characters at least
    may_repeat = tag.count("src") > 1 or tag.count("href") > 1 or tag.count("style") > 1
    if not (is_long or may_repeat):
        return False
    found = [match[1] for match in islice(ATTRIBUTE.finditer(tag), MAX_ATTRIBUTES + 2)][
        1:
    ]  # behind the tag's name
    if len(found) > MAX_ATTRIBUTES:
        raise LimitError(f"An HTML tag has more than {MAX_ATTRIBUTES} attributes; send it with fewer.")
    return len(set(found)) < len(found)


class _Ways:
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

    def follow_all(self) -> None:
        """Read on every way there is."""
        while self.ways:
            self.follow(self.ways.pop())

    def follow(self, start: int) -> None:
        """Read tokens from one offset to the end, or to where another way has been."""
        seen = self._seen
        for match in TOKEN.finditer(self.html, start):
            at, end = match.span()
            if at in seen:
                return
            seen.add(at)
            slash, name = match.group(1, 2)
            if end == len(self.html) and (self.html[-1] != ">" or match[4] == ""):
                self.is_open = True
            if name is None:
                if match[0].startswith("<![CDATA["):  # text up to "]]>" in SVG, a comment up to ">" in HTML
                    self._branch("]]>", end)
                continue
            if end - at > _SHORT:
                self.has_repeats = _has_repeats(f"{name}{match[3]}".lower()) or self.has_repeats
            name = name.lower()
            if name in _FORMATTING:
                self._formatting(name, is_end=bool(slash))
            if name not in _NEED_NO_END:
                self.balance[name] = self.balance.get(name, 0) + (-1 if slash else 1)
            if not slash:
                self._start(name, end)

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
