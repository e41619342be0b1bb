"""Tables of mails."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.cli.tables import print_messages, print_waiting, time_left
from gateway.mail.address import parse_path
from gateway.mail.envelope import Envelope, Recipient
from gateway.store.records import MessageSummary

LEFT = {
    "hours": (timedelta(hours=19, minutes=5, seconds=59), "19 h 05 min"),
    "more than a day": (timedelta(days=2, minutes=1), "48 h 01 min"),
    "near": (timedelta(hours=2), "[red]2 h 00 min[/]"),
    "seconds": (timedelta(seconds=30), "[red]0 h 00 min[/]"),
    "now": (timedelta(0), "[red]overdue[/]"),
    "past": (timedelta(hours=-1), "[red]overdue[/]"),
}


@pytest.mark.parametrize(("left", "words"), LEFT.values(), ids=LEFT)
def test_time_left(left, words):
    """The time that is left to decide stands in hours and minutes, and stands out when it is short."""
    assert time_left(left) == words


ID = "1jv8q2k7xmabcdef01"
RULES = ("external_link", "tracking_pixel", "remote_content", "linked_logo")
SUBJECT = "Winter sale: everything 20 % off until Sunday [b]"


def waiting(held_until=None):
    return MessageSummary(
        id=ID,
        received_at=datetime(2026, 11, 24, 20, 15, 1, tzinfo=UTC),
        seller="harbour-tea",
        policy="amazon@2020-11-03",
        verdict="hold" if held_until else "accept",
        reply="250 2.0.0",
        route="amazon",
        message_id=None,
        subject=SUBJECT,
        order_ids=(),
        envelope=Envelope(reverse_path=None, recipients=(Recipient(address=parse_path("a@b.example")),)),
        rules=RULES,
        states=(("queued", 1),),
        held_until=held_until,
    )


@pytest.mark.parametrize("show", [print_messages, print_waiting])
def test_a_pipe_gets_a_line_a_mail(show, capsys, monkeypatch):
    """What another program reads has everything of a mail in one line, whatever rich thinks a pipe is wide."""
    monkeypatch.delenv("COLUMNS", raising=False)
    show([waiting()])
    _, line = capsys.readouterr().out.splitlines()
    for piece in ("2026-11-24 20:15", ID, "harbour-tea", "1 queued", *RULES, SUBJECT):
        assert piece in line


@pytest.mark.parametrize("columns", [80, 130])
@pytest.mark.parametrize("show", [print_messages, print_waiting])
def test_words_stay_whole(show, columns, capsys, monkeypatch):
    """On a terminal of 80 columns, too, ids, rules and the words of a subject can be read and copied."""
    monkeypatch.setenv("COLUMNS", str(columns))
    show([waiting(datetime(2126, 11, 25, 16, 15, tzinfo=UTC))])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    words = " ".join(lines).split()
    for word in (ID, "harbour-tea", *RULES, *SUBJECT.split()):
        assert word in words
