import asyncio

import pytest

from gateway.mail.reply import Reply
from gateway.smtp.tasks import MessageTasks

TAKEN = Reply(code=250, status="2.0.0", text="x")


async def test_runs_without_anybody_waiting() -> None:
    """A judgement goes on when the one who started it is gone."""
    tasks, gate, done = MessageTasks(), asyncio.Event(), []

    async def judge() -> Reply:
        await gate.wait()
        done.append(1)
        return TAKEN

    waiting = asyncio.ensure_future(asyncio.shield(tasks.start(judge())))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(tasks) == 1
    gate.set()

    assert await tasks.drain(5) == 0
    assert (done, len(tasks)) == ([1], 0)


async def test_drain_cuts_what_takes_too_long() -> None:
    """What is not done in time is cancelled, counted, and has finished its cancellation."""
    tasks, ended = MessageTasks(), []

    async def judge() -> Reply:
        try:
            return await asyncio.Future[Reply]()
        finally:
            ended.append(1)

    task = tasks.start(judge())
    await asyncio.sleep(0)

    assert await tasks.drain(0) == 1
    assert (ended, task.cancelled(), len(tasks)) == ([1], True, 0)


async def test_drain_of_nothing() -> None:
    """With no mail under way there is nothing to wait for."""
    assert await MessageTasks().drain(5) == 0
