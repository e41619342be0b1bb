"""What a listener is told: where it listens, what it asks of clients, what it allows them.

*Not here:* where the values come from (``config``).
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from gateway.smtp.limits import SessionLimits
from gateway.smtp.proxy import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """One listener.

    Attributes:
        address: ``"127.0.0.1:2525"`` or ``"[::1]:2525"``; port 0 takes a free one.
        hostname: Our name in the greeting; never looked up.
        tls: ``"none"`` (loopback only), ``"starttls"`` (AUTH only after it) or ``"implicit"``.
        auth: ``"required"``, or ``"none"`` (loopback only): whoever connects is the seller ``local``.
        proxy_from: Peers that tell in a PROXY header who their client is, and must.
        tls_context: For ``starttls`` and ``implicit``, see ``tls.Certificate``.
        limits: Time, size and number.
        sleep: Waits before a 535; tests give one that returns at once.
    """

    address: str
    hostname: str
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    auth: Literal["required", "none"] = "required"
    proxy_from: tuple[Network, ...] = ()
    tls_context: ssl.SSLContext | None = None
    limits: SessionLimits = field(default_factory=SessionLimits)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def host(self) -> str:
        """The address without its port and brackets."""
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port."""
        return int(self.address.rpartition(":")[2])

    def check(self) -> None:
        """Raise ``ValueError`` with a sentence for the operator when these settings must not be served."""
        if self.tls != "none" and self.tls_context is None:
            raise ValueError(f"listener {self.address}: tls = {self.tls!r} needs a certificate and a key")
        if self.auth == "none" and self.proxy_from:
            raise ValueError(
                f"listener {self.address}: proxy_from brings in strangers, so auth must be 'required'"
            )
        if is_loopback(self.host):
            return
        if self.tls == "none":
            raise ValueError(
                f"listener {self.address}: tls = 'none' is for loopback addresses only; use 'starttls' or 'implicit'"
            )
        if self.auth == "none":
            raise ValueError(
                f"listener {self.address}: auth = 'none' is for loopback addresses only; use 'required'"
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address; a name other than ``localhost`` counts as no."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
