"""The console over a real socket."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from gateway.console import app
from gateway.console.app import SECURITY_HEADERS
from gateway.console.server import ConsoleServer


async def all_ready():
    return ()


@pytest.fixture
async def client() -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    """Starts consoles on free ports and makes clients for them."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(readiness=all_ready, registry=None):
            console = ConsoleServer("127.0.0.1:0", registry or CollectorRegistry(), readiness)
            port = await console.start()
            stack.push_async_callback(console.stop)
            return await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}"))

        yield start


async def test_metrics(client):
    """/metrics shows the given registry in the Prometheus text format."""
    registry = CollectorRegistry()
    Counter("mails", "Mails.", registry=registry).inc(3)
    response = await (await client(registry=registry)).get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "mails_total 3.0" in response.text.splitlines()


async def test_health(client):
    """/healthz answers as long as the event loop turns."""
    response = await (await client()).get("/healthz")
    assert (response.status_code, response.json()) == (200, {"alive": True})


async def silent():
    await asyncio.Event().wait()


async def broken():
    raise OSError("/secret/path: password=hunter2")


async def two_things():
    return ["store", "worker processes"]


async def test_ready(client):
    """/readyz is 200 when nothing is named."""
    response = await (await client()).get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True, "failed": []})


async def test_not_ready(client):
    """/readyz is 503 and names what is not ready."""
    response = await (await client(two_things)).get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {"ready": False, "failed": ["store", "worker processes"]},
    )


async def test_broken_check(client):
    """A readiness check that raises is not ready, and its exception's text is not shown."""
    response = await (await client(broken)).get("/readyz")
    assert response.status_code == 503
    assert response.json()["failed"][0].startswith("readiness check: incident ")
    assert "secret" not in response.text


async def test_silent_check(client, monkeypatch):
    """A readiness check that hangs is not ready."""
    monkeypatch.setattr(app, "READY_SECONDS", 0.05)
    response = await (await client(silent)).get("/readyz")
    assert (response.status_code, response.json()["failed"]) == (503, ["readiness check: no answer in time"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/admin", 404),
        ("GET", "/metrics/x", 404),
        ("POST", "/metrics", 405),
        ("GET", "/healthz", 200),
    ],
)
async def test_security_headers(client, method, path, status):
    """Anything else is 404, and every answer carries the security headers and no server name."""
    response = await (await client()).request(method, path)
    assert response.status_code == status
    assert {
        name.decode(): value.decode() for name, value in SECURITY_HEADERS
    }.items() <= response.headers.items()
    assert "server" not in response.headers


async def test_signals_and_logging_are_left_alone(client):
    """The web server takes no signal and touches no logger."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    handlers = list(logging.getLogger("uvicorn").handlers)
    await (await client()).get("/healthz")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert logging.getLogger("uvicorn").handlers == handlers


async def test_taken_address():
    """An address in use is an OSError at start, not the end of the process."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        console = ConsoleServer(f"127.0.0.1:{taken.getsockname()[1]}", CollectorRegistry(), all_ready)
        with pytest.raises(OSError, match="in use"):
            await console.start()
        await console.stop()


async def test_stopped(client):
    """After stop the port is free again."""
    console = ConsoleServer("[::1]:0", CollectorRegistry(), all_ready)
    port = await console.start()
    await console.stop()
    with socket.create_server(("::1", port), family=socket.AF_INET6):
        pass
