"""When held mail is warned of and decided about; the clock is the test's."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway import keeper as module
from gateway.keeper import MAX_SLEEP_S, MIN_SLEEP_S, Keeper
from gateway.store.records import StateError, StoreError
from gateway.store.rulings import HeldMessage
from gateway.worker import WorkerLostError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Holds:
    """The store as the keeper sees it."""

    due: list[HeldMessage] = field(default_factory=list)
    next_at: datetime | None = None
    warnings: list[str] = field(default_factory=list)
    fault: Exception | None = None

    async def holds_due(self, now):
        if self.fault is not None:
            raise self.fault
        return [each for each in self.due if each.until - 2 * HOUR <= now]

    async def next_hold_due(self):
        return self.next_at

    async def warned(self, message_id):
        is_ours = message_id not in self.warnings
        self.warnings.append(message_id)
        return is_ours


def held(name, *, until=NOW, is_warned=True):
    return HeldMessage(id=name, seller="tea", route="amazon", is_warned=is_warned, until=until)


def keeper_of(holds, outcomes=()):
    """A keeper at noon, and the ids that were decided; an outcome is a verdict or an error, by id."""
    decided, fates = [], dict(outcomes)

    async def at_deadline(message):
        decided.append(message.id)
        fate = fates.get(message.id, "reject")
        if isinstance(fate, Exception):
            raise fate
        return fate

    keeper = Keeper(holds, at_deadline)
    keeper.clock = lambda: NOW
    return keeper, decided


def events_in(log_lines):
    return [json.loads(line) for line in log_lines.getvalue().splitlines()]


async def test_a_warning(log_lines):
    """Before the deadline there is one warning, with the time that is left, and nothing is decided."""
    keeper, decided = keeper_of(Holds([held("m1", until=NOW + 2 * HOUR, is_warned=False)]))
    await keeper.look()
    await keeper.look()
    (line,) = events_in(log_lines)
    assert (line["event"], line["id"], line["seller"], line["seconds"]) == ("hold_due", "m1", "tea", 7200)
    assert decided == []


async def test_a_deadline(log_lines):
    """At the deadline the policy decides, and the log says how."""
    holds = Holds([held("m1"), held("m2", until=NOW - HOUR, is_warned=False)])
    keeper, decided = keeper_of(holds, {"m2": "strip"})
    await keeper.look()
    assert decided == ["m1", "m2"]
    assert holds.warnings == []
    assert [(line["event"], line["id"], line["verdict"]) for line in events_in(log_lines)] == [
        ("hold_ended", "m1", "reject"),
        ("hold_ended", "m2", "strip"),
    ]


FAULTS = {
    "decided meanwhile": (StateError("m1 is not held any more"), [], MIN_SLEEP_S),
    "no worker": (WorkerLostError("i"), [], MAX_SLEEP_S),
    "our bug": (KeyError("bug"), ["fault"], MAX_SLEEP_S),
}


@pytest.mark.parametrize("fault, told, seconds", FAULTS.values(), ids=FAULTS)
async def test_one_that_fails_keeps_no_other_waiting(log_lines, fault, told, seconds):
    """What cannot be decided now stays held and is tried again; the next mail gets its due."""
    keeper, decided = keeper_of(Holds([held("m1"), held("m2")], next_at=NOW), {"m1": fault})
    assert await keeper.look() == seconds
    assert decided == ["m1", "m2"]
    assert [line["event"] for line in events_in(log_lines)] == [*told, "hold_ended"]


@pytest.mark.parametrize("is_late", [False, True], ids=["reading", "deciding"])
async def test_a_store_that_fails(log_lines, is_late):
    """When the record fails the keeper says so and looks again later."""
    error = StoreError("the disk is full")
    holds = Holds([held("m1")], fault=None if is_late else error)
    keeper, _ = keeper_of(holds, {"m1": error} if is_late else ())
    assert await keeper.look() == MAX_SLEEP_S
    (line,) = events_in(log_lines)
    assert (line["event"], line["where"]) == ("fault", "store")


SLEEPS = {
    "nothing is held": (None, MAX_SLEEP_S),
    "in a while": (NOW + HOUR, MAX_SLEEP_S),
    "soon": (NOW + timedelta(seconds=30), 30),
    "overdue": (NOW - HOUR, MIN_SLEEP_S),
}


@pytest.mark.parametrize("next_at, seconds", SLEEPS.values(), ids=SLEEPS)
async def test_sleep(next_at, seconds):
    """The keeper wakes when the next thing is due, and at least every minute."""
    keeper, _ = keeper_of(Holds(next_at=next_at))
    assert await keeper.look() == seconds


async def test_runs_until_it_is_cancelled(monkeypatch, log_lines):
    """It looks again after each sleep."""
    monkeypatch.setattr(module, "MAX_SLEEP_S", 0)
    holds = Holds([held("m1")])
    keeper, decided = keeper_of(holds)
    enough = asyncio.Event()
    decide = keeper._at_deadline

    async def counted(message):
        if len(decided) == 2:
            enough.set()
        return await decide(replace(message, id=f"m{len(decided)}"))

    keeper._at_deadline = counted
    task = asyncio.create_task(keeper.run())
    await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert decided[:2] == ["m0", "m1"]
