"""The end of a gateway with mails under way in every phase, over sockets."""

import asyncio

import httpx
import pytest

from gateway.app import Gateway
from gateway.life.drain import drain_all
from gateway.store.records import MessageQuery
from gateway.store.store import Store

STOPPING = "421 4.3.2 The gateway is stopping, connect again later."


@pytest.fixture
async def ending(start_gateway, tmp_path):
    """Starts a gateway, and begins and awaits its end."""
    tasks = []

    class Ending:
        async def start(self, **options):
            self.gateway = await start_gateway(**options)
            return self.gateway

        def begin(self):
            self.task = asyncio.create_task(self.gateway.stop("SIGTERM"))
            tasks.append(self.task)

        async def end(self):
            async with asyncio.timeout(20):
                await self.task

        async def record(self):
            """What the record holds after the end: verdict and recipients' states of each mail."""
            store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", instance=None)
            try:
                return [(each.verdict, dict(each.states)) for each in await store.messages(MessageQuery())]
            finally:
                await store.close()

    yield Ending()
    await asyncio.gather(*tasks, return_exceptions=True)


IDLE = {
    "just connected": [],
    "greeted": ["EHLO x"],
    "sender and recipient given": ["EHLO x", "MAIL FROM:<orders@harbour-tea.example>"],
}


@pytest.mark.parametrize("lines", IDLE.values(), ids=IDLE)
async def test_a_client_that_has_sent_no_mail_is_told_to_come_again(ending, connect, lines):
    """Whoever has nothing under way hears 421 at once, and nobody waits for him."""
    client = await connect(await ending.start())
    await client.say(*lines)
    ending.begin()
    assert await client.reply() == STOPPING
    assert await client.reply() == ""
    await ending.end()
    assert await ending.record() == []


async def test_a_mail_that_is_coming_in_is_taken(ending, connect, mail, until):
    """A mail half of which has come is read to its end, judged, stored and answered; then comes 421."""
    gateway = await ending.start()
    client = await connect(gateway)
    await client.begin()
    await client.send(mail()[:100])
    ending.begin()
    await until(lambda: gateway.is_draining)
    await client.send(mail()[100:] + b".\r\n")
    assert (await client.reply()).startswith("250 2.0.0 ")
    assert await client.reply() == STOPPING
    await ending.end()
    assert [(verdict, sum(states.values())) for verdict, states in await ending.record()] == [("accept", 1)]


async def test_a_mail_that_is_being_judged_is_answered(ending, connect, mail, until, held_up_workers):
    """A mail whose final dot has come is judged and answered, also one whose client has gone."""
    gateway = await ending.start(start_workers=held_up_workers)
    clients = [await connect(gateway) for _ in range(2)]
    gateway.workers.hold_up()
    for number, client in enumerate(clients):
        await client.begin()
        await client.send(mail(number=number) + b".\r\n")
    await until(lambda: gateway._listeners[0].messages_under_way == 2)
    clients[1].writer.transport.abort()
    ending.begin()
    await until(lambda: gateway.is_draining)
    gateway.workers.may_go.set()
    assert (await clients[0].reply()).startswith("250 2.0.0 ")
    await ending.end()
    assert [verdict for verdict, _ in await ending.record()] == ["accept", "accept"]


async def test_a_mail_that_is_being_stored_is_answered(ending, connect, mail, until, held_up):
    """A mail on its way to the disk is answered once it is there."""
    gateway = await ending.start()
    client = await connect(gateway)
    async with held_up(gateway.store):
        await client.begin()
        await client.send(mail() + b".\r\n")
        await until(lambda: gateway._listeners[0].messages_under_way == 1)
        ending.begin()
        await until(lambda: gateway.is_draining)
    assert (await client.reply()).startswith("250 2.0.0 ")
    await ending.end()
    assert [verdict for verdict, _ in await ending.record()] == ["accept"]


@pytest.fixture
def slow_sink(sink, monkeypatch):
    """The sink answers the final dot when it is let; ``(reached, may_go)``."""
    reached, may_go, keep = asyncio.Event(), asyncio.Event(), sink.keep

    async def slow(mail):
        reached.set()
        await may_go.wait()
        await keep(mail)

    monkeypatch.setattr(sink, "keep", slow)
    return reached, may_go


