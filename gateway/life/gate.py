"""Whether mail is taken just now.

A client is told no before it has sent its mail, and once more at the final dot, since the mail may have taken an hour
to come; a mail that is not taken stays with its client.
Source: RFC 3463 section 3.4 (4.3.1 mail system full), RFC 5321 section 4.2.3.
"""

from gateway.life.vitals import Vital
from gateway.mail.reply import Reply

DISK_LOW = Reply(code=452, status="4.3.1", text="The gateway's disk is nearly full, try again later.")
STORE_FAILING = Reply(
    code=451, status="4.3.0", text="The gateway cannot write to its store just now, try again later."
)


class Gate:
    """Open while the disk has room and the store can be written."""

    def __init__(self, *, disk: Vital, store: Vital) -> None:
        self._disk = disk
        self._store = store

    def refusal(self) -> Reply | None:
        """Why no mail is taken now; ``None`` where it is."""
        if not self._disk.is_well:
            return DISK_LOW
        return None if self._store.is_well else STORE_FAILING
