"""What happens to a mail between the final dot and the reply: examine, decide, remember, queue.

This is where house invariant 1 lives: the positive reply is made of a message that is already on disk.
Not here: the dialogue (``smtp/``), what is forbidden (``rules/``, ``policies/``), sending (``queue/``, ``relay/``).
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime
from time import perf_counter

from gateway.accounts import Accounts, Sender
from gateway.filter.decide import Facts, decide
from gateway.filter.examination import Examination
from gateway.filter.pass_on import OTHER, pass_on
from gateway.filter.verdict import Accept, Defer, Hold, Judgement, Verdict, reply_to, verdict_name
from gateway.mail.address import Address
from gateway.mail.envelope import Recipient
from gateway.mail.reply import Reply
from gateway.ops import events
from gateway.policy.model import Policy
from gateway.recipients import Recipients, route_of
from gateway.smtp.handler import Login, Submission
from gateway.store.records import FindingRecord, NewMessage, StoreError
from gateway.store.rulings import Deadline
from gateway.store.store import Store
from gateway.worker import WorkerLostError, Workers

UNAPPROVED_SENDER = Reply(
    code=550,
    status="5.7.1",
    text="This sender address is not approved for your login; send from an approved address, or have it added with "
    "`gateway seller sender add`",
)
LOGIN_ENDED = Reply(
    code=421, status="4.7.0", text="This login was revoked, disabled or given another password; log in again"
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


class Intake:
    """The handler of the submission server.

    Args:
        store: The record.
        workers: Where mail is examined.
        recipients: Who may be written to, and by which policy.
        hostname: The gateway's own name.
        wake: Called when a message was queued.
        refusal: Why no mail is taken just now, or ``None``.
    """

    def __init__(
        self,
        *,
        store: Store,
        workers: Workers,
        recipients: Recipients,
        hostname: str,
        wake: Callable[[], None],
        refusal: Callable[[], Reply | None] = lambda: None,
    ) -> None:
        self._store = store
        self._wake = wake
        self._refusal = refusal
        self._accounts = Accounts(store, hostname)
        self.renew(recipients, workers)

    def renew(self, recipients: Recipients, workers: Workers) -> None:
        """Takes these recipients, and judges by their policies, from the next mail on."""
        self._recipients = recipients
        self._workers = workers

    def close(self) -> None:
        """Ends the threads that check passwords."""
        self._accounts.close()

    async def authenticate(self, username: str, password: str, peer: str) -> Login | None:  # noqa: ARG002 - rates are the server's
        """The login of that name and password, or ``None``."""
        return await self._accounts.authenticate(username, password)

    async def reverse_path(self, login: Login, address: Address | None) -> Reply | None:
        """Sellers send from their approved addresses; the null reverse-path belongs to notices, never to sellers."""
        if refusal := self._refusal():
            return refusal
        sender = await self._accounts.current(login)
        if sender is None:
            return LOGIN_ENDED
        if address is None:
            return NULL_SENDER
        is_approved = sender.senders is None or address.folded in sender.senders
        return None if is_approved else UNAPPROVED_SENDER

    async def recipient(
        self,
        login: Login,  # noqa: ARG002 - the protocol's; what a login may send to does not differ yet
        accepted: tuple[Recipient, ...],
        address: Address,
    ) -> Reply | None:
        """Aliases of one marketplace a transaction, or other recipients where they are passed on."""
        return self._recipients.refusal(accepted, address)

    async def message(self, submission: Submission) -> Reply:
        """Examines, decides, remembers; the reply is positive only once the mail is on disk."""
        started = perf_counter()
        if refusal := self._refusal():
            return _put_off(submission, refusal)
        id_ = new_id(submission.received_at)
        sender = self._accounts.latest(submission.login)
        if not self._recipients.still_taken(submission.envelope.recipients):
            return _put_off(submission, POLICIES_CHANGED)
        # Policies and workers change together, and between here and the worker's count of its mails nothing waits: a
        # mail is judged by one policy, also while the settings are reloaded.
        policy = self._recipients.policy(submission.envelope.recipients[0].address)
        try:
            examination = await self._examined(submission, policy, sender)
            verdict = decide(examination, Facts(senders=sender.senders), submission.received_at)
        except WorkerLostError as error:
            stamp = policy.stamp if policy is not None else OTHER
            examination, verdict = Examination(policy=stamp), Defer(incident=error.incident)
        else:
            verdict = await self._remembered(id_, submission, policy, examination, verdict)
        if isinstance(verdict, Accept):
            self._wake()
        reply = reply_to(verdict, id_)
        _tell(id_, submission, examination, verdict, reply, perf_counter() - started)
        return reply

    async def _examined(self, submission: Submission, policy: Policy | None, sender: Sender) -> Examination:
        """What the mail has shown: to the policy of its recipients, or, where it is passed on, to nobody."""
        if policy is None:
            # A thread: some hundred kilobytes of header fields take long enough to keep others waiting.
            return await asyncio.to_thread(pass_on, submission.octets)
        return await self._workers.examine(
            submission.octets, policy.name, sender.profile, submission.received_at
        )

    async def _remembered(
        self,
        id_: str,
        submission: Submission,
        policy: Policy | None,
        examination: Examination,
        verdict: Verdict,
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


def _new_message(
    id_: str,
    submission: Submission,
    policy: Policy | None,
    examination: Examination,
    verdict: Verdict,
) -> NewMessage:
    digest = examination.digest
    return NewMessage(
        id=id_,
        received_at=submission.received_at,
        seller=submission.login.seller,
        peer=submission.peer,
        envelope=submission.envelope,
        policy=examination.policy,
        verdict=verdict_name(verdict),
        reply=str(reply_to(verdict, id_)),
        message_id=digest.message_id or None,
        subject=digest.subject,
        order_ids=digest.orders,
        original=submission.octets,
        sent=verdict.octets if isinstance(verdict, Accept) else None,
        route=route_of(policy),
        findings=finding_records(examination),
        normalised=examination.normalised,
        due_at=submission.received_at,
        hold=deadline_of(policy, submission.received_at) if policy and isinstance(verdict, Hold) else None,
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
