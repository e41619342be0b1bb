"""The verdict on an examined mail, from what it has shown and what is known from elsewhere.

Not here: reading and judging (``examine``), the reply's words (``verdict``).
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.filter.examination import Examination
from gateway.filter.verdict import Accept, Hold, Reject, Verdict
from gateway.mail.address import Address

UNAPPROVED_AUTHOR = (
    "The From address is not approved for this login; send from an approved address, or have it added with "
    "`gateway seller sender add`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known from elsewhere when the verdict falls.

    Attributes:
        senders: Addresses approved for the login, folded, of which the author must be one; ``None`` where nobody said.
    """

    senders: frozenset[Address] | None = None


def decide(examination: Examination, facts: Facts, now: datetime) -> Verdict:  # noqa: ARG001 - windows come with orders
    """The verdict on an examined mail. Pure and cheap: it may hold or reject, never strip.

    Args:
        examination: What the mail has shown.
        facts: What is known from elsewhere.
        now: Aware UTC.
    """
    if examination.refusal is not None:
        return examination.refusal
    author = examination.digest.author
    if facts.senders is not None and (author is None or author.folded not in facts.senders):
        return Reject(code=550, status="5.7.1", sentences=(UNAPPROVED_AUTHOR,))
    if examination.octets is None:
        return Hold(rules=examination.held)
    return Accept(octets=examination.octets, stripped=examination.stripped)
