"""One connection: its time, its TLS, its end. The clients here are in no hurry, or gone."""

import asyncio
import logging
import random
import re
import socket
import struct

import pytest

from gateway.mail.reply import Reply
from gateway.smtp.data import Wire
from gateway.smtp.handler import LOCAL
from gateway.smtp.session import Session

MAIL = ("HELO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")
PAUSE = Session.pause_writing
FAULT = r"451 4\.3\.0 The gateway failed, try again later\. Incident ([0-9a-f]{8})\."


class Clock:
    """Moves the loop's time on, so that no test waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._real, self._ahead_s = loop.time, 0.0

    def __call__(self) -> float:
        """As ``loop.time``."""
        return self._real() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Let so much time pass."""
        self._ahead_s += seconds


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    loop = asyncio.get_running_loop()
    clock = Clock(loop)
    monkeypatch.setattr(loop, "time", clock)
    return clock


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[bytes]:
    """What the server has read inside DATA, chunk by chunk."""
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    original = Wire.chunk

    async def chunk(self: Wire) -> bytes:
        octets = await original(self)
        queue.put_nowait(octets)
        return octets

    monkeypatch.setattr(Wire, "chunk", chunk)
    return queue


# Clients that go away


@pytest.fixture(params=["FIN", "RST"])
def leave(request: pytest.FixtureRequest):
    """How a client goes: with a FIN, or with a RST."""

    def go(client) -> None:
        if request.param == "RST":
            linger = struct.pack("ii", 1, 0)
            client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.writer.transport.abort()
        else:
            client.writer.close()

    return go


async def test_gone_after_the_dot(leave, serve, connect, handler, log) -> None:
    """A mail whose client goes right after the final dot is judged to the end, exactly once."""
    judging, gate, done = asyncio.Event(), asyncio.Event(), []

    async def on_message(submission) -> Reply:
        judging.set()
        await gate.wait()
        done.append(submission.octets)
        return Reply(code=250, status="2.0.0", text="x")

    handler.on_message = on_message
    listener = await serve()
    client = await connect(listener)
    await client.ask(*MAIL)
    await client.send(b"x\r\n.\r\n")
    leave(client)
    await judging.wait()
    draining = asyncio.ensure_future(listener.drain(20))
    await asyncio.sleep(0)
    assert not draining.done()
    gate.set()

    assert await draining == 0
    assert (done, len(handler.submissions)) == ([b"x\r\n"], 1)


async def test_gone_inside_data(leave, serve, connect, handler, reads) -> None:
    """Half a mail is no mail."""
    listener = await serve()
    client = await connect(listener)
    await client.ask(*MAIL)
    await client.send(b"half a mail\r\n")
    await reads.get()
    leave(client)
    await listener.drain(20)

    assert handler.submissions == []


