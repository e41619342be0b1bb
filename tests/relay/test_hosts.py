"""MX look-ups against a DNS server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from gateway.mail.delivery import PermanentFailure, TemporaryFailure
from gateway.relay import hosts
from gateway.relay.hosts import Host, Resolver


@dataclass
class Zone(asyncio.DatagramProtocol):
    """Answers from a table of (name, kind) → record texts, an rcode, or "SILENT"; an unknown name is NXDOMAIN."""

    records: dict[tuple[str, str], object]
    asked: list[tuple[str, str]] = field(default_factory=list)
    ttl: int = 300

    def connection_made(self, transport):
        """Remember where to answer."""
        self.transport = transport

    def datagram_received(self, data, addr):
        """Answer one question."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        answer = self.records.get((name, kind))
        if answer == "SILENT":
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if isinstance(answer, dns.rcode.Rcode):
            response.set_rcode(answer)
        elif answer is not None:
            for owner, owner_kind, texts in self.chain(name, kind, answer):
                response.answer.append(dns.rrset.from_text_list(owner, self.ttl, "IN", owner_kind, texts))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(response.to_wire(), addr)

    def chain(self, name, kind, answer):
        """The records themselves, or a CNAME and what it leads to."""
        if isinstance(answer, str):
            return [(f"{name}.", "CNAME", [answer]), (answer, kind, self.records[answer.rstrip("."), kind])]
        return [(f"{name}.", kind, answer)]


@pytest.fixture
async def resolver() -> AsyncIterator[Callable[..., tuple[Resolver, Zone]]]:
    """Makes a resolver that asks a server with the given records."""
    transports = []

    async def make(records, *, ttl=300, **options):
        loop = asyncio.get_running_loop()
        transport, zone = await loop.create_datagram_endpoint(
            lambda: Zone(records, ttl=ttl), local_addr=("127.0.0.1", 0)
        )
        transports.append(transport)
        asks = dns.asyncresolver.Resolver(configure=False)
        asks.nameservers = ["127.0.0.1"]
        asks.port = transport.get_extra_info("sockname")[1]
        return Resolver(dns_resolver=asks, shuffle=lambda _: None, **options), zone

    yield make
    for transport in transports:
        transport.close()


A1, A2, A3 = "203.0.113.1", "203.0.113.2", "203.0.113.3"
SERVFAIL = dns.rcode.SERVFAIL

FOUND = [
    pytest.param(
        {
            ("d.example", "MX"): ["20 b.example.", "10 A.example."],
            ("a.example", "A"): [A1],
            ("b.example", "A"): [A2],
        },
        [("a.example", A1), ("b.example", A2)],
        id="by-preference",
    ),
    pytest.param({("d.example", "A"): [A1]}, [("d.example", A1)], id="no-mx-but-an-address"),
    pytest.param(
        {
            ("d.example", "MX"): ["1 a.example."],
            ("a.example", "A"): [A1],
            ("a.example", "AAAA"): ["2001:db8::1"],
        },
        [("a.example", A1, "2001:db8::1")],
        id="ipv4-before-ipv6",
    ),
    pytest.param(
        {("d.example", "MX"): ["1 a.example."], ("a.example", "AAAA"): ["2001:db8::1"]},
        [("a.example", "2001:db8::1")],
        id="ipv6-only",
    ),
    pytest.param(
        {("d.example", "MX"): "e.example.", ("e.example", "MX"): ["1 a.example."], ("a.example", "A"): [A1]},
        [("a.example", A1)],
        id="cname",
    ),
    pytest.param(
        {("d.example", "MX"): ["1 gone.example.", "2 a.example."], ("a.example", "A"): [A1]},
        [("a.example", A1)],
        id="host-without-address-is-skipped",
    ),
    pytest.param(
        {
            ("d.example", "MX"): ["1 bad.example.", "2 a.example."],
            ("bad.example", "A"): SERVFAIL,
            ("a.example", "A"): [A1],
        },
        [("a.example", A1)],
        id="host-dns-fails-for-is-skipped",
    ),
    pytest.param(
        {
            ("d.example", "MX"): ["10 a.example.", "20 gw.example.", "30 b.example."],
            ("a.example", "A"): [A1],
            ("gw.example", "A"): [A2],
            ("b.example", "A"): [A3],
        },
        [("a.example", A1)],
        id="ourselves-by-name-and-all-after-us-left-out",
    ),
    pytest.param(
        {
            ("d.example", "MX"): ["10 a.example.", "20 us.example."],
            ("a.example", "A"): [A1],
            ("us.example", "A"): ["198.51.100.1"],
        },
        [("a.example", A1)],
        id="ourselves-by-address-left-out",
    ),
]


