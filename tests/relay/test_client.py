"""The deliverer against scripted next hops on real sockets: one behaviour per test (adversary S34, S03, S04)."""

import asyncio
import socket

import pytest

from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.relay.route import NextHop
from gateway.relay.settings import Timeouts

MAIL = b"Subject: one\r\n\r\n.leading dot\r\n..two\r\ntext\r\n"


def kinds(results):
    return [type(result).__name__ for result in results.values()]


async def test_delivers_to_every_recipient(listen, deliverer, plain, seller, buyers):
    """A mail the next hop takes is delivered for each recipient, with its reply and octets unchanged."""
    hop = await listen()
    results = await deliverer().deliver(plain(hop), seller, buyers, MAIL)
    expected = Delivered(next_hop=f"127.0.0.1:{hop.port}", reply="250 2.0.0 queued as 1")
    assert results == dict.fromkeys(buyers, expected)
    assert hop.mails == [MAIL]
    assert hop.seen[:3] == [
        "EHLO gw.test",
        f"MAIL FROM:<{seller}> SIZE={len(MAIL)}",
        f"RCPT TO:<{buyers[0]}>",
    ]


async def test_null_reverse_path(listen, deliverer, plain, buyers):
    """The null reverse-path goes out as <>, for DSNs."""
    hop = await listen(extensions=())
    await deliverer().deliver(plain(hop), None, buyers[:1], MAIL)
    assert hop.seen[1] == "MAIL FROM:<>"


async def test_repeated_recipient_is_named_once(listen, deliverer, plain, seller, buyers):
    """A recipient given twice gets one RCPT."""
    hop = await listen()
    results = await deliverer().deliver(plain(hop), seller, [buyers[0], buyers[0]], MAIL)
    assert len(results) == 1
    assert sum(line.startswith("RCPT") for line in hop.seen) == 1


@pytest.mark.parametrize(
    ("verb", "reply", "expected"),
    [
        pytest.param("MAIL", "451 4.3.0 later", TemporaryFailure, id="mail-4yz"),
        pytest.param("MAIL", "550 5.7.1 not you", PermanentFailure, id="mail-5yz"),
        pytest.param("MAIL", "530 5.7.0 log in first", TemporaryFailure, id="mail-530-is-our-mistake"),
        pytest.param("MAIL", "503 5.5.1 sequence", TemporaryFailure, id="mail-503-is-our-mistake"),
        pytest.param("MAIL", "421 4.3.2 shutting down", TemporaryFailure, id="mail-421"),
        pytest.param("MAIL", "hello?", TemporaryFailure, id="mail-no-reply-code"),
        pytest.param("MAIL", "CLOSE", TemporaryFailure, id="mail-closes"),
        pytest.param("RCPT", "CLOSE", TemporaryFailure, id="rcpt-closes"),
        pytest.param("DATA", "451 4.3.0 later", TemporaryFailure, id="data-4yz"),
        pytest.param("DATA", "554 5.5.1 no", PermanentFailure, id="data-5yz"),
        pytest.param("DATA", "421 4.3.2 shutting down", TemporaryFailure, id="data-421"),
        pytest.param("DATA", "250 odd", TemporaryFailure, id="data-250-is-no-354"),
        pytest.param("DATA", "CLOSE", TemporaryFailure, id="data-closes"),
        pytest.param("DOT", "452 4.3.1 disk full", TemporaryFailure, id="dot-4yz"),
        pytest.param("DOT", "554 5.7.1 spam", PermanentFailure, id="dot-5yz"),
        pytest.param("DOT", "421 4.3.2 shutting down", TemporaryFailure, id="dot-421"),
        pytest.param("GREETING", "554 5.7.1 blocked", TemporaryFailure, id="greeting-5yz-is-temporary"),
        pytest.param("GREETING", "421 4.3.2 busy", TemporaryFailure, id="greeting-4yz"),
        pytest.param("GREETING", "CLOSE", TemporaryFailure, id="greeting-closes"),
        pytest.param("GREETING", "SSH-2.0-x", TemporaryFailure, id="greeting-is-no-smtp"),
        pytest.param("EHLO", "421 4.3.2 busy", TemporaryFailure, id="ehlo-421"),
    ],
)
async def test_class_of_failure(listen, deliverer, plain, seller, buyers, verb, reply, expected):
    """4yz and everything that blames us or says nothing is temporary; 5yz about the mail is permanent."""
    hop = await listen(replies={verb: [reply]})
    results = await deliverer().deliver(plain(hop), seller, buyers[:2], MAIL)
    assert kinds(results) == [expected.__name__] * 2
    assert all(str(result.reply) for result in results.values())
    assert not any(getattr(result, "outcome_unknown", False) for result in results.values())


