"""Mail is refused before the disk is full and while the store cannot be written, and taken again by itself."""

import asyncio
import contextlib

import apsw
import httpx
import pytest

from gateway.config.disk import Disk
from gateway.life.disk import DiskRoom, LowDiskError, Space, measure
from gateway.ops import metrics
from gateway.store import sqlite
from gateway.store.driver import Statement
from gateway.store.records import MessageQuery

FULL = Disk(low_mb=10**9, resume_mb=10**9)
"""More than any disk has."""

ROOMY = Disk(low_mb=0, resume_mb=0, low_inodes=0, resume_inodes=0)

DISK_REPLY = "452 4.3.1 The gateway's disk is nearly full, try again later."
STORE_REPLY = "451 4.3.0 The gateway cannot write to its store just now, try again later."
SENDER = "MAIL FROM:<orders@harbour-tea.example>"


async def test_a_disk_that_is_nearly_full(start_gateway, connect, mail, told):
    """Mail is refused at MAIL with 452 over an open connection, and taken over it as soon as there is room."""
    gateway = await start_gateway(console={"address": "127.0.0.1:0"})
    client = await connect(gateway)
    await client.say("EHLO x")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.console_port}") as console:
        gateway._disk.marks = FULL
        await gateway.vitals.look()
        assert await client.say(SENDER) == [DISK_REPLY]
        ready = await console.get("/readyz")
        assert (ready.status_code, ready.json()["failed"]) == (503, ["disk"])
        assert 'gateway_well{vital="disk"} 0.0' in (await console.get("/metrics")).text
        gateway._disk.marks = ROOMY
        await gateway.vitals.look()
        assert (await client.submit(mail())).startswith("250")
        assert (await console.get("/readyz")).status_code == 200
        assert 'gateway_well{vital="disk"} 1.0' in (await console.get("/metrics")).text
    (failed,), (recovered,) = told("vital_failed"), told("vital_recovered")
    assert (failed["vital"], recovered["vital"]) == ("disk", "disk")
    assert "MB are free, fewer than disk.low_mb = 1000000000; free some space" in failed["cause"]


async def test_a_disk_that_has_filled_while_a_mail_came_in(start_gateway, connect, mail, told):
    """A mail that was begun in time is refused at its final dot, unread; its client keeps it."""
    gateway = await start_gateway()
    client = await connect(gateway)
    await client.begin()
    gateway._disk.marks = FULL
    await gateway.vitals.look()
    await client.send(mail() + b".\r\n")
    assert await client.reply() == DISK_REPLY
    assert await gateway.store.messages(MessageQuery()) == []
    assert [(line["verdict"], line["reply_code"]) for line in told("message_judged")] == [("defer", 452)]


async def test_marks_of_the_configuration(start_gateway, connect):
    """A gateway that starts with too little room starts, and refuses mail from the first one on."""
    gateway = await start_gateway(disk={"low_mb": 10**9, "resume_mb": 10**9})
    client = await connect(gateway)
    assert (await client.say("EHLO x", SENDER))[1] == DISK_REPLY


async def test_what_was_taken_goes_on_while_nothing_is_taken(start_gateway, connect, mail, sink):
    """Deliveries free the disk, so they do not stop with the intake."""
    sink.answers["greeting"] = "421 4.3.0 later"
    gateway = await start_gateway(delivery={"first_retry_s": 0.1})
    await (await connect(gateway)).submit(mail())
    gateway._disk.marks = FULL
    await gateway.vitals.look()
    del sink.answers["greeting"]
    async with asyncio.timeout(20):
        await sink.wait_for(1)


@contextlib.asynccontextmanager
async def locked(_store, path):
    """Another process has a transaction that does not end."""
    with contextlib.closing(apsw.Connection(str(path))) as rude:
        rude.set_busy_timeout(10_000)  # the gateway's own transaction, where one is under way, ends first
        rude.execute("BEGIN IMMEDIATE")
        yield
        rude.execute("ROLLBACK")


