"""Which hosts take mail for a domain: MX records, and addresses where there are none.

*Not here:* how the hosts are talked to (``connection.py``). This is the only user of dnspython.
*Limits:* :data:`MAX_HOSTS`, :data:`MAX_ADDRESSES`, :data:`LOOKUP_SECONDS`, :data:`CACHE_ENTRIES`.
*Source:* RFC 5321 section 5.1, RFC 7505 (null MX).
"""

import asyncio
import random
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Protocol, TypeAlias

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.nameserver import Do53Nameserver
from dns.rdtypes.ANY.MX import MX

from gateway.mail.delivery import PermanentFailure, TemporaryFailure

MAX_HOSTS = 5
"""Hosts tried per domain and attempt; a domain with more has named enough (RFC 5321 asks for two)."""

MAX_ADDRESSES = 4
"""Addresses tried per host; more would let one domain hold a delivery slot for minutes."""

LOOKUP_SECONDS = 15.0
"""Seconds for one DNS question with all its retries; above it, the attempt is temporary."""

CACHE_ENTRIES = 10_000
"""Answers kept for their time to live; above it, the least recently used goes."""

_NO_DOMAIN = "5.1.2"
_NULL_MX = "5.1.10"
_NO_ROUTE = "5.4.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host that takes mail.

    Attributes:
        name: Host name without trailing dot.
        addresses: IP addresses, to be tried in this order; never empty.
    """

    name: str
    addresses: tuple[str, ...]


Failure: TypeAlias = TemporaryFailure | PermanentFailure


class Resolves(Protocol):
    """What the deliverer needs of a resolver."""

    async def hosts(self, domain: str) -> tuple[Host, ...] | Failure:
        """Hosts for ``domain``, best first and never empty, or why there are none."""
        ...


class Resolver:
    """Looks hosts up in DNS, and leaves ourselves out: mail must not come back to us (S36)."""

    def __init__(
        self,
        *,
        own_names: Iterable[str] = (),
        own_addresses: Iterable[str] = (),
        dns_resolver: dns.asyncresolver.Resolver | None = None,
        servers: Sequence[str] = (),
        shuffle: Callable[[MutableSequence[MX]], None] = random.shuffle,
    ) -> None:
        """Make a resolver.

        Args:
            own_names: Host names of this gateway.
            own_addresses: Its addresses as seen from outside; loopback is always ours.
            dns_resolver: Asks the questions; by default as the system is configured.
            servers: Whom to ask instead, ``"127.0.0.1:53"``.
            shuffle: Spreads the load over hosts of equal preference.
        """
        self._own_names = frozenset(name.lower().removesuffix(".") for name in own_names)
        self._own_addresses = frozenset(ip_address(address) for address in own_addresses)
        self._dns = _asking(servers) if dns_resolver is None else dns_resolver
        self._dns.cache = dns.resolver.LRUCache(CACHE_ENTRIES)
        self._shuffle = shuffle

    async def hosts(self, domain: str) -> tuple[Host, ...] | Failure:
        """Hosts that take mail for ``domain``.

        Args:
            domain: A-labels, no trailing dot.

        Returns:
            Hosts, best first; a :class:`PermanentFailure` where the domain is not there or wants no mail; a
            :class:`TemporaryFailure` where DNS gave no answer or the best host is ourselves.
        """
        try:
            exchanges = await self._exchanges(domain)
            return await self._with_addresses(domain, exchanges)
        except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return _permanent(domain, _NO_DOMAIN, "there is no such domain")
        except (dns.exception.DNSException, OSError) as fault:
            return TemporaryFailure(next_hop=domain, reply=f"no answer from DNS: {type(fault).__name__}")

    async def _exchanges(self, domain: str) -> list[str]:
        """Host names by preference; the domain itself where it has no MX; ``""`` for a null MX."""
        try:
            answer = await self._ask(domain, "MX")
        except dns.resolver.NoAnswer:
            return [domain]
        records = [record for record in answer if isinstance(record, MX)]
        self._shuffle(records)
        records.sort(key=lambda record: record.preference)  # stable: the shuffle stays within a preference
        return [_text(record.exchange) for record in records]

    async def _with_addresses(self, domain: str, names: list[str]) -> tuple[Host, ...] | Failure:
        if names == [""]:
            return _permanent(domain, _NULL_MX, "the domain takes no mail (null MX)")
        # RFC 5321 section 5.1: ourselves, and every host after us, would send the mail back to us.
        others = names[: next((i for i, name in enumerate(names) if name in self._own_names), len(names))]
        if not others:
            return _loop(domain)
        found = await asyncio.gather(*(self._addresses(name) for name in others[:MAX_HOSTS]))
        hosts: list[Host] = []
        for name, addresses in zip(others, found, strict=False):
            if any(map(self._is_ours, addresses or ())):
                return tuple(hosts) or _loop(domain)
            if addresses:
                hosts.append(Host(name=name, addresses=addresses[:MAX_ADDRESSES]))
        if hosts:
            return tuple(hosts)
        if None in found:
            return TemporaryFailure(next_hop=domain, reply="no answer from DNS for its mail hosts")
        return _permanent(domain, _NO_ROUTE, "none of its mail hosts has an address")

    async def _addresses(self, name: str) -> tuple[str, ...] | None:
        """Addresses of ``name``, IPv4 first; ``()`` when it has none, ``None`` when DNS did not say."""
        four, six = await asyncio.gather(self._records(name, "A"), self._records(name, "AAAA"))
        both = (*(four or ()), *(six or ()))
        return None if not both and (four is None or six is None) else both

    async def _records(self, name: str, kind: str) -> tuple[str, ...] | None:
        try:
            return tuple(record.to_text() for record in await self._ask(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except (dns.exception.DNSException, OSError):
            return None

    async def _ask(self, name: str, kind: str) -> dns.resolver.Answer:
        # The root's dot keeps the search list of resolv.conf out: a.example must not become a.example.corp.
        return await self._dns.resolve(f"{name}.", kind, search=False, lifetime=LOOKUP_SECONDS)

    def _is_ours(self, address: str) -> bool:
        ip = ip_address(address)
        return ip in self._own_addresses or ip.is_loopback or ip.is_unspecified


def _asking(servers: Sequence[str]) -> dns.asyncresolver.Resolver:
    """A resolver that asks these servers, or those of the system."""
    asks = dns.asyncresolver.Resolver(configure=not servers)
    if servers:
        split = (server.rpartition(":") for server in servers)
        asks.nameservers = [Do53Nameserver(host.strip("[]"), int(port)) for host, _, port in split]
    return asks


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def _permanent(domain: str, status: str, words: str) -> PermanentFailure:
    return PermanentFailure(next_hop=domain, reply=f"{domain}: {words}", status=status)


def _loop(domain: str) -> TemporaryFailure:
    # Temporary: mostly our own DNS is bent so that mail reaches this gateway, and that must not bounce mail.
    words = "its best mail host is this gateway itself: name a next hop for its route"
    return TemporaryFailure(next_hop=domain, reply=f"{domain}: {words}")
