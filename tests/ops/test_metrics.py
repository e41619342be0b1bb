"""Metrics are declared, explained and zero before anything happens."""

import importlib
import subprocess
import sys

import pytest
from prometheus_client import generate_latest

from gateway.ops import metrics

ZEROED = """
from prometheus_client import generate_latest
from gateway.ops import metrics
print(generate_latest(metrics.REGISTRY).decode())
"""


@pytest.fixture(scope="module")
def fresh() -> list[str]:
    """The metrics page of a process in which nothing has happened."""
    done = subprocess.run(
        [sys.executable, "-c", ZEROED],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "series",
    [
        'gateway_messages_total{policy="other",verdict="reject"} 0.0',
        'gateway_findings_total{rule="mime_ambiguity"} 0.0',
        'gateway_attempts_total{cause="",outcome="delivered"} 0.0',
        'gateway_attempts_total{cause="sender_not_approved",outcome="permanent"} 0.0',
        'gateway_faults_total{where="relay"} 0.0',
        'gateway_workers_lost_total{reason="timeout"} 0.0',
        'gateway_commands_refused_total{command="RCPT",reply="5yz"} 0.0',
        'gateway_queue_depth{state="waiting"} 0.0',
        "gateway_accept_seconds_count 0.0",
        "gateway_queue_oldest_seconds 0.0",
    ],
)
def test_zero_from_the_start(fresh, series):
    """Every series of a closed list is there at zero, so that its first increase is seen."""
    assert series in fresh


def test_all_zero(fresh):
    """Nothing has happened yet."""
    values = [line.rpartition(" ")[2] for line in fresh if line and line[0] != "#" and "_created" not in line]
    assert set(values) == {"0.0"}


def test_every_metric_has_help(fresh):
    """Each metric says what it counts."""
    helps = [line.split(" ", 3) for line in fresh if line.startswith("# HELP")]
    assert helps
    assert all("_created" in parts[2] or (len(parts) == 4 and parts[3].endswith(".")) for parts in helps)


def test_every_rule_is_a_label_value():
    """A rule that is not on the list would be counted as other."""
    rules = importlib.import_module("gateway.rules")
    assert {rule.name for rule in rules.ALL} <= set(metrics.RULES)


def test_queue_gauges():
    """The queue gauges show what the callback says at the time of the scrape."""
    state = metrics.QueueState(
        waiting=3, leased=2, held=1, oldest_seconds=60, overdue_seconds=5, hold_seconds=90
    )
    metrics.watch_queue(lambda: state)
    try:
        page = generate_latest(metrics.REGISTRY).decode()
    finally:
        metrics.watch_queue(metrics.QueueState)
    assert 'gateway_queue_depth{state="waiting"} 3.0' in page
    assert 'gateway_queue_depth{state="leased"} 2.0' in page
    assert 'gateway_queue_depth{state="held"} 1.0' in page
    assert "gateway_queue_oldest_seconds 60.0" in page
    assert "gateway_queue_overdue_seconds 5.0" in page
    assert "gateway_hold_seconds_left 90.0" in page


def test_nothing_held():
    """Without a held mail no deadline is near: an alert that compares with hours stays silent."""
    metrics.watch_queue(metrics.QueueState)
    assert "gateway_hold_seconds_left +Inf" in generate_latest(metrics.REGISTRY).decode()


@pytest.mark.parametrize(
    ("reply", "expected"), [("421 4.3.0 x", "4yz"), ("550 x", "5yz"), ("250 ok", "other"), ("", "other")]
)
def test_reply_class(reply, expected):
    """Replies are counted by class."""
    assert metrics.reply_class(reply) == expected