@contextlib.asynccontextmanager
async def read_only(store, path):
    """The database takes no change, as on a file system that the kernel has remounted."""
    driver = store._driver
    together = driver._together
    with contextlib.closing(apsw.Connection(str(path), apsw.SQLITE_OPEN_READONLY)) as raw:
        frozen = sqlite._Connection(path, raw)

        def in_vain(jobs):
            """A whole batch, so that no transaction begins on one connection and ends on the other."""
            usual, driver._writer = driver._writer, frozen
            try:
                return together(jobs)
            finally:
                driver._writer = usual

        driver._together = in_vain
        yield
        driver._together = together
        await driver.write(lambda: (yield Statement("SELECT 1")))  # nobody is at the frozen one any more


STORES = {
    "locked": (locked, "another process holds the database"),
    "read-only": (read_only, "no permission to write"),
}


@pytest.mark.parametrize("fault, words", STORES.values(), ids=STORES)
async def test_a_store_that_cannot_be_written(
    start_gateway, connect, mail, told, tmp_path, monkeypatch, fault, words
):
    """A locked or read-only store refuses mail with 451 until it can be written; the cause is in the log."""
    monkeypatch.setattr(sqlite, "BUSY_MS", 0)
    gateway = await start_gateway()
    client = await connect(gateway)
    async with fault(gateway.store, tmp_path / "gateway.db"):
        await gateway.vitals.look()
        assert (await client.say("EHLO x", SENDER))[1] == STORE_REPLY
        assert gateway.vitals.failing() == ["store"]
    await gateway.vitals.look()
    assert (await client.submit(mail())).startswith("250")
    (failed,) = told("vital_failed")
    assert words in failed["cause"]
    assert [line["vital"] for line in told("vital_recovered")] == ["store"]


async def test_workers_that_do_not_start_are_not_ready(start_gateway, monkeypatch, tmp_path, told):
    """Where no worker process can be started, /readyz says so; once one can, it is ready again."""
    gateway = await start_gateway()
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr("sys.executable", str(program))
        await gateway.workers._discard(await gateway.workers._idle.get())
        await gateway.vitals.look()
        assert await gateway._unready() == ["workers"]
    await gateway.vitals.look()
    assert await gateway._unready() == []
    assert [line["vital"] for line in (*told("vital_failed"), *told("vital_recovered"))] == ["workers"] * 2


MARKS = Disk(low_mb=100, resume_mb=200, low_inodes=10, resume_inodes=20)
MB = 1_000_000
COURSES = {
    "between the marks from above is room": ([(250, 99), (150, 99)], ["", ""]),
    "below the low mark is none": ([(99, 99)], ["99 MB are free, fewer than disk.low_mb = 100"]),
    "between the marks from below is none yet": (
        [(99, 99), (199, 99), (200, 99), (150, 99)],
        ["99 MB", "199 MB are free, fewer than disk.resume_mb = 200", "", ""],
    ),
    "inodes likewise": (
        [(500, 9), (500, 19), (500, 20), (500, 10)],
        ["9 inodes are free, fewer than disk.low_inodes = 10", "19 inodes", "", ""],
    ),
    "one is back, the other not yet": ([(99, 99), (500, 15), (500, 25)], ["99 MB", "15 inodes", ""]),
    "no inodes are counted": ([(500, None)], [""]),
}


@pytest.fixture
def room(tmp_path):
    """Room on a disk whose free space goes that course."""

    def room(course):
        steps = iter(course)

        def told(_folder):
            megabytes, inodes = next(steps)
            return Space(octets=megabytes * MB, inodes=inodes)

        return DiskRoom(tmp_path, MARKS, told)

    return room


@pytest.mark.parametrize("course, expected", COURSES.values(), ids=COURSES)
async def test_two_marks(room, course, expected):
    """Below the low mark there is no room, and again only from the resume mark on."""
    disk, lacks = room(course), []
    for _ in course:
        try:
            await disk.look()
        except LowDiskError as error:
            lacks.append(str(error))
        else:
            lacks.append("")
    for lack, words in zip(lacks, expected, strict=True):
        assert words in lack
        assert bool(words) == bool(lack)


async def test_metrics_of_the_disk(room):
    """What was measured is on the metrics page."""
    await room([(250, 77)]).look()
    assert metrics.DISK_FREE_OCTETS._value.get() == 250 * MB
    assert metrics.DISK_FREE_INODES._value.get() == 77


def test_a_real_disk(tmp_path):
    """The file system of a temporary folder has octets, and inodes or none that are counted."""
    space = measure(tmp_path)
    assert space.octets > 0
    assert space.inodes is None or space.inodes > 0
