"""What DNS says at the name of a DKIM key, now.

*Not here:* whether that is right (``dkim_record``), the hosts of a domain (``hosts``).
*Limits:* :data:`LOOKUP_SECONDS`.
"""

from collections.abc import Sequence

import dns.exception
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from gateway.relay.name_servers import name_servers

LOOKUP_SECONDS = 10.0
"""Seconds for one question with all its retries."""


class NoAnswerError(Exception):
    """DNS did not say.

    Attributes:
        sentence: What was asked, and what to do.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def texts(name: str, servers: Sequence[str] = ()) -> list[str]:
    """The TXT records at a name, the strings of each joined; none where the name has none.

    Args:
        name: Without the root's dot.
        servers: Whom to ask, ``"127.0.0.1:53"``; without any, those of the system.

    Raises:
        NoAnswerError: No server answered, or none could.
    """
    try:
        asks = _asking(servers)
        answer = asks.resolve(f"{name}.", "TXT", search=False, lifetime=LOOKUP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as fault:
        raise NoAnswerError(
            f"{name}: no answer from DNS ({type(fault).__name__}); "
            f"see {'delivery.dns' if servers else '/etc/resolv.conf'}, and try again"
        ) from None
    return [
        b"".join(record.strings).decode("utf-8", "replace") for record in answer if isinstance(record, TXT)
    ]


def _asking(servers: Sequence[str]) -> dns.resolver.Resolver:
    if not servers:
        return dns.resolver.Resolver()
    asks = dns.resolver.Resolver(configure=False)
    asks.nameservers = name_servers(servers)
    return asks