async def test_ehlo_refused_falls_back_to_helo(listen, deliverer, plain, seller, buyers):
    """A next hop that knows no EHLO is greeted with HELO, and no extension is used."""
    hop = await listen(replies={"EHLO": ["502 5.5.1 what?"]})
    results = await deliverer().deliver(plain(hop), seller, buyers[:1], MAIL)
    assert kinds(results) == ["Delivered"]
    assert hop.seen[:3] == ["EHLO gw.test", "HELO gw.test", f"MAIL FROM:<{seller}>"]


async def test_helo_refused_is_temporary(listen, deliverer, plain, seller, buyers):
    """A next hop that refuses EHLO and HELO does not make mail bounce."""
    hop = await listen(replies={"EHLO": ["550 5.7.1 go away"], "HELO": ["550 5.7.1 go away"]})
    results = await deliverer().deliver(plain(hop), seller, buyers[:1], MAIL)
    assert results[buyers[0]] == TemporaryFailure(
        next_hop=f"127.0.0.1:{hop.port}", reply="550 5.7.1 go away", cause=Cause.GATEWAY_REFUSED
    )


async def test_partial_refusal(listen, deliverer, plain, seller, buyers):
    """Each recipient gets its own result, whatever becomes of the others."""
    hop = await listen(replies={"RCPT": ["550 5.1.1 no such user", "250 ok", "452 4.2.2 mailbox full"]})
    results = await deliverer().deliver(plain(hop), seller, buyers, MAIL)
    assert kinds({buyer: results[buyer] for buyer in buyers}) == [
        "PermanentFailure",
        "Delivered",
        "TemporaryFailure",
    ]
    assert results[buyers[0]].status == "5.1.1"


async def test_total_refusal_keeps_the_connection(listen, deliverer, plain, seller, buyers):
    """All recipients refused: nothing is sent, and the connection serves the next mail after an RSET."""
    hop = await listen(replies={"RCPT": ["550 no"] * 3})
    agent = deliverer()
    results = await agent.deliver(plain(hop), seller, buyers, MAIL)
    assert kinds(results) == ["PermanentFailure"] * 3
    assert results[buyers[0]].status == "5.0.0"
    assert [mail for mail in hop.mails if mail] == []
    assert "RSET" not in hop.seen
    assert kinds(await agent.deliver(plain(hop), seller, buyers[:1], MAIL)) == ["Delivered"]
    assert hop.seen[-3 - 1] == "RSET"
    assert hop.connections == 1


async def test_refused_sender_is_the_answer_for_all(listen, deliverer, plain, seller, buyers):
    """A refused MAIL counts for every recipient, whatever a pipelining next hop says to the commands after it."""
    replies = {
        "MAIL": ["550 5.7.1 no"],
        "RCPT": ["503 5.5.1 MAIL first"] * 3,
        "DATA": ["503 5.5.1 MAIL first"],
    }
    hop = await listen(replies=replies)
    agent = deliverer()
    results = await agent.deliver(plain(hop), seller, buyers, MAIL)
    assert {result.reply for result in results.values()} == {"550 5.7.1 no"}
    hop.replies.clear()
    assert kinds(await agent.deliver(plain(hop), seller, buyers[:1], MAIL)) == ["Delivered"]
    assert (hop.connections, hop.mails) == (1, [MAIL])


async def test_refused_reset_drops_the_connection(listen, deliverer, plain, seller, buyers):
    """A next hop that does not take RSET gets a fresh connection for the next mail."""
    hop = await listen(replies={"RCPT": ["550 no"], "RSET": ["500 what?"]})
    agent = deliverer()
    await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    assert kinds(await agent.deliver(plain(hop), seller, buyers[:1], MAIL)) == ["Delivered"]
    assert hop.connections == 2


async def test_cut_at_reset_keeps_the_refusal(listen, deliverer, plain, seller, buyers):
    """A refusal does not wait for the RSET after it, and the mail after it survives a connection that breaks there."""
    hop = await listen(replies={"RCPT": ["550 5.1.1 no"], "RSET": ["CLOSE"]})
    agent = deliverer()
    assert kinds(await agent.deliver(plain(hop), seller, buyers[:1], MAIL)) == ["PermanentFailure"]
    assert kinds(await agent.deliver(plain(hop), seller, buyers[:1], MAIL)) == ["Delivered"]
    assert hop.connections == 2


