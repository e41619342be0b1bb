"""What many tests need: the policies as shipped, a fixed clock, a gateway on loopback."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.app import Gateway
from gateway.config.model import Config
from gateway.config.policies import load_policies
from gateway.life.clock import utc_now
from gateway.ops import log
from gateway.smtp.sink import Sink
from gateway.worker import Workers

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def policies():
    """All bundled policies by name, without overrides."""
    return load_policies(Config(hostname="gateway.example"))


@pytest.fixture(scope="session")
def amazon(policies):
    """Amazon's policy as shipped."""
    return policies["amazon"]


@pytest.fixture(scope="session")
def received_at():
    """A time of receipt."""
    return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


StartGateway = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    """A stand-in relay."""
    sink = await Sink().start()
    yield sink
    await sink.close()


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """A command or a gateway sets up the log of its process; the next test finds it as it was."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def log_lines() -> io.BytesIO:
    """What the gateway logs during the test."""
    stream = io.BytesIO()
    log.configure(stream=stream, style="json")
    return stream


@pytest.fixture
async def start_gateway(tmp_path: Path, sink: Sink, log_lines: io.BytesIO) -> AsyncIterator[StartGateway]:
    """Starts gateways that deliver to the sink; keyword arguments change the configuration.

    ``start_workers`` and ``clock`` are the gateway's own.
    """
    running: list[Gateway] = []

    async def start(*, start_workers: Any = Workers.start, clock: Any = utc_now, **changes: Any) -> Gateway:
        values: dict[str, Any] = {
            "hostname": "gateway.example",
            "store": f"sqlite:///{tmp_path}/gateway.db",
            "listener": [{"address": "127.0.0.1:0", "tls": "none", "auth": "none"}],
            "route": [{"marketplaces": ["amazon"], "next_hop": f"smtp://127.0.0.1:{sink.port}"}],
            "console": None,
            "workers": {"count": 1},
            **changes,
        }
        config = Config.model_validate(values)
        gateway = await Gateway.start(config, load_policies(config), workers=start_workers, clock=clock)
        running.append(gateway)
        return gateway

    yield start
    for gateway in running:
        await gateway.stop("test")
