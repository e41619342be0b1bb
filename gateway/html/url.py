r"""A URL as a browser would take it apart, so that a host is compared by what it is and not by how it is spelled.

Browsers remove tabs, read ``\\`` as ``/``, percent-decode hosts, count ``2130706433`` as 127.0.0.1 and take all
before an ``@`` for a user name; each of these has made a foreign host look like the marketplace's (adversary T13, O09).
Not here: finding URLs in text (``detect/links``), which hosts are allowed (the rules), resolving against a base.
Source: WHATWG URL Standard sections 3.5 (hosts), 4.4 (basic URL parser); UTS 46.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import idna

from gateway.html.references import clean_url

SPECIAL = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "file": None}
"""Schemes with a host, and their default ports."""

MAX_HOST = 1_024
"""Characters of a host before decoding; DNS ends at 253, percent-encoding makes nine of one. Above it: no host."""

MAX_PORT = 65_535
"""Above it a browser takes the URL for broken."""

_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*+):")
_FORBIDDEN = re.compile(r"[\x00-\x20#/:<>?@\[\\\]^|%\x7f]")
_PORT = re.compile(r"0*+[0-9]{1,5}")
_IPV4_OCTETS = 4
_OCTET = range(256)
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{0,40}|[0-9]{1,40}")
_OCTAL = re.compile(r"[0-7]++")
_DOTTED = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_IPV6_PART = re.compile(r"[0-9a-fA-F]{1,4}")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    r"""The parts of a URL.

    Attributes:
        scheme: Lower case; ``""`` where the reader's own is taken (``//host``, ``/path``); ``None`` for no URL at all.
        userinfo: What stands before ``@``, ``""`` for none.
        host: A-labels in lower case, an IPv4 address in dotted decimal, an IPv6 address in brackets; ``None`` where
            there is none or it is invalid.
        port: ``None`` for the scheme's own.
        path: As written, ``\\`` read as ``/`` in a special scheme.
        query: Without ``?``.
        fragment: Without ``#``.
    """

    scheme: str | None
    userinfo: str = ""
    host: str | None = None
    port: int | None = None
    path: str = ""
    query: str = ""
    fragment: str = ""


def parse_url(text: str) -> Url:
    r"""The parts of a URL as written in an attribute, or found in text.

    ``https:host``, ``https:/host`` and ``https:\\\\host`` have a host, as in a mail there is no page they could be
    relative to. Never raises; a URL whose host no browser would accept has ``host`` ``None``.
    """
    text = clean_url(text)
    if not text:
        return Url(scheme=None)
    rest, _, fragment = text.partition("#")
    match = _SCHEME.match(rest)
    scheme = match[1].lower() if match else ""
    rest = rest[match.end() :] if match else rest
    is_special = scheme in SPECIAL or not scheme
    rest, _, query = rest.partition("?")
    if is_special:
        rest = rest.replace("\\", "/")
    has_authority = rest.startswith("//") or (is_special and bool(scheme) and scheme != "file")
    if not has_authority:
        return Url(scheme=scheme, path=rest, query=query, fragment=fragment)
    rest = rest.lstrip("/") if is_special and scheme != "file" else rest[2:]
    authority, slash, path = rest.partition("/")
    userinfo, host, port = _authority(authority, scheme)
    return Url(
        scheme=scheme,
        userinfo=userinfo,
        host=host,
        port=port,
        path=slash + path,
        query=query,
        fragment=fragment,
    )


def scheme_of(text: str) -> str | None:
    """The scheme alone, as ``parse_url`` gives it."""
    text = clean_url(text)
    if not text:
        return None
    match = _SCHEME.match(text)
    return match[1].lower() if match else ""


def _authority(text: str, scheme: str) -> tuple[str, str | None, int | None]:
    """User name, host and port; of several ``@`` the last one ends the user name."""
    userinfo, _, rest = text.rpartition("@")
    host, port = rest, ""
    colon = rest.rfind(":")
    if colon > rest.rfind("]"):
        host, port = rest[:colon], rest[colon + 1 :]
    if port and not (_PORT.fullmatch(port) and int(port) <= MAX_PORT):
        return userinfo, None, None
    number = int(port) if port else None
    return userinfo, parse_host(host), None if number == SPECIAL.get(scheme) else number


def parse_host(text: str) -> str | None:
    """A host in the one form in which two are equal exactly when they are the same.

    Args:
        text: As it stands in a URL: percent-encoded, in any script, any number notation, brackets for IPv6.

    Returns:
        A-labels in lower case without a trailing dot, or a canonical address; ``None`` where a browser refuses it.
    """
    if not text or len(text) > MAX_HOST:
        return None
    if text.startswith("["):
        return _ipv6(text[1:-1]) if text.endswith("]") else None
    try:
        domain = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return None
    ascii_domain = _to_ascii(domain)
    if not ascii_domain or _FORBIDDEN.search(ascii_domain):
        return None
    ascii_domain = ascii_domain.removesuffix(".")
    last = ascii_domain.rpartition(".")[2]
    if last.isdigit() or _NUMBER.fullmatch(last):
        return _ipv4(ascii_domain)
    return ascii_domain or None


def _to_ascii(domain: str) -> str | None:
    """Domain to ASCII as browsers do it: UTS 46, not transitional, without the registries' rules of IDNA 2008."""
    if domain.isascii():
        return domain.lower()
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
    except (idna.IDNAError, IndexError):
        return None
    labels = mapped.translate(_DOTS).split(".")
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in labels
    )


def _ipv4(text: str) -> str | None:
    """Dotted decimal of one to four numbers, each decimal, octal (``0…``) or hexadecimal (``0x…``).

    The last number fills all the octets that are left: ``127.1``, ``0x7f000001``.
    """
    numbers = [_ipv4_number(part) for part in text.split(".")]
    room = 256 ** (_IPV4_OCTETS + 1 - len(numbers))
    value = 0
    for number in numbers[:-1]:
        if number is None or number not in _OCTET:
            return None
        value = value * 256 + number
    last = numbers[-1]
    if last is None or len(numbers) > _IPV4_OCTETS or last >= room:
        return None
    return ".".join(str(octet) for octet in (value * room + last).to_bytes(_IPV4_OCTETS, "big"))


def _ipv4_number(text: str) -> int | None:
    if not _NUMBER.fullmatch(text):
        return None
    if text[:2].lower() == "0x":
        return int(text[2:] or "0", 16)
    if len(text) > 1 and text[0] == "0":
        return int(text, 8) if _OCTAL.fullmatch(text) else None
    return int(text)


def _ipv6(text: str) -> str | None:
    """The eight groups written out in lower case without leading zeros, in brackets."""
    head, gap, tail = text.partition("::")
    left, right = _groups(head), _groups(tail)
    if left is None or right is None or "::" in tail:
        return None
    missing = 8 - len(left) - len(right)
    if (gap and missing < 1) or (not gap and missing != 0):
        return None
    return f"[{':'.join(f'{group:x}' for group in [*left, *[0] * missing, *right])}]"


def _groups(text: str) -> list[int] | None:
    found: list[int] = []
    parts = text.split(":") if text else []
    for place, part in enumerate(parts):
        if place == len(parts) - 1 and _DOTTED.fullmatch(part):
            address = _ipv4(part)
            if address is None:
                return None
            a, b, c, d = map(int, address.split("."))
            found.extend((a << 8 | b, c << 8 | d))
        elif _IPV6_PART.fullmatch(part):
            found.append(int(part, 16))
        else:
            return None
    return found
