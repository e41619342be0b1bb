"""Which hosts take mail for a domain: MX records, and addresses where there are none.

What DNS said is kept as hosts, for its time to live and within bounds of our own: a "no such domain" that somebody
gave an hour must not bounce an hour of mail, and a DNS that is gone must not be asked for every mail in the queue.

*Not here:* how the hosts are talked to (``connection.py``). This is the only user of dnspython.
*Limits:* the constants below.
*Source:* RFC 5321 section 5.1, RFC 7505 (null MX), RFC 2308 and 9520 (negative answers and failures).
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple, Protocol, TypeAlias

import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX

from gateway.mail.cause import Cause
from gateway.mail.delivery import PermanentFailure, TemporaryFailure
from gateway.relay.name_servers import name_servers

MAX_HOSTS = 5
"""Hosts tried per domain and attempt; a domain with more has named enough (RFC 5321 asks for two)."""

MAX_ADDRESSES = 4
"""Addresses tried per host, of both families; more would let one domain hold a delivery slot for minutes."""

LOOKUP_SECONDS = 15.0
"""Seconds for one DNS question with all its retries; above it, the attempt is temporary."""

CACHE_ENTRIES = 10_000
"""Domains that are remembered; above it, the one looked up longest ago goes."""

MAX_KEPT_S = 3_600.0
"""Seconds that hosts are believed, whatever the time to live."""

MAX_KEPT_MISSING_S = 300.0
"""Seconds that a domain, host or address is believed missing: it bounces mail, and is mended by people in a hurry."""

KEPT_FAILURE_S = 10.0
"""Seconds before a DNS that did not answer is asked again (RFC 9520 section 3.2 wants 1 to 300)."""

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


class _Mx(NamedTuple):
    preference: int
    host: Host


class _Found(NamedTuple):
    """What is remembered of a domain: hosts by preference or a failure, and until when (of the clock)."""

    answer: tuple[_Mx, ...] | Failure
    until: float


class _Records(NamedTuple):
    """Records of one kind: ``None`` when DNS did not say; seconds they may be kept."""

    texts: tuple[str, ...] | None
    kept_s: float


class Resolver:
    """Looks hosts up in DNS, and leaves ourselves out: mail must not come back to us (S36)."""

    def __init__(
        self,
        *,
        own_names: Iterable[str] = (),
        own_addresses: Iterable[str] = (),
        dns_resolver: dns.asyncresolver.Resolver | None = None,
        servers: Sequence[str] = (),
        shuffle: Callable[[MutableSequence[_Mx]], None] = random.shuffle,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a resolver.

        Args:
            own_names: Host names of this gateway.
            own_addresses: Its addresses as seen from outside; loopback is always ours.
            dns_resolver: Asks the questions; by default as the system is configured.
            servers: Whom to ask instead, ``"127.0.0.1:53"``.
            shuffle: Spreads the load over hosts of equal preference, anew for each mail.
            clock: Seconds; never set back.
        """
        self._own_names = frozenset(name.lower().removesuffix(".") for name in own_names)
        self._own_addresses = frozenset(ip_address(address) for address in own_addresses)
        self._dns = _asking(servers) if dns_resolver is None else dns_resolver
        self._shuffle = shuffle
        self._clock = clock
        self._known: dict[str, _Found] = {}
        self._asked: dict[str, asyncio.Task[_Found]] = {}

    async def hosts(self, domain: str) -> tuple[Host, ...] | Failure:
        """Hosts that take mail for ``domain``.

        Args:
            domain: A-labels, no trailing dot.

        Returns:
            Hosts, best first; a :class:`PermanentFailure` where the domain is not there or wants no mail; a
            :class:`TemporaryFailure` where DNS gave no answer or the best host is ourselves.
        """
        found = self._known.get(domain)
        if found is None or found.until <= self._clock():
            found = await self._ask_once(domain)
        if not isinstance(found.answer, tuple):
            return found.answer
        if len(found.answer) == 1:
            return (found.answer[0].host,)
        records = list(found.answer)
        self._shuffle(records)
        records.sort(key=lambda record: record.preference)  # stable: the shuffle stays within a preference
        return tuple(record.host for record in records)

    async def _ask_once(self, domain: str) -> _Found:
        """One question for all who want to know at the same time; whoever is cancelled leaves the others theirs."""
        task = self._asked.get(domain)
        if task is None:
            task = self._asked[domain] = asyncio.create_task(self._look_up(domain))
            task.add_done_callback(lambda _: self._asked.pop(domain, None))
        return await asyncio.shield(task)

    async def _look_up(self, domain: str) -> _Found:
        try:
            answer, kept_s = await self._exchanges(domain)
        except (
            dns.resolver.NXDOMAIN,
            dns.name.LabelTooLong,
            dns.name.NameTooLong,
            dns.name.EmptyLabel,
        ) as fault:
            answer, kept_s = _permanent(domain, _NO_DOMAIN, "there is no such domain"), _negative_s(fault)
        except (dns.exception.DNSException, OSError) as fault:
            answer, kept_s = _temporary(domain, f"no answer from DNS: {type(fault).__name__}"), KEPT_FAILURE_S
        found = _Found(answer, self._clock() + kept_s)
        self._known.pop(domain, None)
        self._known[domain] = found
        while len(self._known) > CACHE_ENTRIES:
            del self._known[next(iter(self._known))]
        return found

    async def _exchanges(self, domain: str) -> tuple[tuple[_Mx, ...] | Failure, float]:
        answer = await self._ask(domain, "MX")
        kept_s = _seconds(answer)
        named = [(mx.preference, _text(mx.exchange)) for mx in answer.rrset or () if isinstance(mx, MX)]
        if not named:  # RFC 5321 section 5.1: the domain itself is its mail host
            return await self._with_addresses(domain, [(0, domain)], kept_s)
        if {name for _, name in named} == {""}:
            return _permanent(domain, _NULL_MX, "the domain takes no mail (null MX)"), kept_s
        return await self._with_addresses(domain, sorted((p, name) for p, name in named if name), kept_s)

    async def _with_addresses(
        self, domain: str, named: list[tuple[int, str]], kept_s: float
    ) -> tuple[tuple[_Mx, ...] | Failure, float]:
        """The hosts with their addresses, less ourselves and all that are no better: they would send it back to us."""
        named = [(p, name) for p, name in named if p < self._own_preference(named)]
        found = await asyncio.gather(*(self._addresses(name) for _, name in named[:MAX_HOSTS]))
        records: list[_Mx] = []
        for (preference, name), addresses in zip(named, found, strict=False):
            kept_s = min(kept_s, addresses.kept_s)
            if any(map(self._is_ours, addresses.texts or ())):
                records = [record for record in records if record.preference < preference]
                named = []
                break
            if addresses.texts:
                records.append(_Mx(preference, Host(name=name, addresses=addresses.texts[:MAX_ADDRESSES])))
        if records:
            return tuple(records), kept_s
        if not named:
            return _loop(domain), KEPT_FAILURE_S
        if any(addresses.texts is None for addresses in found):
            return _temporary(domain, "no answer from DNS for its mail hosts"), KEPT_FAILURE_S
        kept_s = min(kept_s, MAX_KEPT_MISSING_S)
        return _permanent(domain, _NO_ROUTE, "none of its mail hosts has an address"), kept_s

    def _own_preference(self, named: list[tuple[int, str]]) -> float:
        return min((p for p, name in named if name in self._own_names), default=float("inf"))

    async def _addresses(self, name: str) -> _Records:
        """Addresses of both families in turn, IPv4 first: the first few must hold some of each."""
        four, six = await asyncio.gather(self._records(name, "A"), self._records(name, "AAAA"))
        both = _in_turn(four.texts or (), six.texts or ())
        if both:  # a family that is not there, or that DNS is silent about, does not matter then
            return _Records(both, min(each.kept_s for each in (four, six) if each.texts))
        is_unsaid = four.texts is None or six.texts is None
        return _Records(None if is_unsaid else (), min(four.kept_s, six.kept_s))

    async def _records(self, name: str, kind: str) -> _Records:
        try:
            answer = await self._ask(name, kind)
        except dns.resolver.NXDOMAIN as fault:
            return _Records((), _negative_s(fault))
        except (dns.exception.DNSException, OSError):
            return _Records(None, KEPT_FAILURE_S)
        return _Records(tuple(record.to_text() for record in answer.rrset or ()), _seconds(answer))

    async def _ask(self, name: str, kind: str) -> dns.resolver.Answer:
        # The root's dot keeps the search list of resolv.conf out: a.example must not become a.example.corp.
        return await self._dns.resolve(
            f"{name}.", kind, search=False, lifetime=LOOKUP_SECONDS, raise_on_no_answer=False
        )

    def _is_ours(self, address: str) -> bool:
        ip = ip_address(address)
        return ip in self._own_addresses or ip.is_loopback or ip.is_unspecified


