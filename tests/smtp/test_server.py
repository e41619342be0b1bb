import asyncio

import pytest

from gateway.mail.reply import Reply
from gateway.smtp.server import ListenerSettings, start_listener


async def test_handler_must_be_whole(handler) -> None:
    """A gateway whose filter is missing does not start."""
    handler.message = None
    settings = ListenerSettings(address="127.0.0.1:0", hostname="gw.example", tls="none", auth="none")

    with pytest.raises(TypeError, match="message"):
        await start_listener(handler, settings)


async def test_strangers_may_not_reach_an_open_listener(handler) -> None:
    """A listener without TLS and AUTH starts on loopback only."""
    settings = ListenerSettings(address="0.0.0.0:0", hostname="gw.example", tls="none", auth="none")

    with pytest.raises(ValueError, match="loopback"):
        await start_listener(handler, settings)


@pytest.mark.parametrize(
    "limits, reply, reason",
    [
        (
            {"connections_per_peer": 1},
            "421 4.7.0 Too many connections from your address",
            "connections_per_peer",
        ),
        ({"connections": 1}, "421 4.3.2 Too many connections", "connections"),
    ],
    ids=["per-peer", "in-all"],
)
async def test_connections_are_limited(limits, reply: str, reason: str, serve, connect, log) -> None:
    """One connection too many is told so and closed; when another ends there is room again."""
    listener = await serve(**limits)
    first = await connect(listener)
    second = await connect(listener, greeted=False)
    assert (await second.rest()).startswith(reply)
    await first.ask("QUIT")
    await first.rest()
    await connect(listener)

    assert [entry["reason"] for entry in log if entry["event"] == "session_refused"] == [reason]


async def test_close_says_goodbye(serve, connect) -> None:
    """Closing sends idle clients away at once and takes no new ones."""
    listener = await serve()
    client = await connect(listener)
    await client.ask("NOOP")
    listener.close()

    assert await client.rest() == "421 4.3.2 The gateway is stopping, connect again later.\r\n"
    with pytest.raises(OSError):
        await connect(listener)


async def test_close_lets_a_mail_finish(serve, connect, handler) -> None:
    """A mail under way when the listener closes gets its reply, then its client is sent away."""
    judging, gate = asyncio.Event(), asyncio.Event()

    async def on_message(_submission) -> Reply:
        judging.set()
        await gate.wait()
        return Reply(code=250, status="2.0.0", text="kept")

    handler.on_message = on_message
    listener = await serve()
    client = await connect(listener)
    await client.ask("HELO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")
    await client.send(b".\r\n")
    await judging.wait()
    assert listener.messages_under_way == 1
    draining = asyncio.ensure_future(listener.drain(20))
    await asyncio.sleep(0)
    gate.set()

    assert (await client.rest()).splitlines() == [
        "250 2.0.0 kept",
        "421 4.3.2 The gateway is stopping, connect again later.",
    ]
    assert await draining == 0


async def test_drain_cuts_what_takes_too_long(serve, connect, handler) -> None:
    """A mail that takes longer than the drain is cut and never answered."""
    judging = asyncio.Event()

    async def on_message(_submission) -> Reply:
        judging.set()
        return await asyncio.Future()

    handler.on_message = on_message
    listener = await serve()
    client = await connect(listener)
    await client.ask("HELO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")
    await client.send(b".\r\n")
    await judging.wait()

    assert await listener.drain(0) == 1
    assert await client.rest() == ""


async def test_connection_that_came_too_late(serve, connect, log, monkeypatch) -> None:
    """A connection accepted while the listener closes is told so."""
    listener = await serve()
    listener._shared.is_stopping = True
    client = await connect(listener, greeted=False)

    assert await client.rest() == "421 4.3.2 The gateway is stopping, connect again later.\r\n"
    assert [entry["reason"] for entry in log] == ["draining"]


async def test_drain_cuts_an_upload(serve, connect, handler) -> None:
    """An upload that does not end in time is cut; half a mail is no mail."""
    listener = await serve()
    client = await connect(listener)
    await client.ask("HELO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")
    await client.send(b"half a mail")

    assert await listener.drain(0) == 0
    assert (await client.rest(), handler.submissions) == ("", [])


async def test_close_while_a_session_times_out(serve, connect) -> None:
    """Closing does not stumble over a session whose time is up at that moment."""
    listener = await serve()
    client = await connect(listener)
    await client.ask("NOOP")
    (session,) = listener._shared.sessions
    session._clock.reschedule(session.now())
    await asyncio.sleep(0)
    listener.close()

    assert (await client.rest()).startswith("421 4.3.2")
