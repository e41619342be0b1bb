"""How many connections a destination gets: fewer after trouble, a rest after much of it, and back to all by and by."""

import asyncio
import contextlib

import pytest

from gateway.mail.cause import Cause
from gateway.relay import pool as module
from gateway.relay.destination import Destination, UnreachableError
from gateway.relay.pool import FAILURES_BEFORE_REST, MEMORY_S, REST_S, Pool
from gateway.relay.settings import DeliverySettings, Timeouts

GONE = UnreachableError("cannot connect: Connection refused", Cause.UNREACHABLE)
HERE = Destination(host="mx.test", port=25)


@pytest.fixture
async def clock(monkeypatch):
    """Seconds that the loop's clock is ahead of the real one."""
    loop, ahead = asyncio.get_running_loop(), [0.0]
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + ahead[0])
    return ahead


@pytest.fixture
async def lane():
    """A lane of eight."""
    return Pool(DeliverySettings(hostname="gw.test", concurrency=8, timeouts=Timeouts(slot=0.05))).lane(HERE)


async def inside(lane, most=20):
    """How many can be inside at once."""
    count = 0
    with contextlib.suppress(UnreachableError):
        while count < most:
            await lane.enter()
            count += 1
    for _ in range(count):
        lane.leave()
    return count


async def fail(lane):
    """One mail meets trouble."""
    lane.failed(await lane.enter(), GONE)
    lane.leave()


async def work(lane):
    """One mail goes through."""
    await lane.enter()
    lane.worked()
    lane.leave()


async def test_trouble_halves_and_success_adds(lane):
    """Each failure halves the connections; each round of successes adds one, up to the setting."""
    assert await inside(lane) == 8
    await fail(lane)
    assert await inside(lane) == 4
    await fail(lane)
    assert await inside(lane) == 2
    for _ in range(3):
        await work(lane)
    assert await inside(lane) == 3
    for _ in range(200):
        await work(lane)
    assert await inside(lane) == 8


async def test_what_fails_at_one_time_is_one_failure(lane):
    """Ten mails that meet the same dead host are no ten reasons to give it up."""
    tickets = [await lane.enter() for _ in range(8)]
    for ticket in tickets:
        lane.failed(ticket, GONE)
        lane.leave()
    assert await inside(lane) == 4


async def test_rest(lane, clock):
    """After failures in a row nobody tries for a while: who comes is told why, and when to come again."""
    for _ in range(FAILURES_BEFORE_REST):
        await fail(lane)
    clock[0] += 1
    with pytest.raises(UnreachableError) as caught:
        await lane.enter()
    assert (caught.value.reply, caught.value.cause) == (GONE.reply, Cause.UNREACHABLE)
    assert caught.value.wait_s == pytest.approx(REST_S[0] - 1, abs=0.5)


async def test_rests_grow(lane, clock):
    """Each probe that fails makes a longer rest, up to the longest; one that works ends it."""
    for _ in range(FAILURES_BEFORE_REST - 1):
        await fail(lane)
    for rest_s in (*REST_S, REST_S[-1]):
        await fail(lane)
        clock[0] += rest_s - 0.1
        with pytest.raises(UnreachableError):
            await lane.enter()
        clock[0] += 0.2
    await work(lane)
    await fail(lane)
    assert await lane.enter() is not None


async def test_one_probe_at_a_time(lane, clock):
    """After a rest one mail tries; those that wait for it share its fate at once."""
    for _ in range(FAILURES_BEFORE_REST):
        await fail(lane)
    clock[0] += REST_S[0] + 1
    ticket = await lane.enter()
    others = [asyncio.create_task(lane.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    lane.failed(ticket, GONE)
    lane.leave()
    faults = await asyncio.gather(*others, return_exceptions=True)
    assert [fault.wait_s for fault in faults] == pytest.approx([REST_S[1]] * 3, abs=0.5)


async def test_waiting_in_turn(lane):
    """Whoever waits gets the next place that comes free, in the order of coming."""
    for _ in range(8):
        await lane.enter()
    order = []

    async def come(name):
        await lane.enter()
        order.append(name)

    tasks = [asyncio.create_task(come(name)) for name in "ab"]
    await asyncio.sleep(0)
    lane.leave()
    await tasks[0]
    assert order == ["a"]
    lane.leave()
    await tasks[1]
    assert order == ["a", "b"]


async def test_busy_is_told_when_to_come_again(lane):
    """Who finds no place in time goes back to the queue for a moment; it was no attempt."""
    for _ in range(8):
        await lane.enter()
    with pytest.raises(UnreachableError, match="all 8 connections to it are busy") as caught:
        await lane.enter()
    assert caught.value.wait_s == module.BUSY_S


@pytest.mark.parametrize("is_admitted", [False, True])
async def test_a_cancelled_wait_takes_no_place(lane, is_admitted):
    """A mail that is called off while it waits, or in the moment it is let in, leaves its place to others."""
    for _ in range(8):
        await lane.enter()
    task = asyncio.create_task(lane.enter())
    await asyncio.sleep(0)
    if is_admitted:
        lane.leave()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(7 if is_admitted else 8):
        lane.leave()
    assert await inside(lane) == 8


async def test_a_bad_name_is_remembered_for_a_time(clock):
    """A destination that nobody uses is forgotten, one with failures only after some time."""
    pool = Pool(DeliverySettings(hostname="gw.test"))
    await fail(pool.lane(HERE))
    await work(pool.lane(Destination(host="good.test", port=25)))
    pool.lane(Destination(host="other.test", port=25))
    assert [each.host for each in pool._lanes] == ["mx.test", "other.test"]
    clock[0] += MEMORY_S + 1
    pool.lane(Destination(host="third.test", port=25))
    assert [each.host for each in pool._lanes] == ["third.test"]
