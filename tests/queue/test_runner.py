"""The queue runner: what is sent, in which order it is written down, and what it outlives."""

import asyncio
import itertools
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import structlog

from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.queue import runner as module
from gateway.queue.runner import Runner, RunnerLimits
from gateway.queue.schedule import Schedule

TAKEN = Delivered(next_hop="hop", reply="250 2.0.0")
LATER = TemporaryFailure(next_hop="hop", reply="451 4.0.0")
NEVER = PermanentFailure(next_hop="hop", reply="550 5.1.1", status="5.1.1")


class Hop:
    """A next hop: gives each local part its results in turn, and keeps what it was given."""

    def __init__(self, **results):
        self.results = {local: list(given) for local, given in results.items()}
        self.got, self.busy, self.most = [], 0, 0
        self.began, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def __call__(self, route, reverse_path, recipients, octets):
        """Delivers, once it is let go on."""
        self.got.append((route, str(reverse_path), tuple(a.local for a in recipients), octets))
        self.began.set()
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await self.go_on.wait()
        finally:
            self.busy -= 1
        found = {address: self._result(address.local) for address in recipients}
        return {address: result for address, result in found.items() if result is not None}

    def _result(self, local):
        given = self.results.get(local, [TAKEN])
        result = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF_S", (0.0,) * 5)


@pytest.fixture
def told():
    return []


@pytest.fixture
def running(queue, now, told):
    """Runs a runner over the queue; drains it at the end."""

    @asynccontextmanager
    async def run(hop, *, schedule=Schedule(jitter=0), clock=lambda: now, on_failure=None, **limits):  # noqa: B008 - frozen
        async def tell(message_id, failed):
            queue.log.append(("told", message_id))
            told.append((message_id, [(f.address.local, f.is_expired, f.attempts) for f in failed]))

        runner = Runner(
            queue, hop, schedule, on_failure=on_failure or tell, limits=RunnerLimits(**limits), clock=clock
        )
        task = asyncio.create_task(runner.run())
        try:
            yield runner
        finally:
            hop.go_on.set()
            await runner.drain(5)
            await task

    return run


async def test_one_transaction(queue, item, running):
    """Recipients of one message and route go together; each gets its own end."""
    queue.add(item(1, to="a"), item(2, to="b"), item(3, message="m2", to="c"), item(4, route="ebay", to="d"))
    hop = Hop(b=[NEVER])
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


async def test_order_of_failure(queue, item, running, told):
    """Deliveries and retries are settled first, then the hook is called, then the failures are settled."""
    queue.add(item(1, to="a"), item(2, to="b"), item(3, to="c"))
    async with running(Hop(b=[NEVER], c=[LATER])):
        await queue.until(lambda: set(queue.rows) == {3})
    steps = [(name, given) for name, given in queue.log if name in {"settle", "told"}]
    assert steps == [
        ("settle", [(1, "delivered", "delivered"), (3, "queued", "temporary")]),
        ("told", "m1"),
        ("settle", [(2, "failed", "permanent")]),
    ]
    assert told == [("m1", [("b", False, 1)])]


async def test_retry(queue, item, running, now):
    """A recipient put off is tried again when it is due, without waiting for the next look at the queue."""
    hours = itertools.count()
    queue.add(item(1, to="a"))
    hop = Hop(a=[LATER, LATER, TAKEN])
    async with running(hop, clock=lambda: now + timedelta(hours=next(hours))):
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 3


async def test_expired(queue, item, running, told, now):
    """What is too old is given up after a last attempt, and told."""
    queue.add(item(1, to="a", attempts=4))
    with structlog.testing.capture_logs() as logs:
        async with running(Hop(a=[LATER]), clock=lambda: now + timedelta(days=9)):
            await queue.until(lambda: not queue.rows)
    assert told == [("m1", [("a", True, 5)])]
    assert queue.calls("settle") == [[(1, "expired", "temporary")]]
    assert [line["recipients"] for line in logs if line["event"] == "message_expired"] == [1]


