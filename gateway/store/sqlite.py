"""SQLite as the record's database; the only user of apsw.

One thread writes. It takes everything that waits, runs it in one transaction with a savepoint for each
operation, commits once, and only then answers: fifty concurrent accepts cost one
fsync, and no answer comes before it.
Readers have connections of their own and never wait for the writer (WAL).

Not here: SQL (the subject files), the schema (``migrations/``).
Source: https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous.
"""

import asyncio
import contextlib
import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from gateway.store.driver import Dialect, Row, Start, Statement, T, drive
from gateway.store.records import StoreError

OLDEST_SAFE = (3, 51, 3)
"""Before it, two connections to one WAL database can corrupt it (the WAL-reset race), and we have several."""

BUSY_MS = 10_000
"""Milliseconds to wait for another process (a command beside the gateway) to finish its transaction.
Ours are short: who waits longer faces a hung process, and the client is better served by a 451."""

MAX_BATCH = 256
"""Operations in one transaction: beyond it the first would wait longer than the shared fsync saves."""

READERS = 2
"""Reading connections: one slow search must not hold up a login."""

CHECKPOINT_PAGES = 4_000
"""Pages (16 MiB) of log before they are copied into the database, which costs two more fsyncs; SQLite's own
1,000 comes every few commits at full load."""

LOG_OCTETS = 64 * 1024 * 1024
"""Size the log file is cut back to after a burst."""

KEYS = tuple(str(n) for n in range(1, 2_001))
"""Names of the placeholders ``$1`` … as SQLite takes them."""

_SETUP = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an fsync for each commit: invariant 1
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is purged is gone from the file, not only from the index
    f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}",
    f"PRAGMA journal_size_limit = {LOG_OCTETS}",
)

_FAULTS: dict[type[apsw.Error], str] = {
    apsw.FullError: "the disk is full; free some space or move the store",
    apsw.BusyError: "another process holds the database; end it or wait",
    apsw.LockedError: "another process holds the database; end it or wait",
    apsw.ReadOnlyError: "no permission to write; give it to the gateway's user, for file and folder",
    apsw.CantOpenError: "cannot be opened; give the gateway's user permission, for file and folder",
    apsw.PermissionsError: "cannot be opened; give the gateway's user permission, for file and folder",
    apsw.NotADBError: "is not an SQLite database; name another file",
    apsw.CorruptError: "is damaged; restore it from a backup",
    apsw.IOError: "the disk failed to read or write; look at the system log",
    apsw.ConstraintError: "the record already holds such a row, or lacks one it refers to",
}


class _Job(NamedTuple):
    """An operation that waits for the writer."""

    start: Start[Any]
    future: asyncio.Future[Any]


class _Outcome(NamedTuple):
    """What became of it: a value, or an error."""

    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class _Connection:
    """An apsw connection that runs statements."""

    path: Path
    raw: apsw.Connection

    def execute(self, statement: Statement) -> list[Row]:
        bindings = dict(zip(KEYS, statement.params, strict=False))
        return list(self.raw.execute(statement.sql, bindings))


def _explain(path: Path, error: Exception) -> Exception:
    """A sentence for a database error; our own bug stays what it is."""
    if not isinstance(error, apsw.Error):
        return error
    fault = next((text for kind, text in _FAULTS.items() if isinstance(error, kind)), None)
    explained = StoreError(f"{path}: {fault or f'the database failed ({type(error).__name__})'}")
    explained.__cause__ = error
    return explained


def _connect(path: Path, *, query_only: bool = False) -> _Connection:
    raw = apsw.Connection(str(path))
    connection = _Connection(path, raw)
    try:
        raw.set_busy_timeout(BUSY_MS)
        for pragma in (*_SETUP, f"PRAGMA query_only = {int(query_only)}"):
            connection.execute(Statement(pragma))
    except apsw.Error:
        raw.close()
        raise
    return connection


def _commit(connection: _Connection) -> None:
    """The one place where the writer commits: tests count it and kill the process on both sides of it."""
    connection.execute(Statement("COMMIT"))


