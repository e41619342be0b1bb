"""Which cause a reply names: replies as they are seen in the field, with the place in the dialogue they came at."""

import pytest

from gateway.mail.cause import OPERATORS, Cause
from gateway.mail.delivery import PermanentFailure, TemporaryFailure
from gateway.relay import causes
from gateway.relay.answer import failure, line

HOP = "mx.example:25"

SEEN = [
    # Amazon and other marketplaces
    ("RCPT", 550, "5.7.1 You are not an approved sender for this recipient", Cause.SENDER_NOT_APPROVED),
    ("RCPT", 550, "Sender address is not registered with this seller account", Cause.SENDER_NOT_APPROVED),
    ("final dot", 554, "5.7.1 Sender not authorized to send to this buyer", Cause.SENDER_NOT_APPROVED),
    ("RCPT", 550, "5.7.1 The buyer has chosen to opt out of unsolicited messages", Cause.RECIPIENT_OPTED_OUT),
    ("final dot", 550, "5.7.1 Your account is restricted from proactive messages", Cause.ACCOUNT_RESTRICTED),
    ("final dot", 550, "5.7.1 Message does not meet our Communication Guidelines", Cause.POLICY_REFUSED),
    # recipients
    ("RCPT", 550, "5.1.1 <a@b.example>: Recipient address rejected: User unknown", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 550, "No such user here", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 550, "5.2.1 The email account that you tried to reach is disabled", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 550, "5.1.1 no", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 550, "no", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 551, "User not local", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 553, "sorry, no mailbox here by that name", Cause.UNKNOWN_RECIPIENT),
    ("RCPT", 550, "5.1.2 bad domain", Cause.NO_SUCH_DOMAIN),
    ("RCPT", 556, "5.1.10 does take no mail", Cause.NO_SUCH_DOMAIN),
    # mailboxes
    ("RCPT", 452, "4.2.2 The email account that you tried to reach is over quota", Cause.MAILBOX_FULL),
    ("RCPT", 552, "5.2.2 Mailbox full", Cause.MAILBOX_FULL),
    ("RCPT", 552, "no", Cause.MAILBOX_FULL),
    ("final dot", 554, "5.2.2 mailbox is full", Cause.MAILBOX_FULL),
    # senders
    ("MAIL", 550, "5.1.8 Sender address rejected: Domain not found", Cause.SENDER_NOT_APPROVED),
    ("MAIL", 553, "5.1.7 bad address", Cause.SENDER_NOT_APPROVED),
    ("MAIL", 550, "no", Cause.SENDER_NOT_APPROVED),
    (
        "final dot",
        550,
        "5.7.26 Unauthenticated email from seller.example is not accepted due to domain's DMARC policy",
        Cause.SENDER_UNAUTHENTICATED,
    ),
    ("RCPT", 550, "5.7.23 SPF validation failed", Cause.SENDER_UNAUTHENTICATED),
    ("final dot", 550, "5.7.20 no valid signature", Cause.SENDER_UNAUTHENTICATED),
    # the mail
    ("MAIL", 552, "5.3.4 Message size exceeds fixed maximum", Cause.TOO_LARGE),
    ("final dot", 552, "5.2.3 too long", Cause.TOO_LARGE),
    ("final dot", 552, "no", Cause.TOO_LARGE),
    ("final dot", 554, "5.7.1 Spam message rejected", Cause.POLICY_REFUSED),
    ("final dot", 550, "5.7.1 no", Cause.POLICY_REFUSED),
    ("final dot", 554, "no", Cause.POLICY_REFUSED),
    ("final dot", 554, "5.6.0 cannot be read", Cause.NOT_SUPPORTED),
    # not now
    ("RCPT", 450, "4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see …", Cause.GREYLISTED),
    ("RCPT", 451, "4.7.1 Please try again later", Cause.GREYLISTED),
    ("RCPT", 450, "later", Cause.GREYLISTED),
    ("MAIL", 450, "later", Cause.NEXT_HOP_BUSY),
    ("MAIL", 451, "4.3.0 queue file write error", Cause.NEXT_HOP_BUSY),
    ("MAIL", 421, "4.3.2 shutting down", Cause.NEXT_HOP_BUSY),
    ("RCPT", 421, "4.7.0 Too many errors", Cause.RATE_LIMITED),
    ("MAIL", 421, "4.7.28 unusual rate of mail from your address", Cause.RATE_LIMITED),
    ("RCPT", 452, "4.5.3 Too many recipients", Cause.RATE_LIMITED),
    ("DATA", 452, "4.3.1 Insufficient system storage", Cause.NEXT_HOP_BUSY),
    # us
    ("RCPT", 554, "5.7.1 <a@b.example>: Relay access denied", Cause.GATEWAY_REFUSED),
    ("RCPT", 554, "5.7.1 Service unavailable; blocked using zen.spamhaus.org", Cause.GATEWAY_REFUSED),
    ("MAIL", 550, "5.7.25 no reverse DNS", Cause.GATEWAY_REFUSED),
    ("MAIL", 530, "5.7.0 Authentication required", Cause.LOGIN_REFUSED),
    ("MAIL", 530, "5.7.10 Must issue STARTTLS first", Cause.TLS_FAILED),
    ("RCPT", 503, "5.5.1 MAIL first", Cause.PROTOCOL_ERROR),
    ("MAIL", 501, "syntax", Cause.PROTOCOL_ERROR),
    ("final dot", 554, "5.4.6 Too much mail with one id: loop", Cause.MAIL_LOOP),
    # before MAIL, whatever the words
    ("greeting", 554, "5.7.1 user unknown", Cause.GATEWAY_REFUSED),
    ("greeting", 421, "too many connections", Cause.NEXT_HOP_BUSY),
    ("EHLO", 550, "no", Cause.GATEWAY_REFUSED),
    ("TLS", 454, "4.7.0 not now", Cause.TLS_FAILED),
    ("AUTH", 535, "5.7.8 wrong", Cause.LOGIN_REFUSED),
    ("AUTH", 454, "4.7.0 try again", Cause.NEXT_HOP_BUSY),
    # for good, so not busy
    ("final dot", 550, "5.3.0 Error: command failed", Cause.POLICY_REFUSED),
    ("RCPT", 550, "5.3.0 Error: command failed", Cause.UNKNOWN_RECIPIENT),
    # says nothing
    ("MAIL", 250, "odd", Cause.OTHER),
    ("final dot", 599, "", Cause.OTHER),
]


