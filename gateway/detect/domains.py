"""What is a domain among words: top-level domains, and where a host begins and ends in running text.

Not here: whether a domain is meant as a link (``links``) or belongs to an e-mail address (``addresses``).
Source: the ICANN section of the public suffix list; RFC 1035 (63 octets a label).
"""

from publicsuffixlist import PublicSuffixList

from gateway.detect.link_words import DOT_WORDS, SPOKEN_TLDS
from gateway.detect.scan import any_of

MAX_LABEL = 63
"""RFC 1035; a longer word is no label, and is not worth looking up."""

MIN_TLD = 2
"""No top-level domain has one letter."""

STOP = r"\s<>\"`\x{00AB}\x{00BB}\x{201C}\x{201D}\x{201E}\x{3001}\x{3002}\x{300C}-\x{300F}\x{3010}\x{3011}\x{FF5E}\x00"
"""Inside of a re2 class: what ends an address in any case."""

LABEL = r"[\pL\pM\pN_-]+"
"""re2 expression for one label of any script."""

SPOKEN_DOT = any_of(DOT_WORDS)
BRACKET_DOT = (
    rf"(?:\s{{0,2}}[\[({{<]\s?(?:\.|{SPOKEN_DOT})\s?[\])}}>]\s{{0,2}}"
    r"|&#0{0,5}46;?|&#x0{0,5}2e;?|&period;|%2e)"
)
"""re2 expressions for a dot in disguise: as a word, in brackets, as a character reference or percent-encoded."""

MIDDLE_DOT = r"(?:[\x{00B7}\x{2022}\x{2027}\x{2219}\x{22C5}]|\\\.)"
"""re2 expression for a bullet or an escaped dot in place of a dot."""

ANY_DOT = rf"(?:{BRACKET_DOT}| {{1,3}}{SPOKEN_DOT} {{1,3}}|{MIDDLE_DOT}| {{0,3}}\. {{0,3}})"

_SUFFIXES = PublicSuffixList(only_icann=True, accept_unknown=False)
_JOINED = frozenset({"com", "net", "org"})
"""Believed with an underscore behind: ``de_DE`` and ``it_2026`` are languages in file names."""

_LATIN = ("\u00c0", "\u0250")
_UNSPACED = "\u0e00"
"""From here on scripts do not set blanks between words: Thai, kana, ideographs."""


def is_tld(label: str, known: dict[str, bool]) -> bool:
    """Whether this is a top-level domain, A-label or U-label, in any case; ``known`` holds the answers so far."""
    low = label.lower()
    if low not in known:
        known[low] = MIN_TLD <= len(low) <= MAX_LABEL and _SUFFIXES.publicsuffix(low) is not None
    return known[low]


def host_end(labels: list[str], known: dict[str, bool]) -> tuple[int, int] | None:
    """The longest host among labels that a dot each joins.

    Returns:
        Index of the label that is the top-level domain, and how much of that label is; ``None`` when none is.
    """
    for last in range(len(labels) - 1, 0, -1):
        size = _word_head(labels[last][: _ascii_head(labels[last])])
        if is_tld(labels[last][:size], known):
            return last, size
    return None


def unlisted_end(labels: list[str]) -> tuple[int, int] | None:
    """As ``host_end`` where the place itself says that this is a host (``www.``, behind an @).

    Names that no list has yet, and those of RFC 6761 (``.example``), count there as long as they are words.
    """
    last = labels[-1]
    size = _ascii_head(last)
    return (len(labels) - 1, size) if size >= MIN_TLD and last[:size].isalpha() else None


def _word_head(label: str) -> int:
    """Length of ``com`` in ``com-Team``, ``com_`` and ``com_2``: no top-level domain holds such a sign."""
    size = min(at if at >= 0 else len(label) for at in (label.find("-"), label.find("_")))
    if size == len(label) or label.lower().startswith("xn--"):
        return len(label)
    word, rest = label[:size].lower(), label[size:].strip("-_")
    is_joined = word in _JOINED if label[size] == "_" else word in SPOKEN_TLDS
    return size if not rest or is_joined else len(label)


def _ascii_head(label: str) -> int:
    """Length of ``com`` in ``comをご覧ください``: scripts without blanks run on behind a domain."""
    if label.isascii() or not label[:1].isascii():
        return len(label)
    size = next(at for at, c in enumerate(label) if not c.isascii())
    return len(label) if _LATIN[0] <= label[size] < _LATIN[1] else size


def foreign_head(first: str) -> int:
    """Length of ``詳しくは`` in ``詳しくはmyshop``: the sentence before a Latin label, in scripts without blanks."""
    if first.isascii() or not first[-1:].isascii():
        return 0
    return max((at + 1 for at, c in enumerate(first) if c >= _UNSPACED), default=0)
