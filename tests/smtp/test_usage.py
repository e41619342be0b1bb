"""What sessions use together: counted by address, by login and in all."""

import asyncio
import base64
import socket
import struct

import pytest

from gateway.mail.reply import Reply
from gateway.smtp.handler import Login
from gateway.smtp.limits import Peer, ScopeLimits, SharedLimits
from gateway.smtp.usage import Hand, Quantity, Tally, Usage

MAIL = ("MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")
ANNA = "AUTH PLAIN " + base64.b64encode(b"\0anna\0secret").decode()
WRONG = "AUTH PLAIN " + base64.b64encode(b"\0anna\0wrong").decode()
FAR = Peer(text="192.0.2.1:5", network="192.0.2.1")


def usage(**scopes) -> Usage:
    return Usage(
        SharedLimits(**{"address": ScopeLimits(), "login": ScopeLimits(), "all": ScopeLimits(), **scopes})
    )


def test_connections() -> None:
    """Connections are counted by network and in all, and released."""
    used = usage(all=ScopeLimits(connections=3), address=ScopeLimits(connections=2))

    assert [used.admit("a"), used.admit("a"), used.admit("a")] == ["", "", "connections_per_peer"]
    assert [used.admit("b"), used.admit("c")] == ["", "connections"]
    used.release("a")
    assert used.admit("c") == ""
    used.release("c")
    assert used.admit("a") == ""


def test_nothing_is_kept_of_who_has_gone() -> None:
    """Strangers must not fill the memory."""
    used = Usage()
    used.admit("a")
    tally = Tally(used, FAR)
    tally.log_in("anna")
    hand = tally.hand()
    assert hand.take(5)
    hand.release()
    hand.release()
    tally.close()
    tally.close()
    used.release("a")

    for scope in (used.address, used.login, used.all):
        assert (scope.connections._used, scope.octets._used) == ({}, {})


def test_hand_takes_all_or_nothing() -> None:
    """Octets are counted in every scope or in none."""
    wide, narrow = Quantity(100), Quantity(10)
    hand = Hand([(wide, ""), (narrow, "a")])

    assert [hand.take(8), hand.take(8), hand.take(2)] == [True, False, True]
    assert (wide._used[""], narrow._used["a"]) == (10, 10)


@pytest.mark.parametrize("scope", ["address", "login", "all"])
@pytest.mark.parametrize("what", ["messages", "recipients"])
def test_rates(scope: str, what: str, log) -> None:
    """A rate that is used up in any scope refuses, names itself, and takes nothing from the others."""
    used = usage(**{scope: ScopeLimits(**{f"{what}_per_hour": 2})})
    tallies = [Tally(used, FAR), Tally(used, FAR)]
    for tally in tallies:
        assert tally.log_in("anna") is None
    count = [getattr(tally, what[:-1]) for tally in tallies]

    assert [count[0](0), count[1](0)] == [None, None]
    reply = count[1](0)
    assert (reply.code, reply.status) == (451, "4.7.1")
    assert reply.text.startswith(f"Over 2 {what} an hour ")
    assert log[-1]["limit"] == f"{scope}.{what}_per_hour"
    assert count[0](1_801) is None


def test_scopes_are_apart() -> None:
    """Another address and another login have their own."""
    used = usage(address=ScopeLimits(messages_per_hour=1), login=ScopeLimits(messages_per_hour=1))
    first = Tally(used, FAR)
    first.log_in("anna")
    assert first.message(0) is None
    second = Tally(used, Peer(text="192.0.2.2:5", network="192.0.2.2"))
    second.log_in("berta")
    assert second.message(0) is None
    third = Tally(used, Peer(text="192.0.2.3:5", network="192.0.2.3"))
    third.log_in("anna")
    assert third.message(0).text == "Over 1 messages an hour with this login, send the rest later."


def test_this_machine_has_no_address() -> None:
    """Programs on this machine may speak for anybody: what they send is counted by login and in all only."""
    used = usage(address=ScopeLimits(messages_per_hour=1, octets_in_hand=1, failed_logins_per_hour=1))
    tally = Tally(used, Peer(text="127.0.0.1:5", network="127.0.0.1", is_local=True))
    for _ in range(3):
        tally.failed_login(0)
        assert (tally.message(0), tally.may_log_in(0), tally.has_room(100)) == (None, None, True)


def test_failed_logins() -> None:
    """After so many wrong passwords from an address no more are looked at, whatever the connection and the name."""
    used = usage(address=ScopeLimits(failed_logins_per_hour=2))
    for _ in range(2):
        assert Tally(used, FAR).may_log_in(0) is None
        Tally(used, FAR).failed_login(0)
    assert Tally(used, FAR).may_log_in(0).code == 421
    assert Tally(used, Peer(text="192.0.2.2:5", network="192.0.2.2")).may_log_in(0) is None
    assert Tally(used, FAR).may_log_in(1_801) is None


# On the wire


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch):
    """Clients seem to come from another machine."""
    monkeypatch.setattr("gateway.smtp.session.peer_of", lambda _name: FAR)


async def test_over_the_rate_of_a_login(serve, connect, handler) -> None:
    """A burst with one login is cut at its hourly share, over all its connections; the rest is 451."""
    listener = await serve(auth="required", usage=usage(login=ScopeLimits(messages_per_hour=3)))
    replies = []
    for _ in range(2):
        client = await connect(listener)
        await client.ask("EHLO x", ANNA)
        for _ in range(2):
            replies += await client.ask(MAIL[0], "RSET")
    assert replies[::2] == ["250 2.1.0 Sender accepted."] * 3 + [
        "451 4.7.1 Over 3 messages an hour with this login, send the rest later."
    ]


