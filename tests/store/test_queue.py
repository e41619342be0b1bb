"""Claims, leases and settlements."""

from collections import Counter
from datetime import timedelta

import pytest

from gateway.store import queue
from gateway.store.driver import Statement
from gateway.store.records import Attempt, QueueDepth, StoreError
from gateway.store.store import Store

SECOND = timedelta(seconds=1)


def _names(items):
    return [(item.message_id, str(item.recipient)) for item in items]


async def test_claim(store, new_message, now, address):
    """A claimed row says all that is needed to send it."""
    await store.accept(new_message(to=("a@market.example", "b@market.example"), due_at=now + SECOND))
    first, second = await store.claim(9, now + 2 * SECOND, 60)
    assert _names([first, second]) == [("m1", "a@market.example"), ("m1", "b@market.example")]
    assert (first.route, first.reverse_path) == ("amazon", address("orders@shop.example"))
    assert (first.attempts, first.first_at, first.due_at) == (0, now, now + SECOND)
    assert first.lease_until == now + 62 * SECOND
    assert await store.content("m1") == b"sent m1"


async def test_order(store, new_message, now):
    """What is due longest comes first, what is not due not at all, recipients of one message together."""
    await store.accept(new_message("late", due_at=now + SECOND))
    await store.accept(new_message("b", to=("1@market.example", "2@market.example"), due_at=now - SECOND))
    await store.accept(new_message("a", due_at=now - 2 * SECOND))
    assert [item.message_id for item in await store.claim(9, now, 60)] == ["a", "b", "b"]
    assert await store.claim(9, now, 60) == []


async def test_limit(store, new_message, now):
    """A claim takes no more than it is asked to, and never the same row twice."""
    for name in "abc":
        await store.accept(new_message(name))
    taken = [item.message_id for _ in range(4) for item in await store.claim(1, now, 60)]
    assert taken == ["a", "b", "c"]


async def test_exclude(store, new_message, now):
    """A route that has no room is left alone, in a claim and in the next due time."""
    await store.accept(new_message("a", route="amazon", due_at=now - SECOND))
    await store.accept(new_message("b", route="ebay"))
    await store.accept(new_message("c", route="otto", due_at=now + SECOND))
    assert await store.next_due(exclude=(("amazon", ""), ("ebay", ""))) == now + SECOND
    claimed = await store.claim(9, now, 60, exclude=(("amazon", ""), ("otto", "")))
    assert [item.message_id for item in claimed] == ["b"]
    assert await store.next_due() == now - SECOND


async def test_exclude_a_destination(store, new_message, now):
    """One domain of a route that has no room leaves the other domains of it theirs."""
    await store.accept(new_message("a", to=("x@slow.example", "y@quick.example")))
    await store.accept(new_message("b", route="ebay", to=("x@slow.example",)))
    claimed = await store.claim(9, now, 60, exclude=(("amazon", "slow.example"), ("otto", "")))
    assert [(item.route, str(item.recipient)) for item in claimed] == [
        ("amazon", "y@quick.example"),
        ("ebay", "x@slow.example"),
    ]


WAY = "AND route = $5 AND domain = $6"
FLAT = [
    # statement, parameters, index
    (queue._CLAIM.format(of_way="", skip_locked=""), (1, "x", 1, 9), "queue_claimable (claimable_at<?)"),
    (
        queue._CLAIM.format(of_way=WAY, skip_locked=""),
        (1, "x", 1, 9, "a", "b"),
        "queue_way (route=? AND domain=? AND claimable_at<?)",
    ),
    (queue._NEXT_DUE.format(of_way=""), (), "queue_claimable"),
    (
        queue._NEXT_DUE.format(of_way="AND route = $1 AND domain = $2"),
        ("a", "b"),
        "queue_way (route=? AND domain=?)",
    ),
    (queue._NEXT_ROUTE, ("a",), "queue_way (route>?)"),
    (queue._NEXT_DOMAIN, ("a", "b"), "queue_way (route=? AND domain>?)"),
]


