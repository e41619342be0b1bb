"""Processes that examine mail: what a client of theirs can rely on."""

import asyncio
import contextlib
import os
import signal
import sys

import pytest

from gateway import worker as worker_module
from gateway.filter.examine import examine
from gateway.policy.load import override
from gateway.policy.model import OnMatch
from gateway.rules.context import Profile
from gateway.worker import WorkerLimits, WorkerLostError, Workers, WorkerStartError

MAIL = b"From: a@shop.example\r\nTo: abc@marketplace.amazon.com\r\nSubject: x\r\n\r\nHello\r\n"
PROFILE = Profile(hostname="gateway.example")


@pytest.fixture
async def workers(policies, log_lines):
    workers = await Workers.start(policies, WorkerLimits(count=1))
    yield workers
    await workers.close()


async def test_a_worker_says_what_examine_says(workers, amazon, received_at):
    """The way through the process changes nothing."""
    there = await workers.examine(MAIL, "amazon", PROFILE, received_at)
    assert there.octets == examine(MAIL, amazon, PROFILE, received_at).octets


async def test_what_is_held_may_be_examined_otherwise(received_at, amazon, log_lines):
    """A worker is told what follows where the policy says hold; the next mail is judged as ever."""
    held = override(amazon, {"emoji": "hold"}, source="test")
    workers = await Workers.start({"amazon": held}, WorkerLimits(count=1))
    mail = MAIL.replace(b"Hello", "Hello \N{GRINNING FACE}".encode())
    told = [
        await workers.examine(mail, "amazon", PROFILE, received_at, hold_as=word)
        for word in (OnMatch.STRIP, OnMatch.WARN, None)
    ]
    await workers.close()
    assert [(each.stripped, each.held, each.octets is not None) for each in told] == [
        (("emoji",), (), True),
        ((), (), True),
        ((), ("emoji",), False),
    ]


async def test_no_worker_comes_free(workers, received_at, monkeypatch, log_lines):
    """A mail that waits too long for a worker is deferred, before its client gives up."""
    monkeypatch.setattr(worker_module, "MAX_WAIT_S", 0)
    await workers._idle.get()
    with pytest.raises(WorkerLostError) as lost:
        await workers.examine(MAIL, "amazon", PROFILE, received_at)
    assert lost.value.incident.encode() in log_lines.getvalue()
    assert b'"busy"' in log_lines.getvalue()


async def test_an_unknown_policy_is_our_fault(workers, received_at):
    """What raises in the process defers the mail, and the next mail passes."""
    with pytest.raises(WorkerLostError):
        await workers.examine(MAIL, "nosuch", PROFILE, received_at)
    assert await workers.examine(MAIL, "amazon", PROFILE, received_at)


async def test_a_cancelled_mail_leaves_no_answer_behind(workers, amazon, received_at):
    """Who is cancelled while a worker answers does not leave its answer to the next mail."""
    (before,) = workers.process_ids
    first = asyncio.create_task(workers.examine(MAIL * 1000, "amazon", PROFILE, received_at))
    while workers._idle.qsize():
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = await workers.examine(MAIL, "amazon", PROFILE, received_at)
    assert second.octets == examine(MAIL, amazon, PROFILE, received_at).octets
    assert workers.process_ids != (before,)


ANSWERS = {
    "nothing": b"",
    "half an answer": b"\x00\x00\x00\x05\x00\x00\x00\x00ab",
    "a head without end": b"\xff\xff\xff\xff\x00\x00\x00\x00",
    "no JSON": b"\x00\x00\x00\x02\x00\x00\x00\x00{]",
    "an unknown shape": b"\x00\x00\x00\x50\x00\x00\x00\x00" + b'{"a": 1}'.ljust(80),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_worker_that_talks_nonsense_is_not_believed(
    answer, policies, received_at, tmp_path, monkeypatch, log_lines
):
    """Whatever a process answers that is no examination defers the mail."""
    program = tmp_path / "python"
    ready = b"\x00\x00\x00\x05\x00\x00\x00\x00ready"
    program.write_text(
        f"#!{sys.executable}\nimport os\nos.write(1, {ready!r})\nos.read(0, 100)\nos.write(1, {answer!r})\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    workers = await Workers.start(policies, WorkerLimits(count=1, deadline_s=5))
    try:
        with pytest.raises(WorkerLostError):
            await workers.examine(MAIL, "amazon", PROFILE, received_at)
    finally:
        await workers.close()


async def test_a_worker_that_cannot_start(policies, tmp_path, monkeypatch, log_lines):
    """A gateway whose workers do not start does not start either."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(WorkerStartError):
        await Workers.start(policies, WorkerLimits(count=1))


async def test_a_probe_asks_each_idle_process(policies, log_lines, received_at):
    """A process that is gone is started anew by the next probe, and a mail finds all of them at work."""
    workers = await Workers.start(policies, WorkerLimits(count=2))
    before = workers.process_ids
    os.kill(before[0], signal.SIGKILL)
    with contextlib.suppress(WorkerLostError):
        await workers.probe()  # it may be the first to notice
    await workers.probe()
    assert len(workers.process_ids) == 2
    assert before[0] not in workers.process_ids
    assert await workers.examine(MAIL, "amazon", PROFILE, received_at)
    await workers.close()


async def test_one_process_that_cannot_be_started_fails_every_probe(
    policies, tmp_path, monkeypatch, log_lines
):
    """One that answers does not hide one that is missing."""
    workers = await Workers.start(policies, WorkerLimits(count=2))
    await workers._discard(await workers._idle.get())
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(program))
        for _ in range(3):
            with pytest.raises(WorkerLostError):
                await workers.probe()
    await workers.probe()
    await workers.close()


async def test_workers_that_retire_finish_their_mails(policies, log_lines, received_at):
    """Retired workers answer what is with them, also what waits for a free one, and then end."""
    workers = await Workers.start(policies, WorkerLimits(count=1))
    (process_id,) = workers.process_ids
    mails = [asyncio.create_task(workers.examine(MAIL, "amazon", PROFILE, received_at)) for _ in range(3)]
    await asyncio.sleep(0)
    await workers.retire()
    assert all(mail.done() and mail.result().octets for mail in mails)
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)


async def test_workers_end_with_their_parent(workers):
    """Closing ends every process."""
    (process_id,) = workers.process_ids
    await workers.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
