"""The mark by which a gateway knows a mail that it has sent before.

Composing anew drops the Received fields, so between a gateway and a smarthost that sends its mail back to it nobody
would ever count to fifty: such a loop turned a hundred times a second, and each turn was a mail in the record.
The field says neither when nor by which way, so that two copies of a mail are the same to the letter.
Not here: when it is put before a mail (``app``), what follows where it is found (``filter/header``).
Source: X-Loop is no standard; procmail and mailing lists mark their mail with it, and relays leave it alone.
"""

FIELD = "X-Loop"


def mark(hostname: str) -> bytes:
    """The field to put before what leaves, with its CRLF."""
    return f"{FIELD}: {hostname}\r\n".encode("ascii")


def is_mark(name: str, body: str, hostname: str) -> bool:
    """Whether a field is the mark of the gateway of that name."""
    return name.lower() == FIELD.lower() and body.strip().lower() == hostname.lower()
