"""Tells the seller what became of a mail that was taken: a DSN, queued like any other mail.

House rules: the null reverse-path is never answered (house invariant 8); NOTIFY of the client is honoured; a notice
that cannot be sent is an event and stays in the record, never a reason to lose the mail it is about.
Not here: how a DSN is written (``mail/dsn``), when a recipient is given up (``queue/``), how notices that are too many
are summed up (``summaries``).
Source: RFC 3464; RFC 3461 sections 4.1 and 6.2.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from gateway.intake import new_id
from gateway.mail.address import Address, parse_path
from gateway.mail.cause import Cause
from gateway.mail.delivery import Delivered, DeliveryResult, PermanentFailure
from gateway.mail.dsn import compose_report
from gateway.mail.envelope import Envelope, Recipient, from_xtext
from gateway.mail.report import EXPIRED_STATUS, Action, Notice, RecipientReport, Report
from gateway.ops import events
from gateway.queue.outcome import Told, What
from gateway.queue.seams import Letter, Letters
from gateway.store.owed import OwedNotice
from gateway.store.records import MessageDetail, NewMessage
from gateway.store.store import Store
from gateway.summaries import NOTICES_ROUTE, Allowance, Written, message_id_of, notice_record

__all__ = ["NOTICES_ROUTE", "Notices"]

REFUSED_STATUS = "5.7.1"
"""Delivery not authorised (RFC 3463 section 3.8): the policy, or a person, has refused it."""

_KEYWORDS: dict[What, str] = {
    "failed": "FAILURE",
    "expired": "FAILURE",
    "delayed": "DELAY",
    "relayed": "SUCCESS",
}
"""The keyword of NOTIFY that asks for it (RFC 3461 section 4.1)."""

_ACTIONS: dict[What, Action] = {
    "failed": Action.FAILED,
    "expired": Action.FAILED,
    "delayed": Action.DELAYED,
    "relayed": Action.RELAYED,
}
_SUBJECTS: dict[str, str] = {"delayed": "delay notice", "relayed": "delivery notice"}
_DELAY_STATUSES = {
    Cause.UNREACHABLE: "4.4.1",
    Cause.CONNECTION_LOST: "4.4.2",
    Cause.DNS_FAILED: "4.4.3",
    Cause.MAILBOX_FULL: "4.2.2",
    Cause.NEXT_HOP_BUSY: "4.3.2",
}
"""Statuses of RFC 3463 for a delay; 4.0.0 for the other causes."""


class _Ends(NamedTuple):
    """From whom, to whom."""

    author: Address
    recipient: Address


class _Summed(NamedTuple):
    """What a sum says of a recipient."""

    action: Action
    cause: Cause | None
    at: datetime


class Notices:
    """Writes notices.

    Args:
        store: The record.
        author: ``notices.from``; ``None`` where no notices are sent.
        hostname: The gateway's own name.
        allowance: How many a seller gets one by one.

    Attributes:
        author: From whom, or ``None``.
        wake: Called when a notice was queued.
    """

    def __init__(
        self, store: Store, author: str | None, hostname: str, *, allowance: Allowance | None = None
    ) -> None:
        self._store = store
        self._hostname = hostname
        self._allowance = allowance or Allowance()
        self.wake: Callable[[], None] = lambda: None
        self.renew(author)

    def renew(self, author: str | None) -> None:
        """Writes as ``notices.from`` says from now on."""
        self.author = parse_path(author) if author is not None else None

    async def letters(self, message_id: str, told: tuple[Told, ...]) -> Letters:
        """What is owed to the seller of a mail; the caller queues it with what it settles.

        Args:
            message_id: The gateway's id of the mail.
            told: Recipients that something has become of.
        """
        detail = await self._store.message(message_id)
        if detail is None:
            raise LookupError(f"message {message_id} is not in the record")
        envelope = detail.summary.envelope
        if envelope.reverse_path is None:
            _tell_of_lost_notice(detail, told)
            return Letters()
        owed = [each for each in told if _is_owed(envelope, each.address, _KEYWORDS[each.what])]
        if not owed:
            return Letters()
        kind = min((each.what for each in owed), key=list(_KEYWORDS).index)
        if self.author is None:
            events.notice_failed(id=message_id, kind=kind, reason="no [notices] section")
            return Letters()
        if not self._allowance.take(detail.summary.seller):
            path = envelope.reverse_path
            return Letters(later=tuple(_owed(detail, path, each.address, _summed(each)) for each in owed))
        reports = tuple(_recipient_report(envelope, each) for each in owed)
        now = datetime.now(UTC).replace(microsecond=0)
        ends = _Ends(self.author, envelope.reverse_path)
        message = self._compose(ends, detail, reports, now, _SUBJECTS.get(kind, "failure notice"))
        return Letters(now=(Letter(kind=kind, message=message),))

    def refusal(self, detail: MessageDetail, reason: str, now: datetime) -> Letters:
        """What is owed about a mail that was taken, held and then refused; the caller queues it with the decision.

        Args:
            detail: The mail, still held.
            reason: Public sentences.
            now: When it is refused.
        """
        envelope = detail.summary.envelope
        # Of a mail that was put on hold on its way, some recipients may have it already.
        waiting = {each.address for each in detail.recipients if each.state == "held"}
        refused = [each for each in envelope.recipients if not detail.recipients or each.address in waiting]
        owed = [each for each in refused if _is_owed(envelope, each.address, "FAILURE")]
        if envelope.reverse_path is None or not owed:
            return Letters()
        if self.author is None:
            events.notice_failed(id=detail.summary.id, kind="rejected", reason="no [notices] section")
            return Letters()
        told = _Summed(Action.FAILED, Cause.REVIEW_REFUSED, now)
        if not self._allowance.take(detail.summary.seller):
            path = envelope.reverse_path
            return Letters(later=tuple(_owed(detail, path, each.address, told) for each in owed))
        reports = tuple(
            RecipientReport(
                final=each.address,
                action=Action.FAILED,
                status=REFUSED_STATUS,
                original=from_xtext(each.original),
                remote_mta=self._hostname,
                diagnostic=f"550 {REFUSED_STATUS} {reason}",
                cause=told.cause,
            )
            for each in owed
        )
        ends = _Ends(self.author, envelope.reverse_path)
        message = self._compose(ends, detail, reports, now.replace(microsecond=0), "failure notice")
        return Letters(now=(Letter(kind="rejected", message=message),))

    def queued(self, message_id: str, kind: str) -> None:
        """A notice about that message is in the record now."""
        self.wake()
        events.notice_sent(id=message_id, kind=kind)

    def _compose(
        self,
        ends: _Ends,
        about: MessageDetail,
        reports: tuple[RecipientReport, ...],
        now: datetime,
        subject: str,
    ) -> NewMessage:
        """The notice as it is queued, with the mail it is about, or that mail's header section, in it."""
        summary = about.summary
        id_ = new_id(now)
        report = Report(
            reporting_mta=self._hostname,
            recipients=reports,
            envelope_id=from_xtext(summary.envelope.envid),
            arrived_at=summary.received_at.replace(microsecond=0),
            message=summary.id,
        )
        is_held = summary.held_until is not None
        notice = Notice(
            author=ends.author,
            recipient=ends.recipient,
            message_id=message_id_of(id_, self._hostname),
            written_at=now,
            subject=summary.subject,
            original=(about.original if is_held else about.sent) or b"",
            is_full=summary.envelope.ret == "FULL",
        )
        return notice_record(
            Written(
                id=id_,
                at=now,
                seller=summary.seller,
                recipient=ends.recipient,
                subject=f"{subject} about {summary.id}",
                octets=compose_report(report, notice),
                order_ids=summary.order_ids,
            ),
            self._hostname,
        )


