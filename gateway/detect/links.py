"""Web addresses in running text, as mail clients would make them clickable or people would type them.

A span covers the whole address with its path, without the punctuation of the sentence around it.
Not here: what is behind a link of HTML (``html/url``), e-mail addresses (``addresses``), whether a host is allowed
(``rules/external_link``).
Source: RFC 3986, UTS 46; the ICANN section of the public suffix list says what a top-level domain is.
"""

from collections.abc import Iterator, Sequence

from gateway.detect.domains import (
    ANY_DOT,
    BRACKET_DOT,
    LABEL,
    MIDDLE_DOT,
    SPOKEN_DOT,
    STOP,
    foreign_head,
    host_end,
    is_tld,
    unlisted_end,
)
from gateway.detect.fold import Folded, Span
from gateway.detect.link_words import (
    COMPANY_FORMS,
    FILE_TLDS,
    NO_HOSTS,
    PACKAGE_ROOTS,
    PATH_TLDS,
    PLAIN_TLDS,
    SENTENCE_ENDS,
    SINGLE_LETTER_HOSTS,
    SPACED_TLDS,
    SPOKEN_TLDS,
    TITLES,
    WORD_TLDS,
)
from gateway.detect.scan import any_of, compile_pattern, either, found, spans
from gateway.detect.sentences import is_framework, runs_on


