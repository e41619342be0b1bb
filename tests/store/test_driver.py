"""The seam: times, addresses, texts and operations."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.mail.address import Address
from gateway.store.driver import (
    Statement,
    clean,
    drive,
    from_column,
    from_micros,
    places,
    to_column,
    to_micros,
)


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(datetime(1970, 1, 1, tzinfo=UTC), id="epoch"),
        pytest.param(datetime(2026, 11, 3, 23, 59, 59, 999999, tzinfo=UTC), id="microseconds"),
        pytest.param(datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), id="before the epoch"),
        pytest.param(datetime(9999, 12, 31, tzinfo=UTC), id="far future, where a float would round"),
        pytest.param(datetime(2026, 3, 29, 3, tzinfo=timezone(timedelta(hours=2))), id="another zone"),
    ],
)
def test_time_round_trip(at):
    """A time comes back as the same instant."""
    assert from_micros(to_micros(at)) == at


def test_time_without_zone():
    """A time that does not say its zone is refused."""
    with pytest.raises(TypeError):
        to_micros(datetime(2026, 11, 3))  # noqa: DTZ001 - that is the case


@pytest.mark.parametrize("local", ["buyer", "a@b", 'od"d', "döner", "two words"])
def test_address_round_trip(local):
    """An address comes back with its local part to the letter, an @ in it included."""
    address = Address(local=local, domain="market.example")
    assert from_column(to_column(address)) == address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Ihre Bestellung ✓ 🎁", "Ihre Bestellung ✓ 🎁", id="untouched"),
        pytest.param("a\0b", "a\ufffdb", id="nul"),
        pytest.param("a\ud83db\udfff", "a\ufffdb\ufffd", id="lone surrogates"),
    ],
)
def test_clean(text, expected):
    """Only what no database takes is replaced."""
    assert clean(text) == expected


def test_places():
    """An IN list counts its placeholders from where it is told."""
    assert places(3) == "$1, $2, $3"
    assert places(2, start=5) == "$5, $6"


def _doubled():
    rows = yield Statement("first", (1,))
    more = yield Statement("second", (rows[0][0],))
    return more[0][0]


def test_drive():
    """An operation is sent the rows of each statement and its result comes back."""
    seen = []

    def execute(statement):
        seen.append(statement)
        return [(statement.params[0] * 2,)]

    assert drive(execute, _doubled()) == 4
    assert seen == [Statement("first", (1,)), Statement("second", (2,))]


def test_drive_closes():
    """An operation whose statement fails is closed, and the error goes on."""
    operation = _doubled()

    def execute(statement):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        drive(execute, operation)
    assert operation.gi_frame is None
