"""Real client programs against a real gateway: every program by every way in, and with every kind of mail.

A program that is not installed is skipped with what is missing; where ``TEST_CLIENTS`` is ``all``, as
``.ci/clients`` sets it, that is a failure.
"""

import re
from dataclasses import replace
from email import message_from_bytes
from email import policy as email_policy

import pytest

from gateway.rules import BY_NAME

from .mails import DSN, EIGHT_BIT, FORBIDDEN, LARGE, LF_ONLY, LONG_LINES, ORDINARY, SEVERAL, STRIPPED, UTF8
from .site import MODES, PASSWORD
from .table import CLIENTS

USUAL = MODES["STARTTLS, AUTH PLAIN"]
"""The way in that README.md describes."""

KINDS = {
    "8-bit text": (EIGHT_BIT, None),
    "sender outside ASCII": (UTF8, "utf8"),
    "several recipients": (SEVERAL, None),
    "DSN parameters": (DSN, "dsn"),
    "lines of thousands of characters": (LONG_LINES, None),
    "lines ended by LF": (LF_ONLY, "file"),
    "ten megabytes": (LARGE, None),
}

BY_MODE = [
    pytest.param(name, mode, id=f"{name}-{mode}") for name, client in CLIENTS.items() for mode in client.modes
]
BY_KIND = [
    pytest.param(name, mail, id=f"{name}-{kind}")
    for name, client in CLIENTS.items()
    for kind, (mail, needed) in KINDS.items()
    if needed is None or needed in client.can
]


def text_of(octets):
    """The text that a reader sees."""
    message = message_from_bytes(octets, policy=email_policy.default)
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("client, mode", BY_MODE, indirect=["client"])
def test_every_way_in(site, client, mode):
    """Every program gets a mail through by every way in that it has, to the letter, dots and all."""
    mail = ORDINARY.named()
    outcome = client.send(site, MODES[mode], mail, PASSWORD)
    assert outcome.is_sent, outcome.words
    arrived = site.arrived(mail.token)
    assert arrived.recipients == mail.recipients
    assert arrived.reverse_path == mail.sender
    assert text_of(arrived.octets).rstrip("\n") == mail.text.rstrip("\n")


@pytest.mark.parametrize("client, mail", BY_KIND, indirect=["client"])
def test_every_kind_of_mail(site, client, mail):
    """Whatever a mail needs of SMTP, the program and the gateway agree on it, and nothing of the mail is lost."""
    mail = mail.named()
    outcome = client.send(site, USUAL, mail, PASSWORD)
    assert outcome.is_sent, outcome.words
    arrived = site.arrived(mail.token)
    assert sorted(arrived.recipients) == sorted(mail.recipients)
    assert letters(text_of(arrived.octets)) == letters(mail.text)
    if mail.attachment is not None:
        message = message_from_bytes(arrived.octets, policy=email_policy.default)
        (attachment,) = message.iter_attachments()
        assert (attachment.get_filename(), attachment.get_content()) == mail.attachment


def letters(text):
    """Without blanks and line ends: a program may wrap lines that are too long for SMTP; Postfix does within words."""
    return "".join(text.split())


DSN_CLIENTS = [name for name, client in CLIENTS.items() if "dsn" in client.can]


@pytest.mark.parametrize("client", DSN_CLIENTS, indirect=True)
def test_dsn_parameters_reach_the_record(site, client):
    """What a program asks for with NOTIFY, RET and ENVID is what our own notices will go by."""
    mail = DSN.named()
    outcome = client.send(site, USUAL, mail, PASSWORD)
    assert outcome.is_sent, outcome.words
    envelope = site.envelope(mail.token)
    assert sorted(envelope.recipients[0].notify) == ["FAILURE", "SUCCESS"]
    if "envid" in client.can:
        assert (envelope.ret, envelope.envid) == ("HDRS", "QQ314159")


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_what_is_forbidden_comes_back_in_words(site, client):
    """A mail that is refused is not sent for the program either, and its user reads why."""
    mail = FORBIDDEN.named()
    outcome = client.send(site, USUAL, mail, PASSWORD)
    assert not outcome.is_sent
    seen = re.sub(r"\s+", " ", outcome.words)
    assert re.search(r"550.5\.7\.1", seen)
    assert BY_NAME["active_content"].sentence in seen
    assert mail.sender not in [each.reverse_path for each in site.taken(mail.token)]


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_what_is_stripped_is_seen(site, client):
    """The rules that took something out stand in the reply that the program shows or logs."""
    mail = STRIPPED.named()
    outcome = client.send(site, USUAL, mail, PASSWORD)
    assert outcome.is_sent, outcome.words
    assert "stripped: phone_number" in outcome.words
    assert b"7946" not in site.arrived(mail.token).octets


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_wrong_password(fresh_site, client):
    """The program says that the login failed; a mail server keeps the mail and says so in its log."""
    mail = ORDINARY.named()
    outcome = client.send(fresh_site, USUAL, mail, "wrong password")
    assert not outcome.is_sent
    assert re.search(r"535|67|[Aa]uthenticat", outcome.words), outcome.words
    assert not fresh_site.taken(mail.token)
    assert "login_failed" in [line["event"] for line in fresh_site.log()]


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_foreign_sender(site, client):
    """A sender that is not approved for the login is refused in words, before anything of the mail is sent."""
    mail = replace(ORDINARY.named(), sender="stranger@harbour-tea.example")
    outcome = client.send(site, USUAL, mail, PASSWORD)
    assert not outcome.is_sent
    assert "550" in outcome.words
    assert "5.7.1" in outcome.words
