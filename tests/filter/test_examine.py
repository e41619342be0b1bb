"""Reading, judging and mending one mail."""

import base64

import pytest

from gateway.filter import examine as examine_module
from gateway.filter.decide import Facts, decide
from gateway.filter.examination import MAX_JUDGEMENTS
from gateway.filter.examine import MAX_FINDINGS, NOTHING_LEFT, STILL_THERE, examine
from gateway.filter.verdict import Accept, Hold, Reject
from gateway.mail.parse import parse
from gateway.policy.load import override
from gateway.rules.context import Profile

PROFILE = Profile(hostname="gateway.example")
HEAD = (
    "From: Shop <orders@shop.example>\nTo: abc@marketplace.amazon.de\nSubject: Your order\n"
    "Date: Mon, 23 Nov 2026 09:00:00 +0000\nMessage-ID: <1@shop.example>\nMIME-Version: 1.0\n"
)


def text_mail(text, head=HEAD):
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode()


def html_mail(html, head=HEAD):
    return f"{head}Content-Type: text/html; charset=utf-8\n\n{html}\n".encode()


def mixed(*parts, kind="mixed"):
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f'{HEAD}Content-Type: multipart/{kind}; boundary="b"\n\n{body}--b--\n'.encode()


PNG = base64.encodebytes(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGP4TxAMY9Mo0jgAAAA//wMAzPoE/AAAAABJRU5ErkJggg=="
    )
).decode()


def run(octets, policy, now):
    examination = examine(octets, policy, PROFILE, now)
    return examination, decide(examination, Facts(), now)


def texts(octets):
    return "\n".join(leaf.text or "" for leaf in parse(octets).leaves())


def test_clean_mail_is_accepted_and_keeps_its_words(amazon, received_at):
    """Nothing found: the words leave as they came."""
    _, verdict = run(text_mail("Grüße aus Köln, Bestellung 302-1234567-1234567"), amazon, received_at)
    assert verdict.stripped == ()
    assert texts(verdict.octets) == "Grüße aus Köln, Bestellung 302-1234567-1234567\n"


def test_strip_keeps_the_rest(amazon, received_at):
    """What is found goes, with words in its place, and the rest stays."""
    _, verdict = run(text_mail("Please call +49 151 23456789 or wait."), amazon, received_at)
    assert verdict.stripped == ("phone_number",)
    assert texts(verdict.octets) == "Please call [removed: phone number] or wait.\n"


def test_warning_changes_nothing(amazon, received_at):
    """A rule that only warns is reported, and the mail leaves whole."""
    policy = override(amazon, {"phone_number": "warn"}, source="test")
    examination, verdict = run(text_mail("Please call +49 151 23456789."), policy, received_at)
    assert [(each.finding.rule, each.on_match) for each in examination.judgements] == [
        ("phone_number", "warn")
    ]
    assert "+49 151 23456789" in texts(verdict.octets)


def test_off_is_not_even_looked_at(amazon, received_at):
    """A rule that is off reports nothing."""
    policy = override(amazon, {"phone_number": "off"}, source="test")
    examination, _ = run(text_mail("Please call +49 151 23456789."), policy, received_at)
    assert examination.judgements == ()


def test_reject_wins_over_strip(amazon, received_at):
    """When one rule refuses, nothing is sent, and the reply speaks of that rule."""
    policy = override(amazon, {"emoji": "reject"}, source="test")
    examination, verdict = run(text_mail("Call +49 151 23456789 \N{GRINNING FACE}"), policy, received_at)
    assert isinstance(verdict, Reject)
    assert (verdict.code, verdict.status) == (550, "5.7.1")
    assert verdict.sentences == tuple(
        each.sentence for each in examination.judgements if each.finding.rule == "emoji"
    )


def test_hold_keeps_the_original(amazon, received_at):
    """A held mail is not rewritten."""
    policy = override(amazon, {"emoji": "hold"}, source="test")
    examination, verdict = run(text_mail("Call +49 151 23456789 \N{GRINNING FACE}"), policy, received_at)
    assert verdict == Hold(rules=("emoji",))
    assert examination.octets is None


def test_html_outside_the_allow_list_is_rewritten_and_accepted(amazon, received_at):
    """A comment has no policy meaning: the HTML is rewritten, the change is told, the verdict is accept."""
    examination, verdict = run(html_mail("<p>Hello<!-- note to self --> there</p>"), amazon, received_at)
    assert verdict.stripped == ()
    assert "note to self" not in texts(verdict.octets)
    assert [phrase for phrase in examination.normalised if "comment" in phrase]


JOINED = {
    "a number": ("Call 0151\N{GRINNING FACE}23456789 please", "23456789"),
    "a host": ("Visit my\N{GRINNING FACE}shop.com", "shop.com"),
}


@pytest.mark.parametrize("text, gone", JOINED.values(), ids=JOINED)
def test_hits_that_appear_when_others_go_are_taken_out_too(text, gone, amazon, received_at):
    """Taking an emoji out joins what it kept apart; the next pass sees it."""
    _, verdict = run(text_mail(text), amazon, received_at)
    assert gone not in texts(verdict.octets)


