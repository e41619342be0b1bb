r"""Delivery status notifications, written and read back.

House rules: a DSN goes to the reverse-path of the mail and has the null reverse-path itself (the caller's part:
house invariant 8), and is marked so that no responder answers it.
Not here: when one is due (``queue/``), its value (``report``).
Limits: values are one line of printable ASCII, cut at ``MAX_VALUE`` characters; other characters become ``?``.
Source: RFC 3464, RFC 3461 section 6, RFC 3834 section 5, RFC 6533 section 3 (``\x{...}`` outside ASCII).
"""

import hashlib
import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from gateway.mail.address import Address, Mailbox, parse_path
from gateway.mail.cause import Cause
from gateway.mail.dsn_words import SUBJECTS, human_text, worst_action
from gateway.mail.encode import encode_text, field_of_mailboxes, field_of_pieces, field_of_text, is_plain_body
from gateway.mail.errors import AmbiguityError
from gateway.mail.parse import parse
from gateway.mail.report import Action, Notice, RecipientReport, Report

__all__ = ["Action", "Notice", "RecipientReport", "Report", "compose_report", "parse_report"]

MAX_VALUE: Final = 900
"""Characters of one value, so that even one without a blank to fold at fits a line of 998."""

_MESSAGE: Final = "X-Gateway-Message"
_CAUSE: Final = "X-Gateway-Cause"
"""Extension fields (RFC 3464 section 2.4): our id of the mail, and the cause of a failure."""

_ESCAPE: Final = re.compile(r"\\x\{([0-9A-F]{1,6})\}")


def compose_report(report: Report, notice: Notice) -> bytes:
    """The octets of a DSN, CRLF line ends, 7-bit.

    Args:
        report: What became of the mail; every date aware.
        notice: The mail that carries it.
    """
    parts = [_human_part(report, notice), _status_part(report), _original_part(notice)]
    boundary = "=_" + hashlib.sha256(b"".join(parts)).hexdigest()[:40]
    delimiter = f"--{boundary}\r\n".encode()
    header = (
        field_of_mailboxes("From", [Mailbox("", notice.author, "")])
        + field_of_mailboxes("To", [Mailbox("", notice.recipient, "")])
        + field_of_text("Subject", SUBJECTS[worst_action(report)])
        + field_of_pieces("Date", [format_datetime(notice.written_at)])
        + field_of_pieces("Message-ID", [notice.message_id])
        + field_of_pieces("Auto-Submitted", ["auto-replied"])
        + field_of_pieces("MIME-Version", ["1.0"])
        + field_of_pieces(
            "Content-Type", ["multipart/report;", "report-type=delivery-status;", f'boundary="{boundary}"']
        )
    )
    body = b"".join(delimiter + part + b"\r\n" for part in parts)
    return header + b"\r\n" + body + f"--{boundary}--\r\n".encode()


def parse_report(octets: bytes) -> Report:
    """The report of a DSN.

    Raises:
        MessageError: Not a mail, or not one that holds a readable report.
    """
    leaves = parse(octets).leaves()
    content = next((leaf.content for leaf in leaves if leaf.media_type == "message/delivery-status"), b"")
    text = content.decode("ascii", "replace").replace("\r\n", "\n").replace("\n ", " ")
    groups = [_fields(group) for group in text.strip("\n").split("\n\n")]
    try:
        return Report(
            reporting_mta=_untyped(groups[0]["reporting-mta"]),
            recipients=tuple(_read_recipient(group) for group in groups[1:]),
            envelope_id=groups[0].get("original-envelope-id"),
            arrived_at=_read_date(groups[0].get("arrival-date")),
            message=groups[0].get(_MESSAGE.lower()),
        )
    except (KeyError, ValueError) as error:
        raise AmbiguityError("The mail holds no delivery status report that can be read.") from error


def _human_part(report: Report, notice: Notice) -> bytes:
    body = encode_text(human_text(report, notice), is_whole_body=False)
    header = (
        f'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: {body.encoding}\r\n\r\n'
    )
    return header.encode() + body.octets


def _status_part(report: Report) -> bytes:
    groups = [
        _field("Reporting-MTA", f"dns; {report.reporting_mta}")
        + _field("Original-Envelope-Id", report.envelope_id)
        + _field("Arrival-Date", _date(report.arrived_at))
        + _field(_MESSAGE, report.message)
    ]
    groups += [_recipient_fields(recipient) for recipient in report.recipients]
    return b"Content-Type: message/delivery-status\r\n\r\n" + b"\r\n".join(groups)


def _recipient_fields(recipient: RecipientReport) -> bytes:
    return (
        _field("Original-Recipient", recipient.original)
        + _field("Final-Recipient", _typed_address(recipient.final))
        + _field("Action", recipient.action.value)
        + _field("Status", recipient.status)
        + _field("Remote-MTA", recipient.remote_mta and f"dns; {recipient.remote_mta}")
        + _field("Diagnostic-Code", recipient.diagnostic and f"smtp; {recipient.diagnostic}")
        + _field(_CAUSE, recipient.cause and recipient.cause.value)
        + _field("Last-Attempt-Date", _date(recipient.last_attempt_at))
        + _field("Will-Retry-Until", _date(recipient.retry_until))
    )


def _original_part(notice: Notice) -> bytes:
    """The mail itself, or its header section: also where the whole of it would need more than 7 bits."""
    if notice.is_full and is_plain_body(notice.original):
        return b"Content-Type: message/rfc822\r\n\r\n" + notice.original
    header = notice.original.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = [_printable(line.decode("ascii", "replace")) for line in header.split(b"\n")]
    return b"Content-Type: text/rfc822-headers\r\n\r\n" + "\r\n".join([*lines, ""]).encode("ascii")


def _field(name: str, value: str | None) -> bytes:
    words = _printable(value or "").split()
    return field_of_pieces(name, words) if words else b""


def _printable(value: str) -> str:
    return "".join(
        c if c.isascii() and c.isprintable() else " " if c.isspace() else "?" for c in value[:MAX_VALUE]
    )


def _typed_address(address: Address) -> str:
    if address.is_ascii:
        return f"rfc822; {address}"
    escaped = "".join(c if c.isascii() and c != "\\" else f"\\x{{{ord(c):X}}}" for c in str(address))
    return f"utf-8; {escaped}"


def _date(at: datetime | None) -> str | None:
    return format_datetime(at.astimezone(UTC)) if at else None


def _fields(group: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in group.split("\n"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _untyped(value: str) -> str:
    return value.partition(";")[2].strip()


def _read_recipient(fields: dict[str, str]) -> RecipientReport:
    kind, _, text = fields["final-recipient"].partition(";")
    if kind.strip().lower() == "utf-8":
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    remote_mta, diagnostic = fields.get("remote-mta"), fields.get("diagnostic-code")
    cause = fields.get(_CAUSE.lower())
    return RecipientReport(
        final=parse_path(text.strip(), smtputf8=True),
        action=Action(fields["action"].lower()),
        status=fields["status"],
        original=fields.get("original-recipient"),
        remote_mta=_untyped(remote_mta) if remote_mta else None,
        diagnostic=_untyped(diagnostic) if diagnostic else None,
        cause=Cause(cause) if cause else None,
        last_attempt_at=_read_date(fields.get("last-attempt-date")),
        retry_until=_read_date(fields.get("will-retry-until")),
    )


def _read_date(value: str | None) -> datetime | None:
    return parsedate_to_datetime(value) if value else None
