"""What DNS says at the name of a DKIM key, now.

*Not here:* whether that is right (``dkim_record``), the hosts of a domain (``hosts``).
*Limits:* :data:`LOOKUP_SECONDS`.
"""

import dns.exception
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

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


def texts(name: str, dns_resolver: dns.resolver.Resolver | None = None) -> list[str]:
    """The TXT records at a name, the strings of each joined; none where the name has none.

    Args:
        name: Without the root's dot.
        dns_resolver: Asks the question; by default as the system is configured.

    Raises:
        NoAnswerError: No server answered, or none could.
    """
    try:
        asks = dns.resolver.Resolver() if dns_resolver is None else dns_resolver
        answer = asks.resolve(f"{name}.", "TXT", search=False, lifetime=LOOKUP_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as fault:
        raise NoAnswerError(
            f"{name}: no answer from DNS ({type(fault).__name__}); see /etc/resolv.conf, and try again"
        ) from None
    return [
        b"".join(record.strings).decode("utf-8", "replace") for record in answer if isinstance(record, TXT)
    ]
