"""The PROXY header: a proxy in front of us tells who its client is, before anything else is said.

House rules: only a peer on the list is believed, and from such a peer the header is required: whoever could choose
whether to send one could choose whom to be. Not an octet behind the header is read, since it may belong to TLS.

*Not here:* the connection it comes over (``entrance``).
*Limits:* :data:`MAX_V1_OCTETS`, :data:`MAX_V2_OCTETS`.
*Source:* HAProxy, "The PROXY protocol", versions 1 and 2 (doc/proxy-protocol.txt), sections 2.1 and 2.2.
"""

import ipaddress
from collections.abc import Iterable
from typing import TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Source: TypeAlias = tuple[str, int]

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
MAX_V1_OCTETS = 107
"""Octets of a header of version 1 with its CRLF, by the specification."""
MAX_V2_OCTETS = 4_096
"""Octets of addresses and extensions of version 2: more than any proxy sends (the largest is a client certificate's
name), and nothing to fill memory with."""

_SHORTEST_TCP = len(b"PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n") - 1
_FIXED_V2 = 16
_FAMILIES = {0x11: (4, 12), 0x21: (16, 36)}
"""TCP over IPv4 and IPv6: octets of one address, and of both with their ports."""
_NOBODY = frozenset({0x00, 0x31})
"""Unspecified, and a UNIX socket: the proxy speaks for itself."""


class ProxyError(ValueError):
    """No PROXY header, or a broken one."""


def is_listed(host: str, networks: Iterable[Network]) -> bool:
    """Whether a peer may say who its client is.

    Args:
        host: IP address as the socket tells it.
        networks: Those of the listener.
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


class ProxyHeader:
    """A header that comes bit by bit; does no IO.

    Attributes:
        wanted: How many octets may be read next: never more than belong to the header; 0 when it is complete.
        source: The client's address and port; ``None`` where the proxy speaks for itself, as when it checks our health.
    """

    def __init__(self) -> None:
        self.wanted = len(SIGNATURE)
        self.source: Source | None = None
        self._octets = bytearray()

    def feed(self, octets: bytes) -> None:
        """Take at most ``wanted`` octets.

        Raises:
            ProxyError: Whatever comes is no PROXY header.
        """
        self._octets += octets
        self.wanted -= len(octets)
        if self.wanted:
            return
        if self._octets.startswith(SIGNATURE):
            self._read_v2()
        elif self._octets.startswith(b"PROXY "):
            self._read_v1()
        else:
            raise ProxyError("no PROXY header")

    def _read_v1(self) -> None:
        if not self._octets.endswith(b"\n"):
            if len(self._octets) >= MAX_V1_OCTETS:
                raise ProxyError("version 1 without an end")
            is_short_of_tcp = self._octets.startswith(b"PROXY TCP") and len(self._octets) < _SHORTEST_TCP
            self.wanted = _SHORTEST_TCP - len(self._octets) if is_short_of_tcp else 1
            return
        words = self._octets.decode("latin-1").removesuffix("\r\n").split(" ")
        if self._octets.endswith(b"\r\n") and words[1] == "UNKNOWN":
            return
        try:
            _, family, source, destination, port, to_port = words
            version = {"TCP4": 4, "TCP6": 6}[family]
            addresses = [ipaddress.ip_address(text) for text in (source, destination)]
        except (KeyError, ValueError):
            raise ProxyError("version 1 in no known form") from None
        if any(address.version != version for address in addresses) or "\n" in to_port:
            raise ProxyError("version 1 with addresses of another family")
        self.source = (str(addresses[0]), _port(port))
        _port(to_port)

    def _read_v2(self) -> None:
        if len(self._octets) < _FIXED_V2:
            self.wanted = _FIXED_V2 - len(self._octets)
            return
        kind, family = self._octets[12], self._octets[13]
        length = int.from_bytes(self._octets[14:16], "big")
        if kind not in {0x20, 0x21} or length > MAX_V2_OCTETS:
            raise ProxyError("version 2 of an unknown kind")
        self.wanted = _FIXED_V2 + length - len(self._octets)
        if self.wanted or kind == 0x20 or family in _NOBODY:  # noqa: PLR2004 - LOCAL
            return
        size, least = _FAMILIES.get(family, (0, 0))
        if not size or length < least:
            raise ProxyError("version 2 without the addresses of a TCP connection")
        at = _FIXED_V2
        address = ipaddress.ip_address(bytes(self._octets[at : at + size]))
        port = int.from_bytes(self._octets[at + 2 * size : at + 2 * size + 2], "big")
        self.source = (str(address), port)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > len("65535") or int(text) > 65_535:  # noqa: PLR2004
        raise ProxyError("version 1 with no port")
    return int(text)
