"""The header section that leaves: what is missing is added, what the allow-list does not know is named.

Not here: how a field is read (``mail/parse``) or written (``mail/compose``).
Source: RFC 5322 section 3.6; RFC 5321 section 6.3 (loops).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime

from gateway.mail.address import mailboxes
from gateway.mail.compose import EMITTED_FIELDS
from gateway.mail.errors import MessageError
from gateway.mail.message import HeaderField, Message
from gateway.mail.trace import is_mark
from gateway.policy.model import Policy

MAX_HOPS = 50
"""Received fields before a mail counts as going in circles (chasquid and Postfix stop at 50)."""

_EMITTED = frozenset(name.lower() for name in EMITTED_FIELDS)
_OURS = frozenset({"mime-version", "content-type", "content-transfer-encoding", "content-disposition"})


class LoopError(MessageError):
    """The mail is going in circles."""


def completed(
    message: Message, octets: bytes, policy: Policy, hostname: str, received_at: datetime
) -> tuple[Message, tuple[str, ...]]:
    """The message with every field that its header section needs.

    Args:
        message: As parsed.
        octets: As received; a Message-ID is derived from them, so that a mail sent twice carries the same one.
        policy: Whose relay addresses may stand in To.
        hostname: The gateway's own name, right of the ``@`` of a derived Message-ID.
        received_at: Aware UTC; the Date of a mail without one.

    Returns:
        The message, and what was or will be changed, a phrase each.

    Raises:
        LoopError: More than ``MAX_HOPS`` Received fields, or our own mark.
        MessageError: No From field, or one that names no author.
    """
    _check_hops(message, hostname)
    _check_author(message)
    fields, changes = _relay_recipients(message.fields, policy)
    if message.field("Date") is None:
        fields.append(_field("Date", format_datetime(received_at)))
        changes.append("header field Date added")
    if message.field("Message-ID") is None:
        # Whatever its line ends were on the way here, the same mail gets the same Message-ID.
        digest = hashlib.sha256(octets.replace(b"\r\n", b"\n")).hexdigest()[:32]
        fields.append(_field("Message-ID", f"<{digest}@{hostname}>"))
        changes.append("header field Message-ID added")
    changes.extend(_dropped(message))
    return replace(message, fields=tuple(fields)), tuple(changes)


def _check_hops(message: Message, hostname: str) -> None:
    if any(is_mark(field.name, field.body, hostname) for field in message.fields):
        raise LoopError(
            "This mail has left this gateway before and was sent back to it; its next hop must not be a server that "
            "sends over this gateway."
        )
    hops = sum(field.name.lower() == "received" for field in message.fields)
    if hops > MAX_HOPS:
        raise LoopError(
            f"This mail has passed {hops} servers and seems to go in circles; check where it is sent on."
        )


def _check_author(message: Message) -> None:
    """The parser sees to it that a From field holds exactly one address; that there is one is asked here."""
    if message.field("From") is None:
        raise MessageError("The mail has no From field; set a sender address in the program that sends it.")


def _relay_recipients(fields: tuple[HeaderField, ...], policy: Policy) -> tuple[list[HeaderField], list[str]]:
    """To keeps the marketplace's own aliases: any other address in it would show a person to the buyer."""
    kept: list[HeaderField] = []
    changes: list[str] = []
    for field in fields:
        if field.name.lower() != "to":
            kept.append(field)
            continue
        boxes = mailboxes(field.body)
        relays = [box for box in boxes if box.address is not None and policy.takes(box.address)]
        if len(relays) == len(boxes):
            kept.append(field)
            continue
        changes.append(f"To: {len(boxes) - len(relays)} entries outside the marketplace dropped")
        if relays:
            kept.append(_field(field.name, ", ".join(box.text for box in relays)))
    return kept, changes


def _dropped(message: Message) -> Iterator[str]:
    names = dict.fromkeys(
        field.name for field in message.fields if field.name.lower() not in _EMITTED | _OURS
    )
    return (f"header field {name} dropped" for name in names)


def _field(name: str, body: str) -> HeaderField:
    return HeaderField(name=name, body=body, text=body)
