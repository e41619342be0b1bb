"""What the record holds, as values; and the one error of this folder.

Not here: what people decide (``rulings.py``), SQL (the subject files), connections (``sqlite.py``).
Every time is an aware UTC ``datetime``.
A free text may hold any code point; NUL and lone surrogates, which a database refuses, are stored as U+FFFD.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from gateway.mail.address import Address
from gateway.mail.envelope import Envelope
from gateway.store.rulings import Deadline, Decision

QueueState: TypeAlias = Literal["queued", "delivered", "failed", "expired", "held", "deleted"]
"""State of one recipient: waiting, taken by the next hop, refused for good, given up, put on hold by a person, taken
out by a person."""

ListedState: TypeAlias = Literal["waiting", "queued", "delivered", "failed", "expired", "held", "deleted"]
"""What a listing asks for: a message that is held, or has a recipient in that state; ``waiting`` = held or queued."""

Outcome: TypeAlias = Literal["delivered", "temporary", "permanent", "unknown"]
"""What one attempt came to; ``unknown`` = the next hop may have the mail (lost after the final dot)."""

Way: TypeAlias = tuple[str, str]
"""A route, and the recipient domain on it whose next hop DNS names; ``""`` is the whole route."""

SENDING_VERDICTS = frozenset({"accept", "strip"})
"""Verdicts that owe somebody a delivery: these alone get queue rows."""


class StoreError(Exception):
    """The record cannot be read or written, or the operator asked for what it does not hold.

    The text is a sentence that names place, fault and mend, and nothing of any mail.
    """


class StateError(StoreError):
    """The message is not in the state that the change is about: decided meanwhile, being sent, or unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """One finding as it is remembered.

    Attributes:
        rule: Rule name.
        clause: Clause of the policy, ``"amazon:links"``.
        part: Part number, ``""`` for the header section.
        evidence: Redacted evidence.
        on_match: Consequence the policy gave it.
        remedy: Name of the remedy.
        advice: What the seller can do.
        examination: 1 = on receipt, 2 and on = when the mail was to be released.
    """

    rule: str
    clause: str
    part: str
    evidence: str
    on_match: str
    remedy: str
    advice: str
    examination: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A judged mail, to be remembered and (accept, strip) queued.

    Attributes:
        id: Made by the caller; sorts by time; unique.
        received_at: Time of receipt.
        seller: Seller name.
        peer: Client's IP address, or ``""`` for our own notices.
        envelope: SMTP side.
        policy: Stamp of the policy that judged it, ``"amazon@2020-11-03"``.
        verdict: ``accept | strip | hold | reject | defer``.
        reply: Reply as given to the client.
        message_id: Message-ID field body, or ``None``.
        subject: Decoded Subject, may be empty.
        order_ids: Order ids the mail names.
        original: Octets as received.
        sent: Octets for the next hop; required where the verdict owes a delivery.
        route: Marketplace or policy name the next hop is chosen by.
        findings: In the order they are shown.
        normalised: What was changed without a policy meaning.
        due_at: First attempt.
        hold: Required for the verdict ``hold``, else ``None``.
    """

    id: str
    received_at: datetime
    seller: str
    peer: str
    envelope: Envelope
    policy: str
    verdict: str
    reply: str
    message_id: str | None
    subject: str
    order_ids: tuple[str, ...]
    original: bytes
    sent: bytes | None
    route: str
    findings: tuple[FindingRecord, ...]
    normalised: tuple[str, ...]
    due_at: datetime
    hold: Deadline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the examination before a release has shown.

    Attributes:
        envelope: SMTP side, for a message that was never queued.
        route: As in ``NewMessage``.
        verdict: ``accept | strip``.
        policy: Stamp of the policy that judged it now.
        sent: Octets for the next hop.
        findings: Of this examination; those made on receipt stay beside them.
        normalised: In place of what was noted on receipt.
    """

    envelope: Envelope
    route: str
    verdict: str
    policy: str
    sent: bytes
    findings: tuple[FindingRecord, ...]
    normalised: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """One recipient of one message, leased to this instance.

    Attributes:
        id: Queue row.
        message_id: Our id of the message.
        route: As in ``NewMessage``.
        reverse_path: ``None`` is the null reverse-path.
        recipient: Forward-path.
        attempts: Attempts already made.
        first_at: When the message was received, or released; expiry counts from here.
        due_at: When this attempt was due.
        lease_until: From then on another instance may take the row over.
        notify: NOTIFY keywords of the client, ``()`` where it named none.
        is_delay_told: The seller knows that it is late.
    """

    id: int
    message_id: str
    route: str
    reverse_path: Address | None
    recipient: Address
    attempts: int
    first_at: datetime
    due_at: datetime
    lease_until: datetime
    notify: tuple[str, ...] = ()
    is_delay_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDepth:
    """How much waits.

    Attributes:
        waiting: Recipients that nobody is at.
        leased: Recipients leased to an instance.
        held: Messages held for review.
        oldest_at: When the oldest of what waits or is leased was received or released; ``None`` with none.
        held_until: The nearest of their deadlines, or ``None``.
    """

    waiting: int
    leased: int
    held: int
    oldest_at: datetime | None = None
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at one recipient.

    Attributes:
        at: When its outcome was known.
        outcome: See ``Outcome``.
        next_hop: Host and port, or the domain that could not be looked up.
        reply: The next hop's reply, or our words.
        cause: Why it failed, ``""`` for a delivery: a value of ``gateway.mail.cause.Cause``.
    """

    at: datetime
    outcome: Outcome
    next_hop: str
    reply: str
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What becomes of a queue row after an attempt.

    Attributes:
        queue_id: The row.
        state: ``queued`` = another attempt at ``due_at``.
        due_at: Next attempt; required for ``queued``, else ``None``.
        attempt: For the history; ``None`` where there was none, the row only waits longer.
        is_delay_told: The notice that goes with this settlement tells the seller that it is late.
    """

    queue_id: int
    state: QueueState
    due_at: datetime | None
    attempt: Attempt | None
    is_delay_told: bool = False

    def __post_init__(self) -> None:
        if (self.state == "queued") != (self.due_at is not None):
            raise ValueError("a settlement has a due time if, and only if, it stays queued")
        if self.attempt is None and self.state != "queued":
            raise ValueError("a settlement that ends a delivery needs the attempt that ended it")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """Which messages to list; every condition given must hold.

    Attributes:
        verdict: Exact verdict.
        rule: A finding of this rule.
        seller: Exact seller name.
        since: Received at or after.
        state: See ``ListedState``.
        text: Found, whatever its case, in id, subject, Message-ID, order ids, reverse-path or a recipient.
        limit: Newest first, at most this many.
    """

    verdict: str | None = None
    rule: str | None = None
    seller: str | None = None
    since: datetime | None = None
    text: str | None = None
    state: ListedState | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """One line of a listing.

    Attributes:
        rules: Rules with a finding, each once, in the order of the findings.
        states: Number of recipients by queue state, sorted by state; empty where nothing was queued.
        held_until: Deadline of a message that is held, else ``None``.
    """

    id: str
    received_at: datetime
    seller: str
    policy: str
    verdict: str
    reply: str
    route: str
    message_id: str | None
    subject: str
    order_ids: tuple[str, ...]
    envelope: Envelope
    rules: tuple[str, ...]
    states: tuple[tuple[str, int], ...]
    held_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRecord:
    """One queue row as it is shown.

    Attributes:
        queue_id: The row.
        address: Forward-path.
        state: See ``QueueState``.
        attempts: History, oldest first.
        due_at: Next attempt, ``None`` once settled.
        leased_to: Instance that is at it now, or was when it died.
    """

    queue_id: int
    address: Address
    state: QueueState
    attempts: tuple[Attempt, ...]
    due_at: datetime | None
    leased_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetail:
    """Everything the record holds of one message.

    Attributes:
        summary: As in a listing.
        peer: Client's IP address.
        findings: In the order they are shown.
        normalised: What was changed without a policy meaning.
        recipients: Queue rows; empty where nothing was queued.
        original: Octets as received, ``None`` once purged.
        sent: Octets for the next hop, ``None`` once purged or where there never were any.
        decisions: What people, or the deadline, decided about it, oldest first.
    """

    summary: MessageSummary
    peer: str
    findings: tuple[FindingRecord, ...]
    normalised: tuple[str, ...]
    recipients: tuple[RecipientRecord, ...]
    original: bytes | None
    sent: bytes | None
    decisions: tuple[Decision, ...]
