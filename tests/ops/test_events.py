"""Every event: its line, its metrics, and what never gets into either."""

import ast
import inspect
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import gateway
from gateway.ops import events, metrics

ID = "01JD"
JUDGED = {
    "id": ID,
    "seller": "acme",
    "peer": "192.0.2.1:5",
    "policy": "amazon@2020-11-03",
    "verdict": "strip",
    "reply_code": 250,
    "rules": ("emoji", "external_link", "emoji"),
    "recipients": 1,
    "octets_in": 1000,
    "octets_out": 900,
    "seconds": 0.25,
}
JUDGED_METRICS = {
    "messages_total|strip|other": 1,
    "findings_total|emoji": 1,
    "findings_total|external_link": 1,
    "octets_in_total": 1000,
    "octets_out_total": 900,
    "accept_seconds_count": 1,
    "accept_seconds_sum": 0.25,
}
ATTEMPT = {
    "id": ID,
    "next_hop": "mx.example:25",
    "outcome": "delivered",
    "cause": "",
    "recipients": 2,
    "seconds": 1.5,
}
ATTEMPT_METRICS = {"attempts_total|delivered|": 2, "attempt_seconds_count": 1, "attempt_seconds_sum": 1.5}

TABLE = [
    (events.stopping, {"reason": "SIGTERM"}, "info", {}, {}),
    (events.stopped, {}, "info", {}, {}),
    (events.leases_taken_over, {"count": 3}, "warning", {}, {"leases_taken_over_total": 3}),
    (events.purged, {"count": 4}, "info", {}, {"messages_purged_total": 4}),
    (
        events.session_opened,
        {"peer": "p", "listener": "0.0.0.0:587"},
        "info",
        {},
        {"sessions_total|other": 1, "sessions_open": 1},
    ),
    (
        events.session_closed,
        {"peer": "p", "listener": "l", "seconds": 1.23456, "messages": 2},
        "info",
        {"seconds": 1.2346},
        {"sessions_open": -1},
    ),
    (
        events.session_refused,
        {"peer": "p", "listener": "l", "reason": "connections"},
        "warning",
        {},
        {"sessions_refused_total|connections": 1},
    ),
    (
        events.session_refused,
        {"peer": "p", "listener": "l", "reason": "never heard"},
        "warning",
        {},
        {"sessions_refused_total|other": 1},
    ),
    (events.login_succeeded, {"peer": "p", "seller": "s"}, "info", {}, {"logins_total|succeeded": 1}),
    (
        events.login_failed,
        {"peer": "p", "username": "u" * 300},
        "warning",
        {"username": "u" * 255 + "…"},
        {"logins_total|failed": 1},
    ),
    (
        events.command_refused,
        {"peer": "p", "command": "rcpt", "reply": "550 5.1.2 no"},
        "info",
        {"command": "RCPT"},
        {"commands_refused_total|RCPT|5yz": 1},
    ),
    (
        events.command_refused,
        {"peer": "p", "command": "DEAR BUYER", "reply": "what"},
        "info",
        {"command": "other"},
        {"commands_refused_total|other|other": 1},
    ),
    (events.message_judged, JUDGED, "info", {"rules": ["emoji", "external_link", "emoji"]}, JUDGED_METRICS),
    (
        events.attempt_made,
        {**ATTEMPT, "reply": "250 2.0.0 queued for buyer@x.example"},
        "info",
        {"reply": "250 2.0.0"},
        ATTEMPT_METRICS,
    ),
    (
        events.attempt_made,
        {**ATTEMPT, "outcome": "temporary", "cause": "connection_lost", "reply": "connection lost (DATA)"},
        "warning",
        {},
        {
            "attempts_total|temporary|connection_lost": 2,
            "attempt_seconds_count": 1,
            "attempt_seconds_sum": 1.5,
        },
    ),
    (
        events.attempt_made,
        {**ATTEMPT, "outcome": "temporary", "cause": "login_refused", "reply": "535 5.7.8 wrong"},
        "error",
        {"reply": "535 5.7.8"},
        {
            "attempts_total|temporary|login_refused": 2,
            "attempt_seconds_count": 1,
            "attempt_seconds_sum": 1.5,
        },
    ),
    (events.message_expired, {"id": ID, "recipients": 2}, "warning", {}, {"recipients_expired_total": 2}),
    (
        events.hold_due,
        {"id": ID, "seller": "acme", "seconds": 7200.00001},
        "warning",
        {"seconds": 7200.0},
        {"holds_due_total": 1},
    ),
    (
        events.hold_ended,
        {"id": ID, "seller": "acme", "verdict": "reject"},
        "warning",
        {},
        {"holds_ended_total|reject": 1},
    ),
    (events.notice_sent, {"id": ID, "kind": "failed"}, "info", {}, {"notices_sent_total|failed": 1}),
    (
        events.notice_failed,
        {"id": ID, "kind": "sonnet", "reason": "550 No buyer@x.example here"},
        "warning",
        {"reason": "550"},
        {"notices_failed_total|other": 1},
    ),
    (
        events.worker_lost,
        {"incident": "i", "reason": "timeout"},
        "error",
        {},
        {"workers_lost_total|timeout": 1},
    ),
]


