"""What a mail is about, in a few values: for the record, and for decisions that need no content.

Not here: findings (``rules/``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.detect.orders import order_numbers
from gateway.mail.address import Address, claimed, mailboxes
from gateway.rules.context import Context

MAX_ORDERS = 10
"""Order numbers kept of one mail; a mail to a buyer speaks of one."""


IDENTITY_FIELDS = ("from", "sender", "reply-to")
"""Fields that tell a reader, or a reader's program, whose mail it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One address that the mail claims to come from.

    Attributes:
        field: Name of the field as written.
        address: ``None`` where it cannot be read.
    """

    field: str
    address: Address | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The outline of one mail.

    Attributes:
        author: Address in the From field, or ``None`` where it cannot be read.
        subject: Decoded.
        message_id: Body of the Message-ID field, the seller's own or the derived one.
        orders: Order numbers in order of appearance, subject first, without repeats.
        identities: Every address of every From, Sender and Reply-To field, in their order.
    """

    author: Address | None = None
    subject: str = ""
    message_id: str = ""
    orders: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()


def digest_of(context: Context) -> Digest:
    """The digest of a mail as received."""
    message = context.message
    author = message.field("From")
    boxes = mailboxes(author.body) if author else ()
    subject = message.field("Subject")
    message_id = message.field("Message-ID")
    orders = dict.fromkeys(
        number for surface in context.surfaces for number in order_numbers(context.folded(surface).text)
    )
    return Digest(
        author=boxes[0].address if boxes else None,
        subject=subject.text if subject else "",
        message_id=message_id.body if message_id else "",
        orders=tuple(orders)[:MAX_ORDERS],
        identities=identities((field.name, field.body) for field in message.fields),
    )


def identities(fields: Iterable[tuple[str, str]], *, also: tuple[str, ...] = ()) -> tuple[Identity, ...]:
    """Who a mail claims to come from.

    Args:
        fields: Names and unfolded bodies of a header section.
        also: More fields that count, names in lower case.
    """
    names = IDENTITY_FIELDS + also
    return tuple(
        Identity(field=name, address=address)
        for name, body in fields
        if name.lower() in names
        for address in claimed(body)
    )
