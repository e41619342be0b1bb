"""A mail's judgement outlives the connection it came over.

aiosmtpd cancels its handler when the client goes away, also between the final dot and our reply: a decision half
taken, and a client that sends again. Here each mail is judged in a task of its own that only :meth:`drain` may end.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from gateway.mail.reply import Reply


class MessageTasks:
    """The mails being judged at the moment."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Reply]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, judgement: Coroutine[Any, Any, Reply]) -> asyncio.Task[Reply]:
        """Begin; await it under ``asyncio.shield``, or not at all. ``judgement`` must not raise."""
        task = asyncio.create_task(judgement)
        self._tasks.add(task)  # the event loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, timeout_s: float) -> int:
        """Wait for all of them, cancel those that take longer; how many were cancelled.

        A cancelled mail was never answered: its client still has it.
        """
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(set(self._tasks), timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        return len(late)
