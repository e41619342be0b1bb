"""Whom a connection is to, and the bare TCP connection to it.

*Not here:* greeting, TLS and login (``connection.py``).
"""

import asyncio
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Security: TypeAlias = Literal["none", "opportunistic", "starttls", "implicit"]


class UnreachableError(Exception):
    """No connection that a mail could be sent over.

    Attributes:
        reply: The next hop's reply, or our words; one line.
        is_tls: The encryption is what failed.
    """

    def __init__(self, reply: str, *, is_tls: bool = False) -> None:
        super().__init__(reply)
        self.reply = reply
        self.is_tls = is_tls


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Whom a connection is to; connections to equal destinations may be exchanged.

    Attributes:
        host: Name (or IP address) that the certificate must hold where it is verified.
        port: TCP port.
        security: ``opportunistic`` is TLS when offered, unverified, and clear text when that fails.
        username: For AUTH, or ``None``.
        password: For AUTH, or ``None``.
    """

    host: str
    port: int
    security: Security = "none"
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def connect(destination: Destination, addresses: Sequence[str], seconds: float) -> socket.socket:
    """A connected TCP socket to the first address that answers.

    Args:
        destination: Host and port.
        addresses: IP addresses in the order to try; when empty, the system's resolver is asked.
        seconds: For each address.

    Raises:
        UnreachableError: None answers.
    """
    loop = asyncio.get_running_loop()
    words = "no address"
    try:
        if not addresses:
            found = await loop.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    except OSError as fault:
        raise UnreachableError(f"{destination.host} cannot be looked up: {type(fault).__name__}") from None
    for address in addresses:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            async with asyncio.timeout(seconds):
                await loop.sock_connect(sock, (address, destination.port))
        except OSError as fault:
            sock.close()
            words = os.strerror(fault.errno) if fault.errno else "no answer in time"
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise UnreachableError(f"cannot connect: {words}")
