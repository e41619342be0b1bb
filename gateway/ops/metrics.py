"""Every metric of the gateway: name, help, label values.

House rules: a metric is declared here and nowhere else; its label values are a closed list, set to zero at
import so that the first increase is seen; what is not on the list counts as ``other``. A seller, a peer, a
next hop or an address is never a label: they are unbounded, and personal.

*Not here:* when a metric moves (``events.py``), how it is served (``console/``).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.mail.cause import Cause

REGISTRY = CollectorRegistry()
"""Our own registry: the library's default one adds collectors we did not choose."""

OTHER = "other"
"""Stands for every label value that is not on its list."""

VERDICTS = ("accept", "strip", "hold", "reject", "defer")
RULES = (
    *("external_link", "insecure_link", "opt_out_link", "linked_logo", "tracking_pixel"),
    *("remote_content", "read_receipt", "active_content", "attachment_type", "attachment_purpose"),
    *("attachment_content", "image_type", "unrelated_image", "phone_number", "email_address"),
    *("social_contact", "confidential_data", "emoji", "emoticon", "review_solicitation"),
    *("promotion", "order_reference", "contact_window", "repeat_request", "language"),
    *("subject_marker", "styling", "sender_approval", "dead_recipient", "message_purpose"),
    *("mime_ambiguity",),
)
"""The rule names of the public contract."""
OUTCOMES = ("delivered", "temporary", "permanent", "unknown")
CAUSES = tuple(cause.value for cause in Cause)
"""Why an attempt failed; that of a delivery is ``""``."""
LOGIN_OUTCOMES = ("succeeded", "failed")
REFUSAL_REASONS = ("connections", "connections_per_peer", "draining", "handshake", "proxy", OTHER)
LIMITS = (
    *("address.messages_per_hour", "address.recipients_per_hour", "address.failed_logins_per_hour"),
    *("login.connections", "login.messages_per_hour", "login.recipients_per_hour"),
    *("all.messages_per_hour", "all.recipients_per_hour", "octets_in_hand"),
    OTHER,
)
"""Limits that commands run into; those that connections run into are among the refusal reasons."""
COMMANDS = (
    *("EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"),
    *("RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "BDAT"),
    OTHER,
)
REPLY_CLASSES = ("4yz", "5yz", OTHER)
PLACES = (
    *("smtp", "examine", "decide", "store", "queue", "relay", "notices", "console", "reload", "stop"),
    OTHER,
)
"""Where a fault was caught."""
LOSSES = ("timeout", "died", "fault", "busy", OTHER)
"""Why a mail was not examined: killed at the deadline, the process died, a rule raised, no worker came free."""
NOTICES = ("failed", "delayed", "relayed", "expired", "held", "rejected", "summary", OTHER)
QUEUE_STATES = ("waiting", "leased", "held")
VITALS = ("disk", "store", "workers")
"""What the gateway cannot do without."""
RELOAD_OUTCOMES = ("done", "failed")
JUMP_DIRECTIONS = ("forward", "back")

_WAIT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds a seller's client waits; above 30 it may give up."""
_ATTEMPT_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Seconds of one delivery attempt; a next hop may take minutes (RFC 5321 section 4.5.3.2)."""


def _counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    return Counter(f"gateway_{name}", text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(f"gateway_{name}", text, buckets=buckets, registry=REGISTRY)


MESSAGES = _counter("messages", "Messages judged, by verdict and policy.", ("verdict", "policy"))
FINDINGS = _counter("findings", "Messages in which a rule found something, by rule.", ("rule",))
OCTETS_IN = _counter("octets_in", "Octets of content received.")
OCTETS_OUT = _counter("octets_out", "Octets of content composed for next hops.")
ATTEMPTS = _counter(
    "attempts", "Recipients tried at a next hop, by outcome and cause of failure.", ("outcome", "cause")
)
EXPIRED = _counter("recipients_expired", "Recipients given up because the time in the queue ran out.")
HOLDS_DUE = _counter("holds_due", "Held messages whose deadline came near before anybody decided.")
HOLDS_ENDED = _counter("holds_ended", "Held messages decided by their deadline, by verdict.", ("verdict",))
SIGNATURES_FAILED = _counter(
    "signatures_failed",
    "Delivery attempts not made because the DKIM key of the author's domain cannot be used.",
)
SESSIONS = _counter("sessions", "SMTP sessions opened, by listener.", ("listener",))
SESSIONS_REFUSED = _counter("sessions_refused", "Connections refused, by reason.", ("reason",))
SESSIONS_OPEN = Gauge("gateway_sessions_open", "SMTP sessions open now.", registry=REGISTRY)
LIMITS_REACHED = _counter(
    "limits_reached", "Commands refused because a limit was used up, by limit.", ("limit",)
)
LOGINS = _counter("logins", "AUTH tries, by outcome.", ("outcome",))
COMMANDS_REFUSED = _counter(
    "commands_refused", "Commands refused, by verb and reply class.", ("command", "reply")
)
FAULTS = _counter("faults", "Our own faults, by the place that caught them.", ("where",))
WORKERS_LOST = _counter("workers_lost", "Worker processes lost, by reason.", ("reason",))
NOTICES_SENT = _counter("notices_sent", "DSNs and notices handed to a next hop, by kind.", ("kind",))
NOTICES_FAILED = _counter("notices_failed", "DSNs and notices that could not be sent, by kind.", ("kind",))
PURGED = _counter("messages_purged", "Messages deleted at the end of their retention.")
TAKEN_OVER = _counter("leases_taken_over", "Queue leases taken over from an instance that is gone.")
CERTIFICATES_KEPT = _counter(
    "certificates_kept", "Certificates on disk that could not be used, the old one kept."
)
LIBRARY_WARNINGS = _counter("library_warnings", "Warnings and errors a library logged.")
LOG_LINES_LOST = _counter("log_lines_lost", "Log lines that could not be written.")

VITAL_FAILURES = _counter(
    "vital_failures", "Times that something the gateway cannot do without has failed.", ("vital",)
)
WELL = Gauge(
    "gateway_well",
    "1 while a thing the gateway cannot do without works; no mail is taken without disk and store.",
    ("vital",),
    registry=REGISTRY,
)
DISK_FREE_OCTETS = Gauge(
    "gateway_disk_free_octets", "Octets free on the store's file system.", registry=REGISTRY
)
DISK_FREE_INODES = Gauge(
    "gateway_disk_free_inodes",
    "Inodes free on the store's file system; 0 where they are not counted.",
    registry=REGISTRY,
)
CERTIFICATE_EXPIRES = Gauge(
    "gateway_certificate_expiry_timestamp_seconds",
    "When the certificate of [tls] expires, in seconds since 1970; 0 without one.",
    registry=REGISTRY,
)
RELOADS = _counter("reloads", "Reloads of the settings, by outcome.", ("outcome",))
RELOAD_FAILED = Gauge(
    "gateway_reload_failed",
    "1 while the files hold faults that the last reload has found.",
    registry=REGISTRY,
)
RESTART_NEEDED = Gauge(
    "gateway_restart_needed", "1 while a changed setting waits for a restart.", registry=REGISTRY
)
CLOCK_JUMPS = _counter("clock_jumps", "Times that the wall clock was set, by direction.", ("direction",))
MESSAGES_CUT = _counter("messages_cut", "Messages cut off unanswered when the gateway stopped.")

EXAMINE_SECONDS = _histogram(
    "examine_seconds", "Seconds from octets to examination, in a worker.", _WAIT_BUCKETS
)
ACCEPT_SECONDS = _histogram("accept_seconds", "Seconds from the final dot to our reply.", _WAIT_BUCKETS)
ATTEMPT_SECONDS = _histogram("attempt_seconds", "Seconds of one delivery attempt.", _ATTEMPT_BUCKETS)

QUEUE_DEPTH = Gauge(
    "gateway_queue_depth",
    "Recipients in the queue by state; held counts messages.",
    ("state",),
    registry=REGISTRY,
)
QUEUE_OLDEST = Gauge(
    "gateway_queue_oldest_seconds", "Age of the oldest recipient in the queue.", registry=REGISTRY
)
QUEUE_OVERDUE = Gauge(
    "gateway_queue_overdue_seconds",
    "Seconds since the recipient that is due longest was due; above a minute the queue runner does not keep up.",
    registry=REGISTRY,
)

HOLD_LEFT = Gauge(
    "gateway_hold_seconds_left",
    "Seconds until the nearest deadline of a held message; below 0 when overdue, +Inf with none.",
    registry=REGISTRY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """What the queue looks like now.

    Attributes:
        waiting: Recipients due or scheduled.
        leased: Recipients being delivered.
        held: Messages held for review.
        oldest_seconds: Age of the oldest recipient in the queue, 0 with none.
        overdue_seconds: Since the recipient that is due longest was due, 0 with none.
        hold_seconds: Until the nearest deadline of a held message, infinite with none.
    """

    waiting: int = 0
    leased: int = 0
    held: int = 0
    oldest_seconds: float = 0.0
    overdue_seconds: float = 0.0
    hold_seconds: float = math.inf


def watch_queue(read: Callable[[], QueueState]) -> None:
    """Let the queue gauges be read from ``read`` at every scrape.

    Args:
        read: Cheap and without waiting; it runs on the event loop at scrape time.
    """
    QUEUE_DEPTH.labels("waiting").set_function(lambda: read().waiting)
    QUEUE_DEPTH.labels("leased").set_function(lambda: read().leased)
    QUEUE_DEPTH.labels("held").set_function(lambda: read().held)
    QUEUE_OLDEST.set_function(lambda: read().oldest_seconds)
    QUEUE_OVERDUE.set_function(lambda: read().overdue_seconds)
    HOLD_LEFT.set_function(lambda: read().hold_seconds)


def watch_vital(vital: str, is_well: Callable[[], bool]) -> None:
    """Let one of :data:`VITALS` be asked at every scrape whether it works.

    Args:
        vital: Its name.
        is_well: Cheap and without waiting.
    """
    WELL.labels(vital).set_function(is_well)


class Names:
    """Label values known only once the configuration is read: policies and listeners."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()

    def set(self, names: Iterable[str]) -> tuple[str, ...]:
        """Make ``names`` the known ones.

        Returns:
            Every label value in use from now on, :data:`OTHER` included.
        """
        self._known = frozenset(names)
        return (*sorted(self._known), OTHER)

    def label(self, name: str) -> str:
        """``name`` when it is known, else :data:`OTHER`."""
        return name if name in self._known else OTHER


POLICIES = Names()
LISTENERS = Names()


def label(value: str, known: Iterable[str]) -> str:
    """``value`` when it is one of ``known``, else :data:`OTHER`."""
    return value if value in known else OTHER


def reply_class(reply: str) -> str:
    """``"4yz"`` or ``"5yz"`` for a reply line, :data:`OTHER` for anything else."""
    return label(f"{reply[:1]}yz", REPLY_CLASSES)


def marketplace(policy: str) -> str:
    """The policy's name without its edition: ``"amazon"`` for ``"amazon@2020-11-03"``."""
    return policy.partition("@")[0]


def declare(*, policies: Iterable[str] = (), listeners: Iterable[str] = ()) -> None:
    """Make the configured names known as label values and set their series to zero.

    Args:
        policies: Policy names, with or without edition.
        listeners: Listener addresses as they stand in the configuration; what follows a blank is for eyes only.
    """
    declare_policies(policies)
    for listener in LISTENERS.set(name.partition(" ")[0] for name in listeners):
        SESSIONS.labels(listener)


def declare_policies(policies: Iterable[str]) -> None:
    """As :func:`declare`, for policies alone: a reload leaves the listeners as they are."""
    for policy in POLICIES.set(marketplace(name) for name in policies):
        for verdict in VERDICTS:
            MESSAGES.labels(verdict, policy)


def _zero() -> None:
    """Set every series of the closed lists to zero."""
    for metric, values in (
        (FINDINGS, (*RULES, OTHER)),
        (HOLDS_ENDED, VERDICTS),
        (SESSIONS_REFUSED, REFUSAL_REASONS),
        (LIMITS_REACHED, LIMITS),
        (LOGINS, LOGIN_OUTCOMES),
        (FAULTS, PLACES),
        (WORKERS_LOST, LOSSES),
        (NOTICES_SENT, NOTICES),
        (NOTICES_FAILED, NOTICES),
        (QUEUE_DEPTH, QUEUE_STATES),
        (VITAL_FAILURES, VITALS),
        (WELL, VITALS),
        (RELOADS, RELOAD_OUTCOMES),
        (CLOCK_JUMPS, JUMP_DIRECTIONS),
    ):
        for value in values:
            metric.labels(value)
    for outcome in OUTCOMES:
        for cause in ("",) if outcome == "delivered" else CAUSES:
            ATTEMPTS.labels(outcome, cause)
    for command in COMMANDS:
        for kind in REPLY_CLASSES:
            COMMANDS_REFUSED.labels(command, kind)
    declare()


_zero()
