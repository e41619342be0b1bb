"""The message's own header fields: one reading each of those that go on to the next hop.

Not here: the MIME fields of the root part (``declared``), which fields are written (``compose``).
Source: RFC 5322 section 3.6.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from gateway.mail.address import author, mailboxes
from gateway.mail.declared import MAX_ID_OCTETS
from gateway.mail.errors import AmbiguityError
from gateway.mail.header import RawField
from gateway.mail.message import HeaderField
from gateway.mail.notes import Notes
from gateway.mail.words import decode_words, without_controls

SINGLE_FIELDS: Final = frozenset({"from", "to", "subject", "date", "message-id"})
"""Shown to the reader, and shown differently where they stand twice (case M32)."""

MESSAGE_ID: Final = re.compile(r"<[!#-'*-;=?A-\[\]-~]+@[!#-'*-;=?A-\[\]-~]+>")

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ZONES: Final = MappingProxyType(
    {
        "ut": "+0000",
        "utc": "+0000",
        "gmt": "+0000",
        "z": "+0000",
        "est": "-0500",
        "edt": "-0400",
        "cst": "-0600",
    }
    | {"cdt": "-0500", "mst": "-0700", "mdt": "-0600", "pst": "-0800", "pdt": "-0700"}
)
# Matched on text whose runs of blanks are single; each piece is bounded.
_SHORT_YEAR: Final = 2
_DATE: Final = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6} ?, ?)?([0-9]{1,2}) ([a-z]{3}) ([0-9]{4}|[0-9]{2})"
    r" ([0-9]{1,2}) ?: ?([0-9]{2})(?: ?: ?([0-9]{2}))? ([+-](?:[01][0-9]|2[0-3])[0-5][0-9]|[a-z]{1,3})"
    r"(?: \([a-z0-9 +:./_-]{0,60}\))?",
    re.IGNORECASE,
)


def read_message_fields(fields: Sequence[RawField], notes: Notes) -> tuple[HeaderField, ...]:
    """The fields without those of MIME, put into the form that goes on.

    Args:
        fields: The message's header section.
        notes: What was put right goes here.

    Raises:
        AmbiguityError: A field that the reader is shown stands twice, or From is not one mailbox.
    """
    counts = Counter(field.name.lower() for field in fields)
    if any(counts[name] > 1 for name in SINGLE_FIELDS):
        raise AmbiguityError("From, To, Subject, Date or Message-ID is given twice: give each once.")
    if not counts["mime-version"]:
        notes.add("missing MIME-Version added")
    found: list[HeaderField] = []
    seen: set[str] = set()
    for field in fields:
        name = field.name.lower()
        if name.startswith("content-") or name == "mime-version":
            continue
        body: str | None = without_controls(field.body)
        if name in _READERS:
            body = _READERS[name](field.body, notes) if name not in seen else None
        seen.add(name)
        if body is not None:
            found.append(HeaderField(name=field.name, body=body, text=decode_words(body)))
    return tuple(found)


def canonical_date(body: str) -> str | None:
    """The date as RFC 5322 section 3.3 writes it, or ``None`` where it cannot be read.

    Args:
        body: Unfolded field body; named zones and years of two digits of section 4.3, a comment and a missing
            or wrong weekday are understood.
    """
    match = _DATE.fullmatch(" ".join(body.split()))
    if match is None:
        return None
    day, month, year, hour, minute, second, zone = match.groups()
    zone = _ZONES.get(zone.lower(), zone)
    if zone.isalpha():
        return None
    if len(year) == _SHORT_YEAR:
        year = ("20" if year < "50" else "19") + year
    try:
        # As UTC, whatever the zone: nothing is reckoned with it, and it is written as it was.
        at = datetime(
            int(year),
            _MONTHS.index(month.capitalize()) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second or 0),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    weekday, name = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{weekday}, {at.day} {name} {at.year:04d} {at:%H:%M:%S} {zone}"


def message_ids(body: str) -> tuple[str, ...]:
    """The message identifiers of a References or In-Reply-To field, angle brackets included, without repeats."""
    found = (word for word in body.replace(">", "> ").split() if MESSAGE_ID.fullmatch(word))
    return tuple(dict.fromkeys(word for word in found if len(word) <= MAX_ID_OCTETS))


def _read_from(body: str, _notes: Notes) -> str:
    body = without_controls(body)
    author(body)
    return body


def _read_to(body: str, notes: Notes) -> str:
    body = without_controls(body)
    if any(box.address is None for box in mailboxes(body)):
        notes.add("To: an entry that is no address dropped")
    return body


def _read_date(body: str, notes: Notes) -> str | None:
    date = canonical_date(body)
    if date is None:
        notes.add("unreadable Date dropped")
    elif date != body:
        notes.add("Date put into the standard form")
    return date


def _read_message_id(body: str, notes: Notes) -> str | None:
    if MESSAGE_ID.fullmatch(body) and len(body) <= MAX_ID_OCTETS:
        return body
    notes.add("unreadable Message-ID dropped")
    return None


def _read_ids(body: str, notes: Notes) -> str | None:
    ids = " ".join(message_ids(body))
    if ids != " ".join(body.split()):
        notes.add("In-Reply-To or References put into the standard form")
    return ids or None


_READERS: Final[Mapping[str, Callable[[str, Notes], str | None]]] = MappingProxyType(
    {
        "from": _read_from,
        "to": _read_to,
        "date": _read_date,
        "message-id": _read_message_id,
        "in-reply-to": _read_ids,
        "references": _read_ids,
    }
)
