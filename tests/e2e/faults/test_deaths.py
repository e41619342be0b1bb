"""What happens when the gateway is killed at a labelled point: the rows of the table, one process after the other."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from faults.next_hop import HANG, NextHop
from faults.served import Served, mail
from faults.table import RELEASING, SENDING, TAKING, TELLING

REFUSAL = {"RCPT": "550 5.1.1 who?"}


@pytest.fixture
async def street(tmp_path):
    """A gateway, the one next hop it sends to, and the seller's, who gets the notices."""
    async with AsyncExitStack() as stack:
        hop, notices = await NextHop().start(), await NextHop().start()
        for each in (hop, notices):
            stack.push_async_callback(each.stop)
        served = Served(tmp_path, notices, {"tea": f"smtp://127.0.0.1:{hop.port}"}, hold=True)
        stack.push_async_callback(served.stop)
        await served.start()
        yield served, hop, notices


TO = ["one@tea.example"]


async def test_while_a_mail_is_taken(street):
    """What was not answered 250 is sent again by its client: it arrives once, or twice where it was on disk already."""
    served, hop, notices = street
    seen = {}
    for number, point in enumerate(TAKING):
        name = f"t{number}"
        served.order("die", point)
        answers = await served.submit_until_taken(mail(name, TO), TO)
        await served.quiet()
        seen[point] = await served.outcome(name, answers, hop.arrived, notices.arrived)
    assert seen == {point: row.outcome for point, row in TAKING.items()}


async def test_while_a_mail_is_sent(street):
    """What was answered 250 arrives, and twice where the next hop had it and the record did not know."""
    served, hop, notices = street
    seen = {}
    for number, point in enumerate(SENDING):
        name = f"s{number}"
        _, _, step = point.partition("next hop: ")
        await hop.hang_up()  # an idle connection would be used again, without a greeting
        hop.reached.clear()
        hop.faults, hop.times = ({step: HANG}, 1) if step else ({}, 0)
        served.order("die", "" if step else point)
        answers = [await served.submit(mail(name, TO), TO)]
        if step:
            await asyncio.wait_for(hop.reached.wait(), 30)
            await served.kill()
        else:
            await served.died()
        await served.start()
        await served.quiet()
        seen[point] = await served.outcome(name, answers, hop.arrived, notices.arrived)
    assert seen == {point: row.outcome for point, row in SENDING.items()}


async def test_while_a_notice_is_written(street):
    """The seller is told of a failure once, or twice, never not at all."""
    served, hop, notices = street
    hop.faults, hop.times = REFUSAL, None
    seen = {}
    for number, point in enumerate(TELLING):
        name = f"n{number}"
        served.order("die", point)
        answers = [await served.submit(mail(name, TO), TO)]
        await served.died()
        await served.start()
        await served.quiet()
        seen[point] = await served.outcome(name, answers, hop.arrived, notices.arrived)
    assert seen == {point: row.outcome for point, row in TELLING.items()}


async def test_while_a_held_mail_is_released(street):
    """A release that dies has happened whole or not at all; it can be given again."""
    served, hop, notices = street
    seen = {}
    for number, point in enumerate(RELEASING):
        name = f"h{number}"
        answers = [await served.submit(mail(name, TO, "Well :-)"), TO)]
        (id_,) = await served.held()
        served.order("die", point)
        assert await served.command("queue", "release", id_) == -9
        if await served.held():
            answers.append("held")
            assert await served.command("queue", "release", id_) == 0
        answers.append("released")
        await served.quiet()
        seen[point] = await served.outcome(name, answers, hop.arrived, notices.arrived)
    assert seen == {point: row.outcome for point, row in RELEASING.items()}
