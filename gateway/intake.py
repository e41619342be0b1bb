"""What happens to a mail between the final dot and the reply: examine, decide, remember, queue.

This is where house invariant 1 lives: the positive reply is made of a message that is already on disk.
Not here: the dialogue (``smtp/``), what is forbidden (``rules/``, ``policies/``), sending (``queue/``, ``relay/``).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from gateway.credentials import PasswordChecker
from gateway.filter.decide import Facts, decide
from gateway.filter.examination import Examination
from gateway.filter.verdict import Accept, Defer, Hold, Judgement, Verdict, reply_to, verdict_name
from gateway.mail.address import Address
from gateway.mail.envelope import Recipient
from gateway.mail.reply import Reply
from gateway.ops import events
from gateway.policy.model import Policy
from gateway.rules.context import Profile
from gateway.smtp.handler import LOCAL, Login, Submission
from gateway.store.records import FindingRecord, NewMessage, SellerRecord, StoreError
from gateway.store.rulings import Deadline
from gateway.store.store import Store
from gateway.worker import WorkerLostError, Workers

NO_RELAY = Reply(
    code=550,
    status="5.1.2",
    text="This gateway sends to marketplace relay addresses only, and this domain is none; use your ordinary "
    "mail server for other recipients",
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
UNAPPROVED_SENDER = Reply(
    code=550,
    status="5.7.1",
    text="This sender address is not approved for your login; send from an approved address, or have it added with "
    "`gateway seller sender add`",
)
NULL_SENDER = Reply(
    code=550,
    status="5.7.1",
    text="Mail to buyers needs a sender address; set one in the program that sends it",
)

POLICIES_CHANGED = Reply(
    code=451,
    status="4.3.0",
    text="The policies have changed while this mail came in, and not all its recipients are taken any more; send again",
)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(now: datetime) -> str:
    """An id of a message: sorts by time, cannot be guessed, and survives being read over the telephone.

    Ten characters of Crockford's base 32 for the milliseconds since 1970, eight of chance.
    """
    number = int(now.timestamp() * 1000) << 40 | secrets.randbits(40)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(85, -1, -5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A seller as an examination needs it.

    Attributes:
        profile: What the rules ask about.
        senders: Approved addresses, folded; ``None`` for whoever needs no approval.
    """

    profile: Profile
    senders: frozenset[Address] | None


def sender_of(name: str, seller: SellerRecord | None, hostname: str) -> Sender:
    """What is known of a seller. Whoever reaches a loopback listener without AUTH may send from any address.

    Args:
        name: The seller's.
        seller: What the record holds of it.
        hostname: The gateway's own name.
    """
    senders = seller.senders if seller is not None else ()
    links = seller.links if seller is not None else ()
    return Sender(
        profile=Profile(seller=name, senders=senders, links=links, hostname=hostname),
        senders=None if name == LOCAL.seller else frozenset(sender.folded for sender in senders),
    )


