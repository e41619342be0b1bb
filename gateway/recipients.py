"""Which recipients are taken, and by which policy: the marketplaces' relays, and, where the operator wants it, others.

House rules: one policy a transaction, so that a mail has one verdict; and what looks like a marketplace's domain but is
none never counts as an ordinary domain, or a mail could reach the marketplace beside its policy.
Not here: whether a login may send at all (``accounts``), what becomes of the mail (``intake``).
Source: adversary case S09.
"""

from collections.abc import Mapping, Sequence

from gateway.filter.pass_on import OTHER
from gateway.mail.address import Address
from gateway.mail.envelope import Recipient
from gateway.mail.reply import Reply
from gateway.policy.model import Policy

NO_RELAY = Reply(
    code=550,
    status="5.1.2",
    text="This gateway sends to marketplace relay addresses only, and this domain is none; use your ordinary "
    "mail server for other recipients",
)
NEAR_RELAY = Reply(
    code=550,
    status="5.1.2",
    text="This domain lies below that of a marketplace and takes no mail for buyers; correct the address",
)
DEAD_ALIAS = Reply(
    code=550,
    status="5.1.1",
    text="This address is a placeholder of the marketplace that reaches no buyer; answer in the marketplace's own "
    "message centre",
)
OTHER_MARKETPLACE = Reply(
    code=452, status="4.5.3", text="One marketplace a transaction; send this recipient a mail of its own"
)
MIXED = Reply(
    code=452,
    status="4.5.3",
    text="Recipients at a marketplace and others do not go in one transaction; send this one a mail of its own",
)


class Recipients:
    """What is taken.

    Args:
        policies: By name; each recipient domain belongs to one at most.
        relays_others: Whether mail to other domains is passed on, too.
    """

    def __init__(self, policies: Mapping[str, Policy], *, relays_others: bool = False) -> None:
        self._by_domain = {
            domain: policy for policy in policies.values() for domain in policy.recipient_domains
        }
        self._relays_others = relays_others

    def policy(self, address: Address) -> Policy | None:
        """The policy that judges mail to this address; ``None`` where nobody does."""
        return self._by_domain.get(address.domain)

    def is_other(self, address: Address) -> bool:
        """Whether mail to this address is passed on without a policy."""
        return self._relays_others and self.policy(address) is None and not self._is_near(address.domain)

    def refusal(self, accepted: Sequence[Recipient], address: Address) -> Reply | None:
        """Why this recipient may not stand beside those accepted before, or ``None``."""
        policy = self.policy(address)
        if policy is None:
            if not self.is_other(address):
                return NEAR_RELAY if self._relays_others else NO_RELAY
        elif address.local.lower() in policy.dead_recipients:
            return DEAD_ALIAS
        if accepted and (before := self.policy(accepted[0].address)) is not policy:
            return MIXED if None in (before, policy) else OTHER_MARKETPLACE
        return None

    def still_taken(self, recipients: Sequence[Recipient]) -> bool:
        """Whether recipients that were taken before a reload are one transaction's still."""
        return all(self.refusal(recipients[:1], each.address) is None for each in recipients)

    def _is_near(self, domain: str) -> bool:
        """Whether a marketplace's domain stands above this one: nobody knows where mail to it would end."""
        labels = domain.split(".")
        return any(".".join(labels[at:]) in self._by_domain for at in range(1, len(labels)))


def route_of(policy: Policy | None) -> str:
    """The name under which the next hop is chosen."""
    return OTHER if policy is None else policy.name