class SqliteDriver:
    """One writing thread, a few reading connections."""

    dialect = Dialect(identity="INTEGER PRIMARY KEY", octets="BLOB", skip_locked="")

    def __init__(self, writer: _Connection, readers: list[_Connection]) -> None:
        self._writer = writer
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="store-writer", daemon=True)
        self._readers: queue.SimpleQueue[_Connection] = queue.SimpleQueue()
        for reader in readers:
            self._readers.put(reader)
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._is_closed = False
        self._thread.start()

    @classmethod
    async def open(cls, path: Path) -> "SqliteDriver":
        """Open, or make, the database file.

        Raises:
            StoreError: The file cannot be opened, or the SQLite in use is not safe.
        """
        return await asyncio.to_thread(cls._open, path)

    @classmethod
    def _open(cls, path: Path) -> "SqliteDriver":
        if tuple(int(n) for n in apsw.sqlite_lib_version().split(".")) < OLDEST_SAFE:
            raise StoreError(
                f"{path}: SQLite {apsw.sqlite_lib_version()} can corrupt a database with several users; "
                "install apsw from its own wheel"
            )
        opened: list[_Connection] = []
        try:
            _make(path)
            opened.append(_connect(path))
            opened.extend(_connect(path, query_only=True) for _ in range(READERS))
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}; make the folder, or name another file") from error
        except apsw.Error as error:
            for connection in opened:
                connection.raw.close()
            raise _explain(path, error) from error
        return cls(opened[0], opened[1:])

    async def write(self, start: Start[T]) -> T:
        """Run an operation; return once it is committed to disk.

        A caller that is cancelled meanwhile gives up the answer, not the write.

        Raises:
            StoreError: It is not in the record, or (an error while syncing) may be.
        """
        if self._is_closed:
            raise StoreError(f"{self._writer.path}: the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(start, future))
        return await future

    async def read(self, start: Start[T]) -> T:
        """Run an operation that changes nothing, on one snapshot.

        Raises:
            StoreError: The database cannot be read.
        """
        if self._is_closed:
            raise StoreError(f"{self._writer.path}: the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, start)

    async def close(self) -> None:
        """Finish the writes that wait, then close the file. Twice is once."""
        if not self._is_closed:
            self._is_closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._thread.join()
        self._pool.shutdown()
        while not self._readers.empty():
            self._readers.get().raw.close()
        self._writer.raw.close()

    def _read(self, start: Start[T]) -> T:
        connection = self._readers.get()
        try:
            connection.execute(Statement("BEGIN"))
            try:
                return drive(connection.execute, start())
            finally:
                if connection.raw.in_transaction:
                    connection.execute(Statement("ROLLBACK"))
        except apsw.Error as error:
            raise _explain(connection.path, error) from error
        finally:
            self._readers.put(connection)

    # From here on: the writer's thread.

    def _serve(self) -> None:
        is_open = True
        while is_open:
            waiting = [self._jobs.get()]
            with contextlib.suppress(queue.Empty):
                while len(waiting) < MAX_BATCH:
                    waiting.append(self._jobs.get_nowait())
            jobs = [job for job in waiting if job is not None]
            is_open = len(jobs) == len(waiting)
            if jobs:
                _answer(jobs, self._together(jobs))

    def _together(self, jobs: list[_Job]) -> list[_Outcome]:
        """All of them in one transaction; where that fails as a whole, each in its own."""
        try:
            self._writer.execute(Statement("BEGIN IMMEDIATE"))
        except apsw.Error as error:
            return [_Outcome(error=_explain(self._writer.path, error)) for _ in jobs]
        try:
            outcomes = [self._one(job) for job in jobs]
            _commit(self._writer)
        except Exception as error:  # noqa: BLE001 - whatever it was, it has its answer and the thread lives on
            self._roll_back()
            if len(jobs) == 1:
                return [_Outcome(error=_explain(self._writer.path, error))]
            return [self._together([job])[0] for job in jobs]
        return outcomes

    def _one(self, job: _Job) -> _Outcome:
        """One operation in its savepoint, so that its failure is its own."""
        self._writer.execute(Statement("SAVEPOINT one"))
        try:
            value = drive(self._writer.execute, job.start())
        except Exception as error:
            # A full disk or a failed write ends the whole transaction, neighbours included: each goes alone.
            if not self._writer.raw.in_transaction:
                raise
            self._writer.execute(Statement("ROLLBACK TO one"))
            self._writer.execute(Statement("RELEASE one"))
            return _Outcome(error=_explain(self._writer.path, error))
        self._writer.execute(Statement("RELEASE one"))
        return _Outcome(value)

    def _roll_back(self) -> None:
        if self._writer.raw.in_transaction:
            with contextlib.suppress(apsw.Error):
                self._writer.execute(Statement("ROLLBACK"))


def _make(path: Path) -> None:
    """The file, readable by its owner alone (it holds mail), and its name safe on disk."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A name is on disk only when its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def backup(source: Path, file: Path) -> None:
    """Copy a whole database, as it is at one moment, into a new file, and check the copy; writers do not wait.

    Raises:
        StoreError: There is no such database, the file exists or cannot be written, or the copy is not whole.
    """
    await asyncio.to_thread(_backup, source, file)


def _backup(source: Path, file: Path) -> None:
    """Under another name first: a backup that was interrupted must not look like one."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    if not source.is_file():  # opening it would make an empty one
        raise StoreError(f"{source}: is not there; name the store of the gateway in the configuration")
    if file.exists():
        raise StoreError(f"{file}: exists; name a new file, or move this one away")
    try:
        unfinished.unlink(missing_ok=True)
        _make(unfinished)
        _copy(source, unfinished)
        with unfinished.open("rb") as copied:
            os.fsync(copied.fileno())
        unfinished.rename(file)
        _sync_folder(file.parent)
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}; name a file in a folder that can be written") from error
    except apsw.Error as error:
        raise _explain(file, error) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """All pages in one step: a reader's snapshot, so that writers neither wait nor make it start again."""
    closing = contextlib.closing
    with (
        closing(_connect(source, query_only=True).raw) as original,
        closing(apsw.Connection(str(target))) as copy,
    ):
        with copy.backup("main", original, "main") as backup:
            backup.step(-1)
        copy.pragma("journal_mode", "delete")  # one file, which can be moved
        if (verdict := copy.pragma("integrity_check")) != "ok":
            raise StoreError(f"{target}: the copy is not whole ({verdict}); look at the system log")


def _answer(jobs: list[_Job], outcomes: list[_Outcome]) -> None:
    """Hand the outcomes back, each loop woken once for the whole batch."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Job, _Outcome]]] = {}
    for pair in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(pair[0].future.get_loop(), []).append(pair)
    for loop, pairs in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[_Job, _Outcome]]) -> None:
    for job, outcome in pairs:
        if job.future.done():  # cancelled meanwhile
            continue
        if outcome.error is not None:
            job.future.set_exception(outcome.error)
        else:
            job.future.set_result(outcome.value)
