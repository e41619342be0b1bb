"""What is well and what answers are two questions."""

import asyncio

import pytest

from gateway.life import vitals as module
from gateway.life.disk import LowDiskError
from gateway.life.vitals import PATIENCE_S, Vital, Vitals
from gateway.store.records import StoreError
from gateway.worker import WorkerLostError


class Thing:
    """Answers as it is told."""

    def __init__(self):
        self.now, self.fault = 0.0, None
        self.vital = Vital("store", self.look, every_s=0, clock=lambda: self.now)

    async def look(self):
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def thing():
    return Thing()


CAUSES = {
    "our own sentence": (StoreError("g.db: the disk is full; free some space"), "g.db: the disk is full; free some space"),
    "no room": (LowDiskError("3 MB are free"), "3 MB are free"),
    "no worker": (WorkerLostError("i1"), "incident i1"),
    "the system's": (OSError(5, "Input/output error", "/secret"), "Input/output error"),
    "anybody's": (KeyError("Dear buyer"), "KeyError"),
}  # fmt: skip


@pytest.mark.parametrize("fault, cause", CAUSES.values(), ids=CAUSES)
async def test_a_change_is_told_once(thing, told, fault, cause):
    """A failure is told when it begins and when it ends, with our own words for its cause, or none."""
    await thing.vital.look()
    thing.fault = fault
    await thing.vital.look()
    thing.now = 7.0
    await thing.vital.look()
    thing.fault = None
    await thing.vital.look()
    await thing.vital.look()
    (failed,), (recovered,) = told("vital_failed"), told("vital_recovered")
    assert (failed["vital"], failed["cause"]) == ("store", cause)
    assert (recovered["vital"], recovered["seconds"]) == ("store", 7.0)


async def test_who_fails_answers(thing):
    """A full disk is not well, and yet no reason for a restart."""
    thing.fault = StoreError("the disk is full")
    await thing.vital.look()
    vitals = Vitals([thing.vital])
    assert (vitals.failing(), vitals.are_answering()) == (["store"], True)


async def test_who_hangs_does_not_answer(thing):
    """What says nothing for long is neither well nor answering, until it says something."""
    await thing.vital.look()
    vitals = Vitals([thing.vital])
    thing.now = PATIENCE_S - 1
    assert (vitals.failing(), vitals.are_answering()) == ([], True)
    thing.now = PATIENCE_S
    assert (vitals.failing(), vitals.are_answering()) == (["store"], False)
    await thing.vital.look()
    assert (vitals.failing(), vitals.are_answering()) == ([], True)


async def test_a_silence_is_told_once(thing, told):
    """What has said nothing for long is told as failed, and as recovered when it says something."""
    await thing.vital.look()
    thing.now = PATIENCE_S + 1
    thing.vital.notice_silence()
    thing.vital.notice_silence()
    thing.now += 9
    await thing.vital.look()
    thing.vital.notice_silence()
    (failed,), (recovered,) = told("vital_failed"), told("vital_recovered")
    assert (failed["cause"], recovered["seconds"]) == ("no answer for 100 seconds", 9.0)


async def test_one_that_hangs_holds_up_no_other(told, until, monkeypatch):
    """Each is looked at by a task of its own, and one that says nothing is noticed."""
    looks, hang = [], asyncio.Event()
    monkeypatch.setattr(module, "SILENCE_EVERY_S", 0)
    monkeypatch.setattr(module, "PATIENCE_S", -1)

    async def other():
        looks.append(1)

    vitals = Vitals([Vital("disk", hang.wait, every_s=0), Vital("workers", other, every_s=0)])
    watching = asyncio.create_task(vitals.watch())
    await until(lambda: len(looks) > 2)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert "disk" in {line["vital"] for line in told("vital_failed")}