async def test_421_mid_session(listen, deliverer, plain, seller, buyers):
    """421 at the second recipient: refusals before it stand, all others are tried again later."""
    hop = await listen(replies={"RCPT": ["550 5.1.1 no", "421 4.3.2 bye"]})
    results = await deliverer().deliver(plain(hop), seller, buyers, MAIL)
    assert [type(results[buyer]).__name__ for buyer in buyers] == [
        "PermanentFailure",
        "TemporaryFailure",
        "TemporaryFailure",
    ]
    assert {results[buyer].reply for buyer in buyers[1:]} == {"421 4.3.2 bye"}
    assert hop.mails == []


@pytest.mark.parametrize("reply", ["CLOSE", "HANG", "what?"])
async def test_lost_after_the_final_dot(listen, deliverer, plain, seller, buyers, reply):
    """No reply to the final dot: temporary, outcome unknown, and the mail is not sent a second time."""
    hop = await listen(replies={"RCPT": ["550 5.1.1 no"], "DOT": [reply]})
    results = await deliverer(timeouts=Timeouts(final=0.3)).deliver(plain(hop), seller, buyers[:2], MAIL)
    assert isinstance(results[buyers[0]], PermanentFailure)
    assert isinstance(results[buyers[1]], TemporaryFailure)
    assert results[buyers[1]].outcome_unknown
    assert len(hop.mails) == 1


async def test_lost_before_the_final_dot(listen, deliverer, plain, seller, buyers):
    """A next hop that hangs up in mid-content has no whole mail: the outcome is known."""
    hop = await listen(replies={"DATA": [(b"354 go on\r\n", "CLOSE")]}, extensions=())
    results = await deliverer().deliver(
        plain(hop), seller, buyers[:1], b"x: y\r\n\r\n" + b"words\r\n" * 2_000_000
    )
    assert results[buyers[0]] == TemporaryFailure(
        next_hop=f"127.0.0.1:{hop.port}",
        reply="connection lost (DATA)",
        cause=Cause.CONNECTION_LOST,
        outcome_unknown=False,
    )


async def test_answer_before_the_final_dot(listen, deliverer, plain, seller, buyers):
    """A next hop that refuses in mid-content is believed, and is sent no more of it."""
    hop = await listen(
        replies={"DATA": [(b"354 go on\r\n552 5.3.4 that is too much\r\n", "HANG")]}, extensions=()
    )
    results = await deliverer().deliver(
        plain(hop), seller, buyers[:1], b"x: y\r\n\r\n" + b"words\r\n" * 2_000_000
    )
    assert (results[buyers[0]].status, results[buyers[0]].cause) == ("5.3.4", Cause.TOO_LARGE)


async def test_lost_after_the_final_dot_on_a_reused_connection(listen, deliverer, plain, seller, buyers):
    """A reused connection that breaks after the content is not tried again: the mail may have arrived."""
    hop = await listen()
    agent = deliverer()
    await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    hop.replies["DOT"] = ["CLOSE"]
    results = await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    assert results[buyers[0]].outcome_unknown
    assert (hop.connections, len(hop.mails)) == (1, 2)


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
async def test_silent_next_hop(listen, deliverer, plain, seller, buyers, verb):
    """A next hop that falls silent makes a temporary failure, and the connection is hung up."""
    hop = await listen(replies={verb: ["HANG"]})
    results = await deliverer(patience=0.3).deliver(plain(hop), seller, buyers[:1], MAIL)
    assert results[buyers[0]].reply.startswith("no answer in time")
    await hop.closed.wait()
    assert hop.open_connections == 0


