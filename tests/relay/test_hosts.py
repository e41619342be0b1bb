"""MX look-ups against a DNS server on loopback, UDP and TCP, that plays a table."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from gateway.mail.cause import Cause
from gateway.mail.delivery import PermanentFailure, TemporaryFailure
from gateway.relay import hosts
from gateway.relay.hosts import Host, Resolver

SOA = "ns.example. post.example. 1 3600 600 86400 {minimum}"


@dataclass
class Zone(asyncio.DatagramProtocol):
    """Answers from a table of (name, kind) → what to answer; a name that is in no row is NXDOMAIN.

    What to answer: record texts; the target of a CNAME; an rcode; "SILENT"; "GARBAGE"; a tuple of record texts, which
    UDP truncates and TCP gives whole; None for a name without such records (NODATA).
    """

    records: dict[tuple[str, str], object]
    asked: list[tuple[str, str]] = field(default_factory=list)
    ttl: int = 300
    minimum: int | None = None

    def connection_made(self, transport):
        """Remember where to answer."""
        self.transport = transport

    def datagram_received(self, data, addr):
        """Answer one question over UDP."""
        if (octets := self.answer(data, over_tcp=False)) is not None:
            self.transport.sendto(octets, addr)

    async def serve(self, reader, writer):
        """Answer questions over TCP."""
        while length := await reader.read(2):
            octets = self.answer(await reader.readexactly(*struct.unpack("!H", length)), over_tcp=True)
            writer.write(struct.pack("!H", len(octets)) + octets)
        writer.close()

    def answer(self, data, *, over_tcp):
        """The answer to one question."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind) if not over_tcp else (name, f"{kind} over TCP"))
        answer = self.records.get((name, kind))
        if answer == "SILENT":
            return None
        if answer == "GARBAGE":
            return data[:2] + b"\xff" * 40
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if isinstance(answer, dns.rcode.Rcode):
            response.set_rcode(answer)
        elif isinstance(answer, tuple) and not over_tcp:
            response.flags |= dns.flags.TC
        elif answer is not None:
            for owner, owner_kind, texts in self.chain(name, kind, answer):
                response.answer.append(dns.rrset.from_text_list(owner, self.ttl, "IN", owner_kind, texts))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        if not response.answer and self.minimum is not None:
            text = SOA.format(minimum=self.minimum)
            response.authority.append(dns.rrset.from_text("example.", self.minimum, "IN", "SOA", text))
        return response.to_wire()

    def chain(self, name, kind, answer):
        """The records themselves, or a CNAME and what it leads to."""
        if not isinstance(answer, str):
            return [(f"{name}.", kind, list(answer))]
        found = self.records.get((answer.rstrip("."), kind))
        rest = self.chain(answer.rstrip("."), kind, found) if found and answer != f"{name}." else []
        return [(f"{name}.", "CNAME", [answer]), *rest]


