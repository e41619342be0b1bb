"""E-mail addresses in running text, plain and in the common disguises.

Not here: header fields (``mail/address`` parses those), ``mailto:`` links (``links``), handles such as ``@shop``.
Source: RFC 5322 section 3.4.1 for the plain form, RFC 6531 for letters of other scripts in it.
"""

from collections.abc import Iterator

from gateway.detect.domains import (
    ANY_DOT,
    BRACKET_DOT,
    LABEL,
    SPOKEN_DOT,
    foreign_head,
    host_end,
    unlisted_end,
)
from gateway.detect.fold import Folded, Span
from gateway.detect.link_words import SPOKEN_TLDS
from gateway.detect.scan import compile_pattern, either, found, spans


def find_addresses(folded: Folded) -> tuple[Span, ...]:
    """Find e-mail addresses.

    Args:
        folded: The text.

    Returns:
        Spans in folded coordinates, sorted, apart from each other; text is ``local@domain`` in plain spelling.
    """
    if not found(_ANY, folded.text):
        return ()
    apart: list[Span] = []
    for hit in sorted(
        (*_written(folded.text), *_at_provider(folded.text)), key=lambda hit: (hit.start, -hit.end)
    ):
        if not apart or hit.start >= apart[-1].end:
            apart.append(hit)
    return tuple(apart)


def _written(text: str) -> Iterator[Span]:
    known: dict[str, bool] = {}
    for pattern in (_QUOTED, _DISGUISED, _SPOKEN, _LETTERS):
        for start, end in spans(pattern, text):
            hit = _read(text, start, end, known)
            if hit is not None:
                yield hit


def _read(text: str, start: int, end: int, known: dict[str, bool]) -> Span | None:
    """The address in a stretch that has the shape of one."""
    at_start, at_end = next(spans(_AT, text[start:end]))
    local = text[start : start + at_start].replace(" ", "")
    shift = foreign_head(local)
    if text[max(start - 2, 0) : start] == "//" or not local.strip(".'"):
        return None  # user information of a URL
    domain, ends = _plain_domain(text, start + at_end, end)
    if domain.startswith("["):
        return Span(start, end, f"{local}@{domain}")
    labels = domain.split(".")
    ending = host_end(labels, known)
    if ending is None and text[start + at_start : start + at_end] == "@":
        ending = unlisted_end(labels)
    if ending is None or (
        text[start + at_start : start + at_end].strip() in _ENGLISH and not _is_dictated(labels)
    ):
        return None
    size = sum(map(len, labels[: ending[0]])) + ending[0] + ending[1]
    return Span(start + shift, ends[size - 1], f"{local[shift:].strip('.')}@{domain[:size].lower()}")


def _is_dictated(labels: list[str]) -> bool:
    """Whether what follows the word ``at`` can only be a domain.

    ``look at the dot com bubble`` and ``available at store dot it`` hold none.
    """
    return labels[0].lower() not in _ARTICLES and labels[-1].lower() in SPOKEN_TLDS


def _plain_domain(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """A domain with every disguised dot plain and no blanks, and where each of its characters ends in the text."""
    plain = ""
    ends: list[int] = []
    done = start
    for dot_start, dot_end in (*spans(_ANY_DOT, text[start:end]), (end - start, end - start)):
        for at in range(done, start + dot_start):
            if text[at] != " ":
                plain += text[at]
                ends.append(at + 1)
        if dot_end > dot_start:
            plain += "."
            ends.append(start + dot_end)
        done = start + dot_end
    return plain, ends


def _at_provider(text: str) -> Iterator[Span]:
    """``me at gmail``: a mailbox provider needs no top-level domain to be understood."""
    for start, end in spans(_PROVIDER, text):
        at_start, at_end = next(spans(_AT, text[start:end]))
        yield Span(start, end, f"{text[start : start + at_start]}@{text[start + at_end : end].lower()}")


_ENGLISH = frozenset({"at", "At", "AT"})
_ARTICLES = frozenset({"the", "a", "an", "this", "that", "our", "your", "my"})
_ATEXT = r"[\pL\pM\pN.!#$%&'*+=?^_{|}~-]"
_BRACKET_AT = (
    r"(?: {0,2}[\[({<] ?(?:at|@|ät|arroba|chiocciola|małpa|arobase|apenstaartje|snabel-?a|アット) ?[\])}>] {0,2}"
    r"|&#0{0,5}64;?|&#x0{0,5}40;?|&commat;|%40| {0,2}@ {0,2})"
)
_WORD_AT = r" {1,3}(?:at|ät|arroba|chiocciola|małpa|arobase|snabel-?a) {1,3}"
_ANY_DOT = compile_pattern(rf"(?i){ANY_DOT}")
_AT = compile_pattern(rf"(?i){_BRACKET_AT}|{_WORD_AT}")

_QUOTED = compile_pattern(
    rf"\"[^\"\n]{{1,64}}\" ?@ ?{LABEL}(?:\.{LABEL})+|{_ATEXT}+ ?@ ?\[(?:IPv6:)?[0-9a-fA-F:.]{{7,40}}\]"
)
_DISGUISED = compile_pattern(
    rf"(?i){_ATEXT}+{_BRACKET_AT}{LABEL}(?:(?:\.|{BRACKET_DOT}| {{1,3}}{SPOKEN_DOT} {{1,3}}){LABEL})+"
)
_SPOKEN = compile_pattern(
    rf"(?i){_ATEXT}+{_WORD_AT}{LABEL}(?:(?:{BRACKET_DOT}| {{1,3}}{SPOKEN_DOT} {{1,3}}){LABEL})+"
)
_LETTERS = compile_pattern(
    r"(?i)\b(?:[a-z0-9._-] {1,2}){2,}@(?: {1,2}[a-z0-9.-])*(?: {1,2}\.)(?: {1,2}[a-z]){2,}\b"
)
_PROVIDER = compile_pattern(
    r"(?i)[a-z0-9._+-]{2,} ?(?:@|[\[(]at[\])]| at ) ?"
    r"(?:gmail|googlemail|hotmail|yahoo|gmx|icloud|protonmail|t-online|freenet|yandex|qq|163)\b"
)
_ANY = either(_QUOTED, _DISGUISED, _SPOKEN, _LETTERS, _PROVIDER)
"""Every address begins with one of these."""