async def test_half_closed(serve, connect, handler) -> None:
    """A client that has closed its half still gets its replies, as from ``printf … | nc``."""
    client = await connect(await serve())
    await client.send(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@mp.example>\r\nDATA\r\nx\r\n.\r\n")
    client.writer.write_eof()

    assert (await client.rest()).endswith(
        "354 Send the message, end with <CRLF>.<CRLF>\r\n250 2.0.0 message 1\r\n"
    )
    assert handler.submissions[0].envelope.reverse_path is None


async def test_half_a_command(serve, connect, handler) -> None:
    """A command without its end is not carried out."""
    client = await connect(await serve())
    await client.send(b"HELO x\r\nMAIL FROM:<a@shop.example>")
    client.writer.write_eof()

    assert await client.rest() == "250 gw.example\r\n"
    assert handler.asked == []


# Time


async def test_idle(serve, connect, clock) -> None:
    """Who says nothing for five minutes is sent away."""
    client = await connect(await serve())
    client.patience_s = None
    await client.ask("NOOP")
    clock.advance(301)

    assert await client.rest() == "421 4.4.2 Nothing was heard for too long, closing.\r\n"


async def test_commands_prolong_idle_time_but_not_the_session(serve, connect, clock) -> None:
    """Each command gives another five minutes, until the session is two hours old."""
    client = await connect(await serve())
    client.patience_s = None
    for _ in range(24):
        assert await client.ask("NOOP") == ["250 2.0.0 Done."]
        clock.advance(299)
    assert await client.ask("NOOP") == ["250 2.0.0 Done."]
    clock.advance(100)

    assert (await client.rest()).startswith("421 4.4.2")


async def test_octets_do_not_prolong_a_command(serve, connect, clock, monkeypatch) -> None:
    """A command that comes an octet a minute does not come at all (slowloris)."""
    client = await connect(await serve())
    client.patience_s = None
    heard = asyncio.Queue()
    read = Wire._read

    async def reading(self) -> bytes:
        octets = await read(self)
        heard.put_nowait(octets)
        return octets

    monkeypatch.setattr(Wire, "_read", reading)
    await client.ask("NOOP")
    for octet in b"EHLO":
        await client.send(bytes([octet]))
        while not heard.empty() or await heard.get() != bytes([octet]):
            pass
        clock.advance(76)

    assert (await client.rest()).startswith("421 4.4.2")


async def test_strangers_get_less_time(serve, connect, clock) -> None:
    """A client that must log in has five minutes for it, busy or not."""
    client = await connect(await serve(auth="required"))
    client.patience_s = None
    for _ in range(3):
        await client.ask("NOOP")
        clock.advance(99)
    await client.ask("NOOP")
    clock.advance(10)

    assert (await client.rest()).startswith("421 4.4.2")


async def test_chunks_prolong_data(serve, connect, clock, reads) -> None:
    """A slow upload goes on as long as something comes every three minutes."""
    client = await connect(await serve(octets_per_second=1))
    client.patience_s = None
    await client.ask(*MAIL)
    for _ in range(5):
        await client.send(b"x" * 170 + b"\r\n")
        await reads.get()
        clock.advance(170)
    await client.send(b".\r\n")

    assert await client.reply() == "250 2.0.0 message 1"


async def test_silence_in_data(serve, connect, clock, reads, handler) -> None:
    """An upload that stops is ended."""
    client = await connect(await serve())
    client.patience_s = None
    await client.ask(*MAIL)
    await client.send(b"x\r\n")
    await reads.get()
    clock.advance(181)

    assert (await client.rest()).startswith("421 4.4.2")
    assert handler.submissions == []


async def test_data_may_not_last_for_ever(serve, connect, clock, reads) -> None:
    """An upload that never stops is ended too, however busy."""
    client = await connect(await serve(octets_per_second=1))
    client.patience_s = None
    await client.ask(*MAIL)
    for _ in range(8):
        await client.send(b"x" * 170 + b"\r\n")
        await reads.get()
        clock.advance(151)

    assert (await client.rest()).startswith("421 4.4.2 Nothing was heard")


async def test_data_must_come_at_a_fair_rate(serve, connect, clock, reads, handler) -> None:
    """An upload that trickles is ended after its first minutes, however steady: it would hold a session for ever."""
    client = await connect(await serve(octets_per_second=100))
    client.patience_s = None
    await client.ask(*MAIL)
    await client.send(b"x" * 998 + b"\r\n")
    await reads.get()
    for _ in range(2):
        await client.send(b"x\r\n")
        await reads.get()
        clock.advance(91)
    assert handler.submissions == []
    clock.advance(10)

    assert await client.rest() == (
        "421 4.4.2 The message comes too slowly, send it again over a faster connection.\r\n"
    )


@pytest.mark.parametrize("waits_s", [400, 10_000], ids=["over-idle", "over-session"])
async def test_our_own_work_is_not_the_clients_time(waits_s: int, serve, connect, clock, handler) -> None:
    """A judgement may take longer than a client may be silent, or a session last."""
    judging, gate = asyncio.Event(), asyncio.Event()

    async def on_message(_submission) -> Reply:
        judging.set()
        await gate.wait()
        return Reply(code=250, status="2.0.0", text="slow")

    handler.on_message = on_message
    client = await connect(await serve())
    client.patience_s = None
    await client.ask(*MAIL)
    await client.send(b".\r\n")
    await judging.wait()
    clock.advance(waits_s)
    await asyncio.sleep(0)
    gate.set()

    assert await client.reply() == "250 2.0.0 slow"


async def test_who_does_not_read_is_cut(serve, connect, clock, monkeypatch) -> None:
    """A client that asks and asks and never reads the replies is cut, and its connection does not linger."""
    blocked = asyncio.Event()
    monkeypatch.setattr(Session, "pause_writing", lambda session: (blocked.set(), PAUSE(session)))
    listener = await serve(commands=10**9)
    client = await connect(listener)
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.writer.transport.pause_reading()
    (session,) = listener._shared.sessions
    sending = asyncio.ensure_future(client.send(b"EHLO x\r\n" * 100_000))
    await blocked.wait()
    clock.advance(301)
    await asyncio.wait({session.task})
    assert not session._closed.done()
    clock.advance(6)

    await session._closed
    sending.cancel()


# Our own faults


async def test_fault_of_the_handler(serve, connect, handler, log) -> None:
    """A failing handler is answered 451 with the incident id of the log, and the session goes on."""

    async def on_message(_submission) -> Reply:
        raise KeyError("text of the mail")

    handler.on_message = on_message
    client = await connect(await serve())
    await client.ask(*MAIL)
    await client.send(b".\r\n")
    incident = re.fullmatch(FAULT, await client.reply())[1]

    assert await client.ask("NOOP") == ["250 2.0.0 Done."]
    assert [entry["incident"] for entry in log if entry["event"] == "fault"] == [incident]
    assert "text of the mail" not in str(log)


@pytest.mark.parametrize("answer", [None, True, "250 fine"], ids=["none", "true", "text"])
async def test_no_reply_is_no_250(answer: object, serve, connect, handler) -> None:
    """A handler that returns anything but a reply has not taken the mail."""

    async def on_message(_submission) -> object:
        return answer

    handler.on_message = on_message
    client = await connect(await serve())
    await client.ask(*MAIL)
    await client.send(b".\r\n")

    assert re.fullmatch(FAULT, await client.reply())


async def test_positive_answer_to_a_question(serve, connect, handler) -> None:
    """A handler agrees with ``None``: a 250 that records nobody would lose mail."""

    async def on_recipient(_address) -> Reply:
        return Reply(code=250, status="2.1.5", text="fine")

    handler.on_recipient = on_recipient
    client = await connect(await serve())

    assert re.fullmatch(FAULT, (await client.ask(*MAIL[:3]))[2])


async def test_fault_of_the_server(serve, connect, monkeypatch, log) -> None:
    """A bug in the server itself is answered 451 as well, and ends the connection."""

    def broken(_line: bytes) -> tuple[str, str]:
        raise RuntimeError("text of the mail")

    monkeypatch.setattr("gateway.smtp.dialogue.read_command", broken)
    client = await connect(await serve())

    assert re.fullmatch(FAULT, (await client.ask("NOOP"))[0])
    assert await client.rest() == ""
    assert "text of the mail" not in str(log)


async def test_handler_whose_helper_was_cancelled(serve, connect, handler, log) -> None:
    """A worker that dies under the handler is our fault, and the client hears of it."""

    async def on_message(_submission) -> Reply:
        worker = asyncio.get_running_loop().create_future()
        worker.cancel()
        return await worker

    handler.on_message = on_message
    client = await connect(await serve())

    assert re.fullmatch(FAULT, await client.submit(b".\r\n"))


async def test_fault_when_the_client_has_gone(serve, connect, monkeypatch) -> None:
    """A fault whose client is gone already is told to the log only."""
    listener = await serve()
    client = await connect(listener)
    (session,) = listener._shared.sessions

    def broken(_line: bytes) -> tuple[str, str]:
        session._writer.close()
        raise RuntimeError

    monkeypatch.setattr("gateway.smtp.dialogue.read_command", broken)
    await client.ask("NOOP")

    assert await client.rest() == ""


async def test_client_that_has_gone_is_told_nothing(serve, connect, handler, log) -> None:
    """A client that goes while the handler is at work is no fault of ours."""
    listener = await serve()
    client = await connect(listener)
    (session,) = listener._shared.sessions

    async def on_reverse_path(_address) -> None:
        session._writer.close()

    handler.on_reverse_path = on_reverse_path
    await client.ask("HELO x", "MAIL FROM:<a@shop.example>")

    assert await client.rest() == ""
    assert "fault" not in {entry["event"] for entry in log}


async def test_noise(serve, connect, log) -> None:
    """Whatever is sent, every answer is a reply with a code and a status, and nothing is a fault of ours."""
    rng = random.Random(5)
    words = [
        *(b"EHLO x", b"HELO", b"MAIL FROM:<a@b.example>", b"MAIL FROM:<", b"RCPT TO:<c@d.example>", b"RCPT"),
        *(
            b"DATA",
            b"RSET",
            b"NOOP",
            b"AUTH PLAIN",
            b"AUTH LOGIN",
            b"AUTH PLAIN AGFubmEAc2VjcmV0",
            b"STARTTLS",
        ),
        *(b".", b"..", b"=", b"*", b"VRFY", b"", b"\0", b"\xff", b" ", b"SIZE=9" * 99, b"x" * 9_999),
    ]
    ends = [b"\r\n"] * 20 + [b"\n", b"\r", b" "]
    listener = await serve(auth="required", logins=10**6, bad_commands=10**6)
    for _ in range(60):
        client = await connect(listener)
        await client.send(b"".join(rng.choice(words) + rng.choice(ends) for _ in range(60)))
        client.writer.write_eof()
        for line in (await client.rest()).splitlines():
            assert re.fullmatch(r"[2-5]\d\d [2-5]\.\d\.\d+ .*|250[- ].*|334 .*|354 .*", line)

    assert "fault" not in {entry["event"] for entry in log}


# Long lines


async def test_endless_command(serve, connect) -> None:
    """Octets without a line end are refused before they fill the memory."""
    client = await connect(await serve())
    await client.send(b"x" * 20_000)

    assert await client.rest() == "500 5.5.6 Command line too long.\r\n"


async def test_long_command(serve, connect) -> None:
    """A long command is refused, and the session goes on."""
    client = await connect(await serve())

    assert await client.ask("NOOP " + "x" * 600, "NOOP") == [
        "500 5.5.6 Command line too long.",
        "250 2.0.0 Done.",
    ]


async def test_long_auth_response(serve, connect) -> None:
    """A long response to a challenge is refused, and the session goes on."""
    client = await connect(await serve(auth="required"))
    await client.ask("EHLO x", "AUTH PLAIN")

    assert await client.ask("x" * 12_300, "NOOP") == ["500 5.5.6 Command line too long.", "250 2.0.0 Done."]


async def test_ehlo_does_not_move_limits(serve, connect) -> None:
    """No EHLO, of this session or another, changes how long a command may be."""
    listener = await serve()
    first, second = await connect(listener), await connect(listener)
    await first.ask(*["EHLO x"] * 50)
    await second.ask("HELO x")
    long_mail = "MAIL FROM:<a@shop.example> " + "x" * 2_048

    assert [(await client.ask(long_mail))[0][:9] for client in (first, second)] == ["500 5.5.6"] * 2


# TLS


async def test_starttls_carries_mail(serve, connect, handler, server_tls, client_tls) -> None:
    """Mail of any size comes through after STARTTLS."""
    client = await connect(await serve(tls="starttls", tls_context=server_tls))
    await client.ask("EHLO x", "STARTTLS")
    await client.start_tls(client_tls)
    content = b"x" * 70 + b"\r\n"

    assert await client.submit(content * 30_000 + b".\r\n") == "250 2.0.0 message 1"
    assert handler.submissions[0].octets == content * 30_000
    client.writer.close()
    assert await client.rest() == ""


async def test_tls_end_is_quiet(serve, connect, server_tls, client_tls, caplog) -> None:
    """A client that ends TLS properly makes the event loop warn of nothing."""
    listener = await serve(tls="starttls", tls_context=server_tls)
    client = await connect(listener)
    await client.ask("EHLO x", "STARTTLS")
    await client.start_tls(client_tls)
    await client.ask("NOOP")
    (session,) = listener._shared.sessions
    client.writer.close()
    await asyncio.wait({session.task})

    assert caplog.records == []


async def test_implicit_tls(serve, connect, handler, server_tls, client_tls) -> None:
    """With implicit TLS the greeting comes encrypted, AUTH is offered at once and STARTTLS is not."""
    listener = await serve(tls="implicit", tls_context=server_tls, auth="required")
    client = await connect(listener, tls=client_tls)

    extensions = (await client.ask("EHLO x"))[0]

    assert "AUTH PLAIN LOGIN" in extensions
    assert "STARTTLS" not in extensions
    assert await client.ask("AUTH PLAIN AGFubmEAc2VjcmV0") == ["235 2.7.0 Logged in."]
    assert (await client.ask("STARTTLS"))[0].startswith("503 5.5.1")
    assert await client.submit(b".\r\n") == "250 2.0.0 message 1"
    assert handler.submissions[0].login.seller == "shop"


async def test_commands_in_clear_behind_starttls(serve, connect, handler, server_tls) -> None:
    """What came in clear behind STARTTLS is never carried out: the connection ends (CVE-2024-34083)."""
    client = await connect(await serve(tls="starttls", tls_context=server_tls))
    await client.send(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@shop.example>\r\n")
    await client.reply()

    assert (await client.rest()).startswith("421 4.7.0 Commands came in clear")
    assert handler.asked == []


async def test_octets_in_clear_while_220_is_sent(serve, connect, handler, server_tls, monkeypatch) -> None:
    """Octets that slip in between our 220 and the handshake end the connection as well."""
    answers = iter([False, True])
    monkeypatch.setattr(Wire, "has_pending", property(lambda _self: next(answers)))
    client = await connect(await serve(tls="starttls", tls_context=server_tls))
    await client.ask("EHLO x")

    assert await client.ask("STARTTLS") == ["220 2.0.0 Ready to start TLS."]
    assert await client.rest() == ""


async def test_failed_handshake(serve, connect, server_tls, log) -> None:
    """What is no TLS ends the connection, and is no fault of ours."""
    client = await connect(await serve(tls="starttls", tls_context=server_tls))
    await client.ask("EHLO x", "STARTTLS")
    await client.send(b"MAIL FROM:<a@shop.example>\r\n")
    await client.reader.read()

    assert "fault" not in {entry["event"] for entry in log}


async def test_login_is_forgotten_at_starttls(serve, connect, server_tls, client_tls) -> None:
    """After the handshake the session starts over."""
    client = await connect(await serve(tls="starttls", tls_context=server_tls))
    await client.ask("EHLO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "STARTTLS")
    await client.start_tls(client_tls)

    first, _, second = await client.ask("DATA", "EHLO x", "DATA")
    assert (first, second) == ("503 5.5.1 Send EHLO first.", "503 5.5.1 Send MAIL first.")


# What is told


async def test_submission(serve, connect, handler) -> None:
    """The handler gets envelope, octets, login, peer and time."""
    client = await connect(await serve())
    await client.ask(
        "EHLO x",
        "MAIL FROM:<a@shop.example> RET=FULL ENVID=q SMTPUTF8",
        "RCPT TO:<b@mp.example> NOTIFY=NEVER",
        "RCPT TO:<c@mp.example>",
        "DATA",
    )
    await client.send(b"x\r\n.\r\n")
    await client.reply()
    (submission,) = handler.submissions
    envelope = submission.envelope

    assert (str(envelope.reverse_path), envelope.ret, envelope.envid, envelope.smtputf8) == (
        "a@shop.example",
        "FULL",
        "q",
        True,
    )
    assert [(str(each.address), each.notify) for each in envelope.recipients] == [
        ("b@mp.example", ("NEVER",)),
        ("c@mp.example", ()),
    ]
    assert (submission.login, submission.octets) == (LOCAL, b"x\r\n")
    assert submission.peer == "127.0.0.1:{}".format(client.writer.get_extra_info("sockname")[1])
    assert submission.received_at.utcoffset().total_seconds() == 0


async def test_reply_to_a_mail_is_the_handlers(serve, connect, handler) -> None:
    """The reply to a mail is the handler's to the letter, in ASCII on one line."""
    reply = Reply(code=550, status="5.7.1", text="No “links”\r\n250 please [id]")

    async def on_message(_submission) -> Reply:
        return reply

    handler.on_message = on_message
    client = await connect(await serve())

    assert await client.submit(b".\r\n") == "550 5.7.1 No ?links?  250 please [id]"


async def test_events(serve, connect, handler, log) -> None:
    """The log tells of a session's begin, refusals and end, and never what the client said."""
    listener = await serve(auth="required")
    client = await connect(listener)
    await client.ask("EHLO evil\x1b[31m", "EHLO evil", "FROB secret-word", "AUTH PLAIN AGFubmEAd3Jvbmc=")
    await client.ask("AUTH PLAIN AGFubmEAc2VjcmV0", "MAIL FROM:<secret@shop.example> X=secret")
    await client.ask("QUIT")
    await client.rest()
    await listener.drain(20)

    assert [entry["event"] for entry in log] == [
        "session_opened",
        "command_refused",
        "command_refused",
        "login_failed",
        "command_refused",
        "login_succeeded",
        "command_refused",
        "session_closed",
    ]
    assert [entry["reply"][:9] for entry in log if "reply" in entry] == [
        "500 5.5.2",
        "500 5.5.1",
        "535 5.7.8",
        "555 5.5.4",
    ]
    assert not re.search("secret|evil|wrong", str(log))


async def test_messages_taken_are_counted(serve, connect, handler, log) -> None:
    """The end of a session tells how many mails were taken, those refused left out."""
    listener = await serve()
    client = await connect(listener)
    await client.submit(b".\r\n")

    async def on_message(_submission) -> Reply:
        return Reply(code=550, status="5.7.1", text="no")

    handler.on_message = on_message
    await client.submit(b".\r\n")
    await client.ask("QUIT")
    await listener.drain(20)

    assert [entry["messages"] for entry in log if entry["event"] == "session_closed"] == [1]


def test_library_does_not_log_commands() -> None:
    """The library's own logger is too quiet to tell addresses."""
    assert logging.getLogger("mail.log").level == logging.WARNING
