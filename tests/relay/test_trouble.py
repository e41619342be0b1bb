"""What the delivery agent makes of a destination's trouble: fewer connections, a rest, another host; and of a loop."""

import asyncio

import pytest

from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.delivery import Delivered, TemporaryFailure
from gateway.relay.client import MAX_RECIPIENTS
from gateway.relay.pool import FAILURES_BEFORE_REST
from gateway.relay.route import NextHop

MAIL = b"Subject: one\r\n\r\ntext\r\n"


async def test_a_destination_that_fails_rests(listen, deliverer, plain, seller, buyers):
    """After failures in a row the next hop is left alone: the mail was not tried, and is told when to come again."""
    hop = await listen(replies={"GREETING": ["421 4.3.2 busy"] * 99})
    agent = deliverer()
    results = [
        (await agent.deliver(plain(hop), seller, buyers[:1], MAIL))[buyers[0]]
        for _ in range(FAILURES_BEFORE_REST + 2)
    ]
    assert hop.connections == FAILURES_BEFORE_REST
    assert [result.wait_s is None for result in results] == [True] * FAILURES_BEFORE_REST + [False] * 2
    assert {(result.reply, result.cause) for result in results} == {("421 4.3.2 busy", Cause.NEXT_HOP_BUSY)}


async def test_421_in_the_dialogue_counts(listen, deliverer, plain, seller, buyers):
    """421 to a command halves the connections as a refused connection does."""
    hop = await listen(replies={"MAIL": ["421 4.7.0 slow down"]})
    agent = deliverer(concurrency=4)
    await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    [lane] = agent._pool._lanes.values()
    assert lane._window == 2.0
    await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    assert lane._window == 2.5


async def test_refusals_are_no_trouble(listen, deliverer, plain, seller, buyers):
    """A next hop that refuses mails in good order gets as many connections as before."""
    hop = await listen(replies={"RCPT": ["550 5.1.1 no"] * 9})
    agent = deliverer(concurrency=4)
    for _ in range(9):
        await agent.deliver(plain(hop), seller, buyers[:1], MAIL)
    [lane] = agent._pool._lanes.values()
    assert lane._window == 4


async def test_other_hosts_are_tried_while_one_rests(listen, deliverer, host, seller, buyers):
    """Of two mail hosts, one that rests costs the mails nothing; the other one gets them."""
    bad = await listen(replies={"GREETING": ["554 no service"] * 99})
    good = await listen()
    by_name = {"bad.test": bad.port, "good.test": good.port}
    agent = deliverer(answer=(host("bad.test"), host("good.test")))
    real = agent._dialler.open

    async def open_(destination, addresses):
        return await real(type(destination)(host="127.0.0.1", port=by_name[destination.host]), addresses)

    object.__setattr__(agent, "_dialler", type("Dialler", (), {"open": staticmethod(open_)}))
    for _ in range(FAILURES_BEFORE_REST + 3):
        results = await agent.deliver(NextHop(kind="mx"), seller, buyers[:1], MAIL)
        assert isinstance(results[buyers[0]], Delivered)
    assert bad.connections == FAILURES_BEFORE_REST


async def test_all_rest(listen, deliverer, host, seller, buyers):
    """Where every host rests, nobody was tried; where one was, that is what is told."""
    hop = await listen(replies={"GREETING": ["554 no service"] * 99})
    agent = deliverer(answer=(host("a.test"), host("b.test")), mx_port=hop.port)
    told = []
    for _ in range(FAILURES_BEFORE_REST + 1):
        told.append((await agent.deliver(NextHop(kind="mx"), seller, buyers[:1], MAIL))[buyers[0]])
    assert [each.wait_s is None for each in told] == [True] * FAILURES_BEFORE_REST + [False]


@pytest.mark.parametrize("name", ["gw.test", "GW.Test"])
async def test_ourselves_by_greeting(listen, deliverer, host, seller, buyers, name):
    """A host that DNS names and that greets with our own name is ourselves: the mail stays here."""
    hop = await listen(name=name)
    agent = deliverer(answer=(host(),), mx_port=hop.port)
    result = (await agent.deliver(NextHop(kind="mx"), seller, buyers[:1], MAIL))[buyers[0]]
    assert (type(result), result.cause) == (TemporaryFailure, Cause.MAIL_LOOP)
    assert hop.mails == []


async def test_a_smarthost_may_have_our_name(listen, deliverer, plain, seller, buyers):
    """A mail server of the operator's own on this machine, named as a next hop, is what the operator says."""
    hop = await listen(name="gw.test")
    results = await deliverer().deliver(plain(hop), seller, buyers[:1], MAIL)
    assert isinstance(results[buyers[0]], Delivered)


async def test_many_recipients_go_in_several_transactions(listen, deliverer, plain, seller):
    """No transaction has more recipients than every next hop must take."""
    hop = await listen()
    many = [Address(f"buyer{n}", "m.example") for n in range(MAX_RECIPIENTS + 5)]
    results = await deliverer().deliver(plain(hop), seller, many, MAIL)
    assert {type(results[each]) for each in many} == {Delivered}
    assert len(hop.mails) == 2


async def test_pipelining_that_does_not_work(listen, deliverer, plain, seller, buyers):
    """A next hop that loses commands sent in one write gets them one by one from then on."""
    hop = await listen(is_pipelining=True)
    real = hop._dialogue

    async def forgetful(reader, writer):
        """Reads one command of each segment, as some firewalls do."""
        readline = reader.readline

        async def one():
            line = await readline()
            reader._buffer.clear()
            return line

        reader.readline = one
        await real(reader, writer)

    hop._dialogue = forgetful
    agent = deliverer(patience=0.3)
    first = (await agent.deliver(plain(hop), seller, buyers[:1], MAIL))[buyers[0]]
    assert (first.reply, first.outcome_unknown) == ("no answer in time (RCPT)", False)
    hop._dialogue = real
    before = len(hop.seen)
    again = (await agent.deliver(plain(hop), seller, buyers[:1], MAIL))[buyers[0]]
    assert isinstance(again, Delivered)
    assert len(hop.seen) > before
    [lane] = agent._pool._lanes.values()
    assert not lane.take().is_pipelining


async def test_a_slow_reader_of_much(listen, deliverer, plain, seller, buyers):
    """Content goes no faster than it is read: what waits to be sent does not fill our memory."""
    hop = await listen(extensions=())
    real = hop._content

    async def slow(reader, writer):
        await asyncio.sleep(0)
        await real(reader, writer)

    hop._content = slow
    content = b"x: y\r\n\r\n" + (b"words " * 15_000 + b"\r\n") * 90
    results = await deliverer().deliver(plain(hop), seller, buyers[:1], content)
    assert isinstance(results[buyers[0]], Delivered)
    assert hop.mails == [content]
