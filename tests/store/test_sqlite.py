"""The SQLite driver: one commit for many, each failure alone, durable, alive after any fault."""

import asyncio
import resource
import threading
from contextlib import asynccontextmanager, closing

import apsw
import pytest

from gateway.store import sqlite
from gateway.store.driver import Statement
from gateway.store.records import MessageQuery, StoreError
from gateway.store.sqlite import SqliteDriver


def _pragma(connection, name):
    return connection.raw.pragma(name)


@pytest.fixture
def commits(store):
    """Counts the commits of the writer, as SQLite itself tells of them; ``held_up`` is one."""
    seen = []
    store._driver._writer.raw.set_commit_hook(lambda: bool(seen.append(1)))
    return seen


@asynccontextmanager
async def held_up(store):
    """The writer is busy with one operation until the block ends, so that others pile up behind it."""
    entered, leave = threading.Event(), threading.Event()

    def wait():
        entered.set()
        leave.wait(10)
        yield Statement("SELECT 1")

    task = asyncio.create_task(store._driver.write(wait))
    await asyncio.to_thread(entered.wait, 10)
    try:
        yield
        await asyncio.sleep(0)  # what the block has begun is in the line now
    finally:
        leave.set()
        await task


async def test_settings(store):
    """Each commit is an fsync, rows refer to rows, what is deleted is overwritten; readers cannot write."""
    writer, reader = store._driver._writer, store._driver._readers.get()
    store._driver._readers.put(reader)
    names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "query_only")
    assert [_pragma(writer, name) for name in names] == ["wal", 2, 1, 1, 0]
    assert _pragma(reader, "query_only") == 1


async def test_group_commit(store, new_message, commits):
    """Fifty accepts that wait together share one commit."""
    async with held_up(store):
        accepts = [asyncio.ensure_future(store.accept(new_message(f"m{n:02}"))) for n in range(50)]
    await asyncio.gather(*accepts)
    assert len(commits) == 1 + 1
    assert len(await store.messages(MessageQuery(limit=99))) == 50


async def test_batch_limit(store, new_message, commits, monkeypatch):
    """A batch takes no more than its limit."""
    monkeypatch.setattr(sqlite, "MAX_BATCH", 4)
    async with held_up(store):
        accepts = [asyncio.ensure_future(store.accept(new_message(f"m{n:02}"))) for n in range(8)]
    await asyncio.gather(*accepts)
    assert len(commits) == 1 + 2


async def test_neighbours(store, new_message, commits):
    """One that fails leaves its neighbours in the same commit alone."""
    async with held_up(store):
        good = [asyncio.ensure_future(store.accept(new_message(f"m{n}"))) for n in range(3)]
        twin = asyncio.ensure_future(store.accept(new_message("m1")))
        bug = asyncio.ensure_future(store.accept(new_message("bug", sent=None)))
        last = asyncio.ensure_future(store.accept(new_message("last")))
    await asyncio.gather(*good, last)
    with pytest.raises(StoreError, match="already holds such a row"):
        await twin
    with pytest.raises(ValueError, match="octets to send"):
        await bug
    assert len(commits) == 1 + 1
    assert sorted(s.id for s in await store.messages(MessageQuery())) == ["last", "m0", "m1", "m2"]


async def test_no_answer_before_commit(store, new_message, monkeypatch):
    """An accept is not answered while its commit is under way."""
    entered, leave = threading.Event(), threading.Event()

    def slow(connection, commit=sqlite._commit):
        entered.set()
        leave.wait(10)
        commit(connection)

    monkeypatch.setattr(sqlite, "_commit", slow)
    accept = asyncio.ensure_future(store.accept(new_message()))
    await asyncio.to_thread(entered.wait, 10)
    assert not accept.done()
    assert await store.messages(MessageQuery()) == []
    leave.set()
    await accept
    assert len(await store.messages(MessageQuery())) == 1


async def test_cancelled(store, new_message):
    """A caller that is cancelled gives up the answer; the write is whole, and the writer lives on."""
    async with held_up(store):
        accept = asyncio.ensure_future(store.accept(new_message("m1")))
        await asyncio.sleep(0)
        accept.cancel()
        with pytest.raises(asyncio.CancelledError):
            await accept
    await store.accept(new_message("m2"))
    assert {s.id for s in await store.messages(MessageQuery())} == {"m1", "m2"}
    assert await store.content("m1") == b"sent m1"


def test_loop_gone(tmp_path):
    """A write whose event loop is closed before the answer is done all the same."""
    path = tmp_path / "g.db"
    leave = threading.Event()

    def create():
        leave.wait(10)
        yield Statement("CREATE TABLE t (a TEXT)")

    async def give_up():
        driver = await SqliteDriver.open(path)
        waiting = asyncio.ensure_future(driver.write(create))
        await asyncio.sleep(0)
        waiting.cancel()
        return driver

    driver = asyncio.run(give_up())
    leave.set()
    asyncio.run(driver.close())
    with closing(apsw.Connection(str(path))) as connection:
        assert list(connection.execute("SELECT COUNT(*) FROM t")) == [(0,)]


