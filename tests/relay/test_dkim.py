"""DKIM signatures, read by dkimpy with a DNS of our making."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.filter.decide import Facts, decide
from gateway.filter.examine import examine
from gateway.filter.verdict import Accept
from gateway.mail.address import Address
from gateway.mail.dsn import Action, Notice, RecipientReport, Report, compose_report
from gateway.relay.dkim import PIECE_OCTETS, DomainKeys, SigningKey, author_domain, signatures
from gateway.relay.dkim_record import record_name, record_text
from gateway.rules.context import Profile

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RSA = SigningKey(selector="gw1-rsa", private=rsa.generate_private_key(public_exponent=65_537, key_size=2048))
ED = SigningKey(selector="gw1-ed25519", private=Ed25519PrivateKey.generate())
COMPOSED = sorted((ROOT / "tests" / "corpus").glob("*/*/out.eml"))
SAMPLES = sorted((ROOT / "gateway" / "samples").glob("*.eml"))


def keys_of(domain, *keys):
    return DomainKeys(domain=domain, keys=keys or (RSA, ED))


def dns_of(keys):
    """A DNS that holds the records of these keys alone."""
    zone = {f"{record_name(key, keys.domain)}.".encode(): record_text(key).encode() for key in keys.keys}

    def look_up(name, timeout=5):
        return zone.get(name)

    return look_up


def signed(octets, *keys):
    """The mail with signatures, and what dkimpy says of each of them."""
    chosen = keys_of(author_domain(octets), *keys)
    whole = signatures(octets, chosen, NOW) + octets
    return whole, verified(whole, chosen)


def verified(whole, keys):
    found = whole[: whole.index(b"\r\n\r\n")].count(b"DKIM-Signature:")
    return [accepts(whole, at, keys) for at in range(found)]


def accepts(whole, at, keys):
    try:
        return dkim.DKIM(whole).verify(idx=at, dnsfunc=dns_of(keys))
    except dkim.ValidationError:  # how dkimpy says that the body is another
        return False


def mail(body=b"Hello,\r\nyour order is on its way.\r\n", header=b""):
    return (
        b"From: Harbour Tea <orders@harbour-tea.example>\r\nTo: abc@marketplace.amazon.com\r\n"
        b"Subject: Your order\r\n" + header + b"MIME-Version: 1.0\r\n\r\n" + body
    )


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: path.parent.name)
def test_what_the_corpus_sends_verifies(path):
    """Every mail that composing wrote in the corpus carries two signatures that another program accepts."""
    _, verdicts = signed(path.read_bytes())
    assert verdicts == [True, True]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_what_the_samples_send_verifies(path, amazon, received_at):
    """So does every sample of the demo that is sent."""
    examination = examine(path.read_bytes(), amazon, Profile(hostname="gateway.example"), received_at)
    verdict = decide(examination, Facts(), received_at)
    if isinstance(verdict, Accept):
        assert signed(verdict.octets)[1] == [True, True]


def test_a_notice_verifies():
    """A DSN is signed as any mail."""
    failed = RecipientReport(final=Address("b", "x.example"), action=Action.FAILED, status="5.1.1")
    notice = Notice(
        author=Address("postmaster", "gw.seller.example"),
        recipient=Address("shop", "seller.example"),
        message_id="<n1@gw.seller.example>",
        written_at=NOW,
        subject="Ihre Bestellung über 3 Teile",
        original=mail(),
    )
    octets = compose_report(Report(reporting_mta="gw.seller.example", recipients=(failed,)), notice)
    assert author_domain(octets) == "gw.seller.example"
    assert signed(octets)[1] == [True, True]


BODIES = {
    "empty": b"",
    "one line": b"a\r\n",
    "no line end": b"a",
    "only line ends": b"\r\n\r\n\r\n",
    "only blanks": b" \t\r\n \r\n",
    "empty lines at the end": b"a\r\n\r\n\r\n",
    "lines of blanks at the end": b"a\r\n \r\n\t\r\n",
    "empty lines at the start": b"\r\n\r\na\r\n",
    "blanks at line ends and runs of them": b"a  b\t\tc \t\r\n  d\r\n",
    "dots": b".\r\n..\r\n.a\r\n",
    "8-bit": "Grüße\r\n".encode(),
    "a piece exactly": b"a" * (PIECE_OCTETS - 2) + b"\r\n",
    "line end on the edge of a piece": b"a" * (PIECE_OCTETS - 1) + b"\r\n" + b"b\r\n",
    "blanks on the edge of a piece": b"a" * (PIECE_OCTETS - 1) + b"  \r\n  b\r\n",
    "empty lines over several pieces": b"a\r\n" + b"\r\n" * PIECE_OCTETS + b"b\r\n",
    "empty lines at the end over several pieces": b"a\r\n" + b"\r\n" * PIECE_OCTETS,
    "many pieces": b"VGhpcyBpcyBhIGxpbmU=\r\n" * 50_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies(body):
    """Whatever a body looks like, and wherever the pieces are cut that it is hashed in, its hash is the right one."""
    octets = mail(body if body.endswith(b"\r\n") or not body else body + b"\r\n")
    assert signed(octets)[1] == [True, True]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b".", b"  "]), max_size=40), st.integers(1, 9))
def test_a_body_is_hashed_alike_in_pieces(pieces, piece_octets):
    """However small the pieces, the hash is that of the whole body as RFC 6376 section 3.4.4 relaxes it."""
    from gateway.relay import dkim as module

    body = b"".join(pieces)
    body += b"" if body.endswith(b"\r\n") or not body else b"\r\n"
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    wanted = hashlib.sha256(b"".join(line + b"\r\n" for line in lines)).digest()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE_OCTETS", piece_octets)
        assert module._body_hash(body, 0) == wanted


HEADERS = {
    "folded": b"References: <a@b.example>\r\n <c@d.example>\r\n\t<e@f.example>\r\n",
    "blanks around the value": b"In-Reply-To: \t <a@b.example> \r\n",
    "nothing after the colon": b"References:\r\n",
    "utf-8": "Content-Type: text/plain; name=Grüße\r\n".encode(),
    "a field of two kinds": b"Content-Type: a/b\r\ncontent-type: c/d\r\n",
    "long": b"References: " + b" <%b@b.example>\r\n" % (b"a" * 900) * 3,
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_header_sections(header):
    """Folding, blanks and repeats are canonicalised as the verifier does."""
    assert signed(mail(header=header))[1] == [True, True]


def test_a_mail_without_body_verifies():
    """A header section alone, its blank line missing, is signed as one with an empty body."""
    octets = b"From: orders@harbour-tea.example\r\nSubject: x\r\n"
    domain = keys_of("harbour-tea.example")
    fields = signatures(octets, domain, NOW)
    assert verified(fields + octets + b"\r\n", domain) == [True, True]


def test_the_field():
    """The field says what it should, in an order and with folds that are always the same."""
    field = signatures(mail(), keys_of("harbour-tea.example", ED), NOW)
    name, _, tags = re.sub(rb"\s+", b"", field).decode().partition(":")
    assert name == "DKIM-Signature"
    *said, bh, b = tags.split(";")
    assert said == [
        *("v=1", "a=ed25519-sha256", "c=relaxed/relaxed", "d=harbour-tea.example", "s=gw1-ed25519"),
        "t=1795521600",
        (
            "h=From:From:To:To:Subject:Subject:Date:Message-ID:In-Reply-To:References:MIME-Version:MIME-Version"
            ":Content-Type:Content-Transfer-Encoding"
        ),
    ]
    assert (bh[:3], b[:2]) == ("bh=", "b=")  # and neither l= nor i=
    assert field == signatures(mail(), keys_of("harbour-tea.example", ED), NOW)


def test_lines_are_short_and_of_ascii():
    """The longest names that DNS takes stay in lines of ASCII far below 998 octets."""
    domain = ".".join(["a" * 60] * 3 + ["b" * 8, "example"])
    key = SigningKey(selector="s" * 40 + "-rsa", private=RSA.private)
    octets = mail().replace(b"harbour-tea.example", domain.encode())
    fields = signatures(octets, keys_of(domain, key), NOW)
    assert max(map(len, fields.split(b"\r\n"))) <= 240
    assert fields.isascii()
    assert verified(fields + octets, keys_of(domain, key)) == [True]


TAMPERINGS = {
    "a letter of the body": (b"on its way", b"on his way"),
    "text after the body": (b"way.\r\n", b"way.\r\nClick https://evil.example\r\n"),
    "the subject": (b"Subject: Your order", b"Subject: Your refund"),
    "a second author": (b"\r\nTo: ", b"\r\nFrom: ceo@bank.example\r\nTo: "),
    "a second subject": (b"MIME-Version", b"Subject: Refund\r\nMIME-Version"),
    "a field that was not there": (b"MIME-Version", b"Content-Type: text/html\r\nMIME-Version"),
    "a date that was not there": (b"MIME-Version", b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMIME-Version"),
}


@pytest.mark.parametrize("old, new", TAMPERINGS.values(), ids=TAMPERINGS)
def test_tampering_breaks_both_signatures(old, new):
    """Nothing that a reader sees can be changed or put beside what was signed."""
    keys = keys_of("harbour-tea.example")
    assert old in mail()
    fields = signatures(mail(), keys, NOW)
    assert verified(fields + mail().replace(old, new, 1), keys) == [False, False]


FORGERIES = {
    "the time": (b"t=1795521600", b"t=1795521601"),
    "the domain": (b"d=harbour-tea.example", b"d=tea.example"),
    "fields left out": (b"h=From:From:", b"h=From:"),
    "a length": (b"c=relaxed/relaxed;", b"c=relaxed/relaxed; l=0;"),
    "a second author above": (b"DKIM-Signature:", b"From: ceo@bank.example\r\nDKIM-Signature:"),
}


@pytest.mark.parametrize("old, new", FORGERIES.values(), ids=FORGERIES)
def test_a_field_that_was_changed_is_no_signature(old, new):
    """A signature cannot be made to cover less than it did, nor be stretched over another author."""
    keys = keys_of("harbour-tea.example", ED)
    tea = DomainKeys(domain="tea.example", keys=(ED,))
    fields = signatures(mail(), keys, NOW)
    assert old in fields
    whole = fields.replace(old, new, 1) + mail()
    assert verified(whole, tea if b"d=tea" in whole else keys) == [False]


def test_what_relays_do_breaks_nothing():
    """Trace fields, folding and blanks at line ends may change on the way."""
    keys = keys_of("harbour-tea.example")
    whole = signatures(mail(), keys, NOW) + mail()
    relayed = b"Received: by mx.example; Tue, 24 Nov 2026 12:00:00 +0000\r\n" + whole.replace(
        b"Subject: Your order", b"Subject:  Your\r\n order"
    ).replace(b"way.\r\n", b"way. \r\n\r\n")
    assert verified(relayed, keys) == [True, True]


AUTHORS = {
    "plain": (b"From: a@seller.example", "seller.example"),
    "with a name": (b'From: "a@evil.example" <a@Seller.example.>', "seller.example"),
    "folded": (b"From: A\r\n <a@seller.example>", "seller.example"),
    "A-label": (b"From: a@xn--bcher-kva.example", "xn--bcher-kva.example"),
    "U-label": ("From: a@bücher.example".encode(), "xn--bcher-kva.example"),
    "name in another case": (b"FROM: a@seller.example", "seller.example"),
    "utf-8 local part": ("From: grüße@seller.example".encode(), "seller.example"),
    "none": (b"To: a@seller.example", None),
    "two fields": (b"From: a@seller.example\r\nFrom: b@evil.example", None),
    "two addresses": (b"From: a@seller.example, b@evil.example", None),
    "no address": (b"From: nobody", None),
    "bytes that are no text": (b"From: \xff\xfe <a@seller.example>", "seller.example"),
    "in the body": (b"To: x@y.example\r\n\r\nFrom: a@seller.example", None),
}


@pytest.mark.parametrize("field, domain", AUTHORS.values(), ids=AUTHORS)
def test_author_domain(field, domain):
    """The one domain that may sign is the author's; where there is no one author, there is none."""
    assert author_domain(field + b"\r\nSubject: x\r\n\r\nx\r\n") == domain


def test_a_key_is_not_shown():
    """No representation of a key holds its private half."""
    assert "PrivateKey" not in repr(keys_of("a.example"))
