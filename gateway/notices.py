"""Tells the seller when a mail that was taken goes no further: a DSN, queued like any other mail.

House rules: the null reverse-path is never answered (house invariant 8); NOTIFY of the client is honoured; a notice
that cannot be sent is an event and stays in the record, never a reason to lose the mail it is about.
Not here: how a DSN is written (``mail/dsn``), when a recipient is given up (``queue/``).
Source: RFC 3464; RFC 3461 section 4.1.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from gateway.intake import new_id
from gateway.mail.address import Address, parse_path
from gateway.mail.delivery import PermanentFailure
from gateway.mail.dsn import compose_report
from gateway.mail.envelope import Envelope, Recipient
from gateway.mail.report import Action, Notice, RecipientReport, Report
from gateway.ops import events
from gateway.queue.outcome import FailedRecipient
from gateway.store.records import MessageDetail, NewMessage
from gateway.store.store import Store

NOTICES_ROUTE = "notices"
"""Route under which notices are queued; no policy may have this name."""

EXPIRED_STATUS = "4.4.7"
"""Delivery time expired (RFC 3463 section 3.5)."""


REFUSED_STATUS = "5.7.1"
"""Delivery not authorised (RFC 3463 section 3.8): the policy, or a person, has refused it."""


class _Ends(NamedTuple):
    """From whom, to whom."""

    author: Address
    recipient: Address


class Notices:
    """Writes and queues notices.

    Args:
        store: The record.
        author: ``notices.from``; ``None`` where no notices are sent.
        hostname: The gateway's own name.

    Attributes:
        wake: Called when a notice was queued.
    """

    def __init__(self, store: Store, author: str | None, hostname: str) -> None:
        self._store = store
        self._hostname = hostname
        self.wake: Callable[[], None] = lambda: None
        self.renew(author)

    def renew(self, author: str | None) -> None:
        """Writes as ``notices.from`` says from now on."""
        self._author = parse_path(author) if author is not None else None

    async def failed(self, message_id: str, failed: tuple[FailedRecipient, ...]) -> None:
        """Queues a failure notice to the reverse-path, where one is owed.

        Args:
            message_id: The gateway's id of the mail.
            failed: Recipients that will not be tried again.
        """
        detail = await self._store.message(message_id)
        if detail is None:
            raise LookupError(f"message {message_id} is not in the record")
        envelope = detail.summary.envelope
        owed = [each for each in failed if _is_owed(envelope, each.address)]
        if envelope.reverse_path is None or not owed:
            return
        if self._author is None:
            events.notice_failed(id=message_id, kind="failed", reason="no [notices] section")
            return
        now = datetime.now(UTC).replace(microsecond=0)
        reports = tuple(_recipient_report(envelope, each, now) for each in owed)
        ends = _Ends(self._author, envelope.reverse_path)
        await self._store.accept(self._compose(ends, detail, reports, detail.sent, now))
        self.queued(message_id, "failed")

    def refusal(self, detail: MessageDetail, reason: str, now: datetime) -> NewMessage | None:
        """The failure notice about a mail that was taken, held and then refused; the caller queues it.

        Args:
            detail: The mail, still held.
            reason: Public sentences.
            now: When it is refused.

        Returns:
            ``None`` where none is owed, or none can be sent.
        """
        envelope = detail.summary.envelope
        # Of a mail that was put on hold on its way, some recipients may have it already.
        waiting = {each.address for each in detail.recipients if each.state == "held"}
        refused = [each for each in envelope.recipients if not detail.recipients or each.address in waiting]
        owed = [each for each in refused if _is_owed(envelope, each.address)]
        if envelope.reverse_path is None or not owed:
            return None
        if self._author is None:
            events.notice_failed(id=detail.summary.id, kind="rejected", reason="no [notices] section")
            return None
        reports = tuple(
            RecipientReport(
                final=each.address,
                action=Action.FAILED,
                status=REFUSED_STATUS,
                original=each.original,
                remote_mta=self._hostname,
                diagnostic=f"550 {REFUSED_STATUS} {reason}",
            )
            for each in owed
        )
        ends = _Ends(self._author, envelope.reverse_path)
        return self._compose(ends, detail, reports, detail.original, now.replace(microsecond=0))

    def queued(self, message_id: str, kind: str) -> None:
        """A notice about that message is in the record now."""
        self.wake()
        events.notice_sent(id=message_id, kind=kind)

    def _compose(
        self,
        ends: _Ends,
        about: MessageDetail,
        reports: tuple[RecipientReport, ...],
        octets: bytes | None,
        now: datetime,
    ) -> NewMessage:
        """The notice as it is queued, with the mail it is about, or that mail's header section, in it."""
        summary = about.summary
        id_ = new_id(now)
        report = Report(
            reporting_mta=self._hostname,
            recipients=reports,
            envelope_id=summary.envelope.envid,
            arrived_at=summary.received_at.replace(microsecond=0),
        )
        notice = Notice(
            author=ends.author,
            recipient=ends.recipient,
            message_id=f"<{id_}@{self._hostname}>",
            written_at=now,
            subject=summary.subject,
            original=octets or b"",
            is_full=summary.envelope.ret == "FULL",
        )
        return _record(notice, id_, about, compose_report(report, notice))


def _is_owed(envelope: Envelope, address: Address) -> bool:
    """Failures are told unless the client named other occasions only (RFC 3461 section 4.1)."""
    notify = _recipient(envelope, address).notify
    return not notify or "FAILURE" in notify


def _recipient(envelope: Envelope, address: Address) -> Recipient:
    matching = (each for each in envelope.recipients if each.address == address)
    return next(matching, Recipient(address=address))


def _recipient_report(envelope: Envelope, failed: FailedRecipient, now: datetime) -> RecipientReport:
    is_permanent = isinstance(failed.result, PermanentFailure)
    return RecipientReport(
        final=failed.address,
        action=Action.FAILED,
        status=failed.result.status if isinstance(failed.result, PermanentFailure) else EXPIRED_STATUS,
        original=_recipient(envelope, failed.address).original,
        remote_mta=failed.result.next_hop.rpartition(":")[0] or None,
        diagnostic=failed.result.reply if is_permanent or failed.result.reply[:1].isdigit() else None,
        last_attempt_at=now,
    )


def _record(notice: Notice, id_: str, about: MessageDetail, octets: bytes) -> NewMessage:
    envelope = Envelope(
        reverse_path=None, recipients=(Recipient(address=notice.recipient, notify=("NEVER",)),)
    )
    return NewMessage(
        id=id_,
        received_at=notice.written_at,
        seller=about.summary.seller,
        peer="",
        envelope=envelope,
        policy=NOTICES_ROUTE,
        verdict="accept",
        reply="",
        message_id=notice.message_id,
        subject=f"failure notice about {about.summary.id}",
        order_ids=about.summary.order_ids,
        original=octets,
        sent=octets,
        route=NOTICES_ROUTE,
        findings=(),
        normalised=(),
        due_at=notice.written_at,
    )
