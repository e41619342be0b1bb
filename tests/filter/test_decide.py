"""In whose name a mail may go out (adversary case S25)."""

import pytest

from gateway.filter.decide import Facts, decide
from gateway.filter.examine import examine
from gateway.filter.pass_on import pass_on
from gateway.filter.verdict import Accept
from gateway.mail.address import parse_path
from gateway.rules.context import Profile

FACTS = Facts(senders=frozenset(parse_path(text) for text in ("orders@shop.example", "desk@shop.example")))
REST = "To: abc@marketplace.amazon.com\nSubject: Your order\n\nIt is on its way.\n"
FROM = "From: orders@shop.example\n"

TAKEN = {
    "bare": FROM,
    "named": "From: Shop <orders@shop.example>\n",
    "capitals": "From: Orders@SHOP.example\n",
    "another approved address": "From: desk@shop.example\n",
    "approved Sender": f"{FROM}Sender: desk@shop.example\n",
    "approved Reply-To": f"{FROM}Reply-To: Desk <desk@shop.example>, orders@shop.example\n",
    "empty Reply-To": f"{FROM}Reply-To:\n",
    "quoted commas": 'From: "evil@other.example, Inc." <orders@shop.example>\n',
    "our own address for a name": "From: orders@shop.example <orders@shop.example>\n",
}
REFUSED = {
    "From of another": ("From: other@shop.example\n", "The From field"),
    "From below our domain": ("From: orders@mail.shop.example\n", "The From field"),
    "From with our address as its name": (
        'From: "orders@shop.example" <evil@other.example>\n',
        "The From field",
    ),
    "bare address for a name": ("From: evil@other.example <orders@shop.example>\n", "The From field"),
    "bare address in a name": ("From: Eve evil@other.example x <orders@shop.example>\n", "The From field"),
    "Sender of another": (f"{FROM}Sender: evil@other.example\n", "The Sender field"),
    "second Sender of another": (f"{FROM}Sender: desk@shop.example\nSender: evil@other.example\n", "Sender"),
    "Reply-To of another": (f"{FROM}Reply-To: evil@other.example\n", "The Reply-To field"),
    "one of two in Reply-To": (
        f"{FROM}Reply-To: desk@shop.example, evil@other.example\n",
        "The Reply-To field",
    ),
    "Reply-To in a group": (
        f"{FROM}Reply-To: us: desk@shop.example, evil@other.example;\n",
        "The Reply-To field",
    ),
    "second Reply-To": (
        f"{FROM}Reply-To: desk@shop.example\nreply-to: evil@other.example\n",
        "The Reply-To field",
    ),
    "folded Reply-To": (f"{FROM}Reply-To: desk@shop.example,\n\tevil@other.example\n", "The Reply-To field"),
    "no address in Reply-To": (f"{FROM}Reply-To: the desk\n", "The Reply-To field holds something"),
    "encoded word as Reply-To": (
        f"{FROM}Reply-To: =?utf-8?q?desk?=@shop.example\n",
        "The Reply-To field holds",
    ),
}
AMBIGUOUS = {
    "two addresses in From": "From: orders@shop.example, evil@other.example\n",
    "two From fields": f"{FROM}From: evil@other.example\n",
    "a group in From": "From: us: orders@shop.example;\n",
    "two angle addresses": "From: <orders@shop.example> <evil@other.example>\n",
    "encoded local part": "From: =?utf-8?q?orders?=@shop.example\n",
    "blank before the colon": "From : orders@shop.example\n",
    "encoded line break": f"{FROM}X: y\r\rFrom: evil@other.example\n",
    "NUL before the name": "From: \0<evil@other.example> orders@shop.example\n",
}
PASSED_ON = {
    "two approved in From": "From: orders@shop.example, desk@shop.example\nSender: desk@shop.example\n",
    "approved Resent-From": f"{FROM}Resent-From: desk@shop.example\n",
}
NOT_PASSED_ON = {
    "one of two in From": ("From: orders@shop.example, evil@other.example\n", "The From field"),
    "a group without anybody": ("From: us:;\n", "The mail has no From address"),
    "no From": ("X-From: orders@shop.example\n", "The mail has no From address"),
    "Resent-From of another": (f"{FROM}Resent-From: evil@other.example\n", "The Resent-From field"),
    "second Sender": (f"{FROM}Sender: desk@shop.example\nSender: desk@shop.example\n", "given twice"),
    "two From fields": (f"{FROM}From: desk@shop.example\n", "given twice"),
    "control character": ("From: orders@shop.example\x0b, desk@shop.example\n", "control character"),
    "blank before the colon": (f"{FROM}Sender : evil@other.example\n", "blank before its colon"),
    "folded first line": (f" From: evil@other.example\n{FROM}", "continuation of nothing"),
    "no header section": ("\nFrom: orders@shop.example\n", "no From address"),
}


def wire(fields: str) -> bytes:
    return (fields + REST).replace("\n", "\r\n").encode()


@pytest.mark.parametrize("fields", TAKEN.values(), ids=TAKEN)
def test_in_its_own_name(fields, amazon, received_at):
    """A mail whose From, Sender and Reply-To are approved goes out, filtered or passed on."""
    octets = wire(fields)
    assert isinstance(decide(examine(octets, amazon, Profile(), received_at), FACTS, received_at), Accept)
    assert decide(pass_on(octets), FACTS, received_at) == Accept(octets=octets, stripped=())


@pytest.mark.parametrize("fields, words", REFUSED.values(), ids=REFUSED)
def test_in_somebody_elses_name(fields, words, amazon, received_at):
    """An address that is not approved is refused with the field and the mend, filtered or passed on."""
    octets = wire(fields)
    verdict = decide(examine(octets, amazon, Profile(), received_at), FACTS, received_at)
    assert (verdict.code, verdict.status) == (550, "5.7.1")
    assert words in verdict.sentences[0]
    assert "evil" not in verdict.sentences[0]
    assert decide(pass_on(octets), FACTS, received_at).code in {550, 554}


@pytest.mark.parametrize("fields", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_in_two_names(fields, amazon, received_at):
    """A mail whose readers could see different authors is refused, filtered or passed on."""
    octets = wire(fields)
    for examination in (examine(octets, amazon, Profile(), received_at), pass_on(octets)):
        verdict = decide(examination, FACTS, received_at)
        # What is passed on is not written anew, so a well-formed group of approved authors may stay.
        assert isinstance(verdict, Accept) == (
            examination.policy == "other" and fields.startswith("From: us:")
        )


@pytest.mark.parametrize("fields", PASSED_ON.values(), ids=PASSED_ON)
def test_passed_on(fields, received_at):
    """What RFC 5322 allows and no marketplace wants is passed on to others, as long as every name is approved."""
    assert isinstance(decide(pass_on(wire(fields)), FACTS, received_at), Accept)


@pytest.mark.parametrize("fields, words", NOT_PASSED_ON.values(), ids=NOT_PASSED_ON)
def test_not_passed_on(fields, words, received_at):
    """Nothing goes to anybody in a name that is not the login's."""
    verdict = decide(pass_on(wire(fields)), FACTS, received_at)
    assert verdict.code in {550, 554}
    assert words in verdict.sentences[0]


def test_nobody_said(amazon, received_at):
    """Where no senders are known, any name may be used."""
    octets = wire("From: anybody@other.example\nReply-To: somebody@else.example\n")
    assert isinstance(decide(examine(octets, amazon, Profile(), received_at), Facts(), received_at), Accept)
