"""The record of mail: what goes in comes out, listings, retention."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.mail.envelope import Envelope, Recipient
from gateway.store import messages, search
from gateway.store.records import MessageQuery


async def test_round_trip(store, new_message, address, finding):
    """Everything a message is accepted with comes back."""
    envelope = Envelope(
        reverse_path=None,
        recipients=(
            Recipient(
                address=address("a@market.example"), notify=("FAILURE", "DELAY"), original="rfc822;a@x"
            ),
            Recipient(address=address("b b@market.example")),
        ),
        smtputf8=True,
        ret="HDRS",
        envid="e1",
    )
    other = replace(finding, rule="emoji", part="")
    message = new_message(
        envelope=envelope, findings=(finding, other, finding), normalised=("1.2: 3 comments dropped",)
    )
    await store.accept(message)
    detail = await store.message("m1")
    assert detail.findings == (finding, other, finding)
    assert detail.normalised == message.normalised
    assert (detail.peer, detail.original, detail.sent) == ("127.0.0.1", message.original, message.sent)
    summary = detail.summary
    shared = [
        "id",
        "received_at",
        "seller",
        "policy",
        "verdict",
        "reply",
        "route",
        "message_id",
        "subject",
        "order_ids",
        "envelope",
    ]
    assert {name: getattr(summary, name) for name in shared} == {n: getattr(message, n) for n in shared}
    assert (summary.rules, summary.states) == (("external_link", "emoji"), (("queued", 2),))
    assert [row.address for row in detail.recipients] == [r.address for r in envelope.recipients]


async def test_small_ones_are_read_together(store, new_message):
    """Of several messages the octets of as many as fit come in one go; of the rest the size can be had."""
    for name, octets in {"m1": b"1234", "m2": b"12345678", "m3": b"123"}.items():
        await store.accept(new_message(id=name, sent=octets))
    assert await store.contents(["m1", "m2", "m3", "m0"], 8) == {"m1": b"1234", "m3": b"123"}
    assert await store.contents(["m2"], 7) == {}
    assert [await store.size(name) for name in ("m1", "m2")] == [4, 8]
    assert await store.content("m2") == b"12345678"


async def test_no_such(store):
    """A message nobody knows is None; its octets are a LookupError."""
    assert await store.message("m0") is None
    with pytest.raises(LookupError, match="m0"):
        await store.content("m0")


@pytest.mark.parametrize("verdict", ["hold", "reject", "defer"])
async def test_not_sent(store, new_message, verdict):
    """A mail that is not accepted is remembered with its contents and queued for nobody."""
    await store.accept(new_message(verdict=verdict, sent=None))
    detail = await store.message("m1")
    assert (detail.recipients, detail.summary.states, detail.sent) == ((), (), None)
    assert detail.original == b"original m1"
    assert await store.next_due() is None
    with pytest.raises(LookupError):
        await store.content("m1")
    with pytest.raises(LookupError):
        await store.size("m1")


@pytest.mark.parametrize(
    "changes", [pytest.param({"sent": None}, id="no octets"), pytest.param({"to": ()}, id="no recipients")]
)
async def test_owes_delivery(store, new_message, changes):
    """An accept that could never be delivered is our bug and is not written."""
    with pytest.raises(ValueError, match="octets to send and recipients"):
        await store.accept(new_message(**changes))
    assert await store.message("m1") is None


async def test_hostile_text(store, new_message, finding):
    """NUL and lone surrogates in any text do not keep a mail out of the record."""
    bad = "a\0\ud83d"
    await store.accept(
        new_message(
            subject=bad,
            message_id=bad,
            order_ids=(bad,),
            normalised=(bad,),
            peer=bad,
            findings=(replace(finding, evidence=bad),),
        )
    )
    detail = await store.message("m1")
    assert detail.summary.subject == "a\ufffd\ufffd"
    assert detail.findings[0].evidence == "a\ufffd\ufffd"
    assert (detail.normalised, detail.summary.order_ids) == ((bad,), (bad,))
    assert await store.messages(MessageQuery(text=bad))


@pytest.fixture
async def filled(store, new_message, now, finding, address):
    """Three messages, m1 the oldest."""
    await store.accept(new_message("m1", subject="Ihre BESTELLUNG ist da", message_id=None))
    await store.accept(
        new_message(
            "m2",
            seller="other",
            verdict="reject",
            sent=None,
            received_at=now + timedelta(hours=1),
            findings=(finding,),
            order_ids=("111-0000000-0000000",),
        )
    )
    await store.accept(
        new_message(
            "m3",
            verdict="strip",
            received_at=now + timedelta(hours=2),
            findings=(finding, replace(finding, rule="emoji")),
            subject="100% off_er \\ really",
            to=("Jürgen@market.example",),
        )
    )
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({}, ["m3", "m2", "m1"], id="all, newest first"),
        pytest.param({"limit": 2}, ["m3", "m2"], id="limit"),
        pytest.param({"limit": 0}, [], id="limit 0"),
        pytest.param({"limit": -1}, [], id="a negative limit is not 'all'"),
        pytest.param({"verdict": "reject"}, ["m2"], id="verdict"),
        pytest.param({"seller": "shop"}, ["m3", "m1"], id="seller"),
        pytest.param({"rule": "external_link"}, ["m3", "m2"], id="rule"),
        pytest.param({"rule": "emoji", "seller": "other"}, [], id="rule and seller"),
        pytest.param({"rule": "external_link", "verdict": "strip", "text": "off"}, ["m3"], id="three"),
        pytest.param({"text": "bestellung"}, ["m1"], id="text, other case"),
        pytest.param({"text": "100%"}, ["m3"], id="percent is itself"),
        pytest.param({"text": "off_"}, ["m3"], id="underscore is itself"),
        pytest.param({"text": "orde_"}, [], id="underscore is no wildcard"),
        pytest.param({"text": "\\ r"}, ["m3"], id="backslash is itself"),
        pytest.param({"text": "111-0000000"}, ["m2"], id="order id"),
        pytest.param({"text": "JÜRGEN@"}, ["m3"], id="recipient, non-ASCII case"),
        pytest.param({"text": "orders@shop"}, ["m3", "m2", "m1"], id="reverse-path"),
        pytest.param({"text": "<M2@"}, ["m2"], id="Message-ID"),
        pytest.param({"text": "' OR 1=1 --"}, [], id="SQL is text"),
    ],
)
@pytest.mark.parametrize("few", [0, search.FEW], ids=["as if many", "few"])
async def test_listing(filled, query, expected, few, monkeypatch):
    """A listing meets every condition, newest first, from whichever end it goes about it."""
    monkeypatch.setattr(search, "FEW", few)
    assert [summary.id for summary in await filled.messages(MessageQuery(**query))] == expected


async def test_since(filled, now):
    """Messages from that very moment on."""
    query = MessageQuery(since=now + timedelta(hours=1))
    assert [summary.id for summary in await filled.messages(query)] == ["m3", "m2"]


PLANS = {
    "all": ({}, "SCAN message USING INDEX message_received"),
    "seller": ({"seller": "shop"}, "SEARCH message USING INDEX message_seller (seller=?)"),
    "verdict": ({"verdict": "accept"}, "SEARCH message USING INDEX message_verdict (verdict=?)"),
    "since": ({"since": datetime(2026, 11, 1, tzinfo=UTC)}, "SEARCH message USING INDEX message_received"),
    "rule": ({"rule": "emoji"}, "SEARCH message USING INDEX sqlite_autoindex_message_1 (id=?)"),
    "waiting": ({"state": "waiting"}, "SEARCH message USING INDEX sqlite_autoindex_message_1 (id=?)"),
    "held": ({"state": "held"}, "SEARCH message USING INDEX sqlite_autoindex_message_1 (id=?)"),
    "queued": ({"state": "queued"}, "SEARCH message USING INDEX sqlite_autoindex_message_1 (id=?)"),
    "failed": ({"state": "failed"}, "SEARCH queue USING COVERING INDEX queue_ended (state=?)"),
    "text": ({"text": "x"}, "SCAN message USING INDEX message_received"),
}


@pytest.mark.parametrize(("query", "step"), PLANS.values(), ids=PLANS)
async def test_listing_by_index(filled, query, step):
    """Listings go by index; one of few rows goes from these to the messages."""
    plan = await filled._driver.read(lambda: _plan(MessageQuery(**query)))
    assert any(each.startswith(step) for each in plan), plan
    assert not [each for each in plan if each == "SCAN message"]


def _plan(query):
    """How the database would go about the listing itself."""
    operation = messages.listing(query)
    statement = next(operation)
    while "ORDER BY received_at" not in statement.sql:
        statement = operation.send((yield statement))
    return (yield from _explained(statement))


def _explained(statement):
    rows = yield statement._replace(sql="EXPLAIN QUERY PLAN " + statement.sql)
    return [row[3] for row in rows]


async def test_long_subject(store, new_message):
    """A subject of any length is kept; only its beginning is searched."""
    subject = "x" * messages.MAX_SEARCH_CHARS + "needle" + "x" * 60_000
    await store.accept(new_message(subject=subject))
    assert (await store.message("m1")).summary.subject == subject
    assert await store.messages(MessageQuery(text="needle")) == []


async def test_purge(filled, now, settlement, monkeypatch, new_message):
    """Retention deletes contents of what is settled and old; not of what is queued, held or young."""
    monkeypatch.setattr(messages, "PURGE_BATCH", 1)
    await filled.accept(new_message("m4", verdict="hold", sent=None))
    await filled.accept(new_message("m5"))
    rows = {item.message_id: item.id for item in await filled.claim(9, now, 60)}
    await filled.settle([settlement(rows["m5"])])
    assert await filled.purge(now + timedelta(hours=1, microseconds=1)) == 2
    kept = {
        name: (await filled.message(name)).original is not None for name in ("m1", "m2", "m3", "m4", "m5")
    }
    assert kept == {"m1": True, "m2": False, "m3": True, "m4": True, "m5": False}
    await filled.settle([settlement(rows["m1"]), settlement(rows["m3"], "failed")])
    assert await filled.purge(now + timedelta(hours=2)) == 1
    assert await filled.purge(now + timedelta(days=1)) == 1
    assert await filled.purge(now + timedelta(days=1)) == 0
    detail = await filled.message("m1")
    assert (detail.original, detail.sent, detail.summary.states) == (None, None, (("delivered", 1),))


async def test_purged_octets_are_gone(store, new_message, now, tmp_path):
    """What was purged cannot be found in the files any more."""
    await store.accept(new_message(verdict="reject", sent=None, original=b"card 4111111111111111" * 1000))
    await store.purge(now + timedelta(days=1))
    await store.close()
    assert b"4111111111111111" not in (tmp_path / "gateway.db").read_bytes()
