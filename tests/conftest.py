"""What many tests need: the policies as shipped, a fixed clock, a gateway on loopback."""

import io
import socketserver
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric import rsa

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


@dataclass
class TxtZone:
    """A DNS server on loopback: names → texts of their TXT records, or an rcode, or "SILENT".

    A name that is not there is NXDOMAIN; one with no texts has records of other kinds only.
    """

    records: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, wire: bytes) -> bytes | None:
        """The answer to one question."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        found = self.records.get(name, dns.rcode.NXDOMAIN)
        if found == "SILENT":
            return None
        response = dns.message.make_response(query)
        if isinstance(found, dns.rcode.Rcode):
            response.set_rcode(found)
        elif found:
            response.answer.append(dns.rrset.from_text_list(f"{name}.", 300, "IN", "TXT", found))
        return response.to_wire(max_size=65_535)

    def resolver(self, port: int) -> dns.resolver.Resolver:
        """Asks this server and nobody else."""
        asks = dns.resolver.Resolver(configure=False)
        asks.nameservers, asks.port = ["127.0.0.1"], port
        return asks


_RSA_KEYS: dict[int, Any] = {}


@pytest.fixture
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA keys are made once for each size: finding primes is most of the time of a test."""
    make = rsa.generate_private_key

    def kept(*, public_exponent: int, key_size: int) -> Any:
        if key_size not in _RSA_KEYS:
            _RSA_KEYS[key_size] = make(public_exponent=public_exponent, key_size=key_size)
        return _RSA_KEYS[key_size]

    monkeypatch.setattr(rsa, "generate_private_key", kept)


@pytest.fixture
def txt_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[TxtZone]:
    """What DNS says to whom asks as the system is configured."""
    zone, asking = TxtZone(), dns.resolver.Resolver

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, sock = self.request
            if (answer := zone.answer(wire)) is not None:
                sock.sendto(answer, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        asks = zone.resolver(server.server_address[1])
        zone.port = server.server_address[1]
        monkeypatch.setattr(
            dns.resolver, "Resolver", lambda *, configure=True: asks if configure else asking(configure=False)
        )
        yield zone
        server.shutdown()
