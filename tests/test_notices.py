"""When a failure notice is written, and what it says."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.mail.address import parse_path
from gateway.mail.delivery import PermanentFailure, TemporaryFailure
from gateway.mail.dsn import parse_report
from gateway.mail.envelope import Envelope, Recipient
from gateway.notices import NOTICES_ROUTE, Notices
from gateway.queue.outcome import FailedRecipient
from gateway.store.records import Attempt, MessageQuery, NewMessage, Settlement
from gateway.store.rulings import Deadline, Decision
from gateway.store.store import Store

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SELLER = parse_path("orders@harbour-tea.example")
BUYER = parse_path("abc@marketplace.amazon.com")
OTHER = parse_path("def@marketplace.amazon.com")
REFUSED = PermanentFailure(next_hop="mx.example:25", reply="550 5.1.1 no such buyer", status="5.1.1")
BUSY = TemporaryFailure(next_hop="mx.example:25", reply="451 4.7.1 busy")
UNREACHABLE = TemporaryFailure(next_hop="marketplace.amazon.com", reply="no address could be reached")


@pytest.fixture
async def store(tmp_path):
    store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", instance="test")
    yield store
    await store.close()


async def remember(store, envelope, **changes):
    message = NewMessage(
        id="m1",
        received_at=NOW,
        seller="tea",
        peer="127.0.0.1:1",
        envelope=envelope,
        policy="amazon@2020-11-03",
        verdict="accept",
        reply="250 2.0.0 m1",
        message_id="<1@harbour-tea.example>",
        subject="Your order",
        order_ids=(),
        original=b"Subject: Your order\r\n\r\nwords of the mail\r\n",
        sent=b"Subject: Your order\r\n\r\nwords of the mail\r\n",
        route="amazon",
        findings=(),
        normalised=(),
        due_at=NOW,
    )
    await store.accept(replace(message, **changes))


async def notices_in(store):
    found = await store.messages(MessageQuery(text="failure notice"))
    return [await store.message(each.id) for each in found]


def envelope_of(*, reverse_path=SELLER, notify=(), ret=None):
    recipients = (Recipient(address=BUYER, notify=notify, original="rfc822;abc@x"), Recipient(address=OTHER))
    return Envelope(reverse_path=reverse_path, recipients=recipients, ret=ret, envid="E1")


def failed(address=BUYER, result=REFUSED, *, is_expired=False):
    return FailedRecipient(address=address, result=result, is_expired=is_expired, attempts=3)


async def test_a_notice_says_who_and_why(store, log_lines):
    """The notice goes to the reverse-path from nobody, and holds recipient, status, reply and the header section."""
    await remember(store, envelope_of())
    woken = []
    notices = Notices(store, "postmaster@gateway.example", "gateway.example")
    notices.wake = lambda: woken.append(True)
    await notices.failed("m1", (failed(), failed(OTHER, BUSY, is_expired=True)))
    (notice,) = await notices_in(store)
    assert woken == [True]
    assert notice.summary.route == NOTICES_ROUTE
    assert notice.summary.envelope.reverse_path is None
    assert [each.address for each in notice.summary.envelope.recipients] == [SELLER]
    report = parse_report(notice.sent)
    assert [(each.final, each.status) for each in report.recipients] == [(BUYER, "5.1.1"), (OTHER, "4.4.7")]
    assert report.envelope_id == "E1"
    assert report.recipients[0].original == "rfc822;abc@x"
    assert b"words of the mail" not in notice.sent
    assert b'"notice_sent"' in log_lines.getvalue()


async def test_ret_full_returns_the_mail(store, log_lines):
    """RET=FULL brings the whole mail back."""
    await remember(store, envelope_of(ret="FULL"))
    await Notices(store, "postmaster@gateway.example", "gateway.example").failed("m1", (failed(),))
    (notice,) = await notices_in(store)
    assert b"words of the mail" in notice.sent


async def test_what_no_next_hop_said_is_no_diagnostic(store, log_lines):
    """Our own words about an unreachable host are not given out as a next hop's reply."""
    await remember(store, envelope_of())
    notices = Notices(store, "postmaster@gateway.example", "gateway.example")
    await notices.failed("m1", (failed(result=UNREACHABLE, is_expired=True),))
    (notice,) = await notices_in(store)
    assert parse_report(notice.sent).recipients[0].diagnostic is None


