"""The header section that leaves."""

import pytest

from gateway.filter.examine import examine
from gateway.mail.parse import parse
from gateway.rules.context import Profile

PROFILE = Profile(hostname="gateway.example")
BODY = "\nHello\n"
FROM = "From: orders@shop.example\n"
TO = "To: abc@marketplace.amazon.de\n"
SUBJECT = "Subject: x\n"
DATE = "Date: Mon, 23 Nov 2026 09:00:00 +0000\n"
ID = "Message-ID: <1@shop.example>\n"
WHOLE = FROM + TO + SUBJECT + DATE + ID

CASES = {
    "missing Date is the time of receipt": (
        FROM + TO + SUBJECT + ID,
        "Date",
        "Mon, 23 Nov 2026 12:00:00 +0000",
    ),
    "own Date stays": (WHOLE, "Date", "Mon, 23 Nov 2026 09:00:00 +0000"),
    "own Message-ID stays": (WHOLE, "Message-ID", "<1@shop.example>"),
    "threading stays": (WHOLE + "In-Reply-To: <a@b.example>\n", "In-Reply-To", "<a@b.example>"),
    "references stay": (
        WHOLE + "References: <a@b.example>\n <c@d.example>\n",
        "References",
        "<a@b.example> <c@d.example>",
    ),
    "others are dropped": (WHOLE + "X-Mailer: ERP\n", "X-Mailer", None),
    "Reply-To is dropped": (WHOLE + "Reply-To: other@shop.example\n", "Reply-To", None),
    "Cc is dropped": (WHOLE + "Cc: other@bank.example\n", "Cc", None),
    "Received is dropped": (WHOLE + "Received: from erp.internal\n", "Received", None),
    "List-Unsubscribe is dropped": (
        WHOLE + "List-Unsubscribe: <https://x.example>\n",
        "List-Unsubscribe",
        None,
    ),
    "others in To are dropped": (
        WHOLE.replace(TO, "To: Eve <eve@bank.example>, Buyer <abc@marketplace.amazon.de>\n"),
        "To",
        "Buyer <abc@marketplace.amazon.de>",
    ),
    "To without any relay is dropped": (WHOLE.replace(TO, "To: eve@bank.example\n"), "To", None),
    "undisclosed recipients": (WHOLE.replace(TO, "To: undisclosed-recipients:;\n"), "To", None),
}


@pytest.mark.parametrize("head, name, expected", CASES.values(), ids=CASES)
def test_fields(head, name, expected, amazon, received_at):
    """What is missing is added, what the buyer must not see goes, what threads a conversation stays."""
    field = parse(examine((head + BODY).encode(), amazon, PROFILE, received_at).octets).field(name)
    assert (field.body if field else None) == expected


def test_a_missing_message_id_is_the_same_each_time(amazon, received_at):
    """The same mail gets the same Message-ID, whatever its line ends: sent twice, it can be told to be one."""
    octets = (FROM + TO + SUBJECT + DATE + BODY).encode()
    crlf = octets.replace(b"\n", b"\r\n")
    first, second = (examine(each, amazon, PROFILE, received_at) for each in (octets, crlf))
    assert first.digest.message_id == second.digest.message_id
    assert first.digest.message_id.endswith("@gateway.example>")
    assert "header field Message-ID added" in first.normalised


def test_orders_are_in_the_digest(amazon, received_at):
    """The digest names the orders of subject and text, each once."""
    head = WHOLE.replace("Subject: x", "Subject: order 302-1234567-1234567")
    examination = examine(
        f"{head}\n302-1234567-1234567 and 302-7654321-7654321\n".encode(), amazon, PROFILE, received_at
    )
    assert examination.digest.orders == ("302-1234567-1234567", "302-7654321-7654321")


def test_digest_without_a_subject(amazon, received_at):
    """A mail without a subject has an empty one in the digest."""
    assert examine((FROM + TO + DATE + ID + BODY).encode(), amazon, PROFILE, received_at).digest.subject == ""
