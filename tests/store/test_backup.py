"""A copy of the record while it is in use: whole, of one moment, and openable."""

import asyncio
import stat
from contextlib import closing

import apsw
import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.store import sqlite
from gateway.store.records import MessageQuery, StoreError
from gateway.store.store import Store, backup


async def names(file):
    """Ids in a record, which is opened as a gateway does after a restore."""
    store = await Store.open(f"sqlite:///{file}", instance="restored")
    try:
        return [each.id for each in await store.messages(MessageQuery(limit=10_000))]
    finally:
        await store.close()


async def test_a_copy_of_one_moment(store, url, new_message, tmp_path):
    """What was accepted before is in it, with its queue; what comes later is not, and did not wait."""
    await store.accept(new_message("before"))
    await backup(url, tmp_path / "copy.db")
    await store.accept(new_message("after"))
    assert await names(tmp_path / "copy.db") == ["before"]
    copied = await Store.open(f"sqlite:///{tmp_path}/copy.db", instance="restored")
    (item,) = await copied.claim(9, new_message().due_at, 60)
    assert await copied.content(item.message_id) == b"sent before"
    await copied.close()


async def test_while_mail_comes_in(store, url, new_message, tmp_path):
    """Under load the copy holds all that was answered before it began, and no gap in what came during it."""
    count = 0
    ended = asyncio.Event()

    async def load():
        nonlocal count
        while not ended.is_set():
            await store.accept(new_message(f"m{count:05}", original=b"x" * 50_000))
            count += 1

    loading = asyncio.create_task(load())
    while count < 20:
        await asyncio.sleep(0)
    before = count
    await backup(url, tmp_path / "copy.db")
    ended.set()
    await loading
    copied = sorted(await names(tmp_path / "copy.db"))
    assert len(copied) >= before
    assert copied == [f"m{number:05}" for number in range(len(copied))]


async def test_a_file_of_its_own(store, url, new_message, tmp_path):
    """The copy is one file, which its owner alone can read, and no other is left beside it."""
    await store.accept(new_message())
    await backup(url, tmp_path / "copy.db")
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    with closing(apsw.Connection(str(tmp_path / "copy.db"))) as connection:
        assert connection.pragma("journal_mode") == "delete"


async def test_nothing_is_overwritten(store, url, tmp_path):
    """A file that is there is kept."""
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(StoreError, match=r"copy\.db: exists; name a new file"):
        await backup(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


async def test_no_record(tmp_path):
    """Where there is no record none is made."""
    with pytest.raises(StoreError, match=r"gateway\.db: is not there"):
        await backup(f"sqlite:///{tmp_path}/gateway.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


async def test_no_folder(store, url, tmp_path):
    """A folder that is not there is named."""
    with pytest.raises(StoreError, match="No such file or directory; name a file in a folder"):
        await backup(url, tmp_path / "nowhere" / "copy.db")


async def test_a_copy_that_is_not_whole(store, url, new_message, tmp_path, monkeypatch):
    """A copy that does not stand the check is no copy: nothing bears its name."""
    await store.accept(new_message("m1", original=b"x" * 500_000))

    class Connection(apsw.Connection):
        def pragma(self, name, *value):
            return "row 1 missing" if name == "integrity_check" else super().pragma(name, *value)

    monkeypatch.setattr(sqlite.apsw, "Connection", Connection)
    with pytest.raises(StoreError, match="not whole"):
        await backup(url, tmp_path / "copy.db")
    assert list(tmp_path.glob("copy*")) == []


async def test_an_older_schema_stays(store, url, tmp_path):
    """A backup changes nothing in the record: not its schema either, which an older gateway may be using."""
    await store._driver.write(lambda: (yield sqlite.Statement("DELETE FROM migration WHERE version > 1")))
    await backup(url, tmp_path / "copy.db")
    with closing(apsw.Connection(str(tmp_path / "copy.db"))) as connection:
        assert list(connection.execute("SELECT version FROM migration")) == [(1,)]


def test_the_command(tmp_path):
    """`gateway store backup` says what it has written, or why not, with 0 or 2."""
    config = tmp_path / "gateway.toml"
    config.write_text(f'store = "sqlite:///{tmp_path}/gateway.db"\n')
    arguments = ["store", "backup", str(tmp_path / "copy.db"), "--config", str(config)]
    missing = CliRunner().invoke(command, arguments)
    assert (missing.exit_code, "is not there" in missing.stderr) == (2, True)
    asyncio.run(_make(tmp_path))
    done = CliRunner().invoke(command, arguments)
    assert (done.exit_code, "octets, checked." in done.stdout) == (0, True)
    again = CliRunner().invoke(command, arguments)
    assert (again.exit_code, "exists" in again.stderr) == (2, True)


async def _make(folder):
    await (await Store.open(f"sqlite:///{folder}/gateway.db", instance=None)).close()