async def test_nobody_listens(deliverer, seller, buyers):
    """A refused TCP connection is a temporary failure."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    results = await deliverer().deliver(
        NextHop(kind="smtp", host="127.0.0.1", port=port), seller, buyers[:1], MAIL
    )
    assert results[buyers[0]].reply == "cannot connect: Connection refused"


async def test_ipv6_next_hop(deliverer, seller, buyers):
    """An IPv6 next hop is shown in brackets; nobody answering is temporary."""
    hop = NextHop(kind="smtp", host="::1", port=1)
    results = await deliverer().deliver(hop, seller, buyers[:1], MAIL)
    assert results[buyers[0]].next_hop == "[::1]:1"
    assert isinstance(results[buyers[0]], TemporaryFailure)


async def test_connect_takes_too_long(deliverer, monkeypatch, seller, buyers):
    """A host that never answers the TCP handshake is given up in time."""

    async def never(*_args):
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", never)
    hop = NextHop(kind="smtp", host="192.0.2.1", port=25)
    results = await deliverer(patience=0.05).deliver(hop, seller, buyers[:1], MAIL)
    assert results[buyers[0]].reply == "cannot connect: no answer in time"


async def test_unknown_host(deliverer, monkeypatch, seller, buyers):
    """A configured next hop whose name is unknown does not make mail bounce."""

    async def fail(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    hop = NextHop(kind="smtp", host="relay.invalid", port=25)
    results = await deliverer().deliver(hop, seller, buyers[:1], MAIL)
    assert results[buyers[0]].reply == "relay.invalid cannot be looked up: gaierror"


async def test_a_bug_of_ours_is_temporary(listen, deliverer, plain, monkeypatch, seller, buyers):
    """An exception nobody expected makes a temporary failure with an incident, never a lost mail."""
    hop = await listen()
    agent = deliverer()
    monkeypatch.setattr("gateway.relay.connection.Connection.transact", lambda *_: 1 / 0)
    results = await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    assert results[buyers[0]].reply.startswith("our own fault, incident ")


async def test_cancelled_delivery_hangs_up(listen, deliverer, plain, seller, buyers):
    """A delivery cancelled in mid-dialogue leaves no connection behind, open or idle."""
    hop = await listen(replies={"DATA": ["HANG"]})
    agent = deliverer()
    task = asyncio.create_task(agent.deliver(plain(hop), seller, buyers[:1], MAIL))
    await hop.reached["DATA"].wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await hop.closed.wait()
    assert hop.open_connections == 0


async def test_cancelled_while_connecting(listen, deliverer, plain, seller, buyers, monkeypatch):
    """A delivery cancelled while TCP connects closes its socket."""
    started = asyncio.Event()

    async def never(*_args):
        started.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", never)
    hop = NextHop(kind="smtp", host="192.0.2.1", port=25)
    task = asyncio.create_task(deliverer().deliver(hop, seller, buyers[:1], MAIL))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_timeout_grows_with_size():
    """The wait for the final reply holds the time the slowest allowed upload takes."""
    assert Timeouts(final=10, octets_per_second=1000).content(5000) == 15


class TestReuse:
    """Connections are kept, capped, and replaced when the next hop has given up on them."""

    async def test_reused(self, listen, deliverer, plain, seller, buyers):
        """The second mail goes over the first one's connection, without a second EHLO."""
        hop = await listen()
        agent = deliverer()
        for _ in range(3):
            await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        assert (hop.connections, len(hop.mails)) == (1, 3)

    async def test_mails_per_connection(self, listen, deliverer, plain, seller, buyers):
        """After the set number of mails the connection is closed with QUIT."""
        hop = await listen()
        agent = deliverer(mails_per_connection=2)
        for _ in range(3):
            await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        await hop.closed.wait()
        assert hop.connections == 2
        assert "QUIT" in hop.seen

    async def test_idle_connection_is_closed(self, listen, deliverer, plain, seller, buyers):
        """A connection nobody needs is closed after the idle time."""
        hop = await listen()
        await deliverer(idle_seconds=0.01).deliver(plain(hop), seller, buyers[:1], MAIL)
        await hop.closed.wait()
        assert hop.seen[-1] == "QUIT"

    @pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
    @pytest.mark.parametrize("reply", ["CLOSE", "421 4.4.2 idle too long"])
    async def test_dead_idle_connection(self, listen, deliverer, plain, seller, buyers, verb, reply):
        """A reused connection that breaks before the content is replaced once, and the mail goes out."""
        hop = await listen()
        agent = deliverer()
        await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        hop.replies[verb] = [reply]
        assert kinds(await agent.deliver(plain(hop), seller, buyers[:1], MAIL)) == ["Delivered"]
        assert (hop.connections, len(hop.mails)) == (2, 2)

    @pytest.mark.parametrize(
        "last_words", [b"", b"421 4.4.2 idle too long\r\n", b"250 2.0.0 twice\r\n", b"2"]
    )
    async def test_closed_while_idle(self, listen, deliverer, plain, seller, buyers, last_words):
        """A connection that is closed, or speaks out of turn, while it is idle is not used again."""
        hop = await listen()
        agent = deliverer()
        await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        [lane] = agent._pool._lanes.values()
        [connection] = lane._idle
        lost = asyncio.Event()
        connection._wire.connection_lost = lambda _: lost.set()
        hop.writers[0].write(last_words)
        hop.writers[0].close()
        await lost.wait()
        assert kinds(await agent.deliver(plain(hop), seller, buyers[:1], MAIL)) == ["Delivered"]
        assert hop.connections == 2

    async def test_only_one_fresh_connection(self, listen, deliverer, plain, seller, buyers):
        """When the fresh connection breaks too, the attempt is over."""
        hop = await listen()
        agent = deliverer()
        await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        hop.replies["MAIL"] = ["CLOSE", "CLOSE"]
        results = await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        assert results[buyers[0]].reply == "connection lost (MAIL)"
        assert hop.connections == 2

    async def test_concurrency(self, listen, deliverer, plain, seller, buyers):
        """Ten mails at once open no more connections than allowed."""
        hop = await listen()
        agent = deliverer(concurrency=2)
        await asyncio.gather(*(agent.deliver(plain(hop), seller, buyers[:1], MAIL) for _ in range(10)))
        assert len(hop.mails) == 10
        assert hop.connections <= 2

    async def test_busy(self, listen, deliverer, plain, seller, buyers):
        """A mail that gets no slot in time is a temporary failure."""
        hop = await listen(replies={"DOT": ["HANG"]})
        timeouts = Timeouts(connect=1, greeting=1, command=1, final=0.5, slot=0.05)
        agent = deliverer(concurrency=1, timeouts=timeouts)
        first = asyncio.create_task(agent.deliver(plain(hop), seller, buyers[:1], MAIL))
        await hop.reached["GREETING"].wait()
        results = await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        assert results[buyers[0]].reply == "all 1 connections to it are busy"
        await first

    async def test_close_twice(self, listen, deliverer, plain, seller, buyers):
        """Closing a connection that is closed does nothing."""
        hop = await listen()
        agent = deliverer()
        await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        [lane] = agent._pool._lanes.values()
        connection = lane.take()
        connection.close()
        connection.close()
        assert not connection.is_open

    async def test_close_hangs_up(self, listen, deliverer, plain, seller, buyers):
        """Closing the deliverer says QUIT on idle connections."""
        hop = await listen()
        agent = deliverer()
        await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        await agent.close()
        await hop.closed.wait()
        assert hop.seen[-1] == "QUIT"

    async def test_close_during_a_mail(self, listen, deliverer, plain, seller, buyers):
        """A mail under way when the deliverer closes is finished, then its connection is closed."""
        hop = await listen()
        agent = deliverer()
        task = asyncio.create_task(agent.deliver(plain(hop), seller, buyers[:1], MAIL))
        await hop.reached["GREETING"].wait()
        await agent.close()
        assert kinds(await task) == ["Delivered"]
        await hop.closed.wait()

    async def test_destinations_are_forgotten(self, listen, deliverer, plain, seller, buyers):
        """A destination without users and idle connections leaves nothing behind."""
        hops = [await listen(), await listen()]
        agent = deliverer(mails_per_connection=1)
        for hop in hops:
            await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        assert len(agent._pool._lanes) == 1


