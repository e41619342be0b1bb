"""One mail in place of very many notices: what became of a seller's mails, counted by cause, the first ones by name.

Not here: when notices are too many (``gateway/notices.py``). It is no DSN: RFC 3464 reports on one mail each.
Source: RFC 3834 section 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from gateway.mail.address import Address, Mailbox
from gateway.mail.cause import Cause
from gateway.mail.dsn_words import CAUSES, one_line
from gateway.mail.encode import encode_text, field_of_mailboxes, field_of_pieces, field_of_text
from gateway.mail.report import Action

_RESULTS = {
    Action.FAILED: "could not be delivered and will not be tried again",
    Action.DELAYED: "not delivered yet; the gateway goes on trying",
    Action.RELAYED: "handed on to a system that sends no receipts",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One recipient of one mail.

    Attributes:
        message: Our id of the mail.
        recipient: Forward-path.
        action: What became of it.
        subject: Decoded.
        received_at: When the mail was taken; aware UTC.
    """

    message: str
    recipient: Address
    action: Action
    subject: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSum:
    """What is summed up.

    Attributes:
        hostname: The gateway.
        author: Address it comes from.
        recipient: Whom it is for.
        message_id: Its own Message-ID, angle brackets included.
        written_at: Its Date; aware UTC.
        since: When the oldest came.
        counts: Number of recipients by action and cause (``None``: none is known), the most first.
        lines: The first of them.
    """

    hostname: str
    author: Address
    recipient: Address
    message_id: str
    written_at: datetime
    since: datetime
    counts: Sequence[tuple[Action, Cause | None, int]]
    lines: Sequence[Line]


def compose_sum(notice_sum: NoticeSum) -> bytes:
    """The octets of the mail, CRLF line ends, 7-bit."""
    body = encode_text(_text(notice_sum), is_whole_body=True)
    return (
        field_of_mailboxes("From", [Mailbox("", notice_sum.author, "")])
        + field_of_mailboxes("To", [Mailbox("", notice_sum.recipient, "")])
        + field_of_text("Subject", f"What became of {_total(notice_sum)} of your mails")
        + field_of_pieces("Date", [format_datetime(notice_sum.written_at)])
        + field_of_pieces("Message-ID", [notice_sum.message_id])
        + field_of_pieces("Auto-Submitted", ["auto-generated"])
        + field_of_pieces("MIME-Version", ["1.0"])
        + field_of_pieces("Content-Type", ["text/plain;", 'charset="utf-8"'])
        + field_of_pieces("Content-Transfer-Encoding", [body.encoding])
        + b"\r\n"
        + body.octets
    )


def _total(notice_sum: NoticeSum) -> int:
    return sum(count for _, _, count in notice_sum.counts)


def _text(notice_sum: NoticeSum) -> str:
    since = f"{notice_sum.since:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"This is an automatic notice from the mail gateway {notice_sum.hostname}.",
        "",
        f"There were too many notices about your mails since {since}, so they are summed up here.",
    ]
    for action, cause, count in notice_sum.counts:
        words = CAUSES[cause or Cause.OTHER]
        lines += ["", f"{count} recipients: {_RESULTS[action]}."]
        lines += [f"Reason: {words.matter}"] if words.matter and action is not Action.RELAYED else []
        lines += [f"What to do: {words.advice}"] if action is Action.FAILED else []
    lines += ["", "The mails, with the number that each has at the gateway:"]
    for line in notice_sum.lines:
        subject = one_line(line.subject) or "(no subject)"
        taken = f"{line.received_at:%Y-%m-%d %H:%M} UTC"
        lines.append(f"{line.message}, {taken}, {line.recipient}, {line.action.value}: {subject}")
    if (more := _total(notice_sum) - len(notice_sum.lines)) > 0:
        lines.append(f"and {more} more; your administrator finds them with `gateway messages`.")
    return "\n".join([*lines, ""])
