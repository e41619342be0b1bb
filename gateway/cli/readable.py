"""A mail as a person compares it: header fields and texts decoded, attachments named.

Not here: what is shown of it, and where.
"""

from gateway.mail.address import mailboxes
from gateway.mail.errors import MessageError
from gateway.mail.message import HeaderField
from gateway.mail.parse import parse


def readable(octets: bytes) -> list[str]:
    """Lines fit for a terminal; of a mail without one reading, its octets."""
    try:
        message = parse(octets)
    except MessageError:
        return [_printable(line) for line in octets.decode("latin-1").splitlines()]
    lines = [f"{field.name}: {_words(field)}" for field in message.fields]
    for leaf in message.leaves():
        name = f" {leaf.filenames[0]}" if leaf.filenames else ""
        lines.append(f"--- part {leaf.number} {leaf.media_type}{name} ({len(leaf.content)} octets)")
        lines.extend((leaf.text or "").splitlines())
    return [_printable(line) for line in lines]


def _words(field: HeaderField) -> str:
    """Addresses without the quotes that one program sets and another does not."""
    if field.name.lower() not in {"from", "to"}:
        return field.text
    return ", ".join(
        f"{box.display_name} <{box.address or box.text}>".strip() for box in mailboxes(field.body)
    )


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else " " for c in line)
