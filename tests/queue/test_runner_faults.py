"""What the queue runner outlives: broken stores, next hops and notices, lost leases, its own bugs, a stop."""

import asyncio
import itertools
from datetime import timedelta

import pytest
import structlog

from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.queue import runner as module
from gateway.queue.runner import Runner
from gateway.queue.seams import Letters

TAKEN = Delivered(next_hop="hop", reply="250 2.0.0")
LATER = TemporaryFailure(next_hop="hop", reply="451 4.0.0")
NEVER = PermanentFailure(next_hop="hop", reply="550 5.1.1", status="5.1.1")


@pytest.mark.parametrize(
    "result",
    [pytest.param(RuntimeError("buyer@market.example"), id="raises"), pytest.param(None, id="says nothing")],
)
async def test_deliver_breaks(queue, item, running, result, make_hop):
    """A delivery agent that raises, or forgets a recipient, is a temporary failure of unknown outcome."""
    queue.add(item(1, to="a"))
    with structlog.testing.capture_logs() as logs:
        async with running(make_hop(a=[result])):
            await queue.until(lambda: bool(queue.calls("settle")))
    assert queue.calls("settle") == [[(1, "queued", "unknown")]]
    assert "buyer@market.example" not in str(logs)


async def test_no_octets(queue, item, running, make_hop):
    """A message whose octets are missing is tried again, and the fault is reported."""
    queue.add(item(1))
    queue.sizes["m1"] = 0
    queue.fail("size", LookupError("m1"))
    hop = make_hop()
    with structlog.testing.capture_logs() as logs:
        async with running(hop):
            await queue.until(lambda: bool(queue.calls("settle")))
    assert hop.got == []
    assert queue.calls("settle") == [[(1, "queued", "unknown")]]
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["relay"]


@pytest.mark.parametrize("method", ["claim", "next_due", "size", "content", "settle"])
async def test_store_fails(queue, item, running, method, store_error, make_hop):
    """A store that fails is asked again; nothing is sent twice meanwhile."""
    queue.add(item(1))
    queue.sizes["m1"] = 20_000_000
    queue.fail(method, *[store_error] * 7)
    hop = make_hop()
    async with running(hop):
        await queue.until(lambda: not queue.rows and len(queue.calls(method)) > 7)
    assert len(hop.got) == 1


async def test_notice_waits_for_store(queue, item, running, store_error, make_hop):
    """A notice that cannot be stored is tried until it can; the failure is not settled before."""
    queue.add(item(1, to="a"))
    calls = []

    async def tell(message_id, failed):
        calls.append(queue.calls("settle"))
        if len(calls) < 8:
            raise store_error
        return Letters()

    async with running(make_hop(a=[NEVER]), tell=tell):
        await queue.until(lambda: not queue.rows)
    assert calls == [[]] * 8


async def test_notice_broken(queue, item, running, make_hop):
    """A notice that can never be made is tried a few times, reported, and does not keep the queue."""
    queue.add(item(1, to="a"))
    calls = []

    async def tell(message_id, failed):
        calls.append(message_id)
        raise KeyError

    with structlog.testing.capture_logs() as logs:
        async with running(make_hop(a=[NEVER]), tell=tell):
            await queue.until(lambda: not queue.rows)
    assert len(calls) == module.NOTICE_TRIES
    assert [line["id"] for line in logs if line["event"] == "notice_failed"] == ["m1"]


async def test_own_lease_runs_out(queue, item, running, now, make_hop):
    """A row that is claimed again while it is being sent is not sent twice."""
    queue.add(item(1, to="a"))
    hop = make_hop()
    hop.go_on.clear()
    async with running(hop) as runner:
        await hop.began.wait()
        queue.claimable[1] = now
        runner.wake()
        await queue.until(lambda: len(queue.calls("next_due")) > 1)
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 1


async def test_claimed_while_settled(queue, item, running, now, monkeypatch, make_hop):
    """A row that is due again, and claimed again, before its settlement is answered is not left lying."""
    hours = itertools.count()
    queue.add(item(1, to="a"))
    hop = make_hop(a=[LATER, TAKEN])
    async with running(hop, clock=lambda: now + timedelta(hours=next(hours))) as runner:
        settle = queue.settle

        async def slow(settlements, **notices):
            monkeypatch.undo()  # the next one is answered at once
            await settle(settlements, **notices)
            claims = len(queue.calls("next_due"))
            runner.wake()
            await queue.until(lambda: len(queue.calls("next_due")) > claims)

        monkeypatch.setattr(queue, "settle", slow)
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 2
    assert (1,) in queue.calls("release")