async def test_full_database(store, new_message):
    """A full disk takes the big mail down, not its small neighbours, and is over when there is room again."""
    raw = store._driver._writer.raw
    await store.ready()
    roomy = raw.pragma("max_page_count")
    raw.pragma("max_page_count", raw.pragma("page_count") + 20)
    async with held_up(store):
        small = [asyncio.ensure_future(store.accept(new_message(name))) for name in ("a", "b")]
        big = asyncio.ensure_future(store.accept(new_message("big", original=b"x" * 1_000_000)))
        small.append(asyncio.ensure_future(store.accept(new_message("c"))))
    await asyncio.gather(*small)
    with pytest.raises(StoreError, match=r"gateway\.db: the disk is full; free some space"):
        await big
    raw.pragma("max_page_count", roomy)
    await store.accept(new_message("big", original=b"x" * 1_000_000))
    assert {s.id for s in await store.messages(MessageQuery())} == {"a", "b", "c", "big"}


async def test_failing_write(store, new_message):
    """A write the system refuses is an error for that mail only, and is over when the cause is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(StoreError, match=r"gateway\.db: "):
            await store.accept(new_message("big", original=b"x" * 4_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await store.accept(new_message("big", original=b"x" * 4_000_000))
    assert (await store.message("big")).original == b"x" * 4_000_000


async def test_busy(store, new_message, tmp_path):
    """While another process holds the database there is no 250; afterwards there is."""
    store._driver._writer.raw.set_busy_timeout(0)
    with closing(apsw.Connection(str(tmp_path / "gateway.db"))) as rude:
        rude.execute("BEGIN IMMEDIATE")
        both = await asyncio.gather(
            store.accept(new_message("a")), store.accept(new_message("b")), return_exceptions=True
        )
        assert [str(e).partition(": ")[2] for e in both] == [
            "another process holds the database; end it or wait"
        ] * 2
        assert both[0] is not both[1]
        rude.execute("ROLLBACK")
    await store.accept(new_message("a"))


async def test_commit_fails(store, new_message, monkeypatch):
    """A commit that fails is tried for each alone, and who fails again hears of it."""
    fates = {"held up": "done", "together": "fails", "a": "done", "b": "fails", "c": "done"}
    fate = iter(fates.values())

    def flaky(connection, commit=sqlite._commit):
        if next(fate) == "fails":
            raise apsw.IOError("disk I/O error")
        commit(connection)

    monkeypatch.setattr(sqlite, "_commit", flaky)
    async with held_up(store):
        accepts = [asyncio.ensure_future(store.accept(new_message(name))) for name in "abc"]
    results = await asyncio.gather(*accepts, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), StoreError, type(None)]
    assert "look at the system log" in str(results[1])
    assert {s.id for s in await store.messages(MessageQuery())} == {"a", "c"}


async def test_unnamed_fault(store):
    """A database error nobody foresaw is still a sentence with the place and no statement text."""
    with pytest.raises(StoreError, match=r"gateway\.db: the database failed \(SQLError\)$"):
        await store._driver.write(lambda: (yield Statement("SELECT secret FROM nowhere")))
    with pytest.raises(StoreError, match=r"the database failed \(SQLError\)"):
        await store._driver.read(lambda: (yield Statement("SELECT secret FROM nowhere")))


async def test_reader_cannot_write(store):
    """A reading operation that writes is refused."""
    with pytest.raises(StoreError, match="no permission to write"):
        await store._driver.read(lambda: (yield Statement("DELETE FROM seller")))


async def test_reader_survives_a_bug(store):
    """A bug in a reading operation is itself, and gives its connection back."""

    def bug():
        yield Statement("SELECT 1")
        raise KeyError("bug")

    for _ in range(sqlite.READERS + 1):
        with pytest.raises(KeyError):
            await store._driver.read(bug)
    assert await store.next_due() is None


async def test_reader_cannot_open(tmp_path, monkeypatch):
    """When one connection cannot be opened, none stays open."""
    opened = []

    def connect(path, *, query_only=False, connect=sqlite._connect):
        if query_only:
            raise apsw.CantOpenError("too many open files")
        opened.append(connect(path))
        return opened[0]

    monkeypatch.setattr(sqlite, "_connect", connect)
    with pytest.raises(StoreError, match="cannot be opened"):
        await SqliteDriver.open(tmp_path / "g.db")
    with pytest.raises(apsw.ConnectionClosedError):
        opened[0].raw.execute("SELECT 1")


async def test_old_sqlite(tmp_path, monkeypatch):
    """A SQLite that can corrupt the record is refused."""
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    with pytest.raises(StoreError, match=r"SQLite 3\.40\.1 can corrupt.*install apsw"):
        await SqliteDriver.open(tmp_path / "g.db")
