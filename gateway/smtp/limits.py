"""What one session may use, and what all of them may use together, as values.

*Not here:* what is used (``usage``), limits on the content of a mail (``mail/parse``).
*Limits:* :class:`SessionLimits`, :class:`ScopeLimits`, :data:`COMMAND_OCTETS`.
*Source:* RFC 5321 section 4.5.3, RFC 4954 section 4, RFC 1870, RFC 3461 section 4.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

COMMAND_OCTETS = 512
"""Octets of a command line with its CRLF (RFC 5321 section 4.5.3.1.4); above it 500."""

LONG_COMMAND_OCTETS = {"MAIL": 2_048, "RCPT": 2_048, "AUTH": 12_288}
"""Octets of lines that extensions lengthen: SIZE, BODY, AUTH=, RET, ENVID, NOTIFY, ORCPT and SMTPUTF8 together stay
below 2,048; an initial response may have 12,288 (RFC 4954 section 4). Per command and never changed: aiosmtpd keeps
this in one dictionary for all sessions, which each EHLO lets grow and each new connection clears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """Limits of each session.

    Attributes:
        message_octets: Largest message, on the wire; the same as ``mail.parse`` takes. Above it 552.
        abandon_octets: How much of a too large message is read to its end for the sake of a clean 552; above it the
            connection is closed, so that nobody makes us read for ever.
        recipients: Accepted recipients of one message (RFC 5321 section 4.5.3.1.8 wants 100). Above it 452.
        commands: Commands of one session. Above it 421.
        bad_commands: Commands of one session that are not SMTP or out of order (Postfix: 20). Above it 421.
        messages: MAIL commands of one session. Above it 421: clients connect again.
        logins: Wrong passwords of one connection. The last is answered 421.
        command_s: Seconds to wait for the next command (RFC 5321 section 4.5.3.2.7: 5 minutes).
        login_s: Seconds until a client must have logged in, where it must: strangers get less of our time.
        session_s: Seconds a session may last, to the end of the message under way; NOOP does not prolong it.
        chunk_s: Seconds without any octet inside DATA (RFC 5321 section 4.5.3.2.5: 3 minutes).
        data_s: Seconds for one DATA in all, however busy: 25 MiB in 20 minutes is 175 kbit/s.
        octets_per_second: Slowest DATA, after the first ``chunk_s`` (Postfix: 500). Below it 421: one octet a minute
            would keep a session and its memory for as long as ``data_s`` lasts.
        handshake_s: Seconds for a TLS handshake, and for the PROXY header before it.
    """

    message_octets: int = 26_214_400
    abandon_octets: int = 52_428_800
    recipients: int = 100
    commands: int = 10_000
    bad_commands: int = 20
    messages: int = 1_000
    logins: int = 3
    command_s: float = 300
    login_s: float = 300
    session_s: float = 7_200
    chunk_s: float = 180
    data_s: float = 1_200
    octets_per_second: int = 500
    handshake_s: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLimits:
    """What one address, one login, or all sessions together may use; 0 is no limit.

    A figure an hour is a token bucket: so many at once, and then as fast as they come back.

    Attributes:
        connections: Open at a time. Above it 421.
        messages_per_hour: MAIL commands. Above it 451.
        recipients_per_hour: RCPT commands. Above it 451.
        failed_logins_per_hour: Wrong passwords. Above it AUTH is answered 421 before any password is looked at; of an
            address only: a limit on a login, or on all, would let anybody lock the seller out.
        octets_in_hand: Octets of mail received and not yet answered. Above it 452: with 500 sessions of 25 MiB each,
            memory would be gone before any other limit is reached.
    """

    connections: int = 0
    messages_per_hour: int = 0
    recipients_per_hour: int = 0
    failed_logins_per_hour: int = 0
    octets_in_hand: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLimits:
    """What sessions may use together, those of all listeners.

    Attributes:
        address: Of one IPv4 address or IPv6 /64. Fifty connections as in Postfix; ten times the traffic of a busy
            seller, since a whole office may stand behind it. Rates and octets are not counted for programs on this
            machine, which may speak for anybody.
        login: Of one login: some large seller's busiest hour, far below what a thief of its password would send.
        all: Of everybody. Connections stay below the usual 1,024 file descriptors; memory is three to four times
            ``octets_in_hand``.
        login_delay_s: Seconds before the first 535 of a peer or username; doubles with each further one.
    """

    address: ScopeLimits = ScopeLimits(
        connections=50,
        messages_per_hour=20_000,
        recipients_per_hour=20_000,
        failed_logins_per_hour=300,
        octets_in_hand=134_217_728,
    )
    login: ScopeLimits = ScopeLimits(
        connections=50, messages_per_hour=10_000, recipients_per_hour=10_000, octets_in_hand=134_217_728
    )
    all: ScopeLimits = ScopeLimits(connections=500, octets_in_hand=268_435_456)
    login_delay_s: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end of a connection.

    Attributes:
        text: Address and port, ``"192.0.2.1:50000"`` or ``"[2001:db8::1]:50000"``.
        network: What it counts as: an IPv4 address, or an IPv6 /64, since one customer has a whole one.
        is_local: Whether it is this machine.
    """

    text: str
    network: str
    is_local: bool = False


def peer_of(name: Sequence[object] | None) -> Peer:
    """The peer by what the socket tells: ``(host, port, …)``, or ``None`` when it was gone before we looked."""
    if not name:
        return Peer(text="unknown", network="unknown")
    host, port = str(name[0]), name[1]
    shown, network, is_local = _place(host)
    return Peer(text=f"{shown}:{port}", network=network, is_local=is_local)


@lru_cache(maxsize=1_024)
def _place(host: str) -> tuple[str, str, bool]:
    """How a host is shown, what it counts as, and whether it is this machine; most clients come again and again."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped  # a listener for both families shows IPv4 peers so
    if isinstance(address, ipaddress.IPv4Address):
        return str(address), str(address), address.is_loopback
    return f"[{host}]", str(ipaddress.ip_network((address, 64), strict=False)), address.is_loopback