@pytest.mark.parametrize(
    "result",
    [pytest.param(RuntimeError("buyer@market.example"), id="raises"), pytest.param(None, id="says nothing")],
)
async def test_deliver_breaks(queue, item, running, result):
    """A delivery agent that raises, or forgets a recipient, is a temporary failure of unknown outcome."""
    queue.add(item(1, to="a"))
    with structlog.testing.capture_logs() as logs:
        async with running(Hop(a=[result])):
            await queue.until(lambda: bool(queue.calls("settle")))
    assert queue.calls("settle") == [[(1, "queued", "unknown")]]
    assert "buyer@market.example" not in str(logs)


async def test_no_octets(queue, item, running):
    """A message whose octets are missing is tried again, and the fault is reported."""
    queue.add(item(1))
    queue.fail("content", LookupError("m1"))
    hop = Hop()
    with structlog.testing.capture_logs() as logs:
        async with running(hop):
            await queue.until(lambda: bool(queue.calls("settle")))
    assert hop.got == []
    assert queue.calls("settle") == [[(1, "queued", "unknown")]]
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["relay"]


@pytest.mark.parametrize("method", ["claim", "next_due", "content", "settle"])
async def test_store_fails(queue, item, running, method, store_error):
    """A store that fails is asked again; nothing is sent twice meanwhile."""
    queue.add(item(1))
    queue.fail(method, *[store_error] * 7)
    hop = Hop()
    async with running(hop):
        await queue.until(lambda: not queue.rows and len(queue.calls(method)) > 7)
    assert len(hop.got) == 1


async def test_notice_waits_for_store(queue, item, running, store_error):
    """A notice that cannot be stored is tried until it can; the failure is not settled before."""
    queue.add(item(1, to="a"))
    calls = []

    async def tell(message_id, failed):
        calls.append(queue.calls("settle"))
        if len(calls) < 8:
            raise store_error

    async with running(Hop(a=[NEVER]), on_failure=tell):
        await queue.until(lambda: not queue.rows)
    assert calls == [[]] * 8


async def test_notice_broken(queue, item, running):
    """A notice that can never be made is tried a few times, reported, and does not keep the queue."""
    queue.add(item(1, to="a"))
    calls = []

    async def tell(message_id, failed):
        calls.append(message_id)
        raise KeyError

    with structlog.testing.capture_logs() as logs:
        async with running(Hop(a=[NEVER]), on_failure=tell):
            await queue.until(lambda: not queue.rows)
    assert len(calls) == module.NOTICE_TRIES
    assert [line["id"] for line in logs if line["event"] == "notice_failed"] == ["m1"]


async def test_wake(queue, item, running):
    """A mail accepted while the runner sleeps is sent when it is woken, not when it would look again."""
    hop = Hop()
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
async def test_sleep(queue, item, now, due_s, expected_s, monkeypatch):
    """The runner sleeps until the next due time, within bounds."""
    if due_s is not None:
        queue.add(item(1, due_at=now + timedelta(seconds=due_s), lease_until=now))
        queue.claimable[1] = now + timedelta(seconds=max(due_s, 0))
    runner = Runner(queue, Hop(), Schedule(), on_failure=None, clock=lambda: now)
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
async def test_concurrency(queue, item, running, limits, routes, most):
    """No more transactions at a time than the limits allow, and as many."""
    queue.add(*(item(n, message=f"m{n}", route=route) for n, route in enumerate(routes)))
    hop = Hop()
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


async def test_full_route(queue, item, running):
    """A route whose next hop hangs is not claimed beyond its share, and is taken up again when it moves."""
    queue.add(
        *(item(n, message=f"m{n}", route="slow") for n in range(1, 7)), item(9, message="m9", route="quick")
    )

    class Slow(Hop):
        async def __call__(self, route, *rest):
            return await Hop.__call__(self, route, *rest) if route == "slow" else {rest[1][0]: TAKEN}

    hop = Slow()
    hop.go_on.clear()
    async with running(hop, batch=2, held=4) as runner:
        await queue.until(lambda: 9 not in queue.rows)
        assert ("slow",) in queue.calls("claim")
        assert len(runner._held) == 4
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 6


async def test_own_lease_runs_out(queue, item, running, now):
    """A row that is claimed again while it is being sent is not sent twice."""
    queue.add(item(1, to="a"))
    hop = Hop()
    hop.go_on.clear()
    async with running(hop) as runner:
        await hop.began.wait()
        queue.claimable[1] = now
        runner.wake()
        await queue.until(lambda: len(queue.calls("next_due")) > 1)
        hop.go_on.set()
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 1