async def test_a_delivery_under_way_is_finished(ending, connect, mail, until, sink, slow_sink):
    """What the next hop has half answered is waited for and settled: it is not sent again."""
    reached, may_go = slow_sink
    gateway = await ending.start()
    client = await connect(gateway)
    await client.submit(mail())
    await reached.wait()
    ending.begin()
    await until(lambda: gateway.is_draining)
    may_go.set()
    await ending.end()
    assert await ending.record() == [("accept", {"delivered": 1})]
    assert len(sink.received) == 1


async def test_the_queue_is_kept(ending, connect, mail, sink):
    """What waits for a next hop is in the queue after the end, due as it was."""
    sink.answers["greeting"] = "421 4.3.0 later"
    gateway = await ending.start()
    await (await connect(gateway)).submit(mail())
    ending.begin()
    await ending.end()
    assert await ending.record() == [("accept", {"queued": 1})]


async def test_nobody_new_is_let_in_and_readiness_says_so(ending, connect, until):
    """Once the end begins all listeners are shut, not one after the other, and /readyz names it, /healthz does not."""
    address = {"address": "127.0.0.1:0", "tls": "none", "auth": "none"}
    gateway = await ending.start(listener=[address, address], console={"address": "127.0.0.1:0"})
    busy = await connect(gateway)
    await busy.begin()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.console_port}") as console:
        assert (await console.get("/readyz")).status_code == 200
        ending.begin()
        await until(lambda: gateway.is_draining)
        for number in (0, 1):
            with pytest.raises(ConnectionRefusedError):
                await connect(gateway, number=number)
        ready = await console.get("/readyz")
        assert (ready.status_code, ready.json()["failed"]) == (503, ["draining"])
        assert (await console.get("/healthz")).status_code == 200
    busy.writer.transport.abort()
    await ending.end()


async def test_whoever_is_in_a_hurry_waits_for_nobody(
    ending, connect, mail, until, sink, slow_sink, held_up_workers, told
):
    """A second signal cuts: no mail under way is answered 250, and what was being sent is due again, as unknown."""
    reached, _ = slow_sink
    gateway = await ending.start(start_workers=held_up_workers)
    await (await connect(gateway)).submit(mail())
    await reached.wait()
    judged, coming = await connect(gateway), await connect(gateway)
    gateway.workers.hold_up()
    await judged.begin()
    await judged.send(mail(number=2) + b".\r\n")
    await until(lambda: gateway._listeners[0].messages_under_way == 1)
    await coming.begin()
    await coming.send(mail(number=3)[:50])
    ending.begin()
    await until(lambda: gateway.is_draining)
    gateway.hurry()
    await ending.end()
    assert [await judged.reply(), await coming.reply()] == ["", ""]
    assert await ending.record() == [("accept", {"queued": 1})]
    assert told("stopped")[0]["cut"] == 1
    assert told("attempt_made") == []


async def test_a_fault_in_one_end_keeps_no_other_from_its_own(told):
    """What cannot be drained is told, and everything else is drained."""
    ended = []

    async def good(limit_s):
        ended.append(limit_s)
        return 2

    async def bad(_limit_s):
        raise KeyError("bug")

    assert await drain_all([bad, good], 7.0, asyncio.Event()) == 2
    assert ended == [7.0]
    assert [line["where"] for line in told("fault")] == ["stop"]


async def test_what_stops_a_start_leaves_nothing_behind(start_gateway, tmp_path, policies):
    """A gateway whose second address is taken ends its workers and lets go of its store."""
    first = await start_gateway()
    config = first.config.model_copy(
        update={
            "store": f"sqlite:///{tmp_path}/other.db",
            "listener": (
                *first.config.listener,
                first.config.listener[0].model_copy(update={"address": first.addresses[0]}),
            ),
        }
    )
    with pytest.raises(Exception, match="in use"):
        await Gateway.start(config, policies)
    await (await Store.open(config.store, instance="gateway.example")).close()
