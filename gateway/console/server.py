"""The console's listener, on the event loop of the gateway.

uvicorn is made a guest: it takes no signals, configures no logging and ends when it is told to.
*Not here:* what is answered (``app.py``).
*Limits:* :data:`MAX_CONNECTIONS`, :data:`STOP_SECONDS`.
"""

import asyncio
import contextlib
import socket

import uvicorn
from prometheus_client import CollectorRegistry

from gateway.console.app import Readiness, build_app

MAX_CONNECTIONS = 100
"""Connections and requests at a time; above it the answer is 503."""

KEEP_ALIVE_SECONDS = 5
"""Seconds an idle connection is kept."""

STOP_SECONDS = 2
"""Seconds for requests under way when the gateway stops."""

MAX_HEADER_OCTETS = 16_384
"""Octets of request line and header fields; above it the connection is closed."""


class ConsoleServer:
    """Serves the console from :meth:`start` to :meth:`stop`."""

    def __init__(self, address: str, registry: CollectorRegistry, readiness: Readiness) -> None:
        """Make a server.

        Args:
            address: ``"127.0.0.1:8025"`` or ``"[::1]:8025"``; port 0 takes a free one.
            registry: Metrics to show.
            readiness: Names what is not ready.
        """
        host, _, port = address.rpartition(":")
        self._address = (host.strip("[]"), int(port))
        config = uvicorn.Config(
            build_app(registry, readiness),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
            h11_max_incomplete_event_size=MAX_HEADER_OCTETS,
        )
        self._server = _Guest(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Bind and serve.

        Returns:
            The bound port.

        Raises:
            OSError: The address cannot be bound.
        """
        host, port = self._address
        sock = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._task = asyncio.create_task(self._server.serve(sockets=[sock]), name="console")
        return int(sock.getsockname()[1])

    async def stop(self) -> None:
        """Finish the requests under way and close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Guest(uvicorn.Server):
    """A uvicorn that leaves the process's signals to the gateway."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        return contextlib.nullcontext()
