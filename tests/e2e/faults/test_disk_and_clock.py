"""What happens when the disk fails or the clock jumps: the rows of the table."""

import asyncio
import contextlib
import os
import resource
import subprocess
from contextlib import AsyncExitStack

import pytest
from faults.next_hop import NextHop
from faults.served import Served, mail
from faults.table import CLOCK, DISK

TO = ["one@tea.example"]

ROOM_OCTETS = 4_000_000
"""Room for a few mails, and for SQLite's log."""

STORE_FAULT = '"event":"fault"'


@pytest.fixture
async def street(tmp_path):
    """A gateway that is not started yet, the one next hop it sends to, and the seller's, who gets the notices."""
    async with AsyncExitStack() as stack:
        hop, notices = await NextHop().start(), await NextHop().start()
        for each in (hop, notices):
            stack.push_async_callback(each.stop)
        served = Served(tmp_path, notices, {"tea": f"smtp://127.0.0.1:{hop.port}"})
        stack.push_async_callback(served.stop)
        yield served, hop, notices


async def test_disk(street):
    """What the disk does not take is the client's again; what was sent meanwhile is not sent again."""
    served, hop, notices = street
    await served.start()
    seen = {}
    for number, (point, row) in enumerate(DISK.items()):
        name = f"d{number}"
        play = _while_sending if ", " in point else _while_taking
        answers = await play(served, hop, row.word, mail(name, TO), is_killed=point.endswith("restart"))
        await served.quiet()
        seen[point] = await served.outcome(name, answers, hop.arrived, notices.arrived)
    assert seen == {point: row.outcome for point, row in DISK.items()}


async def _while_taking(served, hop, word, octets, *, is_killed):
    served.order("disk", word)
    answers = [await served.submit(octets, TO)]
    served.order("disk", "")
    return [*answers, *await served.submit_until_taken(octets, TO)]


async def _while_sending(served, hop, word, octets, *, is_killed):
    """The disk fails between the final dot to the next hop and its reply."""
    hop.before_reply = lambda: served.order("disk", word)
    faults = served.log().count(STORE_FAULT)
    answers = [await served.submit(octets, TO)]
    async with asyncio.timeout(30):
        while served.log().count(STORE_FAULT) == faults:
            await asyncio.sleep(0.05)
    hop.before_reply = lambda: None
    if is_killed:
        await served.kill()
    served.order("disk", "")
    if is_killed:
        await served.start()
    return answers


async def test_clock(street):
    """A clock that jumps makes mail neither late nor lost."""
    served, hop, notices = street
    await served.start()
    seen = {}
    for number, (point, row) in enumerate(CLOCK.items()):
        hop.faults, hop.times = {"RCPT": "450 4.2.0 later"}, None
        hop.reached.clear()
        answers = [await served.submit(mail(f"c{number}", TO), TO)]
        await asyncio.wait_for(hop.reached.wait(), 30)
        served.order("clock", row.word)
        hop.faults = {}
        await served.quiet()
        seen[point] = await served.outcome(f"c{number}", answers, hop.arrived, notices.arrived)
        served.order("clock", "")
    assert seen == {point: row.outcome for point, row in CLOCK.items()}


@contextlib.contextmanager
def _small_disk(served):
    """A record on a file system of its own, where the system lets us make one; gives what fills it."""
    place = served.folder / "record"
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_OCTETS}", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        yield lambda: _no_file_grows(served)
        return
    try:
        yield lambda: _filled(place)
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextlib.contextmanager
def _filled(place):
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield
    ballast.unlink()


@contextlib.contextmanager
def _no_file_grows(served):
    """What a process meets then is what it meets on a full disk, but for the error's number."""
    soft, hard = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    yield
    resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_is_full_for_real(street):
    """A file system without room defers mail, and takes it again as soon as there is room, without a restart."""
    served, hop, _ = street
    with _small_disk(served) as fill:
        try:
            await served.start()
            assert await served.submit(mail("before", TO), TO) == "250"
            await served.quiet()
            with fill():
                refused = await served.submit(mail("full", TO), TO)
            *_, again = await served.submit_until_taken(mail("full", TO), TO)
            await served.quiet()
        finally:
            await served.stop()
    assert refused[0] == "4"
    assert again == "250"
    arrived = [each for each in hop.arrived if b"<full@" in each]
    assert len(arrived) == 1
