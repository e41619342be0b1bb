"""TCP to a host of several addresses: the first that answers, and no waiting for those that do not."""

import asyncio
import socket

import pytest

from gateway.mail.cause import Cause
from gateway.relay.destination import Destination, UnreachableError, connect
from gateway.relay.settings import Timeouts

SILENT = "192.0.2.1"
DEAD = "192.0.2.2"


@pytest.fixture
async def network(monkeypatch):
    """A listener on loopback; SILENT never answers, DEAD refuses, and who was tried is noted."""
    server = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.get_running_loop()
    real, tried, closed = loop.sock_connect, [], []

    async def sock_connect(sock, address):
        tried.append(address[0])
        if address[0] == SILENT:
            try:
                await asyncio.Event().wait()
            finally:
                closed.append(sock)
        if address[0] == DEAD:
            raise ConnectionRefusedError(111, "refused")
        await real(sock, ("127.0.0.1", address[1]))

    monkeypatch.setattr(loop, "sock_connect", sock_connect)
    yield server.getsockname()[1], tried, closed
    server.close()


FAST = Timeouts(connect=0.2, stagger=0.01)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        pytest.param(["127.0.0.1"], ["127.0.0.1"], id="one"),
        pytest.param(["127.0.0.1", SILENT], ["127.0.0.1"], id="the-second-is-not-needed"),
        pytest.param([DEAD, "127.0.0.1"], [DEAD, "127.0.0.1"], id="the-first-refuses"),
        pytest.param([SILENT, "127.0.0.1"], [SILENT, "127.0.0.1"], id="the-first-is-silent"),
        pytest.param([SILENT, DEAD, "127.0.0.1"], [SILENT, DEAD, "127.0.0.1"], id="two-are-no-good"),
    ],
)
async def test_first_that_answers(network, addresses, expected):
    """A broken address costs a moment, and the sockets of the others are closed."""
    port, tried, closed = network
    sock = await connect(Destination(host="mx.test", port=port), addresses, FAST)
    assert sock.getpeername() == ("127.0.0.1", port)
    sock.close()
    for _ in range(3):
        await asyncio.sleep(0)
    assert tried == expected
    assert all(each.fileno() == -1 for each in closed)


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        pytest.param([DEAD], "cannot connect: Connection refused", id="refused"),
        pytest.param([SILENT], "cannot connect: no answer in time", id="silent"),
        pytest.param([SILENT, DEAD], "cannot connect: no answer in time", id="one-of-each"),
    ],
)
async def test_none_answers(network, addresses, words):
    """Where no address answers, the last one's fault is told."""
    port, tried, _ = network
    with pytest.raises(UnreachableError) as caught:
        await connect(Destination(host="mx.test", port=port), addresses, FAST)
    assert (caught.value.reply, caught.value.cause) == (words, Cause.UNREACHABLE)
    assert tried == addresses


async def test_called_off(network):
    """A connection that is called off leaves no socket open."""
    port, _, closed = network
    task = asyncio.create_task(connect(Destination(host="mx.test", port=port), [SILENT, SILENT], FAST))
    while len(closed) == 0 and not task.done():
        task.cancel()
        await asyncio.sleep(0.02)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all(each.fileno() == -1 for each in closed)


async def test_a_family_that_is_not_there():
    """A machine without IPv6 goes on to the next address at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        sock = await connect(Destination(host="mx.test", port=port), ["2001:db8::1", "127.0.0.1"], FAST)
        sock.close()
