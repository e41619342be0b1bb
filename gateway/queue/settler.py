"""Writes settlements down, all those that come while one transaction is on its way to disk in the next one.

Not here: what is settled (``outcome.py``).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.queue.seams import Letters, Queue
from gateway.store.records import Settlement


@dataclass(frozen=True, slots=True)
class _Entry:
    settlements: Sequence[Settlement]
    letters: Letters
    done: asyncio.Future[None]


class Settler:
    """One stream of settlements into the record."""

    def __init__(self, store: Queue) -> None:
        self._store = store
        self._waiting: list[_Entry] = []
        self._writing: asyncio.Task[None] | None = None

    async def settle(self, settlements: Sequence[Settlement], letters: Letters) -> None:
        """Return once they are on disk; what belongs together is all there or not at all.

        Raises:
            StoreError: They are not; call again.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(settlements, letters, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                entries, self._waiting = self._waiting, []
                await self._write(entries)
        finally:
            self._writing = None

    async def _write(self, entries: list[_Entry]) -> None:
        try:
            await self._settle(entries)
        except Exception as error:  # noqa: BLE001 - whatever it was, whoever waits is told
            if len(entries) == 1:
                _answer(entries[0], error)
                return
            # One of them may be what the database refuses; it must not keep the others.
            for entry in entries:
                await self._write([entry])
        else:
            for entry in entries:
                _answer(entry, None)

    async def _settle(self, entries: list[_Entry]) -> None:
        await self._store.settle(
            [each for entry in entries for each in entry.settlements],
            notices=[letter.message for entry in entries for letter in entry.letters.now],
            owed_notices=[owed for entry in entries for owed in entry.letters.later],
        )


def _answer(entry: _Entry, error: Exception | None) -> None:
    if entry.done.done():  # called off meanwhile
        return
    if error is None:
        entry.done.set_result(None)
    else:
        entry.done.set_exception(error)
