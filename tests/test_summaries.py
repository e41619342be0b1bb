"""Notices that are too many: allowed one by one up to a number, then written down, then summed up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway import summaries
from gateway.mail.address import parse_path
from gateway.mail.envelope import Envelope, Recipient
from gateway.mail.parse import parse
from gateway.store.owed import MAX_LISTED, OwedNotice
from gateway.store.records import NewMessage
from gateway.store.store import Store
from gateway.summaries import BURST, REGAIN_S, Allowance, Summaries

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEA, COFFEE = parse_path("orders@tea.example"), parse_path("orders@coffee.example")
BUYER = parse_path("abc@marketplace.amazon.com")
AUTHOR = parse_path("postmaster@gateway.example")


def test_allowance_runs_out_and_comes_back():
    """A seller gets so many notices at once, and one more for each minute; another seller has his own."""
    now = [0.0]
    allowance = Allowance(lambda: now[0])
    assert [allowance.take("tea") for _ in range(BURST + 1)] == [True] * BURST + [False]
    assert allowance.take("coffee")
    now[0] = REGAIN_S
    assert [allowance.take("tea"), allowance.take("tea")] == [True, False]
    now[0] = 10**9
    assert [allowance.take("tea") for _ in range(BURST + 1)] == [True] * BURST + [False]


def test_allowance_is_bounded(monkeypatch):
    """Ever so many sellers take no more memory than the limit."""
    monkeypatch.setattr(summaries, "MAX_SELLERS", 3)
    allowance = Allowance(lambda: 0.0)
    for n in range(10):
        assert allowance.take(f"seller{n}")
    assert len(allowance._left) == 3


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", instance="test")
    yield store
    await store.close()


def message(name, reverse_path=TEA):
    return NewMessage(
        id=name,
        received_at=NOW,
        seller="tea",
        peer="127.0.0.1:1",
        envelope=Envelope(reverse_path=reverse_path, recipients=(Recipient(address=BUYER),)),
        policy="amazon@2020-11-03",
        verdict="accept",
        reply="250 2.0.0",
        message_id=None,
        subject=f"Order {name}",
        order_ids=(),
        original=b"x",
        sent=b"x",
        route="amazon",
        findings=(),
        normalised=(),
        due_at=NOW,
    )


def owed(name, **changes):
    notice = OwedNotice(
        reverse_path=TEA,
        seller="tea",
        message_id=name,
        recipient=BUYER,
        action="failed",
        cause="unknown_recipient",
        at=NOW,
    )
    return replace(notice, **changes)


async def owe(store, *notices):
    """The messages and what is owed about them, in the record."""
    for name in dict.fromkeys(each.message_id for each in notices):
        await store.accept(message(name))
    await store.settle([], owed_notices=notices)


async def sent(store):
    """What is queued under the route of notices: recipient and text."""
    items = await store.claim(99, NOW + timedelta(days=9), 60)
    return {
        str(each.recipient): next(parse(await store.content(each.message_id)).leaves()).text
        for each in items
        if each.route == "notices"
    }


async def test_what_is_owed_is_summed_up_once(store, log_lines):
    """Each reverse-path gets one mail about all that it is owed, and none the next time."""
    woken = []
    keeper = Summaries(store, AUTHOR, "gateway.example", clock=lambda: NOW)
    keeper.wake = lambda: woken.append(True)
    await owe(
        store,
        owed("m1"),
        owed("m2", cause="mailbox_full"),
        owed("m2", action="relayed", cause=""),
        owed("m3", reverse_path=COFFEE, seller="coffee", action="delayed", cause="unreachable"),
    )
    assert await keeper.sum_up() == 2
    assert await keeper.sum_up() == 0
    texts = await sent(store)
    assert set(texts) == {str(TEA), str(COFFEE)}
    assert "Order m1" in texts[str(TEA)]
    assert "The recipient's mailbox is full." in texts[str(TEA)]
    assert "m3" not in texts[str(TEA)]
    assert len(woken) == 2
    assert log_lines.getvalue().count(b'"summary"') == 2


async def test_a_sum_stays_readable(store):
    """Of very many only the first are named; all are counted."""
    await owe(store, *(owed(f"m{n:03}") for n in range(MAX_LISTED + 7)))
    await Summaries(store, AUTHOR, "gateway.example", clock=lambda: NOW).sum_up()
    text = (await sent(store))[str(TEA)]
    assert "57 recipients: could not be delivered" in text
    assert text.count("Order m") == MAX_LISTED
    assert "and 7 more" in text


async def test_what_comes_while_a_sum_is_written_is_for_the_next(store):
    """A notice that is owed after the sum was read is not lost with it."""
    await owe(store, owed("m1"))
    (read,) = await store.owed()
    await owe(store, owed("m2"))
    await store.sum_up(read, message("sum", reverse_path=None))
    (left,) = await store.owed()
    assert [each.message_id for each in left.listed] == ["m2"]
