"""What one session may use, and what all of them may use together.

*Not here:* limits on the content of a mail (``mail/parse``).
*Limits:* :class:`SessionLimits`, :data:`COMMAND_OCTETS`, the constants of :class:`LoginThrottle`.
*Source:* RFC 5321 section 4.5.3, RFC 4954 section 4, RFC 1870, RFC 3461 section 4.
"""

import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

COMMAND_OCTETS = 512
"""Octets of a command line with its CRLF (RFC 5321 section 4.5.3.1.4); above it 500."""

LONG_COMMAND_OCTETS = {"MAIL": 2_048, "RCPT": 2_048, "AUTH": 12_288}
"""Octets of lines that extensions lengthen: SIZE, BODY, AUTH=, RET, ENVID, NOTIFY, ORCPT and SMTPUTF8 together stay
below 2,048; an initial response may have 12,288 (RFC 4954 section 4). Per command and never changed: aiosmtpd keeps
this in one dictionary for all sessions, which each EHLO lets grow and each new connection clears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """Limits of a listener and of each of its sessions.

    Attributes:
        message_octets: Largest message, on the wire; the same as ``mail.parse`` takes. Above it 552.
        abandon_octets: How much of a too large message is read to its end for the sake of a clean 552; above it the
            connection is closed, so that nobody makes us read for ever.
        recipients: Accepted recipients of one message (RFC 5321 section 4.5.3.1.8 wants 100). Above it 452.
        commands: Commands of one session. Above it 421.
        bad_commands: Commands of one session that are not SMTP or out of order (Postfix: 20). Above it 421.
        messages: MAIL commands of one session. Above it 421: clients connect again.
        logins: Wrong passwords of one connection. The last is answered 421.
        connections: Open connections of the listener; below the usual 1,024 file descriptors. Above it 421.
        connections_per_peer: Of one IPv4 address or IPv6 /64 (Postfix: 50). Above it 421.
        command_s: Seconds to wait for the next command (RFC 5321 section 4.5.3.2.7: 5 minutes).
        login_s: Seconds until a client must have logged in, where it must: strangers get less of our time.
        session_s: Seconds a session may last, to the end of the message under way; NOOP does not prolong it.
        chunk_s: Seconds without any octet inside DATA (RFC 5321 section 4.5.3.2.5: 3 minutes).
        data_s: Seconds for one DATA in all, however busy: 25 MiB in 20 minutes is 175 kbit/s.
        handshake_s: Seconds for a TLS handshake.
        login_delay_s: Seconds before the first 535 of a peer or username; doubles with each further one.
    """

    message_octets: int = 26_214_400
    abandon_octets: int = 52_428_800
    recipients: int = 100
    commands: int = 10_000
    bad_commands: int = 20
    messages: int = 1_000
    logins: int = 3
    connections: int = 500
    connections_per_peer: int = 50
    command_s: float = 300
    login_s: float = 300
    session_s: float = 7_200
    chunk_s: float = 180
    data_s: float = 1_200
    handshake_s: float = 30
    login_delay_s: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end of a connection.

    Attributes:
        text: Address and port, ``"192.0.2.1:50000"`` or ``"[2001:db8::1]:50000"``.
        network: What it counts as: an IPv4 address, or an IPv6 /64, since one customer has a whole one.
    """

    text: str
    network: str


def peer_of(name: Sequence[object] | None) -> Peer:
    """The peer by what the socket tells: ``(host, port, …)``, or ``None`` when it was gone before we looked."""
    if not name:
        return Peer(text="unknown", network="unknown")
    host, port = str(name[0]), name[1]
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # a listener for both families shows IPv4 peers so
    if isinstance(address, ipaddress.IPv4Address):
        return Peer(text=f"{address}:{port}", network=str(address))
    network = ipaddress.ip_network((address, 64), strict=False)
    return Peer(text=f"[{host}]:{port}", network=str(network))


class Connections:
    """Counts open connections, by network and in all."""

    def __init__(self, limits: SessionLimits) -> None:
        self._limits = limits
        self._total = 0
        self._by_network: Counter[str] = Counter()

    def admit(self, network: str) -> str:
        """Count one more; why not, ``"connections"`` or ``"connections_per_peer"``, or ``""`` when admitted."""
        if self._by_network[network] >= self._limits.connections_per_peer:
            return "connections_per_peer"
        if self._total >= self._limits.connections:
            return "connections"
        self._total += 1
        self._by_network[network] += 1
        return ""

    def release(self, network: str) -> None:
        """One that was admitted has ended."""
        self._total -= 1
        self._by_network[network] -= 1
        if not self._by_network[network]:  # strangers must not fill the table
            del self._by_network[network]


class LoginThrottle:
    """How long to wait before the next 535: doubles with each failure of a peer or a username.

    Only failures wait, so guessing at an account cannot lock its owner out, on any connection.
    """

    MAX_DELAY_S = 30.0
    FORGET_S = 900.0
    """A key without a failure for a quarter of an hour starts anew."""
    MAX_KEYS = 10_000
    """Keys remembered, the longest untouched dropped first: about 2 MB."""
    MAX_KEY_CHARS = 128

    def __init__(self, first_delay_s: float) -> None:
        self._first_delay_s = first_delay_s
        self._failures: dict[str, tuple[int, float]] = {}

    def failed(self, *keys: str, now: float) -> float:
        """Count a failure under each key; the seconds to wait. ``now`` is any monotonic clock, in seconds."""
        worst = max(self._count(key[: self.MAX_KEY_CHARS], now) for key in keys)
        # Beyond 2**30 the cap rules anyway, and a float must not overflow.
        return min(self.MAX_DELAY_S, self._first_delay_s * 2.0 ** min(worst - 1, 30))

    def _count(self, key: str, now: float) -> int:
        count, at = self._failures.pop(key, (0, now))
        count = 1 if now - at > self.FORGET_S else count + 1
        self._failures[key] = (count, now)  # popped and put back: the end of the line
        if len(self._failures) > self.MAX_KEYS:
            del self._failures[next(iter(self._failures))]
        return count