def find_links(folded: Folded, protected: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """Find web addresses, and addresses of other schemes that a click would open.

    Args:
        folded: The text.
        protected: Stretches that no bare domain can be in (versions, dates), folded coordinates, sorted.

    Returns:
        Spans in folded coordinates, sorted, apart from each other; text is the address in plain spelling.
    """
    text = folded.text
    if not found(_ANY, text):
        return ()
    hits = [*_with_scheme(text), *_opaque(text)]
    hits += _outside(_bare(text), protected)
    hits += (*_disguised(text), *_spaced(text), *_letters(text), *_dotless(text), *_numeric(text))
    apart: list[Span] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not apart or hit.start >= apart[-1].end:
            apart.append(hit)
        elif hit.end > apart[-1].end:
            last = apart[-1]
            apart[-1] = Span(last.start, hit.end, last.text + text[last.end : hit.end])
    return tuple(apart)


def _outside(hits: Iterator[Span], taken: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """The hits that no taken stretch wholly covers; both sorted."""
    at = 0
    reach = 0
    for hit in hits:
        while at < len(taken) and taken[at][0] <= hit.start:
            reach = max(reach, taken[at][1])
            at += 1
        if hit.end > reach:
            yield hit


# --- with a scheme ----------------------------------------------------------------------------------------------------


def _with_scheme(text: str) -> Iterator[Span]:
    for start, end in spans(_SCHEME, text):
        stop = _trim(text, start, end)
        address = text[start:stop]
        rest = address.partition(":")[2].lstrip("/\\[]()")
        # "https:" alone, or "http:see" in prose, leads nowhere: without slashes there must be a domain behind.
        if rest and ("://" in address or "." in rest):
            yield Span(start, stop, address)


def _opaque(text: str) -> Iterator[Span]:
    for start, end in spans(_OPAQUE, text):
        if not text[start - 1 : start].isalnum():
            stop = _trim(text, start, end)
            yield Span(start, stop, text[start:stop])


def _trim(text: str, start: int, end: int) -> int:
    """The end of an address without the punctuation of its sentence; a bracket stays where it was opened inside."""
    balance = {
        closing: text.count(opening, start, end) - text.count(closing, start, end)
        for closing, opening in _PAIRS
    }
    while end > start and text[end - 1] in _TRAILING:
        last = text[end - 1]
        if balance.get(last, -1) >= 0:
            break
        balance[last] = balance.get(last, -1) + 1
        end -= 1
    return end


# --- bare domains -----------------------------------------------------------------------------------------------------


def _bare(text: str) -> Iterator[Span]:
    known: dict[str, bool] = {}
    for start, end in spans(_HOST, text):
        labels = text[start:end].split(".")
        ending = host_end(labels, known)
        if labels[0].lower() == "www" and len(labels) > _MIN_WWW and (ending is None or ending[0] < _MIN_WWW):
            ending = unlisted_end(labels)
        if ending is None:
            continue
        last, size = ending
        stop = start + sum(map(len, labels[:last])) + last + size
        tail_end = _tail(text, stop)
        begin = start + (foreign_head(labels[0]) if text[start + len(labels[0]) : stop].isascii() else 0)
        host = text[begin:stop].split(".")
        if stop == tail_end and runs_on(text, begin, stop):
            continue
        if _believable(host, text[stop:tail_end]) and not _is_part(text, begin, stop, tail_end):
            begin -= 2 if text[max(begin - 2, 0) : begin] in _SLASHES else 0
            yield Span(begin, tail_end, text[begin:tail_end])


def _tail(text: str, host_end: int) -> int:
    """Where port, path, query and fragment end."""
    stop = next(spans(_TAIL, text[host_end : host_end + MAX_TAIL]), (0, 0))[1]
    return _trim(text, host_end, host_end + stop)


def _is_part(text: str, start: int, stop: int, end: int) -> bool:
    """Whether the host is a piece of an e-mail address or of a file path."""
    before = text[start - 1 : start]
    if before == "@":
        # "@myshop.com" is no address but a way to write a domain, "user:pw@host.com/x" is user information.
        return stop == end and text[start - 2 : start - 1].isalnum()
    is_path = before in ("/", "\\") and text[start - 2 : start - 1] != before
    return text[end : end + 1] == "@" or (
        is_path and text[start:stop].rpartition(".")[2].lower() in PATH_TLDS
    )


def _believable(labels: list[str], tail: str) -> bool:
    """Whether labels that end in a top-level domain are a domain, and not a sentence, a file or a version."""
    host = ".".join(labels).lower()
    *left, tld = host.split(".")
    name = left[-1]
    if not all(left) or host in NO_HOSTS or (f".{host}".endswith(TITLES) and left[0] != "www"):
        return False
    if left[0].startswith("www") or (len(tail) > 1 and tld not in WORD_TLDS):
        return True
    if all(label.lstrip("v").isdigit() for label in left):
        return tld in PLAIN_TLDS and tld not in WORD_TLDS
    if all(len(label) == 1 for label in left):
        return host in SINGLE_LETTER_HOSTS or (len(left) == 1 and tld in _COMMON and labels[0].islower())
    if tld in FILE_TLDS or (left[0] in PACKAGE_ROOTS and len(left) > 1 and tld not in PLAIN_TLDS):
        return False
    return _cased_right(labels, name, tld) and not (tld in WORD_TLDS and name in SENTENCE_ENDS)


def _cased_right(labels: list[str], name: str, tld: str) -> bool:
    """Whether the letter case is that of a domain: ``ok.So`` and ``Co.KG`` are none, ``MyShop.De`` is one."""
    written = labels[-1]
    has_more = len(labels) > 2  # noqa: PLR2004 - a name and a top-level domain
    is_company = name in COMPANY_FORMS and not has_more
    if written.islower() or not written.isascii():
        return not is_company or tld in _COMMON
    if is_company or tld not in PLAIN_TLDS:
        return False
    if written.isupper():
        return name not in SENTENCE_ENDS
    return tld in _COMMON or has_more or not (labels[-2].islower() or labels[-2].istitle())


# --- disguises --------------------------------------------------------------------------------------------------------


def _disguised(text: str) -> Iterator[Span]:
    """``shop[.]com``, ``shop (dot) com``, ``shop dot com``, ``shop&#46;com``, ``shop•com``."""
    for pattern, tlds in ((_BRACKETED, None), (_SPOKEN, SPOKEN_TLDS), (_MIDDLE, SPOKEN_TLDS)):
        for start, end in spans(pattern, text):
            plain, sources = _undotted(text, start, end)
            labels = plain.split(".")
            for last in range(len(labels) - 1, 0, -1):
                tld = labels[last].lower()
                if (tld in tlds if tlds is not None else is_tld(tld, {})) and len(labels[last - 1]) > 1:
                    size = len(".".join(labels[: last + 1]))
                    stop = _tail(text, sources[size - 1] + 1)
                    yield Span(start, stop, plain[:size] + text[sources[size - 1] + 1 : stop])
                    break


def _undotted(text: str, start: int, end: int) -> tuple[str, list[int]]:
    """The stretch with every disguised dot plain, and where each character comes from."""
    plain = ""
    sources: list[int] = []
    done = start
    for dot_start, dot_end in spans(_ANY_DOT, text[start:end]):
        plain += text[done : start + dot_start] + "."
        sources += (*range(done, start + dot_start), start + dot_start)
        done = start + dot_end
    return plain + text[done:end], [*sources, *range(done, end)]


def _spaced(text: str) -> Iterator[Span]:
    """``shop . com`` and ``shop .com``; ``shop. com`` only where the line ends or a path follows."""
    for start, end in spans(_SPACED, text):
        stop = end if text[end - 1].isalnum() else end - 1
        if is_framework(text, start, stop):
            continue
        tail_end = _tail(text, stop)
        yield Span(start, tail_end, "".join(text[start:stop].split()) + text[stop:tail_end])


def _letters(text: str) -> Iterator[Span]:
    """``s h o p . c o m``: a gap after every letter."""
    for start, end in spans(_LETTERS, text):
        places = [at for at in range(start, end) if text[at] not in _LETTER_GAPS]
        plain = "".join(text[at] for at in places)
        head, dot, tail = plain.rpartition(".")
        size = next(
            (n for n in range(min(len(tail), _MAX_SPELLED_TLD), 1, -1) if tail[:n].lower() in PLAIN_TLDS), 0
        )
        if dot and size and any(c.isalpha() for c in head):
            length = len(head) + 1 + size
            yield Span(start, places[length - 1] + 1, plain[:length])


def _dotless(text: str) -> Iterator[Span]:
    """``www shop com``, ``www-shop-com``: the first word says what the others are."""
    for start, end in spans(_DOTLESS, text):
        yield Span(start, end, ".".join(text[at:to] for at, to in _words_of(text, start, end)))


def _words_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    return ((start + at, start + to) for at, to in spans(_LABEL, text[start:end]))


def _numeric(text: str) -> Iterator[Span]:
    """An IPv4 address with a port or a path; alone it is a version number as often."""
    for start, end in spans(_IPV4, text):
        address, _, _ = text[start:end].partition("/")
        octets = address.partition(":")[0].split(".")
        if all(int(octet) <= 255 for octet in octets) and text[start - 1 : start] not in _INNER:  # noqa: PLR2004
            stop = _trim(text, start, end)
            yield Span(start, stop, text[start:stop])


# --- tables -----------------------------------------------------------------------------------------------------------

MAX_TAIL = 2048
"""Code points of path that are read behind a bare domain: no client makes longer ones clickable, and each is a copy."""

_MAX_SPELLED_TLD = 7
_MIN_WWW = 2
_COMMON = frozenset({"com", "net", "org"})
_SLASHES = frozenset({"//", "\\\\"})
_INNER = frozenset("./-:")
_LETTER_GAPS = frozenset(" *_~|-\t\n")
_PAIRS = ((")", "("), ("]", "["), ("}", "{"))
_TRAILING = frozenset(".,;:!?'\"*_~`)]}>|\\\u00ab\u00bb\u201c\u201d\u2018\u2019")

_SCHEME = compile_pattern(
    rf"(?i)(?:[a-z][a-z0-9+.-]*(?:://|:\\\\|\[:\]//|\(:\)//)|h(?:tt|xx|\*\*|__)ps?(?:\[?:\]?)[/\\]{{0,4}})[^{STOP}]+"
)
_OPAQUE = compile_pattern(
    r"(?i)(?:mailto:[^\s<>\"]+|(?-i:tel):\+?[0-9(][^\s<>\"]*|(?:sms|smsto|mms|callto|facetime|facetime-audio):[+0-9a-z][^\s<>\"]*"
    r"|(?:skype|whatsapp|viber|weixin|wechat|tg|line|signal|telegram|fb|fb-messenger|instagram):[a-z0-9+/@_.-][^\s<>\"]*"
    r"|(?:sips?|xmpp|im):[^\s<>\"@]+@[^\s<>\"]+|geo:-?[0-9]+\.[^\s<>\"]+|magnet:\?[^\s<>\"]+|(?:javascript|vbscript):[^\s<>\"]+"
    r"|data:[a-z]+/[a-z0-9.+-]+[;,][^\s<>\"]*|(?:market|intent|itms|itms-apps|maps|file|view-source|blob):[/#?][^\s<>\"]*)"
)
_HOST = compile_pattern(r"[\pL\pM\pN_-]+(?:\.[\pL\pM\pN_-]+)+")
_TAIL = compile_pattern(rf"^(?::[0-9]{{2,5}})?(?:[/?#\\][^{STOP}]*)?")
_BRACKETED = compile_pattern(rf"(?i){LABEL}(?:\.{LABEL})*(?:{BRACKET_DOT}{LABEL}(?:\.{LABEL})*)+")
_SPOKEN = compile_pattern(
    rf"(?i){LABEL}(?:(?: {{1,3}}{SPOKEN_DOT} {{1,3}}|\.){LABEL})* {{1,3}}{SPOKEN_DOT} {{1,3}}{LABEL}"
)
_MIDDLE = compile_pattern(rf"(?i){LABEL}(?:(?:\.|{MIDDLE_DOT}){LABEL})*{MIDDLE_DOT}{LABEL}")
_ANY_DOT = compile_pattern(rf"(?i){ANY_DOT}")
_SPACED = compile_pattern(
    rf"(?i)[\pL\pN_-]{{2,}} {{1,3}}\. {{0,3}}{any_of(SPACED_TLDS)}(?:[^\pL\pN_-]|$)"
    r"|[\pL\pN_-]{2,}\.[ \t\n]{1,3}(?:com|net|org)(?:[/\n]|$)"
    r"|[\pL\pN_-]{2,}[ \t\n]{0,2}[\t\n](?-i:\.(?:com|net|org|de|eu|shop|store|info|co\.uk))(?:[^\pL\pN_-]|$)"
)
_LETTERS = compile_pattern(
    r"(?i)\b[\pL\pN](?:[ *_~|-]{1,2}[\pL\pN.]){3,}[ *_~|-]{1,2}[\pL\pN]\b"
    r"|\b[\pL\pN](?:[\t\n][\pL\pN.]){3,}[\t\n][\pL\pN]\b"
)
_LABEL = compile_pattern(r"[\pL\pN]+")
_DOTLESS = compile_pattern(
    r"(?i)\bwww(?: [\pL\pN]{2,} |-[\pL\pN]{2,}-|_[\pL\pN]{2,}_|, ?[\pL\pN]{2,}, ?)"
    rf"{any_of((*SPOKEN_TLDS, 'shop'))}\b"
)
_IPV4 = compile_pattern(
    rf"\b[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}(?::[0-9]{{2,5}}(?:/[^{STOP}]*)?|/[^{STOP}]+)"
)
_ANY = either(
    *(_SCHEME, _OPAQUE, _HOST, _BRACKETED, _SPOKEN, _MIDDLE, _SPACED, _LETTERS, _DOTLESS, _IPV4),
)
"""Every address begins with one of these."""