def _asking(servers: Sequence[str]) -> dns.asyncresolver.Resolver:
    """A resolver that asks these servers, or those of the system."""
    asks = dns.asyncresolver.Resolver(configure=not servers)
    if servers:
        asks.nameservers = name_servers(servers)
    return asks


def _in_turn(four: tuple[str, ...], six: tuple[str, ...]) -> tuple[str, ...]:
    rounds = max(len(four), len(six))
    return tuple(one for n in range(rounds) for one in (*four[n : n + 1], *six[n : n + 1]))


def _seconds(answer: dns.resolver.Answer) -> float:
    """How long an answer may be kept; one without records is negative."""
    limit = MAX_KEPT_S if answer.rrset else MAX_KEPT_MISSING_S
    return min(float(answer.chaining_result.minimum_ttl), limit)


def _negative_s(fault: Exception) -> float:
    """How long a "no such name" may be kept: as the zone's SOA says, within bounds."""
    responses: dict[dns.name.Name, dns.message.QueryMessage] = fault.kwargs.get("responses", {})  # type: ignore[attr-defined]  # of a DNSException
    ttls = [response.resolve_chaining().minimum_ttl for response in responses.values()]
    return float(min((*ttls, MAX_KEPT_MISSING_S)))


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def _permanent(domain: str, status: str, words: str) -> PermanentFailure:
    return PermanentFailure(
        next_hop=domain, reply=f"{domain}: {words}", status=status, cause=Cause.NO_SUCH_DOMAIN
    )


def _temporary(domain: str, words: str) -> TemporaryFailure:
    return TemporaryFailure(next_hop=domain, reply=words, cause=Cause.DNS_FAILED)


def _loop(domain: str) -> TemporaryFailure:
    # Temporary: mostly our own DNS is bent so that mail reaches this gateway, and that must not bounce mail.
    words = "its best mail host is this gateway itself: name a next hop for its route"
    return TemporaryFailure(next_hop=domain, reply=f"{domain}: {words}", cause=Cause.MAIL_LOOP)