@pytest.mark.parametrize(
    ("stage", "code", "text", "cause"),
    SEEN,
    ids=[f"{stage}-{code}-{text[:40]}" for stage, code, text, _ in SEEN],
)
def test_cause(stage, code, text, cause):
    """Words tell most, then the enhanced status, then the code and its place."""
    assert failure(HOP, code, text, stage).cause is cause


@pytest.mark.parametrize(
    ("stage", "code", "text", "kind"),
    [
        pytest.param("RCPT", 550, "5.1.1 no", PermanentFailure, id="recipient"),
        pytest.param(
            "RCPT", 554, "5.7.1 Relay access denied", TemporaryFailure, id="relaying-is-our-mistake"
        ),
        pytest.param("RCPT", 550, "blocked using a list", TemporaryFailure, id="block-list-is-the-operators"),
        pytest.param(
            "final dot", 554, "5.7.1 links are on a blocklist", PermanentFailure, id="seen-the-content"
        ),
        pytest.param("greeting", 554, "5.7.1 go away", TemporaryFailure, id="greeting"),
        pytest.param("MAIL", 530, "log in", TemporaryFailure, id="login"),
        pytest.param("RCPT", 450, "5.1.1 contradicts itself", TemporaryFailure, id="the-code-decides"),
        pytest.param("RCPT", 550, "4.1.1 contradicts itself", PermanentFailure, id="the-code-decides-again"),
    ],
)
def test_class(stage, code, text, kind):
    """What blames us is temporary as long as the next hop has not seen the content; the code decides the rest."""
    result = failure(HOP, code, text, stage)
    assert type(result) is kind
    assert getattr(result, "status", "5")[0] == "5"


def test_tables_are_well_formed():
    """Words are looked for in lower case, and statuses are written without their class."""
    words = [phrase for _, phrases in causes.WORDS for phrase in phrases]
    assert words == [phrase.lower() for phrase in words]
    assert len(words) == len(set(words))
    assert all(key.count(".") == 1 for key in (*causes.STATUSES, *causes.PUT_OFF))
    assert Cause.LOGIN_REFUSED in OPERATORS


def test_line_is_printable_and_short():
    """A reply is kept as one short line, whatever the next hop put into it."""
    kept = line(550, "5.1.1 no\n5.1.1 such\x00user\x1b[2J\u202e" + "x" * 9_999)
    assert kept.startswith("550 5.1.1 no 5.1.1 such user [2J")
    assert kept.isprintable()
    assert len(kept) == 480
