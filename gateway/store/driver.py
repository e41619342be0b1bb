"""The seam between what the record does and the database that does it.

An operation is a generator: it yields statements, is sent their rows, and returns its result.
It never sees a connection, so one text serves a driver that runs statements in a thread (``sqlite.py``) and
one that awaits them.
It runs in one transaction, and a driver may start it again from the beginning: it has no effect but its
statements.

Not here: SQL (the subject files), connections (the drivers).
"""

import re
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from gateway.mail.address import Address

T = TypeVar("T")
Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = tuple[Any, ...]


class Statement(NamedTuple):
    """SQL with ``$1`` placeholders, and what stands in them."""

    sql: str
    params: tuple[Value, ...] = ()


Operation: TypeAlias = Generator[Statement, list[Row], T]
Start: TypeAlias = Callable[[], Operation[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where the databases differ.

    Attributes:
        identity: Column definition of a row id the database counts.
        octets: Column type of a string of octets.
        skip_locked: Appended to the inner SELECT of a claim, so that two claimers do not wait for each other.
    """

    identity: str
    octets: str
    skip_locked: str


class Driver(Protocol):
    """One database."""

    @property
    def dialect(self) -> Dialect:
        """How it differs."""
        ...

    async def write(self, start: Start[T]) -> T:
        """Run an operation; return once it is committed to disk."""
        ...

    async def read(self, start: Start[T]) -> T:
        """Run an operation that changes nothing, on one snapshot."""
        ...

    async def close(self) -> None:
        """Finish the writes that wait, then let go."""
        ...


def drive(execute: Callable[[Statement], list[Row]], operation: Operation[T]) -> T:
    """Run an operation with a blocking ``execute``."""
    try:
        statement = next(operation)
        while True:
            statement = operation.send(execute(statement))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        operation.close()


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime) -> int:
    """Microseconds since 1970 UTC: exact, ordered, and the same in every database.

    Raises:
        TypeError: The time has no time zone.
    """
    return (at - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The other way."""
    return EPOCH + timedelta(microseconds=micros)


def to_column(address: Address) -> str:
    """An address as it is stored: local part unquoted, so that ``from_column`` is exact without a parser."""
    return f"{address.local}@{address.domain}"


def from_column(stored: str) -> Address:
    """The other way: a domain never holds an ``@``, a local part may."""
    local, _, domain = stored.rpartition("@")
    return Address(local=local, domain=domain)


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """Text any database takes: NUL and lone surrogates, which hostile mail can bring, become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def places(count: int, *, start: int = 1) -> str:
    """Placeholders for an IN list: ``"$1, $2, $3"``."""
    return ", ".join(f"${n}" for n in range(start, start + count))


def one_each(sql: str, params: Iterable[tuple[Value, ...]]) -> Generator[Statement, list[Row], None]:
    """The same statement once for each row of params."""
    for row in params:
        yield Statement(sql, row)