@pytest.fixture(autouse=True)
def nothing_is_declared():
    """No marketplace and no listener is known, whatever ran before in this process."""
    metrics.declare()


@pytest.mark.parametrize(
    ("event", "given", "level", "changed", "moved"),
    TABLE,
    ids=[f"{row[0].__name__}-{i}" for i, row in enumerate(TABLE)],
)
def test_event(sink, grown, event, given, level, changed, moved):
    """An event is one JSON line with the fields given, and moves the metrics named, by so much."""
    event(**given)
    [line] = sink.events
    at = datetime.fromisoformat(line.pop("at"))
    assert at.utcoffset() == timedelta(0)
    assert line == {"event": event.__name__, "level": level, **given, **changed}
    assert grown() == moved


def test_started_makes_names_known(sink, grown):
    """The configured policies and listeners become label values, others do not."""
    events.started(version="1", listeners=["127.0.0.1:25 (starttls)"], policies=["amazon@2020-11-03", "ebay"])
    try:
        events.message_judged(**JUDGED)
        events.message_judged(**JUDGED | {"policy": "evil"})
        events.session_opened(peer="p", listener="127.0.0.1:25")
    finally:
        metrics.declare()
    assert sink.events[0]["policies"] == ["amazon@2020-11-03", "ebay"]
    moved = grown()
    assert moved["messages_total|strip|amazon"] == moved["messages_total|strip|other"] == 1
    assert moved["sessions_total|127.0.0.1:25"] == 1


