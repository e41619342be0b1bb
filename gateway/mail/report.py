"""The value of a delivery status notification.

Not here: how it is written and read (``dsn``), its words for people (``dsn_words``).
Source: RFC 3464 section 2.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.mail.address import Address
from gateway.mail.cause import Cause

EXPIRED_STATUS: Final = "4.4.7"
"""Delivery time expired (RFC 3463 section 3.5)."""


class Action(StrEnum):
    """What became of a recipient (RFC 3464 section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientReport:
    """One recipient.

    Attributes:
        final: The address that was tried.
        action: What became of it.
        status: Enhanced status code, ``"5.1.1"``.
        original: ORCPT, decoded (``"rfc822;a@b"``), or ``None``.
        remote_mta: Host name of the next hop that answered, or ``None``.
        diagnostic: Its reply, ``"550 5.1.1 no such user"``, or ``None`` where no next hop answered.
        cause: Why it failed or is late, or ``None``; an extension field, for programs that read notices.
        last_attempt_at: Aware UTC, whole seconds, or ``None``.
        retry_until: For a delay: aware UTC, whole seconds, or ``None``.
    """

    final: Address
    action: Action
    status: str
    original: str | None = None
    remote_mta: str | None = None
    diagnostic: str | None = None
    cause: Cause | None = None
    last_attempt_at: datetime | None = None
    retry_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one mail.

    Attributes:
        reporting_mta: Host name of this gateway.
        recipients: At least one.
        envelope_id: ENVID, decoded, or ``None``.
        arrived_at: When the mail was taken; aware UTC, whole seconds, or ``None``.
        message: Our id of the mail, as the seller's program got it with the 250, or ``None``; an extension field.
    """

    reporting_mta: str
    recipients: tuple[RecipientReport, ...]
    envelope_id: str | None = None
    arrived_at: datetime | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The mail that carries a report.

    Attributes:
        author: Address it comes from, the gateway's postmaster.
        recipient: Reverse-path of the mail it reports on.
        message_id: Its own Message-ID, angle brackets included.
        written_at: Its Date; aware.
        subject: Decoded Subject of the mail it reports on, ``""`` for none.
        original: Octets of that mail.
        is_full: Whether the whole mail is returned (RET=FULL) and not its header section only.
    """

    author: Address
    recipient: Address
    message_id: str
    written_at: datetime
    subject: str
    original: bytes
    is_full: bool = False