@pytest.mark.parametrize(("sql", "params", "index"), FLAT)
async def test_flat(store, sql, params, index):
    """A claim walks an index of what is queued, in its order, and sorts nothing, however long the queue is."""

    def explained():
        rows = yield Statement(f"EXPLAIN QUERY PLAN {sql}", params)
        return [row[3] for row in rows]

    plan = await store._driver.read(explained)
    assert any(f"USING COVERING INDEX {index}" in step for step in plan)
    assert not [step for step in plan if "TEMP B-TREE" in step or step == "SCAN queue"]


async def test_what_is_left_out_leaves_shares(store, new_message, now):
    """Where one way is left out, the others share a claim, and what one of them does not need the next one gets."""
    for route, count in (("amazon", 9), ("ebay", 1), ("otto", 9)):
        for n in range(count):
            await store.accept(new_message(f"{route}{n}", route=route))
    items = await store.claim(7, now, 60, exclude=(("amazon", ""),))
    assert Counter(item.route for item in items) == {"ebay": 1, "otto": 6}


async def test_lease_runs_out(store, other, new_message, now):
    """Another instance takes a row over when its lease has run out, and not before."""
    await store.accept(new_message())
    (item,) = await store.claim(9, now, 60)
    assert await other.next_due() == now + 60 * SECOND
    assert await other.claim(9, now + 59 * SECOND, 60) == []
    assert [taken.id for taken in await other.claim(9, now + 60 * SECOND, 60)] == [item.id]
    assert (await store.message("m1")).recipients[0].leased_to == "two"


async def test_renew(store, other, new_message, now):
    """A lease that is renewed holds longer; somebody else's cannot be renewed."""
    await store.accept(new_message())
    (item,) = await store.claim(9, now, 60)
    await store.renew([item.id], now + 120 * SECOND)
    await other.renew([item.id], now)
    assert await other.claim(9, now + 119 * SECOND, 60) == []
    assert len(await other.claim(9, now + 120 * SECOND, 60)) == 1


async def test_release(store, other, new_message, now):
    """A lease given back is due as it was; only the holder can give it back."""
    await store.accept(new_message(due_at=now - SECOND))
    (item,) = await store.claim(9, now, 60)
    await other.release([item.id])
    assert await other.claim(9, now, 60) == []
    await store.release([item.id])
    assert await other.next_due() == now - SECOND
    (again,) = await other.claim(9, now, 60)
    assert (again.id, again.attempts) == (item.id, 0)


async def test_take_over(url, store, other, new_message, now):
    """What a dead process of the same name had leased is due at once, and may have been sent; others' leases stand."""
    for name in "abc":
        await store.accept(new_message(name))
    await store.claim(2, now, 3600)
    await other.claim(1, now, 3600)
    await store.close()
    again = await Store.open(url, instance="one")
    assert again.leases_taken_over == 2
    for name, outcomes in (("a", ["unknown"]), ("b", ["unknown"]), ("c", [])):
        (recipient,) = (await again.message(name)).recipients
        assert [each.outcome for each in recipient.attempts] == outcomes
    assert [item.message_id for item in await again.claim(9, now, 60)] == ["a", "b"]
    await again.close()


