"""What people and deadlines do to what waits."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.store import search
from gateway.store.records import MessageQuery, QueueDepth, StateError, StoreError
from gateway.store.rulings import Deadline, Decision, HeldMessage
from gateway.store.store import Store

HOUR = timedelta(hours=1)
TWO = ("a@market.example", "b@market.example")


async def states(store, name="m1"):
    detail = await store.message(name)
    return {str(row.address): row.state for row in detail.recipients}


async def test_held_on_receipt(store, new_message, finding, deadline):
    """A held mail has its deadline, shows in the depth and in listings, and is queued for nobody."""
    await store.accept(new_message(verdict="hold"))
    detail = await store.message("m1")
    assert detail.summary.held_until == deadline.until
    assert (detail.recipients, detail.decisions) == ((), ())
    assert await store.depth() == QueueDepth(waiting=0, leased=0, held=1, held_until=deadline.until)
    assert await store.next_due() is None
    assert [each.id for each in await store.messages(MessageQuery(state="held"))] == ["m1"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"verdict": "hold", "hold": None}, id="held for ever"),
        pytest.param({"hold": Deadline(warn_at=None, until=None)}, id="a deadline of what is not held"),
    ],
)
async def test_deadline_belongs_to_hold(store, new_message, changes):
    """A mail has a deadline if, and only if, it is held: anything else is our bug and is not written."""
    with pytest.raises(ValueError, match="deadline"):
        await store.accept(new_message(**changes))
    assert await store.message("m1") is None


async def test_release(store, new_message, new_release, finding, decision, now):
    """A released mail is due at once with the octets of its new examination, whose findings stand beside the first."""
    held = replace(finding, on_match="hold")
    await store.accept(new_message(verdict="hold", to=TWO, findings=(held,), normalised=("old",)))
    later = now + 19 * HOUR
    release = new_release(envelope=new_message(to=TWO).envelope)
    await store.release_held("m1", release, decision("release", at=later))
    detail = await store.message("m1")
    assert detail.findings == (held, replace(finding, examination=2))
    assert (detail.normalised, detail.sent) == (("header field X dropped",), b"mended m1")
    assert detail.original == b"original m1"
    summary = detail.summary
    assert (summary.verdict, summary.policy, summary.held_until) == ("strip", "amazon@2027-01-01", None)
    assert summary.reply == "250 2.0.0 m1"
    assert detail.decisions == (Decision(at=later, who="anna", what="release", reason="seen"),)
    items = await store.claim(9, later, 60)
    assert [(str(item.recipient), item.first_at, item.due_at) for item in items] == [
        (to, later, later) for to in TWO
    ]
    depth = await store.depth()
    assert (depth.waiting, depth.leased, depth.held) == (0, 2, 0)


async def test_release_without_findings(store, new_message, new_release, decision):
    """What the policy of that day does not mind any more goes out as accepted."""
    await store.accept(new_message(verdict="hold"))
    await store.release_held("m1", new_release(verdict="accept", findings=()), decision("override"))
    detail = await store.message("m1")
    assert (detail.summary.verdict, detail.findings) == ("accept", ())
    assert await states(store) == {"buyer@market.example": "queued"}


async def test_two_operators(url, store, new_message, new_release, decision):
    """Of two who decide at once one wins; the other is told who did what, and changes nothing."""
    beside = await Store.open(url, instance=None)
    for name in ("m1", "m2", "m3"):
        await store.accept(new_message(name, verdict="hold"))
        results = await asyncio.gather(
            store.release_held(name, new_release(name), decision("release")),
            beside.release_held(name, new_release(name, sent=b"other"), decision("override", who="bob")),
            beside.refuse_held(name, decision("reject", who="eve"), new_message(f"{name}-notice")),
            return_exceptions=True,
        )
        lost = [each for each in results if each is not None]
        assert len(lost) == 2
        assert all(isinstance(each, StateError) for each in lost)
        (taken,) = (await store.message(name)).decisions
        done = "refused" if taken.what == "reject" else "released"
        assert str(lost[0]) == (
            f"{name} is not held any more: {done} by {taken.who} at 2026-11-03 12:00:00 UTC"
        )
        assert (await store.message(f"{name}-notice") is not None) == (taken.what == "reject")
        assert len(await states(store, name)) == (0 if taken.what == "reject" else 1)
    await beside.close()


async def test_refuse(store, new_message, decision):
    """A refused mail is sent to nobody, and its notice is in the same transaction."""
    await store.accept(new_message(verdict="hold"))
    await store.refuse_held("m1", decision("reject"), new_message("n1"))
    detail = await store.message("m1")
    assert (detail.summary.verdict, detail.summary.held_until, detail.recipients) == ("reject", None, ())
    assert detail.decisions == (decision("reject"),)
    assert [each.id for each in await store.messages(MessageQuery(state="queued"))] == ["n1"]


async def test_refuse_is_whole_or_nothing(store, new_message, decision):
    """When the notice cannot be recorded the mail stays held."""
    await store.accept(new_message(verdict="hold"))
    with pytest.raises(StoreError):
        await store.refuse_held("m1", decision("reject"), new_message("m1"))
    detail = await store.message("m1")
    assert (detail.summary.verdict, detail.decisions) == ("hold", ())
    assert detail.summary.held_until is not None


async def test_refuse_without_notice(store, new_message, decision):
    """Where no notice is owed none is queued."""
    await store.accept(new_message(verdict="hold"))
    await store.refuse_held("m1", decision("reject"), None)
    assert await store.messages(MessageQuery(state="waiting")) == []


async def test_hold_what_is_queued(store, new_message, new_release, deadline, decision, now, settlement):
    """Queued recipients go on hold and come back on release; who has the mail already is left alone."""
    await store.accept(new_message(to=TWO))
    first, second = await store.claim(9, now, 60)
    await store.settle([settlement(first.id)])
    await store.settle([settlement(second.id, "queued", due_at=now + HOUR, outcome="temporary")])
    await store.hold("m1", deadline, decision("hold"))
    assert await states(store) == dict(zip(TWO, ("delivered", "held"), strict=True))
    detail = await store.message("m1")
    assert (detail.summary.verdict, detail.summary.held_until) == ("hold", deadline.until)
    assert await store.next_due() is None
    assert await store.purge(now + 99 * HOUR) == 0
    await store.release_held("m1", new_release(), decision("release", at=now + 2 * HOUR))
    (item,) = await store.claim(9, now + 2 * HOUR, 60)
    assert (str(item.recipient), item.first_at) == (TWO[1], now + 2 * HOUR)
    assert await store.content("m1") == b"mended m1"
    assert [each.what for each in (await store.message("m1")).decisions] == ["hold", "release"]


async def test_hold_then_refuse(store, new_message, deadline, decision):
    """What was put on hold and then refused has failed."""
    await store.accept(new_message())
    await store.hold("m1", deadline, decision("hold"))
    await store.refuse_held("m1", decision("reject"), None)
    assert await states(store) == {"buyer@market.example": "failed"}


async def test_twice_released(store, new_message, new_release, deadline, decision, finding):
    """A mail may be held and released again and again: each examination has its number."""
    await store.accept(new_message(verdict="hold", findings=(finding, finding)))
    await store.release_held("m1", new_release(), decision("release"))
    await store.hold("m1", deadline, decision("hold"))
    await store.release_held("m1", new_release(), decision("release"))
    assert [each.examination for each in (await store.message("m1")).findings] == [1, 1, 2, 3]
    assert len(await states(store)) == 1


async def test_delivered_while_held(store, new_message, new_release, deadline, decision, now, settlement):
    """A delivery that comes to light after the hold (a lease had run out) is believed: it is not sent again."""
    await store.accept(new_message())
    (item,) = await store.claim(9, now, 60)
    await store.hold("m1", deadline, decision("hold", at=now + HOUR))
    await store.settle([settlement(item.id, "queued", due_at=now, outcome="temporary")])
    assert await states(store) == {"buyer@market.example": "held"}
    await store.settle([settlement(item.id)])
    await store.release_held("m1", new_release(), decision("release"))
    assert await states(store) == {"buyer@market.example": "delivered"}


async def test_retry(store, new_message, decision, now):
    """What is queued for later is due now."""
    await store.accept(new_message(due_at=now + HOUR))
    assert await store.claim(9, now, 60) == []
    await store.retry("m1", decision("retry"))
    assert len(await store.claim(9, now, 60)) == 1
    assert (await store.message("m1")).decisions == (decision("retry"),)


@pytest.mark.parametrize("verdict", ["accept", "hold"])
async def test_delete(store, new_message, decision, now, verdict):
    """What is deleted is sent to nobody; record, contents and reason stay."""
    await store.accept(new_message(verdict=verdict))
    await store.delete("m1", decision("delete", reason="a test mail"))
    detail = await store.message("m1")
    assert detail.original == b"original m1"
    assert [each.reason for each in detail.decisions] == ["a test mail"]
    assert await store.messages(MessageQuery(state="waiting")) == []
    assert detail.summary.verdict == ("reject" if verdict == "hold" else "accept")
    assert await store.claim(9, now, 60) == []
    with pytest.raises(StateError, match=r"m1 is not waiting any more: deleted by anna"):
        await store.delete("m1", decision("delete"))


async def test_delete_what_was_put_on_hold(store, new_message, deadline, decision):
    """Held recipients of a queued mail are deleted with it."""
    await store.accept(new_message())
    await store.hold("m1", deadline, decision("hold"))
    await store.delete("m1", decision("delete"))
    assert await states(store) == {"buyer@market.example": "deleted"}
    assert [each.id for each in await store.messages(MessageQuery(state="deleted"))] == ["m1"]


async def test_what_is_being_sent(store, new_message, deadline, decision, now):
    """While a lease lasts a mail can be neither held, deleted nor retried; once it has run out it can."""
    await store.accept(new_message())
    await store.claim(9, now, 60)
    for attempt in (
        store.hold("m1", deadline, decision("hold")),
        store.delete("m1", decision("delete")),
        store.retry("m1", decision("retry")),
    ):
        with pytest.raises(StateError, match="m1 is being sent, or about to be; try again in half a minute"):
            await attempt
    await store.retry("m1", decision("retry", at=now + HOUR))
    await store.delete("m1", decision("delete", at=now + HOUR))
    assert await states(store) == {"buyer@market.example": "deleted"}


async def test_wrong_state(store, new_message, new_release, deadline, decision):
    """Each decision says what the message is not, or that there is none."""
    await store.accept(new_message("rejected", verdict="reject", sent=None))
    await store.accept(new_message("held", verdict="hold"))
    for name, attempt, words in (
        ("rejected", store.release_held, "rejected is not held; see `gateway messages show rejected`"),
        ("nosuch", store.release_held, 'no message has the id "nosuch"; see `gateway messages`'),
    ):
        with pytest.raises(StateError, match=words):
            await attempt(name, new_release(name), decision("release"))
    with pytest.raises(StateError, match="held is not queued"):
        await store.hold("held", deadline, decision("hold"))
    with pytest.raises(StateError, match="held is not queued"):
        await store.retry("held", decision("retry"))
    with pytest.raises(StateError, match="rejected is not waiting"):
        await store.delete("rejected", decision("delete"))


async def test_deadlines(store, new_message, now, deadline):
    """First the warning falls due, once; then the deadline, the nearest first."""
    late = Deadline(warn_at=now + 30 * HOUR, until=now + 31 * HOUR)
    await store.accept(new_message("m2", verdict="hold", hold=late))
    await store.accept(new_message("m1", verdict="hold"))
    assert await store.next_hold_due() == deadline.warn_at
    assert await store.holds_due(now) == []
    first = HeldMessage(id="m1", seller="shop", route="amazon", is_warned=False, until=deadline.until)
    assert await store.holds_due(deadline.warn_at) == [first]
    assert [await store.warned("m1"), await store.warned("m1"), await store.warned("m0")] == [
        True,
        False,
        False,
    ]
    assert await store.holds_due(deadline.warn_at) == []
    assert await store.next_hold_due() == deadline.until
    assert [(each.id, each.is_warned) for each in await store.holds_due(late.until)] == [
        ("m1", True),
        ("m2", False),
    ]


async def test_no_deadlines(store):
    """Where nothing is held nothing falls due."""
    assert await store.next_hold_due() is None


@pytest.mark.parametrize(
    "state, expected",
    [
        (None, ["f", "e", "d", "c", "b", "a"]),
        ("waiting", ["c", "b", "a"]),
        ("held", ["b"]),
        ("queued", ["c", "a"]),
        ("delivered", ["d"]),
        ("failed", ["e"]),
        ("expired", []),
    ],
)
@pytest.mark.parametrize("few", [0, search.FEW], ids=["as if many", "few"])
async def test_listing_by_state(store, new_message, now, settlement, state, expected, few, monkeypatch):
    """A listing by state finds the messages that are held, or have a recipient in that state."""
    monkeypatch.setattr(search, "FEW", few)
    await store.accept(new_message("d"))
    await store.accept(new_message("e"))
    rows = {item.message_id: item.id for item in await store.claim(9, now, 60)}
    await store.settle([settlement(rows["d"]), settlement(rows["e"], "failed", outcome="permanent")])
    await store.accept(new_message("a"))
    await store.accept(new_message("b", verdict="hold"))
    await store.accept(new_message("c"))
    await store.accept(new_message("f", verdict="reject", sent=None))
    assert [each.id for each in await store.messages(MessageQuery(state=state))] == expected
    assert [each.id for each in await store.messages(MessageQuery(state=state, seller="no"))] == []
