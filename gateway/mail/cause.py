"""Why a delivery failed: the closed list of causes, by which a failure is counted, shown, and explained to the seller.

Not here: which reply means which cause (``relay/causes.py``), what a seller is told to do (``dsn_words.py``).
"""

from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """One cause; the value is what the record, the log and the metrics say."""

    SENDER_NOT_APPROVED = "sender_not_approved"
    """The next hop does not take mail from this sender address: at Amazon, one that is not approved."""
    SENDER_UNAUTHENTICATED = "sender_unauthenticated"
    """SPF, DKIM or DMARC of the sender's domain do not vouch for this gateway."""
    UNKNOWN_RECIPIENT = "unknown_recipient"
    """No such mailbox, or it is closed."""
    RECIPIENT_OPTED_OUT = "recipient_opted_out"
    """The buyer, or the marketplace for the buyer, wants no mail of this kind."""
    MAILBOX_FULL = "mailbox_full"
    POLICY_REFUSED = "policy_refused"
    """The content was refused: policy, spam, virus."""
    REVIEW_REFUSED = "review_refused"
    """The gateway has held the mail for a person, and then it was refused."""
    ACCOUNT_RESTRICTED = "account_restricted"
    """The marketplace lets this seller send no such mail at present."""
    TOO_LARGE = "too_large"
    NOT_SUPPORTED = "not_supported"
    """The next hop cannot carry the mail as it is (SMTPUTF8, 8BITMIME), or could not read it."""
    NO_SUCH_DOMAIN = "no_such_domain"
    """The recipient's domain is not there, or takes no mail (null MX)."""
    GREYLISTED = "greylisted"
    """Put off on the first try; the next one is taken."""
    RATE_LIMITED = "rate_limited"
    """Too many mails, recipients or connections in too short a time."""
    NEXT_HOP_BUSY = "next_hop_busy"
    """It is shutting down, overloaded, out of disk."""
    GATEWAY_REFUSED = "gateway_refused"
    """The next hop does not want this gateway: its address is on a block list, relaying is denied."""
    LOGIN_REFUSED = "login_refused"
    """The next hop wants a login, another one, or an encrypted one."""
    TLS_FAILED = "tls_failed"
    DNS_FAILED = "dns_failed"
    MAIL_LOOP = "mail_loop"
    UNREACHABLE = "unreachable"
    """No connection, or no greeting in time."""
    CONNECTION_LOST = "connection_lost"
    """It broke, or fell silent, in mid-dialogue."""
    PROTOCOL_ERROR = "protocol_error"
    """What came was no SMTP."""
    OUR_FAULT = "our_fault"
    """The gateway itself: a key, a setting or a bug; the log says which."""
    OTHER = "other"


OPERATORS: Final = frozenset(
    {Cause.GATEWAY_REFUSED, Cause.LOGIN_REFUSED, Cause.TLS_FAILED, Cause.MAIL_LOOP, Cause.OUR_FAULT}
)
"""Causes that only the gateway's operator can mend."""

PASSING: Final = frozenset({Cause.GREYLISTED, Cause.NEXT_HOP_BUSY})
"""Causes that pass in minutes: worth a try before a long wait."""
