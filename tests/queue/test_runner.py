"""The queue runner: what is sent, when, how much at once, and in which order it is written down."""

import asyncio
import itertools
from datetime import timedelta

import pytest
import structlog

from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.queue import runner as module
from gateway.queue.runner import Runner
from gateway.queue.seams import Letter, Letters

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
    """Deliveries and retries are settled first, then the hook writes, then the failures are settled."""
    queue.add(item(1, to="a"), item(2, to="b"), item(3, to="c"))
    async with running(make_hop(b=[NEVER], c=[LATER])):
        await queue.until(lambda: set(queue.rows) == {3})
    steps = [(name, given) for name, given in queue.log if name in {"settle", "told"}]
    assert steps == [
        ("settle", [(1, "delivered", "delivered"), (3, "queued", "temporary")]),
        ("told", "m1"),
        ("settle", [(2, "failed", "permanent")]),
    ]
    assert told == [("m1", [("b", "failed", 1)])]


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
    assert told == [("m1", [("a", "expired", 5)])]
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
async def test_sleep(queue, item, now, monkeypatch, hooks, make_hop, *, due_s, expected_s):
    """The runner sleeps until the next due time, within bounds."""
    if due_s is not None:
        queue.add(item(1, due_at=now + timedelta(seconds=due_s), lease_until=now))
        queue.claimable[1] = now + timedelta(seconds=max(due_s, 0))
    runner = Runner(queue, hooks(make_hop()), clock=lambda: now)
    asked = []
    real = asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", lambda seconds: asked.append(seconds) or real(0))
    await runner._pause(-5.0 if due_s == -5 else await runner._fill())
    assert asked == [expected_s]


