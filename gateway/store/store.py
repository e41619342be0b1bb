"""The record, as the rest of the gateway uses it.

Every method is one operation in one transaction; those that change something return once it is on disk.
Any of them raises ``StoreError`` when the database fails, and can be called again after.

Not here: SQL (the subject files), threads and connections (``sqlite.py``).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from gateway.mail.address import Address
from gateway.store import clock, hold, messages, owed, queue, sellers, sqlite
from gateway.store.accounts import Account, CredentialRecord, SellerRecord
from gateway.store.driver import Driver, Operation, Statement, to_micros
from gateway.store.lease import InstanceLock
from gateway.store.migrate import migrate
from gateway.store.owed import OwedNotice, OwedSum
from gateway.store.records import (
    MessageDetail,
    MessageQuery,
    MessageSummary,
    NewMessage,
    QueueDepth,
    QueueItem,
    Release,
    Settlement,
    StoreError,
    Way,
)
from gateway.store.rulings import Deadline, Decision, HeldMessage
from gateway.store.sqlite import SqliteDriver

_SCHEME = "sqlite:///"

_HEARTBEAT = """
INSERT INTO heartbeat (instance, at) VALUES ($1, $2) ON CONFLICT (instance) DO UPDATE SET at = excluded.at"""


class Store:
    """Messages, queue and sellers in one database.

    Attributes:
        folder: Where the database lies.
        leases_taken_over: Leases of a dead process of the same instance name that were released on opening.
    """

    def __init__(
        self, driver: Driver, folder: Path, *, instance: str | None, lock: InstanceLock | None
    ) -> None:
        self.folder = folder
        self._driver = driver
        self._instance = instance
        self._lock = lock
        self.leases_taken_over = 0

    @classmethod
    async def open(cls, url: str, *, instance: str | None) -> "Store":
        """Open the record, make it if there is none, bring its schema up to date.

        Args:
            url: ``sqlite:////absolute/path`` or ``sqlite:///relative/path``.
            instance: Name of this gateway among those that share the record; ``None`` for a command beside
                it, which can do all but claim.

        Raises:
            StoreError: The URL is no such thing, the file is not ours, or the instance runs already.
        """
        path = _path(url)
        driver = await SqliteDriver.open(path)
        lock = None
        try:
            await driver.write(partial(migrate, driver.dialect, str(path)))
            lock = None if instance is None else InstanceLock(path, instance)
            store = cls(driver, path.parent, instance=instance, lock=lock)
            if instance is not None:
                store.leases_taken_over = await driver.write(partial(queue.take_over, instance, _now()))
        except BaseException:
            await driver.close()
            if lock is not None:
                lock.release()
            raise
        return store

    async def close(self) -> None:
        """Finish the writes that wait, then close. Twice is once."""
        await self._driver.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def ready(self) -> None:
        """Write something, to know that it can be done.

        Raises:
            StoreError: It cannot.
        """
        await self._driver.write(partial(_beat, self._instance or "", _now()))

    # Messages

    async def accept(self, message: NewMessage) -> None:
        """Remember a judged mail, and queue it where its verdict owes a delivery (accept, strip).

        Concurrent calls share a commit. A caller that is cancelled gives up the answer, not the write.

        Raises:
            StoreError: The client must not get a 250. The mail may be in the record nevertheless, if the disk
                failed in the very moment of the commit.
            ValueError: It owes a delivery and lacks octets or recipients.
        """
        await self._driver.write(partial(messages.accept, message))

    async def content(self, message_id: str) -> bytes:
        """Octets to send.

        Raises:
            LookupError: There are none.
        """
        return await self._driver.read(partial(messages.content, message_id))

    async def size(self, message_id: str) -> int:
        """How many octets there are to send.

        Raises:
            LookupError: There are none.
        """
        return await self._driver.read(partial(messages.size, message_id))

    async def contents(self, message_ids: Sequence[str], max_octets: int) -> dict[str, bytes]:
        """Octets to send of several messages, as many of them as fit into ``max_octets``."""
        return await self._driver.read(partial(messages.contents, tuple(message_ids), max_octets))

    async def messages(self, query: MessageQuery) -> list[MessageSummary]:
        """Messages that meet the query, newest first."""
        return await self._driver.read(partial(messages.listing, query))

    async def message(self, message_id: str) -> MessageDetail | None:
        """All that is known of one message, or ``None``."""
        return await self._driver.read(partial(messages.detail, message_id))

    async def purge(self, before: datetime) -> int:
        """Delete the contents of messages received earlier; those that wait (queued, held) keep theirs.

        Returns:
            Number of messages whose contents are gone.
        """
        total = 0
        while count := await self._driver.write(partial(messages.purge, before)):
            total += count
        return total

    # Queue

    async def claim(
        self, limit: int, now: datetime, lease_s: float, *, exclude: Sequence[Way] = ()
    ) -> list[QueueItem]:
        """Lease due rows, those due longest first; recipients of one message stand together.

        Args:
            limit: At most this many rows.
            now: Rows due by then.
            lease_s: Seconds until another instance may take them over.
            exclude: Ways that have no room.

        Raises:
            ValueError: This store was opened without an instance.
        """
        claim = partial(queue.claim, self._driver.dialect, instance=self._named(), exclude=tuple(exclude))
        return await self._driver.write(partial(claim, limit, now, lease_s))

    async def renew(self, ids: Iterable[int], until: datetime) -> None:
        """Hold leases longer."""
        await self._driver.write(partial(queue.renew, tuple(ids), until, instance=self._named()))

    async def release(self, ids: Iterable[int]) -> None:
        """Give leases back."""
        await self._driver.write(partial(queue.release, tuple(ids), instance=self._named()))

    async def settle(
        self,
        settlements: Sequence[Settlement],
        *,
        notices: Sequence[NewMessage] = (),
        owed_notices: Sequence[OwedNotice] = (),
    ) -> None:
        """Write down what became of rows, and what sellers are told of it, all of it or nothing.

        Args:
            settlements: What became of rows.
            notices: Queued with them.
            owed_notices: To be summed up later.
        """
        settle = partial(owed.settle, tuple(settlements), tuple(notices), tuple(owed_notices))
        await self._driver.write(partial(settle, instance=self._instance))

    async def next_due(self, *, exclude: Sequence[Way] = ()) -> datetime | None:
        """When a row can be claimed next (its due time, or the end of somebody's lease), or ``None``."""
        return await self._driver.read(partial(queue.next_due, tuple(exclude)))

    async def owed(self) -> list[OwedSum]:
        """What sellers are still to be told, by reverse-path."""
        return await self._driver.read(owed.sums)

    async def sum_up(self, owed_sum: OwedSum, notice: NewMessage) -> None:
        """Queue a notice in place of what was owed."""
        await self._driver.write(partial(owed.paid, owed_sum, notice))

    async def depth(self) -> QueueDepth:
        """How much waits; it counts, so ask it every few seconds, not for each mail."""
        return await self._driver.read(queue.depth)

    async def follow_clock(self, by: timedelta, before: datetime, since: datetime, now: datetime) -> None:
        """Move what waits with a clock that was set; see :func:`gateway.store.clock.follow`."""
        await self._driver.write(partial(clock.follow, by, before, since, now))

    async def bring_forward(self, now: datetime, latest: datetime) -> int:
        """Make due now what is due later than ``latest``, which no schedule says; how many rows."""
        return await self._driver.write(partial(clock.bring_forward, now, latest))

    # What people decide. Each of these raises ``StateError`` where the message is not in the state it is about.

    async def hold(self, message_id: str, deadline: Deadline, decision: Decision) -> None:
        """Put what is queued of a message on hold."""
        await self._driver.write(partial(hold.hold, message_id, deadline, decision))

    async def release_held(self, message_id: str, release: Release, decision: Decision) -> None:
        """Queue a held message as its new examination says, due at once."""
        await self._driver.write(partial(hold.release, message_id, release, decision))

    async def refuse_held(
        self,
        message_id: str,
        decision: Decision,
        notice: NewMessage | None,
        *,
        owed_notices: Sequence[OwedNotice] = (),
    ) -> None:
        """Refuse a held message, and queue the notice of it, or write down that it is owed."""
        await self._driver.write(partial(hold.refuse, message_id, decision, notice, tuple(owed_notices)))

    async def retry(self, message_id: str, decision: Decision) -> None:
        """Make what is queued of a message due now."""
        await self._driver.write(partial(hold.retry, message_id, decision))

    async def delete(self, message_id: str, decision: Decision) -> None:
        """Send nothing more of a message that is queued or held; its record and contents stay."""
        await self._driver.write(partial(hold.delete, message_id, decision))

    async def holds_due(self, now: datetime) -> list[HeldMessage]:
        """Held messages that want a warning, or whose deadline has come."""
        return await self._driver.read(partial(hold.due, now))

    async def next_hold_due(self) -> datetime | None:
        """When the next warning or deadline comes, or ``None``."""
        return await self._driver.read(hold.next_due)

    async def warned(self, message_id: str) -> bool:
        """Write down that the warning is being given; ``False`` where it is not ours to give any more."""
        return await self._driver.write(partial(hold.warned, message_id))

    # Sellers

    async def add_seller(
        self, name: str, senders: Sequence[Address], password_hash: str | None = None
    ) -> None:
        """A new seller, with a password for a login of its name; ``StoreError`` if there is one of that name."""
        await self._driver.write(partial(sellers.add, name, tuple(senders), _now(), password_hash))

    async def sellers(self) -> list[SellerRecord]:
        """All sellers by name."""
        return await self._driver.read(sellers.everyone)

    async def seller(self, name: str) -> SellerRecord | None:
        """The seller of that name, or ``None``."""
        return await self._driver.read(partial(sellers.one, name))

    async def add_senders(self, name: str, senders: Iterable[Address]) -> None:
        """More approved senders; ``StoreError`` if the seller is unknown."""
        await self._driver.write(partial(sellers.add_senders, name, tuple(senders)))

    async def remove_senders(self, name: str, senders: Iterable[Address]) -> None:
        """Approve these senders no more; ``StoreError`` if the seller is unknown or one was not approved."""
        await self._driver.write(partial(sellers.remove_senders, name, tuple(senders)))

    async def add_links(self, name: str, links: Iterable[str]) -> None:
        """More links an order needs; ``StoreError`` if the seller is unknown."""
        await self._driver.write(partial(sellers.add_links, name, tuple(links)))

    async def remove_links(self, name: str, links: Iterable[str]) -> None:
        """Allow these links no more; ``StoreError`` if the seller is unknown or one was not allowed."""
        await self._driver.write(partial(sellers.remove_links, name, tuple(links)))

    async def add_credential(self, seller: str, username: str, password_hash: str) -> None:
        """A new login; ``StoreError`` if the seller is unknown or the username taken."""
        await self._driver.write(partial(sellers.add_credential, seller, username, password_hash, _now()))

    async def set_password(self, username: str, password_hash: str) -> None:
        """Another password for a login; ``StoreError`` if the username is unknown or revoked."""
        await self._driver.write(partial(sellers.set_password, username, password_hash))

    async def revoke(self, username: str) -> None:
        """Take this login no more; ``StoreError`` if it is unknown."""
        await self._driver.write(partial(sellers.revoke, username, _now()))

    async def disable(self, name: str) -> None:
        """Take no login of this seller any more; ``StoreError`` if it is unknown."""
        await self._driver.write(partial(sellers.disable, name, _now()))

    async def enable(self, name: str) -> None:
        """Take the logins of a disabled seller again; ``StoreError`` if it is unknown."""
        await self._driver.write(partial(sellers.enable, name))

    async def account(self, username: str) -> Account | None:
        """The login of that name and its seller, or ``None``."""
        return await self._driver.read(partial(sellers.account, username))

    async def credential(self, username: str) -> CredentialRecord | None:
        """The login of that name, or ``None``."""
        return await self._driver.read(partial(sellers.credential, username))

    def _named(self) -> str:
        if self._instance is None:
            raise ValueError("a store opened without an instance has no leases")
        return self._instance


def is_made(url: str) -> bool:
    """Whether there is a record at this URL already: a command that only looks must not make one.

    Raises:
        StoreError: The URL is no such thing.
    """
    return _path(url).exists()


async def backup(url: str, file: Path) -> None:
    """Copy a record that may be in use, as it is at one moment, into a new file.

    Its schema stays as it is: a backup before an upgrade is made by either version.

    Raises:
        StoreError: There is none, the file exists or cannot be written, or the copy is not whole.
    """
    await sqlite.backup(_path(url), file)


def _path(url: str) -> Path:
    path = url.removeprefix(_SCHEME)
    if path in {"", url} or path.endswith("/") or "\0" in path:
        raise StoreError(
            f'store = "{url}": only SQLite files are supported; write it as "sqlite:////var/lib/gateway/gateway.db"'
        )
    return Path(path)


def _beat(instance: str, now: datetime) -> Operation[None]:
    yield Statement(_HEARTBEAT, (instance, to_micros(now)))


def _now() -> datetime:
    return datetime.now(UTC)