async def test_claimed_while_settled(queue, item, running, now, monkeypatch):
    """A row that is due again, and claimed again, before its settlement is answered is not left lying."""
    hours = itertools.count()
    queue.add(item(1, to="a"))
    hop = Hop(a=[LATER, TAKEN])
    async with running(hop, clock=lambda: now + timedelta(hours=next(hours))) as runner:
        settle = queue.settle

        async def slow(settlements):
            monkeypatch.undo()  # the next one is answered at once
            await settle(settlements)
            claims = len(queue.calls("next_due"))
            runner.wake()
            await queue.until(lambda: len(queue.calls("next_due")) > claims)

        monkeypatch.setattr(queue, "settle", slow)
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 2
    assert (1,) in queue.calls("release")


async def test_renew(queue, item, running, now, store_error):
    """Leases of what is under way are renewed, also after a renewal that failed."""
    queue.add(item(1))
    queue.fail("renew", store_error)
    hop = Hop()
    hop.go_on.clear()
    async with running(hop, lease_s=0.003):
        await queue.until(lambda: len(queue.calls("renew")) > 2)
    assert ((1,), now + timedelta(seconds=0.003)) in queue.calls("renew")


async def test_drain_finishes(queue, item, running):
    """Draining lets what is being sent finish, sends nothing new, and gives the rest back."""
    queue.add(item(1, message="m1"), item(2, message="m2"))
    hop = Hop()
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


async def test_drain_cuts_off(queue, item, running, now):
    """What hangs beyond the time is cut off, recorded as of unknown outcome, and due again."""
    queue.add(item(1))
    hop = Hop()
    hop.go_on.clear()
    async with running(hop) as runner:
        await hop.began.wait()
        await runner.drain(0)
        assert queue.calls("settle")[0] == [(1, "queued", "unknown")]
        assert queue.claimable[1] == now


async def test_drain_store_fails(queue, item, running, store_error):
    """A store that fails while draining is reported and does not keep the process."""
    queue.add(item(1))
    queue.fail("release", store_error)
    hop = Hop()
    with structlog.testing.capture_logs() as logs:
        async with running(hop):
            await queue.until(lambda: not queue.rows)
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["queue"]


async def test_drain_while_claiming(queue, item, now):
    """What a claim brings after draining has begun is given back unsent."""
    queue.add(item(1))
    hop = Hop()
    runner = Runner(queue, hop, Schedule(), on_failure=None, clock=lambda: now)
    runner._is_stopping = True
    assert await runner._fill() == 0.0
    assert hop.got == []
    assert queue.claimable[1] == now


async def test_drain_unstarted(queue, now):
    """A runner that never ran can be drained."""
    await Runner(queue, Hop(), Schedule(), on_failure=None, clock=lambda: now).drain(1)


async def test_own_bug(queue, item, running, now, monkeypatch):
    """A bug of ours in settling one message is reported, lets its lease run out, and stops nothing else."""
    real = module.outcome.settlement

    def broken(row, *rest):
        if row.id == 1:
            raise ZeroDivisionError
        return real(row, *rest)

    monkeypatch.setattr(module.outcome, "settlement", broken)
    queue.add(item(1, message="m1"), item(2, message="m2"))
    with structlog.testing.capture_logs() as logs:
        async with running(Hop()):
            await queue.until(lambda: 2 not in queue.rows)
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["queue"]
    assert queue.calls("release") == [()]
    assert queue.claimable[1] > now


async def test_own_bug_half_way(queue, item, running, now):
    """A bug between two settlements of one message leaves the first as it is, and the second to its lease."""
    queue.add(item(1, to="a"), item(2, to="b"))
    queue.fail("settle", None, ZeroDivisionError())
    with structlog.testing.capture_logs() as logs:
        async with running(Hop(b=[NEVER])):
            await queue.until(lambda: len(queue.calls("settle")) == 2)
    assert [line["where"] for line in logs if line["event"] == "fault"] == ["queue"]
    assert set(queue.rows) == {2}
    assert queue.claimable[2] > now


async def test_big_batch(queue, item, running):
    """A full batch is followed by the next one at once."""
    queue.add(*(item(n, message=f"m{n}") for n in range(7)))
    hop = Hop()
    async with running(hop, batch=2):
        await queue.until(lambda: not queue.rows)
    assert len(hop.got) == 7