async def test_settle(store, new_message, now, settlement):
    """Each recipient gets its own end, with a history."""
    await store.accept(new_message(to=tuple(f"{n}@market.example" for n in range(4))))
    rows = [item.id for item in await store.claim(9, now, 60)]
    later = now + 90 * SECOND
    await store.settle(
        [
            settlement(rows[0]),
            settlement(rows[1], "queued", due_at=later, outcome="unknown", reply="lost after the dot\0"),
            settlement(rows[2], "failed", outcome="permanent", reply="550 5.1.1 no"),
            settlement(rows[3], "expired", outcome="temporary", reply="451 4.0.0 later"),
        ]
    )
    recipients = (await store.message("m1")).recipients
    assert [row.state for row in recipients] == ["delivered", "queued", "failed", "expired"]
    assert [row.due_at for row in recipients] == [None, later, None, None]
    assert recipients[1].leased_to is None
    assert recipients[1].attempts == (
        Attempt(at=now, outcome="unknown", next_hop="relay.example:25", reply="lost after the dot\ufffd"),
    )
    assert await store.next_due() == later
    (item,) = await store.claim(9, later, 60)
    assert (item.id, item.attempts, item.first_at) == (rows[1], 1, now)
    states = (await store.message("m1")).summary.states
    assert states == (("delivered", 1), ("expired", 1), ("failed", 1), ("queued", 1))


@pytest.mark.parametrize(
    ("state", "is_due", "expected"),
    [("queued", True, "queued"), ("failed", False, "queued"), ("delivered", False, "delivered")],
)
async def test_settle_lost_lease(store, other, new_message, now, settlement, *, state, is_due, expected):
    """Who lost the lease can still say that the mail arrived, and no more; what it did stays in the history."""
    await store.accept(new_message())
    (item,) = await store.claim(9, now, 1)
    await other.claim(9, now + SECOND, 60)
    await store.settle([settlement(item.id, state, due_at=now if is_due else None)])
    (row,) = (await store.message("m1")).recipients
    assert (row.state, row.leased_to, len(row.attempts)) == (expected, "two", 1)


async def test_settle_twice(store, new_message, now, settlement):
    """Nothing opens a settled row again."""
    await store.accept(new_message())
    (item,) = await store.claim(9, now, 60)
    await store.settle([settlement(item.id)])
    await store.settle([settlement(item.id, "queued", due_at=now), settlement(item.id, "failed")])
    assert (await store.message("m1")).recipients[0].state == "delivered"
    assert await store.next_due() is None


async def test_settle_whole(store, new_message, now, settlement):
    """A settlement of a row that does not exist takes the others of its call back."""
    await store.accept(new_message())
    (item,) = await store.claim(9, now, 60)
    with pytest.raises(StoreError, match="lacks one it refers to"):
        await store.settle([settlement(item.id), settlement(999)])
    assert (await store.message("m1")).recipients[0].state == "queued"


async def test_depth(store, new_message, now):
    """Waiting, leased and held are counted apart, and the oldest of what is to be sent is known."""
    await store.accept(new_message("a", to=("1@market.example", "2@market.example", "3@market.example")))
    await store.accept(new_message("b", verdict="hold", sent=None))
    await store.claim(1, now, 60)
    until = (await store.message("b")).summary.held_until
    assert await store.depth() == QueueDepth(waiting=2, leased=1, held=1, oldest_at=now, held_until=until)


async def test_null_reverse_path(store, new_message, now):
    """A notice goes out with the null reverse-path."""
    message = new_message()
    envelope = type(message.envelope)(reverse_path=None, recipients=message.envelope.recipients)
    await store.accept(new_message(envelope=envelope))
    assert [item.reverse_path for item in await store.claim(9, now, 60)] == [None]


@pytest.mark.parametrize(
    ("statement", "step"),
    [
        (lambda: queue._QUEUED, "queue USING COVERING INDEX queue_"),
        (lambda: queue._LEASED, "queue USING COVERING INDEX queue_leased"),
        (
            lambda: queue._TAKE_OVER.replace("$1", "'one'"),
            "queue USING COVERING INDEX queue_leased (instance=?)",
        ),
    ],
    ids=["depth", "leased", "take over"],
)
async def test_counts_and_leases_by_index(store, statement, step):
    """What is counted every few seconds, and what a start takes over, reads an index that holds no more than that."""

    def explained():
        rows = yield Statement(f"EXPLAIN QUERY PLAN {statement()}")
        return [row[3] for row in rows]

    plan = await store._driver.read(explained)
    assert any(step in each for each in plan), plan