@pytest.mark.parametrize(
    ("limits", "routes", "most"),
    [
        pytest.param({"per_route": 2}, ["amazon"] * 6, 2, id="per route"),
        pytest.param({"per_destination": 2}, ["amazon"] * 6, 2, id="per destination"),
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
        assert (("slow", ""),) in queue.calls("claim")
        assert [item.route for item in runner._places.held.values()].count("slow") == 4
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


async def test_a_slow_destination_holds_its_own_places_only(queue, item, running, make_hop):
    """Where DNS names next hops, one that hangs keeps the others of its route neither from sending nor from claims."""
    slow = [item(n, message=f"m{n}", at="slow.example") for n in range(1, 9)]
    queue.add(*slow, *(item(n, message=f"m{n}", at="quick.example") for n in range(10, 20)))

    class Slow(make_hop):
        async def __call__(self, route, path, recipients, octets):
            if recipients[0].domain == "slow.example":
                return await make_hop.__call__(self, route, path, recipients, octets)
            return {recipients[0]: TAKEN}

    hop = Slow()
    hop.go_on.clear()
    async with running(hop, mx=True, batch=2, held=4, per_destination=2, per_route=3):
        await queue.until(lambda: all(n not in queue.rows for n in range(10, 20)))
        assert (("amazon", "slow.example"),) in queue.calls("claim")
        assert hop.busy == 2
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)


async def test_what_finds_no_place_is_given_back(queue, item, running, make_hop, monkeypatch, now):
    """What waits for a next hop that hangs is leased no longer, so that people can hold it; it goes when that moves."""
    monkeypatch.setattr(module, "AHEAD_S", 0.01)
    queue.add(*(item(n, message=f"m{n}") for n in range(1, 6)), item(9, message="m9", route="quick"))

    class Slow(make_hop):
        async def __call__(self, route, *rest):
            return await make_hop.__call__(self, route, *rest) if route == "amazon" else {rest[1][0]: TAKEN}

    hop = Slow()
    hop.go_on.clear()
    async with running(hop, per_destination=2):
        await queue.until(lambda: [due for due in queue.claimable.values() if due <= now] == [now] * 3)
        queue.add(item(8, message="m8", route="quick"))
        await queue.until(lambda: 8 not in queue.rows)
        assert queue.calls("claim")[-1] == (("amazon", ""),)
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert sorted(got[3] for got in hop.got) == [b"m1", b"m2", b"m3", b"m4", b"m5"]


async def test_recipients_of_two_destinations_go_apart(queue, item, running, make_hop):
    """Where DNS names next hops, the domains of one message go in transactions of their own."""
    queue.add(item(1, to="a", at="one.example"), item(2, to="b", at="two.example"))
    hop = make_hop()
    async with running(hop, mx=True):
        await queue.until(lambda: not queue.rows)
    assert sorted(got[2] for got in hop.got) == [("a",), ("b",)]


async def test_small_contents_are_read_together(queue, item, running, make_hop):
    """What a claim brings is read in one go; what it leaves out (too large) is read in its turn."""
    queue.add(*(item(n, message=f"m{n}") for n in range(5)))
    queue.sizes["m3"] = 20_000_000
    hop = make_hop()
    async with running(hop) as runner:
        await queue.until(lambda: not queue.rows)
        assert sorted(got[3] for got in hop.got) == [b"m0", b"m1", b"m2", b"m3", b"m4"]
        assert queue.calls("contents") == [("m0", "m1", "m2", "m3", "m4")]
        assert queue.calls("content") == ["m3"]
        assert runner._preloaded == 0


async def test_large_mails_wait_for_room(queue, item, running, make_hop):
    """Of large mails no more are held in memory than there is room for; small ones pass them by."""
    queue.sizes.update({f"large{n}": 25_000_000 for n in range(4)}, small=1_000, huge=80_000_000)
    for n, message in enumerate(queue.sizes):
        queue.add(item(n, message=message))
    hop = make_hop()
    hop.go_on.clear()
    async with running(hop, per_destination=10):
        await queue.until(lambda: len(queue.calls("size")) == 6 and len(queue.calls("content")) == 3)
        assert queue.calls("content") == ["large0", "large1", "small"]
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert queue.calls("content") == ["large0", "large1", "small", "large2", "large3", "huge"]


async def test_settlements_share_transactions(queue, item, running, make_hop):
    """What is settled while one transaction is on its way goes together in the next, and nobody waits for his own."""
    queue.add(*(item(n, message=f"m{n}") for n in range(9)))
    async with running(make_hop(), per_destination=3):
        await queue.until(lambda: not queue.rows)
    calls = queue.calls("settle")
    assert sum(map(len, calls)) == 9
    assert len(calls) <= 3


async def test_a_delay_is_told_once(queue, item, running, told, now, make_hop):
    """A recipient that is late is told of once, although it fails again and again."""
    hours = itertools.count(5)
    queue.add(item(1, to="a", first_at=now))
    hop = make_hop(a=[LATER, LATER, LATER, TAKEN])
    async with running(hop, clock=lambda: now + timedelta(hours=next(hours))):
        await queue.until(lambda: not queue.rows)
    assert told == [("m1", [("a", "delayed", 1)])]


async def test_a_delivery_that_is_to_be_told_is_settled_first(queue, item, running, told, make_hop):
    """NOTIFY=SUCCESS: the delivery is on disk before anybody writes about it."""
    queue.add(item(1, to="a", notify=("SUCCESS",)))
    async with running(make_hop()):
        await queue.until(lambda: bool(told))
    assert [name for name, _ in queue.log if name in {"settle", "told"}] == ["settle", "told"]
    assert told == [("m1", [("a", "relayed", 1)])]


async def test_letters_go_with_the_settlement(queue, item, running, make_hop):
    """What the hook writes is queued in the transaction that settles, and is told in the log once it is there."""
    notice, owed = object(), object()
    queue.add(item(1, to="a"))

    async def tell(message_id, told):
        return Letters(now=(Letter(kind="failed", message=notice),), later=(owed,))

    with structlog.testing.capture_logs() as logs:
        async with running(make_hop(a=[NEVER]), tell=tell):
            await queue.until(lambda: bool(queue.notices))
    assert (queue.notices, queue.owed) == ([notice], [owed])
    assert [(line["id"], line["kind"]) for line in logs if line["event"] == "notice_sent"] == [
        ("m1", "failed")
    ]


async def test_waiting_is_no_attempt(queue, item, running, now, make_hop):
    """What nobody tried is due again soon, and counts as no attempt."""
    rests = TemporaryFailure(next_hop="hop", reply="cannot connect", wait_s=3)
    queue.add(item(1, to="a"))
    async with running(make_hop(a=[rests])):
        await queue.until(lambda: bool(queue.calls("settle")))
        assert queue.calls("settle") == [[(1, "queued", None)]]
        await queue.until(lambda: queue.rows[1].due_at > now)
    assert queue.rows[1].attempts == 0


async def test_memory_is_bounded(queue, item, running, make_hop):
    """No more recipients are leased than the limit for all, whatever their destinations; then claiming goes on."""
    queue.add(*(item(n, message=f"m{n}", at=f"d{n}.example") for n in range(12)))
    hop = make_hop()
    hop.go_on.clear()
    async with running(hop, mx=True, batch=2, held_in_all=4) as runner:
        await hop.began.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(runner._places.held) == 4
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 12
