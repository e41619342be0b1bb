"""How patient and how busy the delivery agent is.

*Source:* RFC 5321 section 4.5.3.2 for the timeouts.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait for each step; above them the attempt is a temporary failure.

    Attributes:
        connect: TCP connection to one address. A dead address must not hold a slot for minutes.
        stagger: An address has this long for itself before the next one is tried beside it.
        greeting: TLS handshake and greeting. The RFC's five minutes.
        command: One command. The RFC's five minutes.
        final: Reply to the final dot, beside the time the octets take. The RFC's ten minutes: giving up early
            makes duplicates.
        slot: For one of the connections to a destination to come free; then the mail goes back to the queue, so that
            a slow destination does not hold what others could use.
        octets_per_second: Slowest upload allowed for.
    """

    connect: float = 30.0
    stagger: float = 1.0
    greeting: float = 300.0
    command: float = 300.0
    final: float = 600.0
    slot: float = 10.0
    octets_per_second: int = 10_000

    def content(self, octets: int) -> float:
        """Seconds from the first octet of content to the reply to the final dot."""
        return self.final + octets / self.octets_per_second


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """Settings of a :class:`~gateway.relay.client.Deliverer`.

    Attributes:
        hostname: Our name in EHLO.
        timeouts: See :class:`Timeouts`.
        concurrency: Connections open to one destination at a time, at most; trouble lowers it (``pool.py``).
        mails_per_connection: Mails over one connection before it is closed; next hops cut off at about 100.
        idle_seconds: A connection that waited longer is closed; many next hops give up after 60.
        mx_port: Port of the hosts DNS names; 25 but in tests.
    """

    hostname: str
    timeouts: Timeouts = Timeouts()
    concurrency: int = 10
    mails_per_connection: int = 100
    idle_seconds: float = 30.0
    mx_port: int = 25