async def test_over_the_rate_of_recipients(serve, connect) -> None:
    """A recipient over the rate is refused on its own; those before it stay, and one named twice counts once."""
    client = await connect(await serve(usage=usage(all=ScopeLimits(recipients_per_hour=2))))
    named = [f"RCPT TO:<{name}@mp.example>" for name in "aabc"]
    replies = await client.ask("HELO x", MAIL[0], *named)
    assert [reply[:9] for reply in replies[2:]] == ["250 2.1.5"] * 3 + ["451 4.7.1"]


async def test_connections_of_a_login(serve, connect) -> None:
    """A login has so many connections; one that ends makes room."""
    listener = await serve(auth="required", usage=usage(login=ScopeLimits(connections=1)))
    first, second = await connect(listener), await connect(listener)
    assert (await first.ask("EHLO x", ANNA))[1].startswith("235")
    assert (await second.ask("EHLO x", ANNA))[1] == (
        "421 4.7.0 Too many connections with this login, close some first."
    )
    assert await second.rest() == ""
    assert await first.ask("QUIT") == ["221 2.0.0 Bye."]
    assert await first.rest() == ""
    third = await connect(listener)
    assert (await third.ask("EHLO x", ANNA))[1].startswith("235")


async def test_no_more_passwords(far, serve, connect, handler) -> None:
    """An address with too many wrong passwords is answered 421 before a password is looked at, even a right one."""
    listener = await serve(auth="required", usage=usage(address=ScopeLimits(failed_logins_per_hour=2)))
    client = await connect(listener)
    await client.ask("EHLO x", WRONG, WRONG)
    asked = len(handler.asked)
    client = await connect(listener)
    assert (await client.ask("EHLO x", ANNA))[1].startswith(
        "421 4.7.0 Too many failed logins from your address"
    )
    assert len(handler.asked) == asked


HELD = b"x" * 98 + b"\r\n"


@pytest.fixture
async def judging(handler):
    """Mails are judged until the gate opens."""
    gate, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def on_message(_submission) -> Reply:
        begun.release()
        await gate.wait()
        return Reply(code=250, status="2.0.0", text="taken")

    handler.on_message = on_message
    return gate, begun


async def test_octets_in_hand(serve, connect, judging, handler, log) -> None:
    """A message that does not fit beside those under way is read to its end and answered 452; later there is room."""
    gate, begun = judging
    used = usage(all=ScopeLimits(octets_in_hand=250))
    listener = await serve(usage=used)
    first, second = await connect(listener), await connect(listener)
    await first.ask("HELO x", *MAIL)
    await first.send(HELD * 2 + b".\r\n")
    await begun.acquire()
    await second.ask("HELO x", *MAIL)
    await second.send(HELD * 2 + b".\r\n")
    assert (await second.reply()).startswith("452 4.3.1 The gateway has too much mail in hand")
    assert [entry["limit"] for entry in log if entry["event"] == "limit_reached"] == ["octets_in_hand"]
    assert (await second.ask(f"{MAIL[0]} SIZE=200"))[0].startswith("452 4.3.1")
    assert (await second.ask(f"{MAIL[0]} SIZE=20", "RSET"))[0].startswith("250")
    gate.set()
    assert await first.reply() == "250 2.0.0 taken"
    assert used.all.octets._used == {}
    await second.ask(*MAIL)
    await second.send(HELD * 2 + b".\r\n")
    assert await second.reply() == "250 2.0.0 taken"
    assert [len(submission.octets) for submission in handler.submissions] == [200, 200]


async def test_octets_of_who_has_gone(serve, connect, judging) -> None:
    """What is being judged is held until that is done, also when its client has gone; half a mail is let go at once."""
    gate, begun = judging
    used = usage()
    listener = await serve(usage=used)
    gone, half = await connect(listener), await connect(listener)
    linger = struct.pack("ii", 1, 0)  # goes with a RST
    gone.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    await gone.ask("HELO x", *MAIL)
    await gone.send(HELD + b".\r\n")
    await begun.acquire()
    await half.ask("HELO x", *MAIL)
    await half.send(HELD)
    sessions = {session.task for session in listener._shared.sessions}
    for client in (gone, half):
        client.writer.transport.abort()
    await asyncio.wait(sessions, timeout=20)
    assert used.all.octets._used == {"": 103}
    gate.set()
    await listener.drain(5)
    assert used.all.octets._used == {}


@pytest.mark.parametrize("octets", [400, 4_000], ids=["too large", "far too large"])
async def test_octets_of_what_is_too_large(octets: int, serve, connect) -> None:
    """A message that is too large is not held while the rest of it is read away."""
    used = usage()
    client = await connect(await serve(usage=used, message_octets=100, abandon_octets=1_000))
    await client.ask("HELO x", *MAIL)
    await client.send(b"x" * octets + b"\r\n.\r\n")
    assert (await client.reply()).startswith("552 5.3.4")
    assert used.all.octets._used == {}


async def test_limits_hold_over_all_listeners(serve, connect) -> None:
    """Two listeners count together."""
    used = usage(all=ScopeLimits(messages_per_hour=1))
    for expected in ("250", "451"):
        client = await connect(await serve(usage=used))
        assert (await client.ask("HELO x", MAIL[0]))[1].startswith(expected)


async def test_login_of_the_handler_counts(serve, connect, handler) -> None:
    """What counts is the username of the login that the handler has given."""

    async def on_authenticate(_username: str, _password: str) -> Login:
        return Login(seller="shop", username="canonical")

    handler.on_authenticate = on_authenticate
    used = usage()
    client = await connect(await serve(auth="required", usage=used))
    await client.ask("EHLO x", ANNA)
    assert used.login.connections._used == {"canonical": 1}
