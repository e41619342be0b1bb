"""A wall clock that is set by hours, forward and back: no mail waits for it, none is given up or decided by it."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from gateway.credentials import hash_password
from gateway.life import watch as module
from gateway.life.clock import ClockFollower, ClockWatch
from gateway.life.watch import follow_clock_for_ever, keep_at
from gateway.mail.address import parse_path
from gateway.smtp import sink as sink_module
from gateway.store.records import MessageQuery, StoreError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clocks:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self):
        self.seconds, self.set_by = 0.0, timedelta()

    def wall(self):
        return NOON + timedelta(seconds=self.seconds) + self.set_by

    def running(self):
        return self.seconds

    def pass_by(self, span):
        self.seconds += span.total_seconds()


@pytest.fixture
def clocks():
    return Clocks()


STEPS = {
    "time passes": (5 * HOUR, timedelta(), None),
    "forward": (timedelta(seconds=1), 3 * HOUR, 3 * HOUR),
    "back": (timedelta(seconds=1), -3 * HOUR, -3 * HOUR),
    "years": (timedelta(seconds=1), timedelta(days=9_000), timedelta(days=9_000)),
    "a step of the time service": (timedelta(seconds=1), timedelta(seconds=59), None),
    "a minute": (timedelta(seconds=1), timedelta(seconds=-60), timedelta(seconds=-60)),
}


@pytest.mark.parametrize("passed, set_by, jump", STEPS.values(), ids=STEPS)
def test_jumps(clocks, passed, set_by, jump):
    """A jump is what the wall clock has moved beyond the time that has passed, once."""
    watch = ClockWatch(clocks.wall, clocks.running)
    clocks.pass_by(passed)
    clocks.set_by += set_by
    seen = watch.look()
    assert (seen.by if seen else None) == jump
    assert seen is None or (seen.before, seen.since) == (NOON + passed, NOON + set_by)
    assert watch.look() is None


def test_real_clocks():
    """The machine's own clocks agree while nobody sets them."""
    assert ClockWatch().look() is None


class Forgetful:
    """A store that fails at first."""

    def __init__(self):
        self.moved, self.fails = [], 1

    async def follow_clock(self, by, before, since, now):
        if self.fails:
            self.fails -= 1
            raise StoreError("the disk is full")
        self.moved.append((by, before, since, now))


async def test_a_jump_while_the_store_fails_is_made_good(clocks, monkeypatch, told, until):
    """What could not be moved at once is moved when the store is back, and the queue is looked at."""
    monkeypatch.setattr(module, "CLOCK_WATCH_S", 0)
    store, woken = Forgetful(), []
    follower = ClockFollower(store, ClockWatch(clocks.wall, clocks.running), clocks.wall)
    task = asyncio.create_task(follow_clock_for_ever(follower, lambda: woken.append(1)))
    clocks.set_by = -3 * HOUR
    await until(lambda: woken)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert store.moved == [(-3 * HOUR, NOON, NOON - 3 * HOUR, NOON - 3 * HOUR)]
    assert [line["seconds"] for line in told("clock_jumped")] == [-10800.0]


async def test_work_goes_on_after_a_bug(monkeypatch, told):
    """A task that must run for ever begins again after a bug, which the log has."""
    monkeypatch.setattr(module, "AGAIN_S", 0)
    tries = []

    async def work():
        tries.append(1)
        if len(tries) == 1:
            raise KeyError("bug")

    await keep_at(work)
    assert (len(tries), len(told("fault"))) == (2, 1)


class Shown:
    """The wall clock as a gateway is shown it: the real one, set by so much."""

    def __init__(self):
        self.set_by = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.set_by


@pytest.fixture
def shown(monkeypatch):
    """One clock for the gateway and for the time of receipt."""
    clock = Shown()
    monkeypatch.setattr(module, "CLOCK_WATCH_S", 0.01)

    receipt = SimpleNamespace(datetime=SimpleNamespace(now=lambda _zone: clock()), UTC=UTC)
    monkeypatch.setattr("gateway.smtp.dialogue.dt", receipt)
    return clock


JUMPS = {"forward": 5 * HOUR, "far forward": timedelta(days=400), "back": -5 * HOUR}


