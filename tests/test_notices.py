"""When a failure notice is written, and what it says."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.mail.address import parse_path
from gateway.mail.cause import Cause
from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.mail.dsn import parse_report
from gateway.mail.envelope import Envelope, Recipient
from gateway.mail.report import Action
from gateway.notices import NOTICES_ROUTE, Notices
from gateway.queue.outcome import Told
from gateway.queue.seams import Letters
from gateway.store.records import Attempt, NewMessage, Settlement
from gateway.store.rulings import Deadline, Decision
from gateway.store.store import Store
from gateway.summaries import BURST

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SELLER = parse_path("orders@harbour-tea.example")
BUYER = parse_path("abc@marketplace.amazon.com")
OTHER = parse_path("def@marketplace.amazon.com")
REFUSED = PermanentFailure(
    next_hop="mx.example:25", reply="550 5.1.1 no such buyer", status="5.1.1", cause=Cause.UNKNOWN_RECIPIENT
)
BUSY = TemporaryFailure(next_hop="mx.example:25", reply="451 4.7.1 busy", cause=Cause.RATE_LIMITED)
UNREACHABLE = TemporaryFailure(
    next_hop="marketplace.amazon.com", reply="no address could be reached", cause=Cause.UNREACHABLE
)
TAKEN = Delivered(next_hop="mx.example:25", reply="250 2.0.0 ok")


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


def envelope_of(*, reverse_path=SELLER, notify=(), ret=None):
    recipients = (
        Recipient(address=BUYER, notify=notify, original="rfc822;abc+40x"),
        Recipient(address=OTHER),
    )
    return Envelope(reverse_path=reverse_path, recipients=recipients, ret=ret, envid="E+3D1")


def told(address=BUYER, result=REFUSED, what="failed", **changes):
    return Told(address=address, what=what, result=result, at=NOW, attempts=3, **changes)


def notices_of(store, author="postmaster@gateway.example"):
    return Notices(store, author, "gateway.example")


async def letter(store, *recipients, **envelope):
    """The one notice that is written about those recipients."""
    await remember(store, envelope_of(**envelope))
    letters = await notices_of(store).letters("m1", recipients)
    (found,) = letters.now
    assert letters.later == ()
    return found


async def test_a_notice_says_who_and_why(store):
    """The notice goes to the reverse-path from nobody, and holds recipient, status, reply and the header section."""
    found = await letter(store, told(), told(OTHER, BUSY, "expired"))
    notice = found.message
    assert (found.kind, notice.route, notice.envelope.reverse_path) == ("failed", NOTICES_ROUTE, None)
    assert [(each.address, each.notify) for each in notice.envelope.recipients] == [(SELLER, ("NEVER",))]
    report = parse_report(notice.sent)
    assert [(each.final, each.status, each.cause) for each in report.recipients] == [
        (BUYER, "5.1.1", Cause.UNKNOWN_RECIPIENT),
        (OTHER, "4.4.7", Cause.RATE_LIMITED),
    ]
    assert (report.envelope_id, report.message, report.arrived_at) == ("E=1", "m1", NOW)
    assert report.recipients[0].original == "rfc822;abc@x"
    assert b"words of the mail" not in notice.sent


async def test_another_reader_reads_the_same(store):
    """The standard library's parser reads the notice as ours does."""
    sent = (await letter(store, told(), told(OTHER, BUSY, "expired"))).message.sent
    mail = email.message_from_bytes(sent, policy=email.policy.default)
    assert (mail["To"], mail["Auto-Submitted"]) == (str(SELLER), "auto-replied")
    assert mail.get_content_type() == "multipart/report"
    words, status, original = mail.iter_parts()
    of_mail, of_buyer, of_other = status.get_payload()
    assert of_mail["Reporting-MTA"] == "dns; gateway.example"
    assert (of_mail["Original-Envelope-Id"], of_mail["X-Gateway-Message"]) == ("E=1", "m1")
    read = [(each["Final-Recipient"], each["Action"], each["Status"]) for each in (of_buyer, of_other)]
    assert read == [(f"rfc822; {BUYER}", "failed", "5.1.1"), (f"rfc822; {OTHER}", "failed", "4.4.7")]
    assert of_buyer["Diagnostic-Code"] == "smtp; 550 5.1.1 no such buyer"
    assert "no such recipient" in words.get_content()
    assert "Subject: Your order" in original.get_payload()


async def test_ret_full_returns_the_mail(store):
    """RET=FULL brings the whole mail back."""
    assert b"words of the mail" in (await letter(store, told(), ret="FULL")).message.sent


async def test_what_no_next_hop_said_is_no_diagnostic(store):
    """Our own words about an unreachable host are not given out as a next hop's reply."""
    found = await letter(store, told(result=UNREACHABLE, what="expired"))
    assert parse_report(found.message.sent).recipients[0].diagnostic is None
    assert found.kind == "expired"


