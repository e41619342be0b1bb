"""The server under both event loops it may run on: what the loops do differently, in one go."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import uvloop

from gateway.mail.reply import Reply
from gateway.smtp.server import ListenerSettings, SessionLimits, start_listener


@pytest.fixture
def clients() -> list:
    """Every client of the test."""
    return []


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest, clients: list) -> Callable:
    """Runs a scene under one of the loops, and closes its clients."""

    async def play(scene: Coroutine) -> None:
        await scene
        for client in clients:
            client.writer.close()
        await asyncio.sleep(0)

    def run_one(scene: Coroutine) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(play(scene))

    return run_one


@pytest.fixture
def open_client(client_class, clients: list) -> Callable:
    async def open_one(listener, **options):
        clients.append(client_class(*await asyncio.open_connection("127.0.0.1", listener.port, **options)))
        await clients[-1].reply()
        return clients[-1]

    return open_one


def test_mail_over_tls(run, open_client, handler, server_tls, client_tls) -> None:
    """STARTTLS, AUTH, a large mail with dots, goodbye."""

    async def scene() -> None:
        settings = ListenerSettings(address="127.0.0.1:0", hostname="gw.example", tls_context=server_tls)
        listener = await start_listener(handler, settings)
        client = await open_client(listener)
        await client.ask("EHLO x", "STARTTLS")
        await client.start_tls(client_tls)
        assert (await client.ask("EHLO x", "AUTH PLAIN AGFubmEAc2VjcmV0"))[1] == "235 2.7.0 Logged in."
        content = b"".join(b".%d\r\n" % number for number in range(100_000))
        assert await client.submit(content.replace(b".", b"..") + b".\r\n") == "250 2.0.0 message 1"
        assert handler.submissions[0].octets == content
        listener.close()
        assert (await client.rest()).startswith("421 4.3.2")
        assert await listener.drain(20) == 0

    run(scene())


def test_implicit_tls(run, open_client, handler, server_tls, client_tls) -> None:
    """TLS from the first octet."""

    async def scene() -> None:
        settings = ListenerSettings(
            address="127.0.0.1:0", hostname="gw.example", tls="implicit", auth="none", tls_context=server_tls
        )
        listener = await start_listener(handler, settings)
        client = await open_client(listener, ssl=client_tls, server_hostname="gw.example")
        assert await client.submit(b"x\r\n.\r\n") == "250 2.0.0 message 1"
        client.writer.close()
        assert await listener.drain(20) == 0

    run(scene())


def test_commands_in_clear_behind_starttls(run, open_client, handler, server_tls) -> None:
    """What came in clear behind STARTTLS is not carried out."""

    async def scene() -> None:
        settings = ListenerSettings(
            address="127.0.0.1:0", hostname="gw.example", auth="none", tls_context=server_tls
        )
        listener = await start_listener(handler, settings)
        client = await open_client(listener)
        await client.send(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@shop.example>\r\n")
        await client.reply()
        assert (await client.rest()).startswith("421 4.7.0")
        assert handler.asked == []
        await listener.drain(20)

    run(scene())


def test_gone_after_the_dot(run, open_client, handler) -> None:
    """A mail is judged to the end when its client has gone."""

    async def scene() -> None:
        judging, gate, done = asyncio.Event(), asyncio.Event(), []

        async def on_message(_submission) -> Reply:
            judging.set()
            await gate.wait()
            done.append(1)
            return Reply(code=250, status="2.0.0", text="x")

        handler.on_message = on_message
        settings = ListenerSettings(address="127.0.0.1:0", hostname="gw.example", tls="none", auth="none")
        listener = await start_listener(handler, settings)
        client = await open_client(listener)
        await client.ask("HELO x", "MAIL FROM:<a@shop.example>", "RCPT TO:<b@mp.example>", "DATA")
        await client.send(b".\r\n")
        await judging.wait()
        client.writer.transport.abort()
        draining = asyncio.ensure_future(listener.drain(20))
        await asyncio.sleep(0)
        gate.set()
        assert (await draining, done) == (0, [1])

    run(scene())


def test_gone_in_a_pipeline(run, open_client, handler, log) -> None:
    """A client that asks much and hangs up is no fault of ours."""

    async def scene() -> None:
        settings = ListenerSettings(address="127.0.0.1:0", hostname="gw.example", tls="none", auth="none")
        listener = await start_listener(handler, settings)
        for _ in range(5):
            client = await open_client(listener)
            await client.send(b"EHLO x\r\n" * 5_000)
            client.writer.transport.abort()
        await listener.drain(20)

    run(scene())

    assert "fault" not in {entry["event"] for entry in log}


def test_idle(run, open_client, handler) -> None:
    """Who says nothing is sent away."""

    async def scene() -> None:
        settings = ListenerSettings(
            address="127.0.0.1:0",
            hostname="gw.example",
            tls="none",
            auth="none",
            limits=SessionLimits(command_s=0.01),
        )
        listener = await start_listener(handler, settings)
        client = await open_client(listener)
        assert (await client.rest()).startswith("421 4.4.2")
        await listener.drain(20)

    run(scene())