@pytest.mark.parametrize("by", JUMPS.values(), ids=JUMPS)
async def test_what_waits_for_a_next_hop(start_gateway, connect, mail, sink, shown, told, until, by):
    """A mail that was to be tried again in a moment is, neither late nor too old, whatever the clock shows."""
    sink.answers["greeting"] = "421 4.3.0 later"
    gateway = await start_gateway(delivery={"first_retry_s": 0.5}, clock=shown)
    await (await connect(gateway)).submit(mail())
    await until(lambda: told("attempt_made"))
    shown.set_by += by
    await until(lambda: told("clock_jumped"))
    seen = len(told("attempt_made"))
    await until(lambda: len(told("attempt_made")) > seen)  # tried by the new clock, and not given up
    del sink.answers["greeting"]
    async with asyncio.timeout(20):
        await sink.wait_for(1)
    assert told("message_expired") + told("notice_sent") + told("notice_failed") == []  # not late, either
    assert (await (await connect(gateway)).submit(mail(number=2))).startswith("250")
    async with asyncio.timeout(20):
        await sink.wait_for(2)


async def test_what_is_being_sent(start_gateway, connect, mail, sink, shown, told, until, monkeypatch):
    """A mail whose next hop refuses it for now, after the clock was set by a year, is tried again, not given up."""
    reached, may_go, spoken = asyncio.Event(), asyncio.Event(), sink_module._spoken

    async def slow(answer, writer):
        reached.set()
        await may_go.wait()
        return await spoken(answer, writer)

    monkeypatch.setattr(sink_module, "_spoken", slow)
    sink.answers["MAIL"] = "451 4.3.0 later"
    gateway = await start_gateway(clock=shown)
    await (await connect(gateway)).submit(mail())
    await reached.wait()
    shown.set_by += timedelta(days=400)
    may_go.set()
    await until(lambda: told("attempt_made"))
    await gateway.store.ready()
    (summary,) = await gateway.store.messages(MessageQuery())
    assert dict(summary.states) == {"queued": 1}
    assert told("message_expired") + told("notice_sent") + told("notice_failed") == []


@pytest.mark.parametrize("by", JUMPS.values(), ids=JUMPS)
async def test_what_waits_for_a_person(start_gateway, connect, mail, shown, told, until, by):
    """A held mail keeps the time that it has until its deadline."""
    gateway = await start_gateway(override={"amazon": {"emoji": "hold"}}, clock=shown)
    reply = await (await connect(gateway)).submit(mail("Thank you \N{GRINNING FACE}\n"))
    assert "held: emoji" in reply

    async def left():
        (held,) = await gateway.store.messages(MessageQuery(state="held"))
        return (held.held_until - shown()).total_seconds() / 3600

    assert await left() == pytest.approx(20, abs=0.1)
    shown.set_by += by
    await until(lambda: told("clock_jumped"))
    await gateway.store.ready()  # the writer has done what was asked of it before
    assert await left() == pytest.approx(20, abs=0.1)
    await gateway.keeper.look()
    assert told("hold_ended") == []


async def test_a_clock_set_back_while_nobody_looked(
    start_gateway, connect, mail, sink, shown, told, tmp_path
):
    """What would wait for hours after a restart is due when the gateway starts."""
    sink.answers["greeting"] = "421 4.3.0 later"
    shown.set_by = 5 * HOUR
    first = await start_gateway(clock=shown)
    await (await connect(first)).submit(mail())
    await first.stop("test")
    shown.set_by = timedelta()
    del sink.answers["greeting"]
    await start_gateway(clock=shown)
    async with asyncio.timeout(20):
        await sink.wait_for(1)
    assert [line["count"] for line in told("brought_forward")] == [1]


async def test_sessions_do_not_see_the_clock(start_gateway, connect, mail, shown, told, until):
    """A session, and a mail that comes in, outlast a clock that is set by a year."""
    gateway = await start_gateway(clock=shown)
    client = await connect(gateway)
    await client.begin()
    shown.set_by += timedelta(days=400)
    await until(lambda: told("clock_jumped"))
    await client.send(mail() + b".\r\n")
    assert (await client.reply()).startswith("250")
    assert await client.say("NOOP") == ["250 2.0.0 Done."]


async def test_a_seller_can_log_in_after_a_jump(start_gateway, connect, shown, told, until):
    """Passwords are known as before."""
    listener = {"address": "127.0.0.1:0", "tls": "none", "auth": "required"}
    gateway = await start_gateway(listener=[listener], clock=shown)
    await gateway.store.add_seller("tea", [parse_path("orders@harbour-tea.example")])
    await gateway.store.add_credential("tea", "tea", hash_password("secret"))
    shown.set_by -= 30 * HOUR
    await until(lambda: told("clock_jumped"))
    client = await connect(gateway)
    assert (await client.say("EHLO x", "AUTH PLAIN AHRlYQBzZWNyZXQ="))[1].startswith("235")