class TestMx:
    """Next hop mx: hosts by DNS, best first."""

    async def test_next_host_when_the_first_is_down(self, listen, deliverer, host, seller, buyers):
        """A host that cannot be connected to, or greets with 5yz, is followed by the next one."""
        hop = await listen(replies={"GREETING": ["554 no service"]})
        agent = deliverer(answer=(host("a.test"), host("b.test")), mx_port=hop.port)
        results = await agent.deliver(NextHop(kind="mx"), seller, buyers, MAIL)
        assert {result.next_hop for result in results.values()} == {f"b.test:{hop.port}"}
        assert kinds(results) == ["Delivered"] * 3

    async def test_next_address(self, listen, deliverer, host, seller, buyers):
        """A host's second address is tried when the first refuses."""
        hop = await listen()
        agent = deliverer(answer=(host("a.test", "127.0.0.2", "127.0.0.1"),), mx_port=hop.port)
        assert kinds(await agent.deliver(NextHop(kind="mx"), seller, buyers[:1], MAIL)) == ["Delivered"]

    async def test_no_host(self, deliverer, seller, buyers):
        """What the resolver says stands for every recipient of the domain."""
        failure = PermanentFailure(
            next_hop="x.example", reply="x.example: there is no such domain", status="5.1.2"
        )
        results = await deliverer(answer=failure).deliver(NextHop(kind="mx"), seller, buyers, MAIL)
        assert results == dict.fromkeys(buyers, failure)

    async def test_one_transaction_per_domain(self, listen, deliverer, host, seller):
        """Recipients of two domains go in two transactions."""
        hop = await listen()
        agent = deliverer(answer=(host(),), mx_port=hop.port)
        recipients = [Address("a", "one.example"), Address("b", "two.example"), Address("c", "one.example")]
        results = await agent.deliver(NextHop(kind="mx"), seller, recipients, MAIL)
        assert kinds(results) == ["Delivered"] * 3
        assert len(hop.mails) == 2
        assert agent._resolver.asked == ["one.example", "two.example"]


