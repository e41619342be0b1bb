"""What the gateway cannot do without, looked at again and again, each by a task of its own.

Two questions are kept apart. *Is it well?* decides about ``/readyz`` and about taking mail: a full disk is not well.
*Does it answer?* decides about the watchdog: a full disk answers, and a restart would not mend it; a thread that
hangs in the kernel does not, and a restart may.
Who asks gets what was seen last; nobody waits for the disk, and nobody can make us write to it by asking.

Not here: what is looked at (``disk``, the store, the workers), what follows (``gate``, ``gateway/serve``).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from gateway.life.disk import LowDiskError
from gateway.ops import events, metrics
from gateway.ops.frames import class_name
from gateway.store.records import StoreError
from gateway.worker import WorkerLostError

DISK_EVERY_S = 1.0
"""Seconds between looks at the disk: at 100 MB a second 256 MB are full in three."""

STORE_EVERY_S = 5.0
"""Seconds between writes that show whether the store can be written: one fsync each."""

WORKERS_EVERY_S = 10.0
"""Seconds between questions to a worker."""

SILENCE_EVERY_S = 5.0
"""Seconds between looks for one that says nothing any more."""

PATIENCE_S = 100.0
"""Seconds without an answer after which a thing counts as hung. A store that another process locks answers after
ten, a worker that must be started after sixty at most."""


class SilentError(Exception):
    """Nothing was heard; the text is a sentence of ours."""


class Vital:
    """One of them.

    Attributes:
        name: One of ``metrics.VITALS``.
        fault: What it said last, or ``None`` when it was well.
    """

    def __init__(
        self,
        name: str,
        look: Callable[[], Awaitable[None]],
        *,
        every_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Watch one thing.

        Args:
            name: One of ``metrics.VITALS``.
            look: Raises where it is not well.
            every_s: Seconds between two looks.
            clock: Monotonic seconds.
        """
        self.name = name
        self.fault: Exception | None = None
        self._look = look
        self._turn = asyncio.Lock()
        self._every_s = every_s
        self._clock = clock
        self._answered_at = clock()
        self._failed_at = 0.0

    async def watch(self) -> None:
        """Looks until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._every_s)

    async def look(self) -> None:
        """Looks once, after whoever is looking, and tells of a change."""
        async with self._turn:
            fault: Exception | None = None
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is not well
                fault = error
            self._answered_at = self._clock()
            self._tell(fault)

    def notice_silence(self) -> None:
        """Tells where it has not answered for too long; its next answer ends that."""
        if not self.is_answering and self.fault is None:
            self._tell(SilentError(f"no answer for {PATIENCE_S:.0f} seconds"))

    @property
    def is_answering(self) -> bool:
        """Whether it has said anything lately."""
        return self._clock() - self._answered_at < PATIENCE_S

    @property
    def is_well(self) -> bool:
        """Whether it works, as far as was seen last."""
        return self.fault is None and self.is_answering

    def _tell(self, fault: Exception | None) -> None:
        if fault is not None and self.fault is None:
            self._failed_at = self._clock()
            events.vital_failed(vital=self.name, cause=_cause(fault))
        elif fault is None and self.fault is not None:
            events.vital_recovered(vital=self.name, seconds=self._clock() - self._failed_at)
        self.fault = fault


class Vitals:
    """All of them."""

    def __init__(self, vitals: Sequence[Vital]) -> None:
        self._vitals = vitals
        for each in vitals:
            metrics.watch_vital(each.name, lambda vital=each: vital.is_well)  # type: ignore[misc]

    def failing(self) -> list[str]:
        """Names of those that are not well."""
        return [each.name for each in self._vitals if not each.is_well]

    async def look(self) -> None:
        """Looks at each once."""
        await asyncio.gather(*(each.look() for each in self._vitals))

    async def watch(self) -> None:
        """Looks at each until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in self._vitals:
                group.create_task(each.watch())
            while True:
                await asyncio.sleep(SILENCE_EVERY_S)
                for each in self._vitals:
                    each.notice_silence()

    def are_answering(self) -> bool:
        """Whether all of them answer; that this is asked at all shows that the event loop turns."""
        return all(each.is_answering for each in self._vitals)


def _cause(fault: Exception) -> str:
    """Our own sentences as they are; of what others raise the class, since its text may hold anything."""
    if isinstance(fault, (StoreError, LowDiskError, WorkerLostError, SilentError)):
        return str(fault)
    if isinstance(fault, OSError):
        return fault.strerror or class_name(fault)
    return class_name(fault)