class TestFault:
    """Our own faults are told without the exception's text."""

    def test_type_and_frames_only(self, sink, grown):
        """Type, cause, errno and places are told; text and locals, which may hold mail, are not."""
        secret = "Dear buyer"
        try:
            try:
                json.loads(secret)
            except ValueError as cause:
                raise OSError(28, secret) from cause
        except OSError as exception:
            events.fault(incident="i1", where="store", exception=exception)
        [line] = sink.events
        assert (line["exception"], line["cause"], line["errno"]) == (
            "OSError",
            "json.decoder.JSONDecodeError",
            28,
        )
        assert line["frames"][-1].startswith("ops/test_events.py:")
        assert secret.encode() not in sink.getvalue()
        assert grown() == {"faults_total|store": 1}

    def test_no_cause(self, sink):
        """An exception nobody raised has no frames and no cause."""
        events.fault(incident="i2", where="elsewhere", exception=KeyError("buyer"))
        [line] = sink.events
        assert (line["exception"], line["cause"], line["errno"], line["frames"]) == ("KeyError", "", None, [])

    def test_our_frames_and_the_raising_one(self, sink):
        """Frames of our package stand with their path from the package on, the others only where it was raised."""
        try:
            metrics.SESSIONS.labels("too", "many")
        except ValueError as exception:
            events.fault(incident="i3", where="smtp", exception=exception)
        with pytest.raises(AttributeError) as caught:
            metrics.declare(policies=[1])
        events.fault(incident="i4", where="smtp", exception=caught.value)
        assert sink.events[0]["frames"][-1].startswith("prometheus_client/metrics.py:")
        assert [frame.split(":")[0] for frame in sink.events[1]["frames"]][:2] == [
            "gateway/ops/metrics.py"
        ] * 2

    def test_innermost_frames_are_kept(self, sink):
        """Of a deep stack only the innermost frames are told."""
        deep = compile("def dive(n):\n    return dive(n - 1) if n else 1 / 0", events.__file__, "exec")
        space = {}
        exec(deep, space)
        with pytest.raises(ZeroDivisionError) as caught:
            space["dive"](50)
        events.fault(incident="i5", where="smtp", exception=caught.value)
        assert sink.events[0]["frames"] == ["gateway/ops/events.py:2:dive"] * 12


def test_a_line_cannot_be_forged(sink):
    """Line breaks, escapes, separators and lone surrogates of a client stay inside one ASCII line (S39)."""
    hostile = '1"}\r\n{"event":"forged"}\n\x00\x1b[2J\x7f\x85\u2028\u2029\u202e\udc80'
    events.login_failed(peer=hostile, username=hostile)
    [line] = sink.lines
    assert line.isascii()
    assert not any(octet < 0x20 or octet == 0x7F for octet in line)
    assert json.loads(line)["username"] == hostile


def test_label_values_are_bounded(grown):
    """Whatever strangers choose, no new series appears: sellers, peers, next hops and verbs are no labels."""
    series = len(grown.__closure__[0].cell_contents)
    for stranger in ("x1", "x2"):
        events.session_opened(peer=stranger, listener=stranger)
        events.login_failed(peer=stranger, username=stranger)
        events.login_succeeded(peer=stranger, seller=stranger)
        events.command_refused(peer=stranger, command=stranger, reply=stranger)
        events.message_judged(
            **JUDGED | {"seller": stranger, "verdict": stranger, "rules": (stranger,), "policy": stranger}
        )
        said = {"next_hop": stranger, "outcome": stranger, "cause": stranger, "reply": stranger}
        events.attempt_made(**ATTEMPT | said)
        events.worker_lost(incident=stranger, reason=stranger)
        events.fault(incident=stranger, where=stranger, exception=KeyError())
    text = {
        value
        for metric in metrics.REGISTRY.collect()
        for sample in metric.samples
        for value in sample.labels.values()
    }
    assert not {"x1", "x2"} & text
    assert series == len(grown.__closure__[0].cell_contents)


def test_every_event_has_a_row_and_documented_fields():
    """Each event stands in a test, and its docstring names each of its fields."""
    functions = {
        name: function
        for name, function in vars(events).items()
        if inspect.isfunction(function) and name[0] != "_"
    }
    public = {name: f for name, f in functions.items() if f.__module__ == events.__name__}
    tested = {row[0].__name__ for row in TABLE} | {"started", "fault", "library_warned"}
    assert set(public) == tested
    for name, function in public.items():
        for field in inspect.signature(function).parameters:
            told = "severity" if (name, field) == ("library_warned", "level") else field
            assert f"``{told}``" in function.__doc__, f"{name} does not document {field}"


def test_only_ops_calls_structlog():
    """The list of events is closed: no module outside ops imports structlog (read from the syntax trees)."""
    root = Path(gateway.__file__).parent
    guilty = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if path.parent != root / "ops" and "structlog" in _imports(path)
    ]
    assert guilty == []


def _imports(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
