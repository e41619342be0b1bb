"""The facade: opening, closing, readiness, several at one record."""

import asyncio
import stat

import pytest

from gateway.store.records import MessageQuery, StoreError
from gateway.store.store import Store


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.db",
        "/var/lib/gateway.db",
        "sqlite://",
        "sqlite:///",
        "sqlite://gateway.db",
        "sqlite:////var/lib/",
        "sqlite:///a\0b",
        "postgresql://localhost/gateway",
    ],
)
async def test_url(url):
    """What is not an SQLite file is refused with how to write one."""
    with pytest.raises(StoreError, match=r'write it as "sqlite:////var/lib/gateway/gateway\.db"'):
        await Store.open(url, instance=None)


async def test_relative(tmp_path, monkeypatch):
    """Three slashes are a path from here."""
    monkeypatch.chdir(tmp_path)
    await (await Store.open("sqlite:///here.db", instance=None)).close()
    assert (tmp_path / "here.db").exists()


async def test_no_folder(tmp_path):
    """A missing folder is named, and so is the mend."""
    with pytest.raises(StoreError, match=r"nowhere/g\.db: No such file or directory; make the folder"):
        await Store.open(f"sqlite:///{tmp_path}/nowhere/g.db", instance=None)


async def test_not_a_database(tmp_path):
    """Another program's file is left alone."""
    (tmp_path / "g.db").write_bytes(b"%PDF-1.7" * 1000)
    with pytest.raises(StoreError, match="is not an SQLite database; name another file"):
        await Store.open(f"sqlite:///{tmp_path}/g.db", instance=None)
    assert (tmp_path / "g.db").read_bytes().startswith(b"%PDF")


async def test_private(store, tmp_path):
    """The record holds mail: nobody but its owner can read its files."""
    await store.ready()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {"gateway.db", "gateway.db-wal", "gateway.db.one.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}


async def test_same_instance(url, store):
    """A second process of the same instance name is refused, and the first goes on."""
    with pytest.raises(StoreError, match="an instance named one runs already"):
        await Store.open(url, instance="one")
    await store.ready()


async def test_instance_name(url):
    """A bad instance name lets nothing open."""
    with pytest.raises(StoreError, match="1 to 64"):
        await Store.open(url, instance="a/b")


async def test_take_over_fails(url, monkeypatch):
    """When opening fails after the lock was taken, the lock is free again."""
    with monkeypatch.context() as patch:
        patch.setattr("gateway.store.queue._TAKE_OVER", "UPDATE nothing SET a = $1")
        with pytest.raises(StoreError):
            await Store.open(url, instance="one")
    await (await Store.open(url, instance="one")).close()


async def test_close(url, new_message):
    """Closing finishes the writes that wait; afterwards nothing is taken, and closing again does nothing."""
    store = await Store.open(url, instance="one")
    waiting = [asyncio.create_task(store.accept(new_message(f"m{n}"))) for n in range(5)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*waiting)
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.accept(new_message("late"))
    with pytest.raises(StoreError, match="closed"):
        await store.next_due()
    again = await Store.open(url, instance="one")
    assert len(await again.messages(MessageQuery())) == 5
    await again.close()


async def test_command_beside(url, store, new_message, now):
    """A command reads and writes while the gateway works, and has no leases."""
    beside = await Store.open(url, instance=None)
    accepts = [store.accept(new_message(f"m{n:03}")) for n in range(100)]
    reads = [beside.messages(MessageQuery()) for _ in range(20)]
    writes = [beside.add_seller(f"s{n}", []) for n in range(20)]
    await asyncio.gather(*accepts, *reads, *writes)
    assert len(await beside.messages(MessageQuery(limit=1000))) == 100
    assert len(await store.sellers()) == 20
    await beside.ready()
    for refused in (beside.claim(1, now, 60), beside.renew([1], now), beside.release([1])):
        with pytest.raises(ValueError, match="no leases"):
            await refused
    await beside.close()


async def test_ready(store):
    """A record that can be written says nothing, as often as it is asked."""
    await store.ready()
    await store.ready()