async def test_renew(queue, item, running, now, store_error, make_hop):
    """Leases of what is under way are renewed, also after a renewal that failed."""
    queue.add(item(1))
    queue.fail("renew", store_error)
    hop = make_hop()
    hop.go_on.clear()
    async with running(hop, lease_s=0.003):
        await queue.until(lambda: len(queue.calls("renew")) > 2)
    assert ((1,), now + timedelta(seconds=0.003)) in queue.calls("renew")


async def test_drain_finishes(queue, item, running, make_hop):
    """Draining lets what is being sent finish, sends nothing new, and gives the rest back."""
    queue.add(item(1, message="m1"), item(2, message="m2"))
    hop = make_hop()
    hop.go_on.clear()
    async with running(hop, per_route=1) as runner:
        await hop.began.wait()
        draining = asyncio.create_task(runner.drain(5))
        await asyncio.sleep(0)
        hop.go_on.set()
        await draining
        assert set(queue.rows) == {2}
        assert len(hop.got) == 1
        assert queue.claimable[2] == queue.rows[2].due_at


async def test_drain_cuts_off(queue, item, running, now, make_hop):
    """What hangs beyond the time is cut off, recorded as of unknown outcome, and due again."""
    queue.add(item(1))
    hop = make_hop()
    hop.go_on.clear()
    async with running(hop) as runner:
        await hop.began.wait()
        await runner.drain(0)
        assert queue.calls("settle")[0] == [(1, "queued", "unknown")]
        assert queue.claimable[1] == now


async def test_drain_store_fails(queue, item, running, store_error, make_hop):
    """A store that fails while draining is reported and does not keep the process."""
    queue.add(item(1))
    queue.fail("release", store_error)
    hop = make_hop()
    with structlog.testing.capture_logs() as logs:
        async with running(hop):
            await queue.until(lambda: not queue.rows)
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["queue"]


async def test_drain_while_claiming(queue, item, now, hooks, make_hop):
    """What a claim brings after draining has begun is given back unsent."""
    queue.add(item(1))
    hop = make_hop()
    runner = Runner(queue, hooks(hop), clock=lambda: now)
    runner._is_stopping = True
    assert await runner._fill() == 0.0
    assert hop.got == []
    assert queue.claimable[1] == now


async def test_drain_unstarted(queue, now, hooks, make_hop):
    """A runner that never ran can be drained."""
    await Runner(queue, hooks(make_hop()), clock=lambda: now).drain(1)


async def test_own_bug(queue, item, running, now, monkeypatch, make_hop):
    """A bug of ours in settling one message is reported, lets its lease run out, and stops nothing else."""
    real = module.outcome.settled

    def broken(row, *rest):
        if row.id == 1:
            raise ZeroDivisionError
        return real(row, *rest)

    monkeypatch.setattr(module.outcome, "settled", broken)
    queue.add(item(1, message="m1"), item(2, message="m2"))
    with structlog.testing.capture_logs() as logs:
        async with running(make_hop()):
            await queue.until(lambda: 2 not in queue.rows)
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["queue"]
    assert queue.calls("release") == [()]
    assert queue.claimable[1] > now


async def test_own_bug_half_way(queue, item, running, now, make_hop):
    """A bug between two settlements of one message leaves the first as it is, and the second to its lease."""
    queue.add(item(1, to="a"), item(2, to="b"))
    queue.fail("settle", None, ZeroDivisionError())
    with structlog.testing.capture_logs() as logs:
        async with running(make_hop(b=[NEVER])):
            await queue.until(lambda: len(queue.calls("settle")) == 2)
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["queue"]
    assert set(queue.rows) == {2}
    assert queue.claimable[2] > now


async def test_one_bad_settlement_keeps_no_other(queue, item, running, store_error, make_hop):
    """Where a transaction of many is refused, each is tried for itself; only what the record refuses waits."""
    queue.add(*(item(n, message=f"m{n}") for n in range(4)))
    on_disk = asyncio.Event()
    real = queue.settle

    async def settle(settlements, **notices):
        if any(each.queue_id == 2 for each in settlements) and not on_disk.is_set():
            raise store_error
        await real(settlements, **notices)

    queue.settle = settle
    async with running(make_hop()):
        await queue.until(lambda: set(queue.rows) == {2})
        on_disk.set()
        await queue.until(lambda: not queue.rows)


async def test_preload_fails(queue, item, running, store_error, make_hop):
    """Contents that cannot be read together are read one by one."""
    queue.add(item(1, message="m1"), item(2, message="m2"))
    queue.fail("contents", store_error)
    hop = make_hop()
    async with running(hop):
        await queue.until(lambda: not queue.rows)
    assert sorted(queue.calls("content")) == ["m1", "m2"]