class TestExtensions:
    """SMTPUTF8 and 8BITMIME are used when needed, and their absence is final."""

    UTF8 = "Subject: Grüße\r\n\r\ntext\r\n".encode()
    EIGHT = "Subject: x\r\n\r\nGrüße\r\n".encode()

    @pytest.mark.parametrize(
        ("extensions", "octets", "local", "options"),
        [
            pytest.param(
                ("SMTPUTF8", "8BITMIME"), b"Subject: x\r\n\r\n", "bücher", " SMTPUTF8", id="address"
            ),
            pytest.param(("SMTPUTF8", "8BITMIME"), UTF8, "b", " BODY=8BITMIME SMTPUTF8", id="header"),
            pytest.param(("SMTPUTF8", "8BITMIME"), EIGHT, "b", " BODY=8BITMIME", id="body"),
            pytest.param(("SMTPUTF8", "8BITMIME"), MAIL, "b", "", id="not-needed"),
        ],
    )
    async def test_used(self, listen, deliverer, plain, seller, extensions, octets, local, options):
        """The options on MAIL say what the mail needs, and no more."""
        hop = await listen(extensions=extensions)
        results = await deliverer().deliver(plain(hop), seller, [Address(local, "m.example")], octets)
        assert kinds(results) == ["Delivered"]
        assert hop.seen[1:3] == [f"MAIL FROM:<{seller}>{options}", f"RCPT TO:<{local}@m.example>"]

    @pytest.mark.parametrize(
        ("extensions", "octets", "status"),
        [
            pytest.param((), UTF8, "5.6.7", id="no-smtputf8"),
            pytest.param((), EIGHT, "5.6.3", id="no-8bitmime"),
            pytest.param(("SMTPUTF8",), UTF8, "5.6.3", id="smtputf8-without-8bitmime"),
        ],
    )
    async def test_not_offered(self, listen, deliverer, plain, seller, buyers, extensions, octets, status):
        """A next hop that cannot carry the mail fails it for good, before MAIL; the connection stays."""
        hop = await listen(extensions=extensions)
        agent = deliverer()
        results = await agent.deliver(plain(hop), seller, buyers[:1], octets)
        assert results[buyers[0]].status == status
        assert hop.seen == ["EHLO gw.test"]
        await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
        assert hop.connections == 1


@pytest.mark.parametrize(
    ("octets", "received"),
    [
        pytest.param(b".", b".\r\n", id="a-dot-alone"),
        pytest.param(b".\r\n.\r\n", b".\r\n.\r\n", id="dots-only"),
        pytest.param(b"a", b"a\r\n", id="no-crlf-at-the-end"),
        pytest.param(b"", b"\r\n", id="nothing"),
        pytest.param(b"a\n.\nMAIL FROM:<x>\n", b"a\r\n.\r\nMAIL FROM:<x>\r\n", id="lf-dot-lf"),
        pytest.param(b"a\r.\rb", b"a\r\n.\r\nb\r\n", id="cr-dot-cr"),
        pytest.param(b"a\n.\r\nb", b"a\r\n.\r\nb\r\n", id="lf-dot-crlf"),
        pytest.param(b"x" * 2_000_000 + b"\r\n", b"x" * 2_000_000 + b"\r\n", id="two-megabytes"),
    ],
)
async def test_octets_on_the_wire(listen, deliverer, plain, seller, buyers, octets, received):
    """The next hop reads one mail, in CRLF lines, with every leading dot where it was."""
    hop = await listen()
    assert kinds(await deliverer().deliver(plain(hop), seller, buyers[:1], octets)) == ["Delivered"]
    assert hop.mails == [received]
    assert hop.seen[3:] == ["DATA"]
