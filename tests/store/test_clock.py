"""What waits goes on waiting as long as it was to, when the clock is set."""

from datetime import timedelta

import pytest

from gateway.store.records import MessageQuery
from gateway.store.rulings import Deadline

HOUR = timedelta(hours=1)


@pytest.fixture
async def waiting(store, new_message, settlement, now):
    """A mail that was tried once and waits for ten minutes more, one that is leased, one that is held."""
    for name, route in (("waits", "a"), ("leased", "b")):
        await store.accept(new_message(name, route=route))
    await store.accept(new_message("held", verdict="hold"))
    (item,) = await store.claim(1, now, 600, exclude=[("b", "")])
    await store.settle([settlement(item.id, "queued", due_at=now + HOUR / 6, outcome="temporary")])
    await store.claim(1, now, 600, exclude=[("a", "")])
    return store


async def due(store, now):
    """Hours until each row can be claimed, and its age, by route."""
    items = await store.claim(9, now + timedelta(days=9), 600)
    return {item.route: ((item.due_at - now) / HOUR, (now - item.first_at) / HOUR) for item in items}


async def test_back(waiting, now):
    """After a jump back rows are due as far ahead as before, and as old; what would be past is due now."""
    earlier = now - 3 * HOUR
    await waiting.follow_clock(-3 * HOUR, now, earlier, earlier)
    assert await waiting.claim(9, earlier, 600) == []  # neither before its time nor out of its lease
    assert await waiting.next_due() == earlier + HOUR / 6
    assert await due(waiting, earlier) == {"a": (pytest.approx(1 / 6), 0), "b": (0, 0)}


async def test_forward(waiting, now):
    """After a jump forward rows are due early, and no older than before: none is given up for it."""
    later = now + 300 * HOUR
    await waiting.follow_clock(300 * HOUR, now, later, later)
    ages = {route: age for route, (_, age) in (await due(waiting, later)).items()}
    assert ages == {"a": 0, "b": 0}


async def test_forward_leaves_what_came_after_the_jump(waiting, new_message, now):
    """A mail that came by the new clock keeps its time of receipt."""
    later = now + 300 * HOUR
    await waiting.accept(new_message("new", route="c", received_at=later, due_at=later))
    await waiting.follow_clock(300 * HOUR, now, later, later)
    assert (await due(waiting, later))["c"] == (0, 0)


async def test_back_leaves_what_came_after_the_jump(waiting, new_message, now):
    """A mail that came by the new clock before the jump was seen is no older for it, and keeps its deadline."""
    since, later = now - 72 * HOUR, now - 71.999 * HOUR
    times = {"received_at": later, "due_at": later}
    deadline = Deadline(warn_at=later + 18 * HOUR, until=later + 20 * HOUR)
    await waiting.accept(new_message("new", route="c", **times))
    await waiting.accept(new_message("new hold", verdict="hold", hold=deadline, **times))
    await waiting.follow_clock(-72 * HOUR, now, since, later)
    assert (await due(waiting, later))["c"] == (0, 0)
    held = {each.id: each.held_until for each in await waiting.messages(MessageQuery(state="held"))}
    assert held == {"held": now - 72 * HOUR + 20 * HOUR, "new hold": later + 20 * HOUR}


@pytest.mark.parametrize("by", [300 * HOUR, -3 * HOUR], ids=["forward", "back"])
async def test_holds(waiting, now, by):
    """A held mail keeps the time until its warning and its deadline."""
    await waiting.follow_clock(by, now, now + by, now + by)
    (held,) = await waiting.messages(MessageQuery(state="held"))
    assert held.held_until == now + by + 20 * HOUR
    assert await waiting.next_hold_due() == now + by + 18 * HOUR


async def test_settled_rows_stay(waiting, now, settlement):
    """What is delivered or failed is history, and is not moved."""
    (item,) = await waiting.claim(1, now + HOUR, 600, exclude=[("b", "")])
    await waiting.settle([settlement(item.id)])
    before = await waiting.message("waits")
    await waiting.follow_clock(-3 * HOUR, now, now - 3 * HOUR, now - 3 * HOUR)
    assert await waiting.message("waits") == before


async def test_bring_forward(waiting, now):
    """What is due later than any schedule says is due now; a lease, and what is due in time, stay."""
    assert await waiting.bring_forward(now, now + HOUR) == 0
    assert await waiting.bring_forward(now - 5 * HOUR, now - 4 * HOUR) == 1
    assert [item.route for item in await waiting.claim(9, now - 5 * HOUR, 600)] == ["a"]