NOT_OWED = {
    "null reverse-path": envelope_of(reverse_path=None),
    "NOTIFY=NEVER": envelope_of(notify=("NEVER",)),
    "NOTIFY=SUCCESS": envelope_of(notify=("SUCCESS",)),
}


@pytest.mark.parametrize("envelope", NOT_OWED.values(), ids=NOT_OWED)
async def test_no_notice_is_owed(store, log_lines, envelope):
    """A null reverse-path never causes a DSN, and NOTIFY is honoured."""
    await remember(store, envelope)
    await Notices(store, "postmaster@gateway.example", "gateway.example").failed("m1", (failed(),))
    assert await notices_in(store) == []


async def test_notify_failure_is_told(store, log_lines):
    """NOTIFY=FAILURE asks for what is the default anyway."""
    await remember(store, envelope_of(notify=("FAILURE",)))
    await Notices(store, "postmaster@gateway.example", "gateway.example").failed("m1", (failed(),))
    assert len(await notices_in(store)) == 1


async def test_without_a_section_the_log_tells(store, log_lines):
    """Where no notices are set up, an operator sees that one was owed."""
    await remember(store, envelope_of())
    await Notices(store, None, "gateway.example").failed("m1", (failed(),))
    assert await notices_in(store) == []
    assert b'"notice_failed"' in log_lines.getvalue()


async def test_an_unknown_message_is_our_fault(store):
    """A failure of a message that is not in the record must not pass in silence."""
    with pytest.raises(LookupError):
        await Notices(store, None, "gateway.example").failed("nosuch", (failed(),))


HELD = {"verdict": "hold", "sent": None, "hold": Deadline(warn_at=NOW, until=NOW)}


async def refusal(store, author="postmaster@gateway.example"):
    return Notices(store, author, "gateway.example").refusal(
        await store.message("m1"), "Emoji are not allowed.", NOW
    )


async def test_a_refusal_says_who_refused_and_why(store, log_lines):
    """A held mail that is refused comes back with the gateway's own reason, for each recipient."""
    await remember(store, envelope_of(), **HELD)
    notice = await refusal(store)
    assert (notice.route, notice.envelope.reverse_path) == (NOTICES_ROUTE, None)
    assert [each.address for each in notice.envelope.recipients] == [SELLER]
    told = [
        (each.final, each.status, each.remote_mta, each.diagnostic)
        for each in parse_report(notice.sent).recipients
    ]
    reason = "550 5.7.1 Emoji are not allowed."
    assert told == [(each, "5.7.1", "gateway.example", reason) for each in (BUYER, OTHER)]
    assert b"Subject: Your order" in notice.sent
    assert b"words of the mail" not in notice.sent


@pytest.mark.parametrize("envelope", NOT_OWED.values(), ids=NOT_OWED)
async def test_no_refusal_is_owed(store, log_lines, envelope):
    """A null reverse-path never causes a DSN, and NOTIFY is honoured, recipient by recipient."""
    await remember(store, replace(envelope, recipients=envelope.recipients[:1]), **HELD)
    assert await refusal(store) is None
    assert log_lines.getvalue() == b""


async def test_a_refusal_speaks_of_who_waits(store, log_lines):
    """Of a mail that was put on hold on its way, only who has not got it is named."""
    await remember(store, envelope_of())
    first = (await store.claim(1, NOW, 60))[0]
    attempt = Attempt(at=NOW, outcome="delivered", next_hop="mx:25", reply="250 ok")
    await store.settle([Settlement(queue_id=first.id, state="delivered", due_at=None, attempt=attempt)])
    decision = Decision(at=NOW, who="anna", what="hold", reason="")
    await store.hold("m1", HELD["hold"], decision)
    notice = await refusal(store)
    assert [each.final for each in parse_report(notice.sent).recipients] == [OTHER]


async def test_a_refusal_without_a_section_is_in_the_log(store, log_lines):
    """Where no notices are set up, an operator sees that one was owed."""
    await remember(store, envelope_of(), **HELD)
    assert await refusal(store, author=None) is None
    assert b'"notice_failed"' in log_lines.getvalue()
    assert b'"rejected"' in log_lines.getvalue()
