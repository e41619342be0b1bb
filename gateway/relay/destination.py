"""Whom a connection is to, and the bare TCP connection to it.

*Not here:* greeting, TLS and login (``dialler.py``).
*Source:* RFC 8305 (Happy Eyeballs) for the race of addresses.
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gateway.mail.cause import Cause
from gateway.relay.settings import Timeouts

Security: TypeAlias = Literal["none", "opportunistic", "starttls", "implicit"]


class UnreachableError(Exception):
    """No connection that a mail could be sent over.

    Attributes:
        reply: The next hop's reply, or our words; one line.
        cause: Why.
        wait_s: Nobody tried: seconds until it is worth asking again.
    """

    def __init__(self, reply: str, cause: Cause = Cause.UNREACHABLE, *, wait_s: float | None = None) -> None:
        super().__init__(reply)
        self.reply = reply
        self.cause = cause
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Whom a connection is to; connections to equal destinations may be exchanged.

    Attributes:
        host: Name (or IP address) that the certificate must hold where it is verified.
        port: TCP port.
        security: ``opportunistic`` is TLS when offered, unverified, and clear text when that fails.
        username: For AUTH, or ``None``.
        password: For AUTH, or ``None``.
        tls_ca: File of the authorities that are believed; ``None`` for the system's.
        is_named_by_dns: It might be ourselves.
    """

    host: str
    port: int
    security: Security = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_ca: str | None = None
    is_named_by_dns: bool = False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def connect(destination: Destination, addresses: Sequence[str], timeouts: Timeouts) -> socket.socket:
    """A connected TCP socket to the first address that answers.

    Each address has ``timeouts.stagger`` seconds for itself before the next one is tried beside it: one family that is
    broken on the way (IPv6 mostly) costs a second and not a time-out.

    Args:
        destination: Host and port.
        addresses: IP addresses in the order to try; when empty, the system's resolver is asked.
        timeouts: ``connect`` and ``stagger``.

    Raises:
        UnreachableError: None answers.
    """
    if not addresses:
        addresses = await _looked_up(destination, timeouts.connect)
    trials: set[asyncio.Task[socket.socket]] = set()
    waiting, words = list(addresses), "no address"
    try:
        while waiting or trials:
            if waiting:
                trial = _connected(waiting.pop(0), destination.port, timeouts.connect)
                trials.add(asyncio.create_task(trial))
            patience = timeouts.stagger if waiting else None
            done, trials = await asyncio.wait(trials, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for trial_done in done:
                fault = trial_done.exception()
                if fault is None:
                    return _first(done)
                words = _fault_words(fault)
    finally:
        for trial_left in trials:
            trial_left.cancel()
            trial_left.add_done_callback(_close_late)
    raise UnreachableError(f"cannot connect: {words}")


async def _looked_up(destination: Destination, seconds: float) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            found = await loop.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
    except OSError as fault:
        words = f"{destination.host} cannot be looked up: {type(fault).__name__}"
        raise UnreachableError(words, Cause.DNS_FAILED) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _connected(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _first(done: set[asyncio.Task[socket.socket]]) -> socket.socket:
    """The socket of one that has succeeded; where several have in one moment, the others are closed."""
    sockets = [task.result() for task in done if task.exception() is None]
    for extra in sockets[1:]:
        extra.close()
    return sockets[0]


def _close_late(task: asyncio.Task[socket.socket]) -> None:
    """One that succeeded in the moment it was called off."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _fault_words(fault: BaseException) -> str:
    if isinstance(fault, OSError) and fault.errno:
        return os.strerror(fault.errno)
    if isinstance(fault, TimeoutError):
        return "no answer in time"
    raise fault