def _is_owed(envelope: Envelope, address: Address, keyword: str) -> bool:
    """Failures and delays are told unless the client named other occasions; success only where it asked."""
    notify = _recipient(envelope, address).notify
    return keyword in notify or (not notify and keyword != "SUCCESS")


def _recipient(envelope: Envelope, address: Address) -> Recipient:
    matching = (each for each in envelope.recipients if each.address == address)
    return next(matching, Recipient(address=address))


def _tell_of_lost_notice(detail: MessageDetail, told: tuple[Told, ...]) -> None:
    """A notice that cannot be delivered is answered by nobody, so the operator has to see it."""
    for each in told:
        if each.what in {"failed", "expired"}:
            events.notice_failed(id=detail.summary.id, kind="other", reason=each.result.reply)


def _recipient_report(envelope: Envelope, told: Told) -> RecipientReport:
    result = told.result
    is_said = isinstance(result, PermanentFailure) or result.reply[:1].isdigit()
    return RecipientReport(
        final=told.address,
        action=_ACTIONS[told.what],
        status=_status(told.what, result),
        original=from_xtext(_recipient(envelope, told.address).original),
        remote_mta=result.next_hop.rpartition(":")[0] or None,
        diagnostic=result.reply if is_said and told.what != "relayed" else None,
        cause=_cause(result),
        last_attempt_at=told.at.replace(microsecond=0),
        retry_until=told.retry_until.replace(microsecond=0) if told.retry_until else None,
    )


def _cause(result: DeliveryResult) -> Cause | None:
    return None if isinstance(result, Delivered) else result.cause


def _status(what: What, result: DeliveryResult) -> str:
    if isinstance(result, Delivered):
        return "2.0.0"
    if isinstance(result, PermanentFailure):
        return result.status
    return EXPIRED_STATUS if what == "expired" else _DELAY_STATUSES.get(result.cause, "4.0.0")


def _summed(told: Told) -> _Summed:
    return _Summed(_ACTIONS[told.what], _cause(told.result), told.at)


def _owed(detail: MessageDetail, reverse_path: Address, recipient: Address, told: _Summed) -> OwedNotice:
    return OwedNotice(
        reverse_path=reverse_path,
        seller=detail.summary.seller,
        message_id=detail.summary.id,
        recipient=recipient,
        action=told.action.value,
        cause=told.cause.value if told.cause else "",
        at=told.at,
    )
