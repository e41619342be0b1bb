"""Room on the store's file system, with two marks.

Below the low mark no mail is taken; it is again only from the resume mark on, so that what purging frees is not
refilled at once. A file system that counts no inodes (it says 0 of 0) has enough of them.
Not here: what follows (``gate``), when it is looked at (``vitals``).
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.config.disk import Disk
from gateway.ops import metrics

MB = 1_000_000


class LowDiskError(Exception):
    """There is too little room; the text is a sentence with place, fault and mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What is free for us.

    Attributes:
        octets: Free to a process without privileges.
        inodes: Likewise; ``None`` where they are not counted.
    """

    octets: int
    inodes: int | None


def measure(folder: Path) -> Space:
    """Asks the file system. It may wait for the disk or the network: not on the event loop."""
    stat = os.statvfs(folder)
    return Space(octets=stat.f_bavail * stat.f_frsize, inodes=stat.f_favail if stat.f_files else None)


class DiskRoom:
    """Whether there is room, with hysteresis.

    Attributes:
        marks: ``[disk]``; a reload sets others.
    """

    def __init__(self, folder: Path, marks: Disk, measure: Callable[[Path], Space] = measure) -> None:
        self.marks = marks
        self._folder = folder
        self._measure = measure
        self._is_low = False

    async def look(self) -> None:
        """Measures.

        Raises:
            LowDiskError: There is too little, or not enough again.
            OSError: The file system does not say.
        """
        space = await asyncio.to_thread(self._measure, self._folder)
        metrics.DISK_FREE_OCTETS.set(space.octets)
        metrics.DISK_FREE_INODES.set(space.inodes or 0)
        lack = self._lack(space)
        self._is_low = bool(lack)
        if lack:
            raise LowDiskError(f"{self._folder}: {lack}; free some space or move the store")

    def _lack(self, space: Space) -> str:
        """What there is too little of, by the mark that counts now; ``""`` for nothing."""
        kind = "resume" if self._is_low else "low"
        wanted_mb, wanted_inodes = (getattr(self.marks, f"{kind}_{unit}") for unit in ("mb", "inodes"))
        if space.octets < wanted_mb * MB:
            return f"{space.octets // MB} MB are free, fewer than disk.{kind}_mb = {wanted_mb}"
        if space.inodes is not None and space.inodes < wanted_inodes:
            return f"{space.inodes} inodes are free, fewer than disk.{kind}_inodes = {wanted_inodes}"
        return ""
