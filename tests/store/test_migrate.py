"""Schema versions."""

import asyncio
from contextlib import closing

import apsw
import pytest

from gateway.store import migrate as module
from gateway.store.driver import to_micros
from gateway.store.migrate import migrate, statements
from gateway.store.records import MessageQuery, StoreError
from gateway.store.sqlite import SqliteDriver
from gateway.store.store import Store

ENVELOPE = '{"reverse_path": null, "recipients": [], "smtputf8": false, "ret": null, "envid": null}'


def _schema(path):
    with closing(apsw.Connection(str(path))) as connection:
        return sorted(
            row[0] for row in connection.execute("SELECT sql FROM sqlite_schema WHERE sql NOT NULL")
        )


async def test_twice(url, tmp_path):
    """Opening again changes nothing."""
    await (await Store.open(url, instance=None)).close()
    first = _schema(tmp_path / "gateway.db")
    await (await Store.open(url, instance=None)).close()
    assert first
    assert _schema(tmp_path / "gateway.db") == first


async def test_at_once(url):
    """Two that start together on an empty file both come up."""
    stores = await asyncio.gather(*(Store.open(url, instance=name) for name in ("one", "two", None)))
    for store in stores:
        await store.close()


async def test_newer(url, tmp_path):
    """A record that a newer gateway wrote is refused, with the way out."""
    await (await Store.open(url, instance=None)).close()
    with closing(apsw.Connection(str(tmp_path / "gateway.db"))) as connection:
        connection.execute("INSERT INTO migration (version, name) VALUES (7777, '7777_later.sql')")
    with pytest.raises(
        StoreError,
        match=rf"newer gateway \(schema 7777, this one knows {max(module._known())}\).*restore a backup",
    ):
        await Store.open(url, instance=None)


async def test_next_version(url, tmp_path, monkeypatch):
    """A later file runs once on a record that has the earlier ones, its statements in order."""
    await (await Store.open(url, instance=None)).close()
    known = module._known()
    text = "CREATE TABLE extra (\n  a $octets\n);\n\nINSERT INTO extra VALUES (x'00');\n"
    monkeypatch.setattr(module, "_known", lambda: {**known, max(known) + 1: ("9_extra.sql", text)})
    for _ in range(2):
        await (await Store.open(url, instance=None)).close()
    with closing(apsw.Connection(str(tmp_path / "gateway.db"))) as connection:
        assert list(connection.execute("SELECT a FROM extra")) == [(b"\0",)]


async def test_half(url, tmp_path, monkeypatch):
    """A file that fails half-way leaves nothing behind, and can be run again when mended."""
    await (await Store.open(url, instance=None)).close()
    before = _schema(tmp_path / "gateway.db")
    known = module._known()
    text = "CREATE TABLE extra (a TEXT);\nINSERT INTO nowhere VALUES (1);\n"
    monkeypatch.setattr(module, "_known", lambda: {**known, max(known) + 1: ("9_extra.sql", text)})
    with pytest.raises(StoreError):
        await Store.open(url, instance=None)
    assert _schema(tmp_path / "gateway.db") == before


async def test_count(tmp_path):
    """The number of files that were run is told."""
    driver = await SqliteDriver.open(tmp_path / "x.db")
    assert await driver.write(lambda: migrate(driver.dialect, "x")) == len(module._known())
    assert await driver.write(lambda: migrate(driver.dialect, "x")) == 0
    await driver.close()


def test_dialect():
    """The driver's column types stand in every statement, and nothing is left to fill in."""
    for _, text in module._known().values():
        for sql in statements(text, SqliteDriver.dialect):
            assert "$" not in sql


async def test_mail_held_before_deadlines(url, tmp_path, monkeypatch):
    """Mail that was held when there were no deadlines gets one: twenty hours after the last mail taken."""
    known = module._known()
    with monkeypatch.context() as patch:
        patch.setattr(module, "_known", lambda: {1: known[1]})
        await (await Store.open(url, instance=None)).close()
    hour = 3_600_000_000
    with closing(apsw.Connection(str(tmp_path / "gateway.db"))) as connection:
        for name, verdict, at in (("old", "hold", 0), ("new", "accept", 100 * hour)):
            row = (name, at, "s", "p", "amazon@1", verdict, "", "amazon", None, "", "[]", ENVELOPE, "[]", "")
            connection.execute(f"INSERT INTO message VALUES ({', '.join('?' * len(row))})", row)
    store = await Store.open(url, instance=None)
    assert [to_micros(await store.next_hold_due()) // hour] == [118]
    (held,) = await store.messages(MessageQuery(state="held"))
    assert (held.id, to_micros(held.held_until) // hour) == ("old", 120)
    await store.close()


async def test_logins_before_they_had_a_beginning(url, tmp_path, monkeypatch):
    """Logins made before several were possible go on working; when they were added is not known."""
    known = module._known()
    with monkeypatch.context() as patch:
        patch.setattr(module, "_known", lambda: {1: known[1], 2: known[2]})
        await (await Store.open(url, instance=None)).close()
    with closing(apsw.Connection(str(tmp_path / "gateway.db"))) as connection:
        connection.execute("INSERT INTO seller (name, added_at) VALUES ('shop', 1)")
        connection.execute("INSERT INTO credential VALUES ('erp', 'shop', 'hash')")
    store = await Store.open(url, instance=None)
    assert (await store.credential("erp")).is_valid
    (login,) = (await store.seller("shop")).logins
    assert (login.added_at, login.revoked_at) == (None, None)
    await store.close()