@pytest.mark.parametrize(("records", "expected"), FOUND)
async def test_found(resolver, records, expected):
    """Hosts come best first, each with its addresses."""
    asks, _ = await resolver(records, own_names=["GW.example."], own_addresses=["198.51.100.1"])
    assert await asks.hosts("d.example") == tuple(
        Host(name=name, addresses=tuple(ips)) for name, *ips in expected
    )


@pytest.mark.parametrize(
    ("records", "domain", "kind", "detail"),
    [
        pytest.param({}, "d.example", PermanentFailure, "5.1.2", id="nxdomain"),
        pytest.param({}, "a" * 64 + ".example", PermanentFailure, "5.1.2", id="label-too-long"),
        pytest.param({}, "d..example", PermanentFailure, "5.1.2", id="empty-label"),
        pytest.param({("d.example", "MX"): ["0 ."]}, "d.example", PermanentFailure, "5.1.10", id="null-mx"),
        pytest.param(
            {("d.example", "TXT"): ['"x"']}, "d.example", PermanentFailure, "5.4.4", id="no-address"
        ),
        pytest.param(
            {("d.example", "MX"): ["1 gone.example."]},
            "d.example",
            PermanentFailure,
            "5.4.4",
            id="hosts-without-address",
        ),
        pytest.param(
            {("d.example", "MX"): SERVFAIL}, "d.example", TemporaryFailure, "NoNameservers", id="servfail"
        ),
        pytest.param({("d.example", "MX"): "SILENT"}, "d.example", TemporaryFailure, "Timeout", id="silence"),
        pytest.param(
            {("d.example", "MX"): ["1 a.example."], ("a.example", "A"): SERVFAIL},
            "d.example",
            TemporaryFailure,
            "no answer from DNS for its mail hosts",
            id="host-servfail",
        ),
        pytest.param(
            {("d.example", "MX"): ["1 gw.example."]},
            "d.example",
            TemporaryFailure,
            "this gateway itself",
            id="loop",
        ),
        pytest.param(
            {("d.example", "A"): ["127.0.0.1"]},
            "d.example",
            TemporaryFailure,
            "this gateway itself",
            id="loopback",
        ),
        pytest.param(
            {("d.example", "AAAA"): ["::"]},
            "d.example",
            TemporaryFailure,
            "this gateway itself",
            id="unspecified",
        ),
    ],
)
async def test_not_found(resolver, monkeypatch, records, domain, kind, detail):
    """A domain that is not there fails for good; a DNS that does not answer, or a loop, for now."""
    monkeypatch.setattr(hosts, "LOOKUP_SECONDS", 0.3)
    asks, _ = await resolver(records, own_names=["gw.example"])
    failure = await asks.hosts(domain)
    assert type(failure) is kind
    assert failure.next_hop == domain
    assert detail in (failure.status if kind is PermanentFailure else failure.reply)


async def test_equal_preference_is_shuffled(resolver):
    """Hosts of one preference come in the order of the shuffle, after better ones."""
    records = {("d.example", "MX"): ["10 a.example.", "10 b.example.", "5 c.example."]}
    records |= {(f"{name}.example", "A"): [A1] for name in "abc"}
    orders = []
    for is_reversed in (False, True):
        asks, _ = await resolver(records)
        asks._shuffle = lambda found, turn=is_reversed: found.sort(key=str, reverse=turn)
        orders.append([host.name for host in await asks.hosts("d.example")])
    assert orders == [["c.example", "a.example", "b.example"], ["c.example", "b.example", "a.example"]]


async def test_caps(resolver):
    """Only so many hosts and addresses are tried."""
    records = {("d.example", "MX"): [f"{i} h{i}.example." for i in range(9)]}
    records |= {(f"h{i}.example", "A"): [f"203.0.113.{j}" for j in range(1, 10)] for i in range(9)}
    asks, _ = await resolver(records)
    found = await asks.hosts("d.example")
    assert (len(found), len(found[0].addresses)) == (hosts.MAX_HOSTS, hosts.MAX_ADDRESSES)


@pytest.mark.parametrize(("ttl", "questions"), [(300, 1), (0, 2)])
async def test_answers_are_kept_for_their_time_to_live(resolver, ttl, questions):
    """A second look-up asks DNS again only when the answer has run out."""
    asks, zone = await resolver({("d.example", "MX"): ["1 a.example."], ("a.example", "A"): [A1]}, ttl=ttl)
    assert await asks.hosts("d.example") == await asks.hosts("d.example")
    assert zone.asked.count(("d.example", "MX")) == questions


def test_system_resolver():
    """Without a DNS resolver of its own it is made as the system is configured."""
    assert Resolver()._dns.nameservers