class Intake:
    """The handler of the submission server.

    Args:
        store: The record.
        workers: Where mail is examined.
        policies: By name; each recipient domain belongs to one at most.
        hostname: The gateway's own name.
        wake: Called when a message was queued.
        refusal: Why no mail is taken just now, or ``None``.
    """

    def __init__(
        self,
        *,
        store: Store,
        workers: Workers,
        policies: Mapping[str, Policy],
        hostname: str,
        wake: Callable[[], None],
        refusal: Callable[[], Reply | None] = lambda: None,
    ) -> None:
        self._store = store
        self._hostname = hostname
        self._wake = wake
        self._refusal = refusal
        self._passwords = PasswordChecker()
        self._senders: dict[str, Sender] = {}
        self.renew(policies, workers)

    def renew(self, policies: Mapping[str, Policy], workers: Workers) -> None:
        """Judges by these policies from the next mail on; what is known of sellers is read again."""
        self._workers = workers
        self._by_domain = {
            domain: policy for policy in policies.values() for domain in policy.recipient_domains
        }
        self._senders.clear()

    def close(self) -> None:
        """Ends the threads that check passwords."""
        self._passwords.close()

    async def authenticate(self, username: str, password: str, peer: str) -> Login | None:  # noqa: ARG002 - rates come later
        """The login of that name and password, or ``None``; wrong, unknown and disabled take the same time."""
        credential = await self._store.credential(username)
        known = credential if credential is not None and not credential.is_disabled else None
        right = await self._passwords.is_right(password, known.password_hash if known else None)
        if known is None or not right:
            return None
        seller = await self._store.seller(known.seller)
        self._senders[known.seller] = sender_of(known.seller, seller, self._hostname)
        return Login(seller=known.seller, username=username)

    async def reverse_path(self, login: Login, address: Address | None) -> Reply | None:
        """Sellers send from their approved addresses; the null reverse-path belongs to notices, never to sellers."""
        if refusal := self._refusal():
            return refusal
        if address is None:
            return NULL_SENDER
        senders = (await self._of(login)).senders
        return UNAPPROVED_SENDER if senders is not None and address.folded not in senders else None

    async def recipient(
        self,
        login: Login,  # noqa: ARG002 - the protocol's; what a login may send to does not differ yet
        accepted: tuple[Recipient, ...],
        address: Address,
    ) -> Reply | None:
        """Aliases of one marketplace a transaction, and of no other domain at all."""
        policy = self._by_domain.get(address.domain)
        if policy is None:
            return NO_RELAY
        if address.local.lower() in policy.dead_recipients:
            return DEAD_ALIAS
        if accepted and self._by_domain.get(accepted[0].address.domain) is not policy:
            return OTHER_MARKETPLACE
        return None

    async def message(self, submission: Submission) -> Reply:
        """Examines, decides, remembers; the reply is positive only once the mail is on disk."""
        started = perf_counter()
        if refusal := self._refusal():
            return _put_off(submission, refusal)
        received_at = submission.received_at
        id_ = new_id(received_at)
        sender = await self._of(submission.login)
        # Policies and workers change together, and between here and the worker's count of its mails nothing waits: a
        # mail is judged by one policy, also while the settings are reloaded.
        policy, workers = self._policy_of(submission), self._workers
        if policy is None:
            return _put_off(submission, POLICIES_CHANGED)
        try:
            examination = await workers.examine(submission.octets, policy.name, sender.profile, received_at)
            verdict = decide(examination, Facts(senders=sender.senders), received_at)
        except WorkerLostError as error:
            examination, verdict = Examination(policy=policy.stamp), Defer(incident=error.incident)
        else:
            verdict = await self._remembered(id_, submission, policy, examination, verdict)
        if isinstance(verdict, Accept):
            self._wake()
        reply = reply_to(verdict, id_)
        _tell(id_, submission, examination, verdict, reply, perf_counter() - started)
        return reply

    def _policy_of(self, submission: Submission) -> Policy | None:
        """The one policy of all recipients; ``None`` where policies of another day have taken them."""
        domains = [each.address.domain for each in submission.envelope.recipients]
        policy = self._by_domain.get(domains[0])
        return policy if all(self._by_domain.get(domain) is policy for domain in domains) else None

    async def _remembered(
        self, id_: str, submission: Submission, policy: Policy, examination: Examination, verdict: Verdict
    ) -> Verdict:
        """The verdict once it is on disk; a disk that takes nothing defers the mail, whatever it was to become."""
        record = _new_message(id_, submission, policy, examination, verdict)
        try:
            await self._store.accept(record)
        except StoreError as error:
            incident = secrets.token_hex(4)
            events.fault(incident=incident, where="store", exception=error)
            return Defer(incident=incident)
        return verdict

    async def _of(self, login: Login) -> Sender:
        name = login.seller
        if name not in self._senders:
            self._senders[name] = sender_of(name, await self._store.seller(name), self._hostname)
        return self._senders[name]


def _new_message(
    id_: str, submission: Submission, policy: Policy, examination: Examination, verdict: Verdict
) -> NewMessage:
    digest = examination.digest
    return NewMessage(
        id=id_,
        received_at=submission.received_at,
        seller=submission.login.seller,
        peer=submission.peer,
        envelope=submission.envelope,
        policy=policy.stamp,
        verdict=verdict_name(verdict),
        reply=str(reply_to(verdict, id_)),
        message_id=digest.message_id or None,
        subject=digest.subject,
        order_ids=digest.orders,
        original=submission.octets,
        sent=verdict.octets if isinstance(verdict, Accept) else None,
        route=policy.name,
        findings=finding_records(examination),
        normalised=examination.normalised,
        due_at=submission.received_at,
        hold=deadline_of(policy, submission.received_at) if isinstance(verdict, Hold) else None,
    )


def deadline_of(policy: Policy, held_at: datetime) -> Deadline:
    """How long the policy lets a mail that is held at that time wait for a person."""
    return Deadline(warn_at=policy.hold.warn_at(held_at), until=policy.hold.until(held_at))


def finding_records(examination: Examination) -> tuple[FindingRecord, ...]:
    """The findings of an examination as they are remembered."""
    return tuple(_finding_record(each) for each in examination.judgements)


def _finding_record(judgement: Judgement) -> FindingRecord:
    finding = judgement.finding
    return FindingRecord(
        rule=finding.rule,
        clause=judgement.clause,
        part=finding.target.part,
        evidence=finding.evidence,
        on_match=judgement.on_match.value,
        remedy=finding.remedy.value,
        advice=judgement.advice,
    )


def _put_off(submission: Submission, reply: Reply) -> Reply:
    """Not taken now, and not looked at: the client keeps it."""
    deferred = Defer(incident="")
    _tell(new_id(submission.received_at), submission, Examination(policy=""), deferred, reply, 0.0)
    return reply


def _tell(
    id_: str, submission: Submission, examination: Examination, verdict: Verdict, reply: Reply, seconds: float
) -> None:
    events.message_judged(
        id=id_,
        seller=submission.login.seller,
        peer=submission.peer,
        policy=examination.policy,
        verdict=verdict_name(verdict),
        reply_code=reply.code,
        rules=tuple(dict.fromkeys(each.finding.rule for each in examination.judgements)),
        recipients=len(submission.envelope.recipients),
        octets_in=len(submission.octets),
        octets_out=len(verdict.octets) if isinstance(verdict, Accept) else 0,
        seconds=seconds,
    )
