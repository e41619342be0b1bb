"""What the console answers: ``/metrics``, ``/healthz``, ``/readyz``.

*Not here:* the listener (``server.py``).
*Limits:* :data:`READY_SECONDS`.
*Source:* the Prometheus text exposition format.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeAlias

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.ops import events

Readiness: TypeAlias = Callable[[], Awaitable[Sequence[str]]]
"""Names what is not ready (``"store"``, ``"workers"``), empty when all is. No secrets: anybody may ask."""

READY_SECONDS = 5.0
"""Seconds for the readiness check; probes give up at about ten."""

SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


def build_app(registry: CollectorRegistry, readiness: Readiness) -> Starlette:
    """Make the ASGI application.

    Args:
        registry: Metrics to show.
        readiness: Asked at each ``/readyz``.
    """

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    async def health(_request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def ready(_request: Request) -> Response:
        failed = await _failed(readiness)
        return JSONResponse({"ready": not failed, "failed": failed}, status_code=503 if failed else 200)

    return Starlette(
        routes=[Route("/metrics", metrics), Route("/healthz", health), Route("/readyz", ready)],
        middleware=[Middleware(_SecurityHeaders)],
    )


async def _failed(readiness: Readiness) -> list[str]:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return list(await readiness())
    except TimeoutError:
        return ["readiness check: no answer in time"]
    except Exception as fault:  # noqa: BLE001 - not ready is the answer, the reason goes to the log
        incident = secrets.token_hex(4)
        events.fault(incident=incident, where="console", exception=fault)
        return [f"readiness check: incident {incident}"]


class _SecurityHeaders:
    """Puts :data:`SECURITY_HEADERS` on every response, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *SECURITY_HEADERS]
            await send(message)

        await self._app(scope, receive, send_with_headers)
