"""The house's invariants, over generated mails."""

import os
import re
from datetime import UTC, datetime

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from gateway.config.model import Config
from gateway.config.policies import load_policies
from gateway.filter.decide import Facts, decide
from gateway.filter.examine import examine, judge
from gateway.filter.verdict import Accept
from gateway.html.inspect import inspect
from gateway.mail.parse import parse
from gateway.policy.model import OnMatch
from gateway.rules.context import Context, Profile

AMAZON = load_policies(Config(hostname="gateway.example"))["amazon"]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PROFILE = Profile(hostname="gateway.example")
FACTOR = int(os.environ.get("TEST_EXAMPLES", "1"))
COMMON = settings(max_examples=120 * FACTOR, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = st.sampled_from(
    [
        *(
            "Dear customer",
            "your order 203-1234567-7654321",
            "is on its way.",
            "Grüße",
            "ありがとう",
            "\n",
            " ",
            "\n\n",
        ),
        *(
            "+49 151 23456789",
            "tel. 020 7946 0958",
            "info@shop.example",
            "info (at) shop.com",
            "www.shop.com",
        ),
        *(
            "https://shop.com/a?b=c",
            "s h o p . c o m",
            "😀",
            "👩‍👩‍👧",
            ":-)",
            "<3",
            "unsubscribe",
            "=20",
            ".",
            "From ",
        ),
        *("EAN 4006381333931", "12,50 EUR", "\u200b", "\u202e", "ｓｈｏｐ．ｃｏｍ", "<b>", "&amp;", "-- "),
    ]
)
TEXT = st.lists(WORDS, max_size=12).map("".join)
TAGS = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<div style='color:red'>",
            "</div>",
            "<br>",
            "<!-- x -->",
            "<table><tr><td>",
        ),
        *("</td></tr></table>", "<a href='https://shop.com/'>", "</a>", "<a href='http://amazon.com/x'>"),
        *(
            "<img src='https://t.example/p.gif' width=1 height=1>",
            "<img src=cid:logo>",
            "<script>alert(1)</script>",
        ),
        *(
            "<style>p{background:url(https://x.example)}</style>",
            "<span style='display:none'>",
            "</span>",
            "<svg>",
        ),
        *(
            "<math>",
            "<iframe srcdoc='<img src=//x.example>'>",
            "<!--[if mso]><a href='https://x.example'>y</a><![endif]-->",
        ),
        *(
            "<a ",
            "<!--",
            "-->",
            "<textarea>",
            "<title>",
            "<plaintext>",
            "<form action=https://x.example>",
            "&lt;",
            "&#x",
        ),
        *(
            "<base href=https://x.example>",
            "<meta http-equiv=refresh content='0;url=https://x.example'>",
            "<p onclick=x()>",
        ),
    ]
)
HTML = st.lists(st.one_of(TAGS, WORDS), max_size=14).map("".join)
SUBJECT = st.lists(WORDS, max_size=4).map(lambda words: re.sub(r"\s+", " ", "".join(words)))


def build(subject, text, html, is_crlf):
    """A mail with a text and an HTML alternative, as a sloppy ERP writes it: raw UTF-8, long lines."""
    mail = (
        f"From: Shop <orders@shop.example>\nTo: abc@marketplace.amazon.de\nSubject: {subject}\n"
        "Date: Mon, 23 Nov 2026 09:00:00 +0000\nMessage-ID: <1@shop.example>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/alternative; boundary="bound"\n\n'
        f"--bound\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--bound\nContent-Type: text/html; charset=utf-8\n\n{html}\n--bound--\n"
    ).encode()
    return mail.replace(b"\n", b"\r\n") if is_crlf else mail


MAILS = st.builds(build, SUBJECT, TEXT, HTML, st.booleans())


def sent(octets):
    verdict = decide(examine(octets, AMAZON, PROFILE, NOW), Facts(), NOW)
    return verdict.octets if isinstance(verdict, Accept) else None


@COMMON
@given(MAILS)
def test_invariant_2_what_leaves_is_7_bit_and_crlf_only(octets):
    """Whatever leaves is 7-bit, has CRLF only, no line over 998 octets, and header fields from the allow-list."""
    out = sent(octets)
    if out is None:
        return
    assert out.isascii()
    assert b"\0" not in out
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", out)
    assert max(map(len, out.split(b"\r\n"))) <= 998
    names = {field.name for field in parse(out).fields}
    assert names <= {"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"}


@COMMON
@given(MAILS)
def test_invariant_4_what_was_examined_last_is_clean(octets):
    """In whatever leaves, no rule finds anything that the policy strips, holds or refuses."""
    out = sent(octets)
    if out is None:
        return
    message = parse(out)
    views = {leaf.number: inspect(leaf.text or "") for leaf in message.leaves() if leaf.is_html}
    found = judge(Context(message=message, views=views, profile=PROFILE), AMAZON)
    assert not [each for each in found if each.on_match.severity > OnMatch.WARN.severity]


@COMMON
@given(MAILS)
def test_invariant_5_own_output_is_a_fixed_point(octets):
    """Filtering our own output changes nothing and finds nothing."""
    out = sent(octets)
    if out is None:
        return
    again = examine(out, AMAZON, PROFILE, NOW)
    assert again.octets == out
    assert not again.stripped
    assert not again.normalised


@COMMON
@given(MAILS)
def test_invariant_10_same_mail_same_fate(octets):
    """The same octets, facts and policy give the same examination, to the letter."""
    assert examine(octets, AMAZON, PROFILE, NOW) == examine(octets, AMAZON, PROFILE, NOW)


@settings(max_examples=300 * FACTOR, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400), st.integers(0, 2**16), MAILS)
def test_any_octets_are_examined(noise, position, octets):
    """Nothing that a mail can be makes the examination raise."""
    place = position % (len(octets) + 1)
    assert examine(octets[:place] + noise + octets[place:], AMAZON, PROFILE, NOW) is not None
