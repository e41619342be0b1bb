"""What sellers are still to be told: notices that were too many to be sent one by one, until they are summed up.

House rule: what is owed is written down in the transaction that settles what it is about, and taken away in the one
that queues the sum; so a crash loses none and tells none twice.

Not here: how many are too many, and the words (``gateway/notices.py``, ``gateway/summaries.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.mail.address import Address
from gateway.store import messages, queue
from gateway.store.driver import (
    Operation,
    Statement,
    from_column,
    from_micros,
    one_each,
    to_column,
    to_micros,
)
from gateway.store.records import NewMessage, Settlement

MAX_LISTED = 50
"""Mails that a sum names one by one; the others are counted."""

_OWE = """
INSERT INTO notice_owed (reverse_path, seller, message_id, recipient, action, cause, at)
VALUES ($1, $2, $3, $4, $5, $6, $7)"""

_PATHS = "SELECT reverse_path, MIN(seller), MAX(id), MIN(at) FROM notice_owed GROUP BY reverse_path"

_COUNTS = """
SELECT action, cause, COUNT(*) FROM notice_owed WHERE reverse_path = $1 AND id <= $2
GROUP BY action, cause ORDER BY COUNT(*) DESC, action, cause"""

_LISTED = """
SELECT o.message_id, o.recipient, o.action, o.cause, m.subject, m.received_at
FROM notice_owed o JOIN message m ON m.id = o.message_id
WHERE o.reverse_path = $1 AND o.id <= $2 ORDER BY o.id LIMIT $3"""

_PAID = "DELETE FROM notice_owed WHERE reverse_path = $1 AND id <= $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedNotice:
    """One recipient of one mail that its seller is to be told about.

    Attributes:
        reverse_path: Whom to tell.
        seller: The seller.
        message_id: Our id of the mail.
        recipient: Forward-path.
        action: What became of it, as in a DSN: ``failed``, ``delayed``, ``relayed``.
        cause: A value of ``gateway.mail.cause.Cause``, or ``""``.
        at: When.
    """

    reverse_path: Address
    seller: str
    message_id: str
    recipient: Address
    action: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedNotice:
    """One line of a sum: an :class:`OwedNotice` with the mail's subject and time of receipt."""

    message_id: str
    recipient: Address
    action: str
    cause: str
    subject: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedSum:
    """All that one reverse-path is owed.

    Attributes:
        reverse_path: Whom to tell.
        seller: The seller.
        last_id: Newest row in it; what comes later is for the next sum.
        since: When the oldest came.
        counts: Action, cause, and number of recipients, the most first.
        listed: The first ``MAX_LISTED``.
    """

    reverse_path: Address
    seller: str
    last_id: int
    since: datetime
    counts: tuple[tuple[str, str, int], ...]
    listed: tuple[ListedNotice, ...]


def settle(
    settlements: Sequence[Settlement],
    notices: Sequence[NewMessage],
    owed: Sequence[OwedNotice],
    *,
    instance: str | None,
) -> Operation[None]:
    """Settle queue rows, and put into the record what sellers are to be told of it."""
    yield from queue.settle(settlements, instance=instance)
    for notice in notices:
        yield from messages.accept(notice)
    yield from owe(owed)


def owe(owed: Sequence[OwedNotice]) -> Operation[None]:
    """Write down what sellers are to be told later."""
    yield from one_each(
        _OWE,
        (
            (
                *(to_column(each.reverse_path), each.seller, each.message_id, to_column(each.recipient)),
                *(each.action, each.cause, to_micros(each.at)),
            )
            for each in owed
        ),
    )


def sums() -> Operation[list[OwedSum]]:
    """What is owed now, by reverse-path."""
    found = []
    for path, seller, last_id, since in (yield Statement(_PATHS)):
        counts = yield Statement(_COUNTS, (path, last_id))
        listed = yield Statement(_LISTED, (path, last_id, MAX_LISTED))
        found.append(
            OwedSum(
                reverse_path=from_column(path),
                seller=seller,
                last_id=last_id,
                since=from_micros(since),
                counts=tuple((action, cause, count) for action, cause, count in counts),
                listed=tuple(
                    ListedNotice(
                        message_id=message_id,
                        recipient=from_column(recipient),
                        action=action,
                        cause=cause,
                        subject=subject,
                        received_at=from_micros(received_at),
                    )
                    for message_id, recipient, action, cause, subject, received_at in listed
                ),
            )
        )
    return found


def paid(owed: OwedSum, notice: NewMessage) -> Operation[None]:
    """Queue the notice that sums up, and take away what it sums up."""
    yield Statement(_PAID, (to_column(owed.reverse_path), owed.last_id))
    yield from messages.accept(notice)
