"""The verdict on an examined mail, from what it has shown and what is known from elsewhere.

Not here: reading and judging (``examine``), the reply's words (``verdict``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.filter.digest import Identity
from gateway.filter.examination import Examination
from gateway.filter.verdict import Accept, Hold, Reject, Verdict
from gateway.mail.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known from elsewhere when the verdict falls.

    Attributes:
        senders: Addresses approved for the login, folded, of which every address in From, Sender and Reply-To must be
            one; ``None`` where nobody said.
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
    if facts.senders is not None:
        sentence = unapproved(examination.digest.identities, facts.senders)
        if sentence is not None:
            return Reject(code=550, status="5.7.1", sentences=(sentence,))
    if examination.octets is None:
        return Hold(rules=examination.held)
    return Accept(octets=examination.octets, stripped=examination.stripped)


def unapproved(identities: Sequence[Identity], senders: frozenset[Address]) -> str | None:
    """Why a mail must not go out in these names, or ``None``.

    Args:
        identities: What the mail claims, From first among its claims.
        senders: Approved addresses, folded.

    Returns:
        A public sentence with the field and the mend; the address itself is the mail's own words, and stays out.
    """
    if not any(identity.field.lower() == "from" for identity in identities):
        return "The mail has no From address; set an approved one in the program that sends it."
    for identity in identities:
        if identity.address is None:
            return (
                f"The {identity.field.title()} field holds something that is no address; {_mend(identity)}."
            )
        if identity.address.folded not in senders:
            return (
                f"The {identity.field.title()} field holds an address that is not approved for this login; "
                f"{_mend(identity)}, or have the address added with `gateway seller sender add`."
            )
    return None


def _mend(identity: Identity) -> str:
    return "send from an approved address" if identity.field.lower() == "from" else "leave the field out"
