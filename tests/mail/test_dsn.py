"""Delivery status notifications, written and read back."""

import email
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.dsn import Action, Notice, RecipientReport, Report, compose_report, parse_report
from gateway.mail.dsn_words import CAUSES
from gateway.mail.errors import MessageError
from gateway.mail.parse import parse

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ORIGINAL = b"From: shop@seller.example\r\nSubject: Your order\r\n\r\nhello\r\n"
FAILED = RecipientReport(
    final=Address("buyer", "relay.example"),
    action=Action.FAILED,
    status="5.1.1",
    original="rfc822;Buyer@relay.example",
    remote_mta="mx.relay.example",
    diagnostic="550 5.1.1 no such user",
    cause=Cause.UNKNOWN_RECIPIENT,
    last_attempt_at=AT,
)


def notice(**changes):
    """A notice to the seller."""
    values = {
        "author": Address("postmaster", "gw.seller.example"),
        "recipient": Address("shop", "seller.example"),
        "message_id": "<n1@gw.seller.example>",
        "written_at": AT,
        "subject": "Ihre Bestellung über 3\nTeile",
        "original": ORIGINAL,
    }
    return Notice(**(values | changes))


def report(*recipients, **changes):
    """A report on those recipients."""
    return Report(reporting_mta="gw.seller.example", recipients=recipients, **changes)


