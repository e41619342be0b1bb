"""Tables of mails."""

from datetime import timedelta

import pytest

from gateway.cli.tables import time_left

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