def test_a_mail_that_keeps_changing_is_refused(amazon, received_at, monkeypatch):
    """After as many passes as allowed, a mail that still changes is refused."""
    monkeypatch.setattr(examine_module, "MAX_PASSES", 1)
    _, verdict = run(text_mail("Please call +49 151 23456789."), amazon, received_at)
    assert verdict.sentences == (STILL_THERE,)


def test_a_reading_that_differs_is_judged_again(amazon, received_at):
    """A mail with several alternatives that collapse is read again before it leaves."""
    part = "Content-Type: text/plain\n\nHello"
    _, verdict = run(mixed(part, part.replace("Hello", "again")), amazon, received_at)
    assert isinstance(verdict, Accept)


def test_dropped_image_takes_its_element_with_it(amazon, received_at):
    """HTML that shows a part which goes is rewritten, even if nothing else is wrong with it."""
    gif = base64.encodebytes(
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    ).decode()
    _, verdict = run(
        mixed(
            'Content-Type: text/html\n\n<html><head></head><body><p>See <img src="cid:one"> here</p></body></html>',
            f"Content-Type: image/gif\nContent-ID: <one>\nContent-Transfer-Encoding: base64\n\n{gif}",
            kind="related",
        ),
        amazon,
        received_at,
    )
    assert "img" not in texts(verdict.octets)
    assert "image/gif" not in verdict.octets.decode()


def test_nothing_left_is_refused(amazon, received_at):
    """A mail of which nothing would remain is refused instead of sent empty."""
    policy = override(amazon, {"emoji": "strip"}, source="test")
    _, verdict = run(text_mail("\N{GRINNING FACE}"), policy, received_at)
    assert verdict.sentences == (NOTHING_LEFT,)


def test_an_attachment_is_enough(amazon, received_at):
    """A mail without words that carries an image is sent, though something was taken out of it."""
    part = f"Content-Type: image/png\nContent-Disposition: attachment; filename=a.png\nContent-Transfer-Encoding: base64\n\n{PNG}"
    _, verdict = run(mixed("Content-Type: text/plain\n\n\N{GRINNING FACE}", part), amazon, received_at)
    assert verdict.stripped == ("emoji",)


def test_a_flood_of_findings_is_refused(amazon, received_at):
    """A mail that holds little else than what goes is not worth the time."""
    examination, verdict = run(text_mail("\N{GRINNING FACE} " * (MAX_FINDINGS + 1)), amazon, received_at)
    assert (verdict.code, verdict.status) == (552, "5.3.4")
    assert examination.octets is None


def test_findings_are_capped(amazon, received_at):
    """All are taken out, the first are told, the rest is counted."""
    links = "\n".join(f"see https://shop{number}.com/ now" for number in range(MAX_JUDGEMENTS + 50))
    examination, verdict = run(text_mail(links), amazon, received_at)
    assert len(examination.judgements) == MAX_JUDGEMENTS
    assert examination.omitted == 50
    assert "shop" not in texts(verdict.octets)


REFUSALS = {
    "two readings": (text_mail("x", HEAD + "Content-Type: text/html\n"), 554, "5.6.0"),
    "no author": (text_mail("x", HEAD.replace("From: Shop <orders@shop.example>\n", "")), 554, "5.6.0"),
    "author without address": (
        text_mail("x", HEAD.replace("<orders@shop.example>", "<orders>")),
        554,
        "5.6.0",
    ),
    "in circles": (text_mail("x", "Received: by a\n" * 51 + HEAD), 554, "5.4.6"),
    "sent back to us": (text_mail("x", "x-loop:  GATEWAY.example\n" + HEAD), 554, "5.4.6"),
    "too many fields": (text_mail("x", HEAD + "X-A: b\n" * 2000), 552, "5.3.4"),
    "too long a text": (text_mail("hello world\n" * 200_000), 552, "5.3.4"),
    "a bare carriage return": (text_mail("a\rb"), 554, "5.6.0"),
}


@pytest.mark.parametrize("octets, code, status", REFUSALS.values(), ids=REFUSALS)
def test_refused_before_any_rule(octets, code, status, amazon, received_at):
    """What cannot be read in one way, has no author, goes in circles or is over a limit is refused."""
    _, verdict = run(octets, amazon, received_at)
    assert (verdict.code, verdict.status) == (code, status)


def test_ambiguity_is_a_finding_under_every_policy(policies, received_at):
    """mime_ambiguity is a finding like any other, and no policy can allow it."""
    for policy in policies.values():
        examination, _ = run(REFUSALS["two readings"][0], policy, received_at)
        (judgement,) = examination.judgements
        assert (judgement.finding.rule, judgement.on_match) == ("mime_ambiguity", "reject")


def test_larger_than_the_marketplace_takes(amazon, received_at):
    """A mail over the marketplace's limit is refused with both sizes."""
    pdf = "JVBERi0xLjQK" + ("\n" + "A" * 76) * 150_000
    attachment = f"Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\nContent-Transfer-Encoding: base64\n\n{pdf}"
    _, verdict = run(mixed("Content-Type: text/plain\n\nhello", attachment), amazon, received_at)
    assert (verdict.code, verdict.status) == (552, "5.3.4")
    assert "10.5 MB" in verdict.sentences[0]
