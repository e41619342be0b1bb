"""Which instance names are alive: a locked file beside the database for each.

A dead process holds no lock, so whoever gets the lock knows that the former holder of the name is gone, and
that its leases can be released at once rather than when they run out.
A child that is forked (not spawned) would inherit the lock and keep it alive: worker processes are spawned.

Source: flock(2).
"""

import fcntl
import os
import re
from pathlib import Path

from gateway.store.records import StoreError

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What is a file name everywhere."""


class InstanceLock:
    """Held from creation to ``release``."""

    def __init__(self, database: Path, instance: str) -> None:
        """Take the lock.

        Raises:
            StoreError: The name is not fit, is in use, or the file cannot be made.
        """
        if not _NAME.fullmatch(instance):
            raise StoreError("instance: use 1 to 64 of the characters A-Z a-z 0-9 . _ -")
        path = database.with_name(f"{database.name}.{instance}.lock")
        try:
            self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}; give the gateway's user write permission") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StoreError(
                f"{path}: an instance named {instance} runs already; stop it, or name this one otherwise"
            ) from error

    def release(self) -> None:
        """Give it up; the file stays, since removing it would race with the next holder."""
        os.close(self._file)
