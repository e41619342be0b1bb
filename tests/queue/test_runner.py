"""The queue runner: what is sent, when, how much at once, and in which order it is written down."""

import asyncio
import itertools
from datetime import timedelta

import pytest
import structlog

from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.queue import runner as module
from gateway.queue.runner import Runner
from gateway.queue.schedule import Schedule

TAKEN = Delivered(next_hop="hop", reply="250 2.0.0")
LATER = TemporaryFailure(next_hop="hop", reply="451 4.0.0")
NEVER = PermanentFailure(next_hop="hop", reply="550 5.1.1", status="5.1.1")


async def test_one_transaction(queue, item, running, make_hop):
    """Recipients of one message and route go together; each gets its own end."""
    queue.add(item(1, to="a"), item(2, to="b"), item(3, message="m2", to="c"), item(4, route="ebay", to="d"))
    hop = make_hop(b=[NEVER])
    async with running(hop):
        await queue.until(lambda: not queue.rows)
    path = "orders@shop.example"
    assert sorted(hop.got) == [
        ("amazon", path, ("a", "b"), b"m1"),
        ("amazon", path, ("c",), b"m2"),
        ("ebay", path, ("d",), b"m1"),
    ]
    settled = sorted(entry for call in queue.calls("settle") for entry in call)
    assert [(row, state) for row, state, _ in settled] == [
        (1, "delivered"),
        (2, "failed"),
        (3, "delivered"),
        (4, "delivered"),
    ]


async def test_order_of_failure(queue, item, running, told, make_hop):
    """Deliveries and retries are settled first, then the hook is called, then the failures are settled."""
    queue.add(item(1, to="a"), item(2, to="b"), item(3, to="c"))
    async with running(make_hop(b=[NEVER], c=[LATER])):
        await queue.until(lambda: set(queue.rows) == {3})
    steps = [(name, given) for name, given in queue.log if name in {"settle", "told"}]
    assert steps == [
        ("settle", [(1, "delivered", "delivered"), (3, "queued", "temporary")]),
        ("told", "m1"),
        ("settle", [(2, "failed", "permanent")]),
    ]
    assert told == [("m1", [("b", False, 1)])]


async def test_retry(queue, item, running, now, make_hop):
    """A recipient put off is tried again when it is due, without waiting for the next look at the queue."""
    hours = itertools.count()
    queue.add(item(1, to="a"))
    hop = make_hop(a=[LATER, LATER, TAKEN])
    async with running(hop, clock=lambda: now + timedelta(hours=next(hours))):
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 3


async def test_expired(queue, item, running, told, now, make_hop):
    """What is too old is given up after a last attempt, and told."""
    queue.add(item(1, to="a", attempts=4))
    with structlog.testing.capture_logs() as logs:
        async with running(make_hop(a=[LATER]), clock=lambda: now + timedelta(days=9)):
            await queue.until(lambda: not queue.rows)
    assert told == [("m1", [("a", True, 5)])]
    assert queue.calls("settle") == [[(1, "expired", "temporary")]]
    assert [line["recipients"] for line in logs if line["event"] == "message_expired"] == [1]


async def test_wake(queue, item, running, make_hop):
    """A mail accepted while the runner sleeps is sent when it is woken, not when it would look again."""
    hop = make_hop()
    async with running(hop) as runner:
        await queue.until(lambda: bool(queue.calls("next_due")))
        queue.add(item(1))
        runner.wake()
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 1


@pytest.mark.parametrize(
    ("due_s", "expected_s"),
    [
        pytest.param(2, 2.0, id="until it is due"),
        pytest.param(3600, module.MAX_SLEEP_S, id="no longer than the longest sleep"),
        pytest.param(None, module.MAX_SLEEP_S, id="empty queue"),
        pytest.param(-5, 0.0, id="due meanwhile"),
    ],
)
async def test_sleep(queue, item, now, monkeypatch, make_hop, *, due_s, expected_s):
    """The runner sleeps until the next due time, within bounds."""
    if due_s is not None:
        queue.add(item(1, due_at=now + timedelta(seconds=due_s), lease_until=now))
        queue.claimable[1] = now + timedelta(seconds=max(due_s, 0))
    runner = Runner(queue, make_hop(), Schedule(), on_failure=None, clock=lambda: now)
    asked = []
    real = asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", lambda seconds: asked.append(seconds) or real(0))
    await runner._pause(-5.0 if due_s == -5 else await runner._fill())
    assert asked == [expected_s]


@pytest.mark.parametrize(
    ("limits", "routes", "most"),
    [
        pytest.param({"per_route": 2}, ["amazon"] * 6, 2, id="per route"),
        pytest.param({"in_all": 3}, list("abcdef"), 3, id="in all"),
        pytest.param({"per_route": 1, "in_all": 9}, list("aabbcc"), 3, id="each route its own"),
    ],
)
async def test_concurrency(queue, item, running, make_hop, *, limits, routes, most):
    """No more transactions at a time than the limits allow, and as many."""
    queue.add(*(item(n, message=f"m{n}", route=route) for n, route in enumerate(routes)))
    hop = make_hop()
    hop.go_on.clear()
    async with running(hop, **limits):
        await hop.began.wait()
        await queue.until(lambda: bool(queue.calls("next_due")))
        for _ in range(50):
            await asyncio.sleep(0)
        assert hop.busy == most
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert hop.most == most
    assert len(hop.got) == len(routes)


async def test_full_route(queue, item, running, make_hop):
    """A route whose next hop hangs is not claimed beyond its share, and is taken up again when it moves."""
    queue.add(
        *(item(n, message=f"m{n}", route="slow") for n in range(1, 7)), item(9, message="m9", route="quick")
    )

    class Slow(make_hop):
        async def __call__(self, route, *rest):
            return await make_hop.__call__(self, route, *rest) if route == "slow" else {rest[1][0]: TAKEN}

    hop = Slow()
    hop.go_on.clear()
    async with running(hop, batch=2, held=4) as runner:
        await queue.until(lambda: 9 not in queue.rows)
        assert ("slow",) in queue.calls("claim")
        assert len(runner._held) == 4
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 6


async def test_big_batch(queue, item, running, make_hop):
    """A full batch is followed by the next one at once."""
    queue.add(*(item(n, message=f"m{n}") for n in range(7)))
    hop = make_hop()
    async with running(hop, batch=2):
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 7
