"""Where a link leads: to the marketplace or to what the seller registered, or elsewhere.

Shared by the rules that judge links; no rule of its own.
Hosts are compared as parsed, whole or behind a dot: ``amazon.de.evil.example`` and ``evil.example/#amazon.de`` are
elsewhere, ``www.amazon.de`` is not.
Source: WHATWG URL sections 3.5 and 4.4; adversary cases O09, T13.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from urllib.parse import unquote

from gateway.html.url import Url, parse_url
from gateway.rules.readings import Readings

MAX_LINK = 4_000
"""Code points of a link that is judged; a longer one counts as external: no page to complete an order needs it."""

MAX_NESTED = 20
"""Places in one link that may begin another; a link with more counts as external."""

_MAX_ROUNDS = 3
"""Times percent-encoding is taken off: redirectors nest it, browsers never take off more than one each."""

_DEFAULT_PORTS = {"https": 443, "http": 80, "": None}
_HOST_TLDS = frozenset(
    {"com", "net", "org", "de", "eu", "fr", "nl", "uk", "shop", "store", "online", "site", "xyz"}
)
"""Top-level domains that end no file name and no key of the marketplaces' own links."""
_BOUNDARIES = {ord(mark): " " for mark in "&;?#=,|<>\"'()"} | {ord("\\"): "/"}
"""Marks that end a URL within a URL are blanks here, and a backslash is the slash that browsers read it as."""


class Standing(Enum):
    """What a link is to a policy."""

    FINE = "fine"
    INSECURE = "insecure"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a link may lead to.

    Attributes:
        hosts: Hosts whose pages may all be linked, sub-domains included.
        prefixes: Single URLs; what begins like one of them may be linked, too.
    """

    hosts: tuple[str, ...]
    prefixes: tuple[Url, ...] = ()

    @classmethod
    def of(cls, hosts: Iterable[str], links: Iterable[str] = ()) -> "Allowed":
        """Joins a policy's hosts and a seller's hosts and https URLs."""
        found, prefixes = [host.lower().rstrip(".") for host in hosts], []
        for link in links:
            url = parse_url(link if "://" in link else f"https://{link}")
            if url.host and url.path in {"", "/"} and not url.query:
                found.append(url.host)
            elif url.host:
                prefixes.append(url)
        return cls(tuple(found), tuple(prefixes))

    def standing(self, link: str) -> Standing:
        """What a link, as written in ``href`` or found in text with its scheme, is."""
        if len(link) > MAX_LINK:
            return Standing.EXTERNAL
        url = parse_url(link)
        if not url.host:
            # "#top" stays within the mail; a relative link has no base, so that nobody knows where it leads.
            is_anchor = link.lstrip().startswith("#") and not self._redirects(url)
            stays = link.strip() == "" or is_anchor or url.scheme == "cid"
            return Standing.FINE if stays else Standing.EXTERNAL
        if "\\" in link.partition(url.host)[2]:
            return Standing.EXTERNAL  # for some readers the host ends here, for others it goes on behind an @
        if url.scheme not in _DEFAULT_PORTS or url.userinfo or not self._allows(url):
            return Standing.EXTERNAL
        if url.port not in {None, _DEFAULT_PORTS[url.scheme]} or self._redirects(url):
            return Standing.EXTERNAL
        return Standing.FINE if url.scheme == "https" else Standing.INSECURE

    def _allows(self, url: Url) -> bool:
        return self._is_ours(url.host or "") or any(_begins(url, prefix) for prefix in self.prefixes)

    def _is_ours(self, host: str) -> bool:
        bare = host.rstrip(".")
        return any(bare == own or bare.endswith(f".{own}") for own in self.hosts)

    def _redirects(self, url: Url) -> bool:
        """Whether a foreign address stands inside: ``amazon.com/gp/r.html?u=https://evil`` is a link to evil."""
        tail = f"{url.path} {url.query or ''} {url.fragment or ''}"
        for _ in range(_MAX_ROUNDS):
            nested = list(islice(_nested(tail), MAX_NESTED + 1))
            if len(nested) > MAX_NESTED or not all(
                self._allows(inner) for inner in nested if _is_public(inner)
            ):
                return True
            if not all(self._allows(Url(scheme="https", host=host)) for host in _bare_hosts(tail)):
                return True
            tail = unquote(tail)
        return False


@dataclass(frozen=True, slots=True)
class Hosting:
    """The same, each link judged once a mail."""

    allowed: Allowed
    readings: Readings

    def standing(self, link: str) -> Standing:
        """What a link is."""
        return self.readings.once(("standing", self.allowed, link), lambda: self.allowed.standing(link))


def redacted(link: str) -> str:
    """Enough of a link to find it, without the tokens of its path: ``"https://shop.example/…"``."""
    url = parse_url(link)
    if url.host:
        more = "/…" if url.path not in {"", "/"} or url.query else ""
        return f"{url.scheme}://{url.host}{more}" if url.scheme else f"//{url.host}{more}"
    return f"{url.scheme}:…" if url.scheme else "relative link"


def _begins(url: Url, prefix: Url) -> bool:
    """Whether the URL stands below the prefix; ``..`` climbs out of it, so such a path never does."""
    if url.host != prefix.host or ".." in unquote(url.path).replace("\\", "/").split("/"):
        return False
    if prefix.query:
        return (url.path, url.query) == (prefix.path, prefix.query)
    return url.path == prefix.path or url.path.startswith(prefix.path.rstrip("/") + "/")


def _nested(tail: str) -> Iterator[Url]:
    """Addresses that may begin somewhere in a link's path, query or fragment."""
    for token in tail.translate(_BOUNDARIES).split():
        for start in _starts(token.lower()):
            yield parse_url(token[start:])


def _bare_hosts(tail: str) -> Iterator[str]:
    """Words of a link's path, query or fragment that are a domain: redirectors do without the scheme."""
    for word in "".join(c if c.isalnum() or c in "-." else " " for c in tail.lower()).split():
        host = word.strip("-.")
        name, _, tld = host.rpartition(".")
        if name and tld in _HOST_TLDS and ".." not in host and not name.replace(".", "").isdigit():
            yield host


def _is_public(url: Url) -> bool:
    """Whether the host could be somewhere in the Internet: the path ``/dp//ref`` names no host ``ref``."""
    return url.host is not None and ("." in url.host or ":" in url.host)


def _starts(token: str) -> Iterator[int]:
    """Where ``http:``, ``https:`` or a run of slashes begins."""
    at = 0
    while at < len(token):
        scheme, slashes = token.find("http", at), token.find("//", at)
        places = [place for place in (scheme, slashes) if place >= 0]
        if not places:
            return
        start = min(places)
        if start == slashes or token.startswith(("http:", "https:"), start):
            yield start
        at = start + 2
        while token[at : at + 1] == "/":
            at += 1