@pytest.fixture
async def resolver() -> AsyncIterator[Callable[..., tuple[Resolver, Zone]]]:
    """Makes a resolver that asks a server with the given records."""
    opened = []

    async def listen(zone):
        """Both protocols on one port that is free for both."""
        loop = asyncio.get_running_loop()
        while True:
            server = await asyncio.start_server(zone.serve, "127.0.0.1", 0)
            opened.append(server)
            address = server.sockets[0].getsockname()
            with contextlib.suppress(OSError):
                transport, _ = await loop.create_datagram_endpoint(lambda: zone, local_addr=address)
                opened.append(transport)
                return address[1]

    async def make(records, *, ttl=300, minimum=None, **options):
        zone = Zone(records, ttl=ttl, minimum=minimum)
        port = await listen(zone)
        asks = dns.asyncresolver.Resolver(configure=False)
        asks.nameservers = ["127.0.0.1"]
        asks.port = port
        return Resolver(dns_resolver=asks, **{"shuffle": lambda _: None, **options}), zone

    yield make
    for each in opened:
        each.close()


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
        {("d.example", "MX"): ["1 a.example."], ("a.example", "A"): "b.example.", ("b.example", "A"): [A1]},
        [("a.example", A1)],
        id="mail-host-is-a-cname",
    ),
    pytest.param(
        {("d.example", "MX"): ["0 .", "10 a.example."], ("a.example", "A"): [A1]},
        [("a.example", A1)],
        id="null-mx-beside-another",
    ),
    pytest.param(
        {("d.example", "MX"): ["10 a.example."], ("a.example", "A"): [A1], ("a.example", "AAAA"): "SILENT"},
        [("a.example", A1)],
        id="one-family-is-silent",
    ),
    pytest.param(
        {("d.example", "MX"): tuple(f"{n} h{n}.example." for n in range(60)), ("h0.example", "A"): [A1]},
        [("h0.example", A1)],
        id="truncated-over-udp",
    ),
    pytest.param(
        {
            ("d.example", "MX"): ["10 a.example.", "10 us.example.", "20 b.example."],
            ("a.example", "A"): [A1],
            ("us.example", "A"): ["198.51.100.1"],
            ("b.example", "A"): [A2],
        },
        None,
        id="ourselves-by-address-and-all-no-better-left-out",
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
async def test_found(resolver, monkeypatch, records, expected):
    """Hosts come best first, each with its addresses."""
    monkeypatch.setattr(hosts, "LOOKUP_SECONDS", 0.3)
    asks, _ = await resolver(records, own_names=["GW.example."], own_addresses=["198.51.100.1"])
    if expected is None:
        assert (await asks.hosts("d.example")).cause is Cause.MAIL_LOOP
        return
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
        pytest.param({("d.example", "MX"): "GARBAGE"}, "d.example", TemporaryFailure, "DNS", id="garbage"),
        pytest.param(
            {("d.example", "MX"): dns.rcode.REFUSED}, "d.example", TemporaryFailure, "DNS", id="refused"
        ),
        pytest.param(
            {("d.example", "MX"): "d.example."}, "d.example", TemporaryFailure, "DNS", id="cname-to-itself"
        ),
        pytest.param(
            {("d.example", "MX"): "gone.example."},
            "d.example",
            PermanentFailure,
            "5.4.4",
            id="cname-to-nowhere",
        ),
        pytest.param(
            {("d.example", "MX"): None, ("d.example", "A"): "SILENT"},
            "d.example",
            TemporaryFailure,
            "no answer from DNS for its mail hosts",
            id="no-mx-and-silence",
        ),
        pytest.param(
            {("d.example", "MX"): ["1 192.0.2.1."]},
            "d.example",
            PermanentFailure,
            "5.4.4",
            id="mx-is-an-address",
        ),
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
    """Hosts of one preference come in another order for each mail, after better ones, without another question."""
    records = {("d.example", "MX"): ["10 a.example.", "10 b.example.", "5 c.example."]}
    records |= {(f"{name}.example", "A"): [A1] for name in "abc"}
    turns = iter([False, True])
    asks, zone = await resolver(records, shuffle=lambda found: found.sort(key=str, reverse=next(turns)))
    orders = [[host.name for host in await asks.hosts("d.example")] for _ in range(2)]
    assert orders == [["c.example", "a.example", "b.example"], ["c.example", "b.example", "a.example"]]
    assert zone.asked.count(("d.example", "MX")) == 1


async def test_families_come_in_turn(resolver):
    """A host with many addresses of one family has some of the other among those that are tried."""
    records = {
        ("d.example", "MX"): ["10 a.example."],
        ("a.example", "A"): [A1, A2, A3, "203.0.113.4"],
        ("a.example", "AAAA"): ["2001:db8::1"],
    }
    asks, _ = await resolver(records)
    [found] = await asks.hosts("d.example")
    assert [":" in address for address in found.addresses] == [False, True, False, False]


async def test_caps(resolver):
    """Only so many hosts and addresses are tried."""
    records = {("d.example", "MX"): [f"{i} h{i}.example." for i in range(9)]}
    records |= {(f"h{i}.example", "A"): [f"203.0.113.{j}" for j in range(1, 10)] for i in range(9)}
    asks, _ = await resolver(records)
    found = await asks.hosts("d.example")
    assert (len(found), len(found[0].addresses)) == (hosts.MAX_HOSTS, hosts.MAX_ADDRESSES)


WELL = {("d.example", "MX"): ["1 a.example."], ("a.example", "A"): [A1]}


@pytest.mark.parametrize(
    ("records", "times", "kept_s"),
    [
        pytest.param(WELL, {"ttl": 300}, 300, id="time-to-live"),
        pytest.param(WELL, {"ttl": 0}, 0, id="not-at-all"),
        pytest.param(WELL, {"ttl": 10**6}, hosts.MAX_KEPT_S, id="no-longer-than-our-bound"),
        pytest.param({}, {"minimum": 60}, 60, id="nxdomain-as-its-zone-says"),
        pytest.param(
            {}, {"minimum": 10**6}, hosts.MAX_KEPT_MISSING_S, id="nxdomain-no-longer-than-our-bound"
        ),
        pytest.param({("d.example", "MX"): None}, {"minimum": 60}, 60, id="no-records"),
        pytest.param({("d.example", "MX"): ["0 ."]}, {"ttl": 10**6}, hosts.MAX_KEPT_S, id="null-mx"),
        pytest.param({("d.example", "MX"): SERVFAIL}, {}, hosts.KEPT_FAILURE_S, id="servfail"),
        pytest.param(
            {("d.example", "MX"): ["1 a.example."], ("a.example", "A"): SERVFAIL},
            {"ttl": 10**6},
            hosts.KEPT_FAILURE_S,
            id="servfail-for-the-host",
        ),
        pytest.param(
            {("d.example", "MX"): ["1 gw.example."]}, {"ttl": 10**6}, hosts.KEPT_FAILURE_S, id="loop"
        ),
    ],
)
async def test_answers_are_kept(resolver, records, times, kept_s):
    """A domain is asked for again when its answer has run out and not before, whatever the answer was."""
    now = [1000.0]
    asks, zone = await resolver(records, own_names=["gw.example"], clock=lambda: now[0], **times)
    first = await asks.hosts("d.example")
    if kept_s:
        now[0] += kept_s - 0.001
        assert await asks.hosts("d.example") == first
        assert zone.asked.count(("d.example", "MX")) == 1
    now[0] += 0.002
    assert await asks.hosts("d.example") == first
    assert zone.asked.count(("d.example", "MX")) == 2


async def test_many_ask_once(resolver):
    """Mails that want the same domain at one time share one question; one that gives up leaves the others theirs."""
    asks, zone = await resolver(WELL)
    tasks = [asyncio.create_task(asks.hosts("d.example")) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == [(Host(name="a.example", addresses=(A1,)),)] * 4
    assert zone.asked.count(("d.example", "MX")) == 1
    assert not asks._asked


async def test_memory_is_bounded(resolver, monkeypatch):
    """Of ever so many domains only the last ones are remembered."""
    monkeypatch.setattr(hosts, "CACHE_ENTRIES", 3)
    asks, _ = await resolver({})
    for n in range(5):
        await asks.hosts(f"d{n}.example")
    assert list(asks._known) == ["d2.example", "d3.example", "d4.example"]


async def test_truncated_answers_are_asked_for_over_tcp(resolver):
    """What does not fit into a datagram is fetched whole."""
    asks, zone = await resolver({**WELL, ("d.example", "MX"): ("1 a.example.",)})
    assert (await asks.hosts("d.example"))[0].name == "a.example"
    assert ("d.example", "MX over TCP") in zone.asked


def test_system_resolver():
    """Without a DNS resolver of its own it is made as the system is configured."""
    assert Resolver()._dns.nameservers
