"""What a person, or the deadline, may decide about mail that waits: hold, release, refuse.

House rules: what leaves after a hold was examined again, under the policy of that day, from the octets as they were
received; an override lets pass what the policy wants held, and nothing that it strips or refuses.
A decision and all that follows from it are one transaction, so that of two at once one wins.
Not here: when a deadline has come (``keeper``), how a decision is typed (``cli/queue``), the transactions (``store/``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.accounts import sender_of
from gateway.filter.decide import Facts, decide
from gateway.filter.examination import Examination
from gateway.filter.pass_on import OTHER
from gateway.filter.verdict import Accept, Reject, Verdict, verdict_name
from gateway.intake import deadline_of, finding_records
from gateway.notices import NOTICES_ROUTE, Notices
from gateway.policy.model import OnMatch, Policy
from gateway.rules import BY_NAME
from gateway.store.decisions import refused
from gateway.store.records import MessageDetail, Release, StateError
from gateway.store.rulings import Decision, Deed, HeldMessage
from gateway.store.store import Store
from gateway.worker import Workers

DEADLINE = "deadline"
"""Who decides when nobody has."""

IN_TIME = "Nobody has released this mail in time."
"""The first sentence of a refusal at the deadline."""


class StillRefusedError(Exception):
    """The second examination lets the mail go no more than the first; it stays held.

    Attributes:
        sentences: Why, as the seller would read it.
    """

    def __init__(self, sentences: tuple[str, ...]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examined:
    """The second examination of a held mail."""

    examination: Examination
    verdict: Verdict


class Review:
    """Carries decisions out.

    Args:
        store: The record.
        workers: Where mail is examined again; ``None`` where nothing is to be released.
        policies: In force today, by name.
        notices: Who tells the seller.
        hostname: The gateway's own name.
        clock: Aware UTC.

    Attributes:
        wake: Called when something was queued.
    """

    def __init__(
        self,
        *,
        store: Store,
        workers: Workers | None,
        policies: Mapping[str, Policy],
        notices: Notices,
        hostname: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._notices = notices
        self._hostname = hostname
        self._clock = clock
        self.wake: Callable[[], None] = lambda: None
        self.renew(policies, workers)

    def renew(self, policies: Mapping[str, Policy], workers: Workers | None) -> None:
        """Judges by these policies from the next decision on."""
        self._policies = policies
        self._workers = workers

    async def hold(self, message_id: str, *, who: str, reason: str) -> datetime:
        """Puts a queued mail on hold.

        Returns:
            Its deadline.

        Raises:
            StateError: Nothing of it is queued, it is being sent, or no policy says for how long.
        """
        detail = await self._detail(message_id)
        if detail.summary.route in {OTHER, NOTICES_ROUTE}:
            raise StateError(
                f"{message_id} is not for a marketplace, so no policy could release it; "
                "`gateway queue delete` takes it out of the queue"
            )
        policy = self._policy(detail)
        decision = self._decision(who, "hold", reason)
        deadline = deadline_of(policy, decision.at)
        await self._store.hold(message_id, deadline, decision)
        return deadline.until

    async def release(self, message_id: str, *, who: str, reason: str = "", override: bool = False) -> str:
        """Examines a held mail again and sends it.

        Args:
            message_id: The mail.
            who: The operator.
            reason: In their words; an override needs one.
            override: Let pass what the policy wants held, instead of taking it out.

        Returns:
            The verdict, accept or strip.

        Raises:
            StateError: It is not held (any more), or no policy is there to judge it.
            StillRefusedError: The policy refuses it, or what it holds cannot be taken out.
            WorkerLostError: It could not be examined, by our own fault; it stays held.
            StoreError: It could not be recorded; it stays held.
        """
        detail = await self._held(message_id)
        examined = await self._examine(detail, OnMatch.WARN if override else OnMatch.STRIP)
        if not isinstance(examined.verdict, Accept):
            raise StillRefusedError(_sentences(examined.verdict))
        what: Deed = "override" if override else "release"
        await self._send(detail, examined, examined.verdict, self._decision(who, what, reason))
        return verdict_name(examined.verdict)

    async def reject(self, message_id: str, *, who: str, reason: str) -> bool:
        """Refuses a held mail, and tells the seller by DSN.

        Args:
            message_id: The mail.
            who: The operator.
            reason: For the record and for the seller.

        Returns:
            Whether the seller is told, at once or summed up with others: not to a null reverse-path, not against
            NOTIFY, not without ``[notices]``.

        Raises:
            StateError: It is not held (any more).
        """
        return await self._refuse(await self._held(message_id), self._decision(who, "reject", reason))

    async def at_deadline(self, held: HeldMessage) -> str:
        """Does what the policy says when nobody has decided in time.

        Returns:
            The verdict: accept, strip or reject.

        Raises:
            StateError: Somebody has decided meanwhile.
            WorkerLostError: It could not be examined; it stays held, to be tried again.
        """
        detail = await self._held(held.id)
        policy = self._policies.get(held.route)
        sentences = _held_for(detail)
        if policy is not None and policy.hold.at_deadline is OnMatch.STRIP:
            examined = await self._examine(detail, OnMatch.STRIP)
            if isinstance(examined.verdict, Accept):
                decision = self._decision(DEADLINE, "release", f"{policy.stamp}: at_deadline = strip")
                await self._send(detail, examined, examined.verdict, decision)
                return verdict_name(examined.verdict)
            sentences = _sentences(examined.verdict)
        reason = " ".join((IN_TIME, *sentences))
        await self._refuse(detail, self._decision(DEADLINE, "reject", reason))
        return "reject"

    async def _examine(self, detail: MessageDetail, hold_as: OnMatch) -> _Examined:
        summary = detail.summary
        sender = sender_of(summary.seller, await self._store.seller(summary.seller), self._hostname)
        policy, workers = (
            self._policy(detail),
            self._workers,
        )  # of one reload: nothing waits from here to the worker
        if workers is None or detail.original is None:
            raise LookupError(f"message {summary.id} cannot be examined: no workers, or no octets")
        examination = await workers.examine(
            detail.original, policy.name, sender.profile, summary.received_at, hold_as=hold_as
        )
        verdict = decide(examination, Facts(senders=sender.senders), self._clock())
        return _Examined(examination=examination, verdict=verdict)

    async def _send(
        self, detail: MessageDetail, examined: _Examined, verdict: Accept, decision: Decision
    ) -> None:
        release = Release(
            envelope=detail.summary.envelope,
            route=detail.summary.route,
            verdict=verdict_name(verdict),
            policy=examined.examination.policy,
            sent=verdict.octets,
            findings=finding_records(examined.examination),
            normalised=examined.examination.normalised,
        )
        await self._store.release_held(detail.summary.id, release, decision)
        self.wake()

    async def _refuse(self, detail: MessageDetail, decision: Decision) -> bool:
        letters = self._notices.refusal(detail, decision.reason, decision.at)
        notice = letters.now[0].message if letters.now else None
        await self._store.refuse_held(detail.summary.id, decision, notice, owed_notices=letters.later)
        if notice is not None:
            self._notices.queued(detail.summary.id, "rejected")
        return bool(letters.now or letters.later)

    async def _detail(self, message_id: str) -> MessageDetail:
        detail = await self._store.message(message_id)
        if detail is None:
            raise StateError(f'no message has the id "{message_id}"; see `gateway messages`')
        return detail

    async def _held(self, message_id: str) -> MessageDetail:
        detail = await self._detail(message_id)
        if detail.summary.held_until is None:
            raise refused(message_id, "held", detail.decisions[-1] if detail.decisions else None)
        return detail

    def _policy(self, detail: MessageDetail) -> Policy:
        policy = self._policies.get(detail.summary.route)
        if policy is None:
            raise StateError(
                f'{detail.summary.id}: no policy is called "{detail.summary.route}", so it cannot be examined'
            )
        return policy

    def _decision(self, who: str, what: Deed, reason: str) -> Decision:
        return Decision(at=self._clock(), who=who, what=what, reason=reason)


def _sentences(verdict: Verdict) -> tuple[str, ...]:
    """Why a mail may not go; whatever but a reject asks for a person again."""
    return verdict.sentences if isinstance(verdict, Reject) else ("A person must look at it.",)


def _held_for(detail: MessageDetail) -> tuple[str, ...]:
    """The sentences of the rules that wanted a person to look at it."""
    rules = (each.rule for each in detail.findings if each.on_match == OnMatch.HOLD)
    return tuple(BY_NAME[name].sentence for name in dict.fromkeys(rules) if name in BY_NAME)