async def test_a_delay_says_until_when(store):
    """A delay notice names its time, its cause, and that there is nothing to do."""
    until = NOW + timedelta(hours=48)
    found = await letter(store, told(result=UNREACHABLE, what="delayed", retry_until=until))
    (recipient,) = parse_report(found.message.sent).recipients
    assert (found.kind, recipient.action, recipient.status) == ("delayed", Action.DELAYED, "4.4.1")
    assert recipient.retry_until == until
    assert found.message.subject == "delay notice about m1"
    assert b"could not be reached" in found.message.sent


async def test_success_is_relayed(store):
    """NOTIFY=SUCCESS is answered as handed on: we do not know what the next system does (RFC 3461 section 6.2.2)."""
    found = await letter(store, told(result=TAKEN, what="relayed"), notify=("SUCCESS",))
    (recipient,) = parse_report(found.message.sent).recipients
    assert (recipient.action, recipient.status, recipient.diagnostic) == (Action.RELAYED, "2.0.0", None)


OWED = [
    # NOTIFY, what happened, whether a notice is owed (RFC 3461 section 4.1)
    ((), "failed", True),
    ((), "expired", True),
    ((), "delayed", True),
    ((), "relayed", False),
    (("NEVER",), "failed", False),
    (("NEVER",), "delayed", False),
    (("NEVER",), "relayed", False),
    (("FAILURE",), "failed", True),
    (("FAILURE",), "expired", True),
    (("FAILURE",), "delayed", False),
    (("DELAY",), "delayed", True),
    (("DELAY",), "failed", False),
    (("SUCCESS",), "relayed", True),
    (("SUCCESS",), "failed", False),
    (("SUCCESS", "FAILURE", "DELAY"), "delayed", True),
]


@pytest.mark.parametrize("notify, what, is_owed", OWED)
async def test_notify_is_honoured(store, notify, what, is_owed):
    """The client says what it wants to hear of; where it says nothing: failures and delays."""
    await remember(store, envelope_of(notify=notify))
    letters = await notices_of(store).letters("m1", (told(what=what),))
    assert bool(letters.now) == is_owed


@pytest.mark.parametrize("what", ["failed", "expired", "delayed", "relayed"])
async def test_a_null_reverse_path_is_never_answered(store, log_lines, what):
    """Neither a notice nor any other mail from nobody causes a notice; the operator sees one that is lost."""
    await remember(store, envelope_of(reverse_path=None, notify=("SUCCESS", "FAILURE", "DELAY")))
    assert await notices_of(store).letters("m1", (told(what=what),)) == Letters()
    assert (b'"notice_failed"' in log_lines.getvalue()) == (what in {"failed", "expired"})


async def test_without_a_section_the_log_tells(store, log_lines):
    """Where no notices are set up, an operator sees that one was owed."""
    await remember(store, envelope_of())
    assert await notices_of(store, None).letters("m1", (told(),)) == Letters()
    assert b'"notice_failed"' in log_lines.getvalue()


async def test_an_unknown_message_is_our_fault(store):
    """A failure of a message that is not in the record must not pass in silence."""
    with pytest.raises(LookupError):
        await notices_of(store, None).letters("nosuch", (told(),))


async def test_too_many_notices_are_owed(store):
    """What goes beyond a seller's allowance is written down, to be summed up; other sellers have their own."""
    await remember(store, envelope_of())
    await remember(store, envelope_of(), id="m2", seller="coffee")
    notices = notices_of(store)
    letters = [await notices.letters("m1", (told(),)) for _ in range(BURST + 1)]
    assert [len(each.now) for each in letters] == [1] * BURST + [0]
    (owed,) = letters[-1].later
    assert (owed.reverse_path, owed.message_id, owed.recipient) == (SELLER, "m1", BUYER)
    assert (owed.action, owed.cause) == ("failed", "unknown_recipient")
    assert len((await notices.letters("m2", (told(),))).now) == 1


HELD = {"verdict": "hold", "sent": None, "hold": Deadline(warn_at=NOW, until=NOW)}


NOT_OWED = {
    "null reverse-path": envelope_of(reverse_path=None),
    "NOTIFY=NEVER": envelope_of(notify=("NEVER",)),
    "NOTIFY=SUCCESS": envelope_of(notify=("SUCCESS",)),
}


async def refusal(store, author="postmaster@gateway.example"):
    letters = notices_of(store, author).refusal(await store.message("m1"), "Emoji are not allowed.", NOW)
    assert letters.later == ()
    return letters.now[0].message if letters.now else None


async def test_too_many_refusals_are_owed(store):
    """A burst of refusals at the deadline is summed up as failures are."""
    await remember(store, envelope_of(), **HELD)
    notices, held = notices_of(store), await store.message("m1")
    letters = [notices.refusal(held, "No.", NOW) for _ in range(BURST + 1)]
    assert [len(each.now) for each in letters] == [1] * BURST + [0]
    assert {(each.recipient, each.cause) for each in letters[-1].later} == {
        (BUYER, "review_refused"),
        (OTHER, "review_refused"),
    }
    decision = Decision(at=NOW, who="anna", what="reject", reason="No.")
    await store.refuse_held("m1", decision, None, owed_notices=letters[-1].later)
    (owed,) = await store.owed()
    assert owed.counts == (("failed", "review_refused", 2),)


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