LINES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
VALUES = (
    st.lists(LINES, min_size=1, max_size=30).map(" ".join).map(lambda text: text[:800].strip()).filter(bool)
)
TIMES = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001 - made aware below
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
RECIPIENTS = st.builds(
    RecipientReport,
    final=st.sampled_from(
        [Address("a b", "x.example"), Address("bü\\y", "x.example"), Address("a", "x.example")]
    ),
    action=st.sampled_from(Action),
    status=st.sampled_from(["5.1.1", "4.4.1", "2.0.0"]),
    original=st.none() | VALUES,
    remote_mta=st.none() | st.just("mx.relay.example"),
    diagnostic=st.none() | VALUES,
    cause=st.none() | st.sampled_from(Cause),
    last_attempt_at=TIMES,
    retry_until=TIMES,
)
REPORTS = st.builds(
    Report,
    reporting_mta=st.just("gw.seller.example"),
    recipients=st.lists(RECIPIENTS, min_size=1, max_size=4).map(tuple),
    envelope_id=st.none() | VALUES,
    arrived_at=TIMES,
    message=st.none() | st.just("01k9zj3v5m8q2w4x7t"),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(REPORTS, st.text(max_size=300), st.booleans(), st.binary(max_size=80))
def test_a_report_reads_back_as_it_was_written(value, subject, is_full, original):
    """Compose and parse give the same report, in 7-bit CRLF lines of 998, whatever the mail it is about."""
    subject = subject.encode("utf-8", "ignore").decode()
    original = ORIGINAL + original.replace(b"\0", b"").replace(b"\r", b"")
    octets = compose_report(
        value, notice(subject=subject.replace("\0", ""), is_full=is_full, original=original)
    )
    assert value == parse_report(octets)
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert octets == compose_report(
        value, notice(subject=subject.replace("\0", ""), is_full=is_full, original=original)
    )


@pytest.mark.parametrize(
    "is_full, original, expected",
    [
        pytest.param(True, ORIGINAL, "message/rfc822", id="full"),
        pytest.param(
            True, ORIGINAL.replace(b"hello", b"gr\xc3\xbc"), "text/rfc822-headers", id="full-but-8-bit"
        ),
        pytest.param(False, ORIGINAL, "text/rfc822-headers", id="headers"),
    ],
)
def test_ret_decides_what_is_returned(is_full, original, expected):
    """RET=FULL returns the mail, RET=HDRS its header section, and neither more than 7 bits."""
    octets = compose_report(report(FAILED), notice(is_full=is_full, original=original))
    entity = email.message_from_bytes(octets)
    types = [part.get_content_type() for part in entity.get_payload()]
    assert ["text/plain", "message/delivery-status", expected] == types
    assert entity.get_content_type() == "multipart/report"
    assert entity["Auto-Submitted"] == "auto-replied"


DELAYED = RecipientReport(final=FAILED.final, action=Action.DELAYED, status="4.4.1", retry_until=AT)


@pytest.mark.parametrize(
    "value, expected",
    [
        pytest.param(
            report(FAILED, arrived_at=AT, message="01k9zj3v5m8q2w4x7t"),
            [
                "Its number at the gateway: 01k9zj3v5m8q2w4x7t",
                "There is no such recipient",
                "Ihre Bestellung über 3 Teile",
                "buyer@relay.example",
                "no such user",
                "Check the address",
                "2026-11-23 10:00",
            ],
            id="failed",
        ),
        pytest.param(report(DELAYED), ["nothing. It will be tried until 2026-11-23 10:00 UTC"], id="delayed"),
        pytest.param(
            report(
                RecipientReport(
                    final=FAILED.final, action=Action.DELAYED, status="4.4.1", diagnostic="451 later"
                )
            ),
            ["nothing. It will be tried, and", "Answer of the next system: 451 later"],
            id="delayed-without-end",
        ),
        pytest.param(
            report(
                RecipientReport(
                    final=FAILED.final, action=Action.FAILED, status="4.4.7", cause=Cause.UNREACHABLE
                )
            ),
            ["in the time there was", "Reason: The next system could not be reached.", "Send it again"],
            id="expired",
        ),
        pytest.param(
            report(
                RecipientReport(
                    final=FAILED.final,
                    action=Action.FAILED,
                    status="5.7.1",
                    diagnostic="550 5.7.1 not an approved sender",
                    cause=Cause.SENDER_NOT_APPROVED,
                )
            ),
            ["does not take mail from this sender address", "have this one approved there"],
            id="sender not approved",
        ),
        pytest.param(
            report(RecipientReport(final=FAILED.final, action=Action.FAILED, status="5.0.0")),
            ["give this notice to your administrator"],
            id="failed-without-reason",
        ),
        pytest.param(
            report(
                RecipientReport(
                    final=FAILED.final,
                    action=Action.FAILED,
                    status="5.7.1",
                    remote_mta="gw.seller.example",
                    diagnostic="550 5.7.1 Emoji are not allowed.",
                )
            ),
            ["Reason: 550 5.7.1 Emoji are not allowed.", "Change what the reason names"],
            id="refused by the gateway itself",
        ),
        pytest.param(
            report(RecipientReport(final=FAILED.final, action=Action.DELIVERED, status="2.0.0")),
            ["It was delivered."],
            id="delivered",
        ),
    ],
)
def test_people_are_told_what_happened_and_what_to_do(value, expected):
    """The first part names the mail, the recipient, the reason and the next step in plain words."""
    text = next(parse(compose_report(value, notice())).leaves()).text
    assert [words for words in expected if words not in text] == []


def test_every_cause_has_words():
    """Each cause says what the matter is and what to do; only the unknown one has no matter to name."""
    assert set(CAUSES) == set(Cause)
    assert [cause for cause, words in CAUSES.items() if not words.matter] == [Cause.OTHER]
    assert all(words.advice for words in CAUSES.values())


def test_a_mail_without_subject_is_still_named():
    """A notice about a mail without Subject says so."""
    text = next(parse(compose_report(report(FAILED), notice(subject=""))).leaves()).text
    assert "(no subject)" in text


def test_the_subject_tells_the_worst():
    """One failure among deliveries makes a notice of failure."""
    message = parse(compose_report(report(DELAYED, FAILED), notice()))
    assert message.field("Subject").text == "Your mail could not be delivered"


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"Subject: x\r\n\r\nhello\r\n", id="no-report"),
        pytest.param(
            b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; x\r\n\r\n",
            id="no-action",
        ),
        pytest.param(
            b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
            b"Final-Recipient: rfc822; a@b.example\r\nAction: lost\r\nStatus: 5.0.0\r\n\r\n",
            id="unknown-action",
        ),
    ],
)
def test_what_holds_no_report_is_refused(octets):
    """A mail without a readable report is a MessageError."""
    with pytest.raises(MessageError):
        parse_report(octets)
