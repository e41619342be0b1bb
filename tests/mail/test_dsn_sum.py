"""One mail in place of very many notices."""

import email
import email.policy
from datetime import UTC, datetime

from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.dsn_sum import Line, NoticeSum, compose_sum
from gateway.mail.parse import parse
from gateway.mail.report import Action

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
BUYER = Address("büyer", "relay.example")


def notice_sum(**changes):
    """9,981 failures of two causes, one of them listed."""
    values = {
        "hostname": "gw.seller.example",
        "author": Address("postmaster", "gw.seller.example"),
        "recipient": Address("shop", "seller.example"),
        "message_id": "<n1@gw.seller.example>",
        "written_at": AT,
        "since": AT,
        "counts": [
            (Action.FAILED, Cause.UNKNOWN_RECIPIENT, 9_980),
            (Action.DELAYED, Cause.UNREACHABLE, 1),
            (Action.RELAYED, None, 1),
        ],
        "lines": [
            Line(
                message="01k9zj3v5m8q2w4x7t",
                recipient=BUYER,
                action=Action.FAILED,
                subject="Ihre\nBestellung\x00 über 3 Teile" + "x" * 500,
                received_at=AT,
            )
        ],
    }
    return NoticeSum(**(values | changes))


def test_it_counts_and_names():
    """Each cause has its number, its reason and its advice; the first mails are named, the others counted."""
    octets = compose_sum(notice_sum())
    text = next(parse(octets).leaves()).text
    for words in (
        "9980 recipients: could not be delivered",
        "There is no such recipient",
        "What to do: Check the address",
        "1 recipients: not delivered yet",
        "1 recipients: handed on",
        "01k9zj3v5m8q2w4x7t, 2026-11-23 10:00 UTC, büyer@relay.example, failed: Ihre Bestellung",
        "and 9981 more",
    ):
        assert words in text
    assert octets.isascii()


def test_another_reader_reads_the_same():
    """The standard library's parser reads it, and sees a mail that no responder answers."""
    mail = email.message_from_bytes(compose_sum(notice_sum(lines=[])), policy=email.policy.default)
    assert mail["Subject"] == "What became of 9982 of your mails"
    assert (mail["To"], mail["Auto-Submitted"]) == ("shop@seller.example", "auto-generated")
    assert "9980 recipients" in mail.get_content()
    assert not mail.defects
