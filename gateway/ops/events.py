"""The closed list of things the gateway tells its operator.

House rules: one function is one event, one JSON line and its metrics. Nobody outside ``ops/`` calls
structlog. A field holds names, counts, codes and times; never message text, a subject, a password, or a
buyer's address. Every line also carries ``event`` (the function's name), ``level`` and ``at`` (UTC).

*Not here:* how a line is written (``log.py``), the metrics themselves (``metrics.py``).
*Limits:* :data:`MAX_TEXT_CHARS`.
"""

import re
from collections.abc import Mapping, Sequence

import structlog

from gateway.mail.cause import OPERATORS
from gateway.ops import metrics
from gateway.ops.frames import class_name, frames

MAX_TEXT_CHARS = 256
"""Characters of one text a stranger chose (a username, a peer), lest he fill the disk with one line."""

_REMOTE_REPLY = re.compile(r"[2-5][0-9][0-9](?:[ -][245]\.[0-9]{1,3}\.[0-9]{1,3})?(?![0-9])")
"""Reply code and status at the start of a next hop's reply (RFC 5321 section 4.2, RFC 2034)."""

_log = structlog.get_logger()


def started(*, version: str, listeners: Sequence[str], policies: Sequence[str]) -> None:
    """The gateway takes mail now.

    Fields: ``version``; ``listeners`` (addresses); ``policies`` (names, with or without edition).
    """
    metrics.declare(policies=policies, listeners=listeners)
    _log.info("started", version=version, listeners=list(listeners), policies=list(policies))


def stopping(*, reason: str) -> None:
    """No new sessions; what is under way is finished. Fields: ``reason`` (our own word: a signal's name)."""
    _log.info("stopping", reason=reason)


def stopped(*, cut: int) -> None:
    """Everything is closed.

    Fields: ``cut``: mails that were cut off; none of them was answered, so their clients keep them.
    """
    metrics.MESSAGES_CUT.inc(cut)
    _log.info("stopped", cut=cut)


def reloaded(*, policies: Sequence[str], changed: Sequence[str], needs_restart: Sequence[str]) -> None:
    """Other settings are in force; no connection was dropped.

    Fields: ``policies`` (names with edition); ``changed`` (sections of the configuration, and ``policies`` where a
    policy is another) taken now; ``needs_restart``: sections that have changed and are taken at the next start only.
    """
    metrics.declare_policies(policies)
    metrics.RELOADS.labels("done").inc()
    metrics.RELOAD_FAILED.set(0)
    metrics.RESTART_NEEDED.set(bool(needs_restart))
    write = _log.warning if needs_restart else _log.info
    write("reloaded", policies=list(policies), changed=list(changed), needs_restart=list(needs_restart))


def reload_failed(*, faults: Sequence[Mapping[str, str]]) -> None:
    """The settings that were in force still are, all of them.

    Fields: ``faults``: for each its ``file``, ``key`` and ``fault``, as ``gateway config check`` says them.
    """
    metrics.RELOADS.labels("failed").inc()
    metrics.RELOAD_FAILED.set(1)
    _log.error("reload_failed", faults=[dict(each) for each in faults])


def vital_failed(*, vital: str, cause: str) -> None:
    """Something the gateway cannot do without has failed; it is looked at until it works again.

    Without disk and store no mail is taken (452 4.3.1, 451 4.3.0).
    Fields: ``vital`` (disk, store, workers); ``cause`` (our own sentence, or a class name).
    """
    metrics.VITAL_FAILURES.labels(metrics.label(vital, metrics.VITALS)).inc()
    _log.error("vital_failed", vital=vital, cause=cause)


def vital_recovered(*, vital: str, seconds: float) -> None:
    """It works again, and where it was disk or store, mail is taken again.

    Fields: ``vital``; ``seconds`` of failure.
    """
    _log.warning("vital_recovered", vital=vital, seconds=_round(seconds))


def clock_jumped(*, seconds: float) -> None:
    """The wall clock was set; what waits was moved with it. Fields: ``seconds``, negative for back."""
    metrics.CLOCK_JUMPS.labels("forward" if seconds > 0 else "back").inc()
    _log.warning("clock_jumped", seconds=_round(seconds))


def brought_forward(*, count: int) -> None:
    """Recipients were due later than any schedule says, so the clock was set back meanwhile; they are due now.

    Fields: ``count``.
    """
    _log.warning("brought_forward", count=count)


def leases_taken_over(*, count: int) -> None:
    """Recipients leased by an instance that is gone are due again. Fields: ``count``."""
    metrics.TAKEN_OVER.inc(count)
    _log.warning("leases_taken_over", count=count)


def purged(*, count: int) -> None:
    """Messages at the end of their retention were deleted. Fields: ``count``."""
    metrics.PURGED.inc(count)
    _log.info("purged", count=count)


def certificate_loaded() -> None:
    """Clients see the certificate that is in its files now."""
    _log.info("certificate_loaded")


def certificate_kept(*, reason: str) -> None:
    """The files of the certificate hold no usable pair: clients see the one read before, until it expires.

    Fields: ``reason`` (OpenSSL's or the system's own word: ``KEY_VALUES_MISMATCH``, ``No such file or directory``).
    """
    metrics.CERTIFICATES_KEPT.inc()
    _log.error("certificate_kept", reason=reason)


def session_opened(*, peer: str, listener: str) -> None:
    """A client connected. Fields: ``peer`` (address and port); ``listener`` (address).

    At level debug: ``session_closed`` has all of it and more, and many clients open a connection for each mail.
    """
    metrics.SESSIONS.labels(metrics.LISTENERS.label(listener)).inc()
    metrics.SESSIONS_OPEN.inc()
    _log.debug("session_opened", peer=_short(peer), listener=listener)


def session_closed(*, peer: str, listener: str, seconds: float, messages: int) -> None:
    """A client is gone. Fields: ``peer``; ``listener``; ``seconds`` open; ``messages`` taken from it."""
    metrics.SESSIONS_OPEN.dec()
    _log.info(
        "session_closed", peer=_short(peer), listener=listener, seconds=_round(seconds), messages=messages
    )


def session_refused(*, peer: str, listener: str, reason: str) -> None:
    """A connection was cut before or instead of service.

    Fields: ``peer``; ``listener``; ``reason`` (our own word, best one of ``metrics.REFUSAL_REASONS``).
    """
    metrics.SESSIONS_REFUSED.labels(metrics.label(reason, metrics.REFUSAL_REASONS)).inc()
    _log.warning("session_refused", peer=_short(peer), listener=listener, reason=reason)


def limit_reached(*, peer: str, limit: str) -> None:
    """A client got a 4yz because a limit is used up. Fields: ``peer``; ``limit`` (its key below ``[limits]``)."""
    metrics.LIMITS_REACHED.labels(metrics.label(limit, metrics.LIMITS)).inc()
    _log.warning("limit_reached", peer=_short(peer), limit=limit)


def login_succeeded(*, peer: str, seller: str) -> None:
    """AUTH went well. Fields: ``peer``; ``seller``."""
    metrics.LOGINS.labels("succeeded").inc()
    _log.info("login_succeeded", peer=_short(peer), seller=seller)


def login_failed(*, peer: str, username: str) -> None:
    """AUTH was refused. Fields: ``peer``; ``username`` as the client gave it, shortened."""
    metrics.LOGINS.labels("failed").inc()
    _log.warning("login_failed", peer=_short(peer), username=_short(username))


def command_refused(*, peer: str, command: str, reply: str) -> None:
    """A command got a 4yz or 5yz. Fields: ``peer``; ``command`` (verb only); ``reply`` (ours, one line)."""
    verb = metrics.label(command.upper(), metrics.COMMANDS)
    metrics.COMMANDS_REFUSED.labels(verb, metrics.reply_class(reply)).inc()
    # A client that sends its mail where commands belong must not get it into the log: an unknown verb is not
    # named.
    _log.info("command_refused", peer=_short(peer), command=verb, reply=_short(reply))


def message_judged(  # noqa: PLR0913 - the canonical line: one event holds all that is known of a mail
    *,
    id: str,  # noqa: A002 - the field's name in the line
    seller: str,
    peer: str,
    policy: str,
    verdict: str,
    reply_code: int,
    rules: tuple[str, ...],
    recipients: int,
    octets_in: int,
    octets_out: int,
    seconds: float,
) -> None:
    """A mail got its verdict and its reply: the canonical line of a message.

    Fields: ``id``; ``seller``; ``peer``; ``policy`` (with edition, ``""`` for none); ``verdict`` (accept,
    strip, hold, reject, defer); ``reply_code``; ``rules`` that found something; ``recipients`` (count);
    ``octets_in`` as received; ``octets_out`` as composed, 0 when nothing was; ``seconds`` from the final dot
    to the reply.
    """
    name = metrics.POLICIES.label(metrics.marketplace(policy))
    metrics.MESSAGES.labels(metrics.label(verdict, metrics.VERDICTS), name).inc()
    for rule in {metrics.label(rule, metrics.RULES) for rule in rules}:
        metrics.FINDINGS.labels(rule).inc()
    metrics.OCTETS_IN.inc(octets_in)
    metrics.OCTETS_OUT.inc(octets_out)
    metrics.ACCEPT_SECONDS.observe(seconds)
    _log.info(
        "message_judged",
        id=id,
        seller=seller,
        peer=_short(peer),
        policy=policy,
        verdict=verdict,
        reply_code=reply_code,
        rules=list(rules),
        recipients=recipients,
        octets_in=octets_in,
        octets_out=octets_out,
        seconds=_round(seconds),
    )


def attempt_made(  # noqa: PLR0913 - one event holds all that is known of an attempt
    *,
    id: str,  # noqa: A002 - the field's name in the line
    next_hop: str,
    outcome: str,
    cause: str,
    recipients: int,
    reply: str,
    seconds: float,
) -> None:
    """One message was tried at one next hop, for the recipients that share an outcome.

    Fields: ``id``; ``next_hop`` (host and port); ``outcome`` (delivered, temporary, permanent, unknown);
    ``cause`` of a failure (see ``metrics.CAUSES``), ``""`` for a delivery; ``recipients`` (count); ``reply``: code and
    status of the next hop's reply, or our own words; ``seconds``. An error where only the operator can mend it.
    """
    counted = "" if outcome == "delivered" else metrics.label(cause, metrics.CAUSES)
    metrics.ATTEMPTS.labels(metrics.label(outcome, metrics.OUTCOMES), counted).inc(recipients)
    metrics.ATTEMPT_SECONDS.observe(seconds)
    write = _log.info if outcome == "delivered" else _log.error if cause in OPERATORS else _log.warning
    write(
        "attempt_made",
        id=id,
        next_hop=next_hop,
        outcome=outcome,
        cause=cause,
        recipients=recipients,
        reply=_reply(reply),
        seconds=_round(seconds),
    )


def dkim_keys_loaded(*, domains: int) -> None:
    """The folder of DKIM keys was read. Fields: ``domains`` (count) whose mail is signed."""
    _log.info("dkim_keys_loaded", domains=domains)


def dkim_keys_refused(*, domain: str, fault: str) -> None:
    """A DKIM key cannot be used; one that was in use stays so, else mail of the domain waits.

    Fields: ``domain`` of the seller, ``""`` for the whole folder; ``fault``: our own sentence with file and mend.
    """
    _log.error("dkim_keys_refused", domain=domain, fault=_short(fault))


def signature_failed(*, domain: str, fault: str) -> None:
    """A mail was not sent, for now, since it cannot be signed. Fields: ``domain`` of its author; ``fault``."""
    metrics.SIGNATURES_FAILED.inc()
    _log.error("signature_failed", domain=domain, fault=_short(fault))


def message_expired(*, id: str, recipients: int) -> None:  # noqa: A002 - the field's name in the line
    """The time in the queue ran out. Fields: ``id``; ``recipients`` (count) given up."""
    metrics.EXPIRED.inc(recipients)
    _log.warning("message_expired", id=id, recipients=recipients)


def hold_due(*, id: str, seller: str, seconds: float) -> None:  # noqa: A002 - the field's name in the line
    """The deadline of a held mail is near: look at it now. Fields: ``id``; ``seller``; ``seconds`` left."""
    metrics.HOLDS_DUE.inc()
    _log.warning("hold_due", id=id, seller=seller, seconds=_round(seconds))


def hold_ended(*, id: str, seller: str, verdict: str) -> None:  # noqa: A002 - the field's name in the line
    """The deadline of a held mail has come, and the policy has decided.

    Fields: ``id``; ``seller``; ``verdict`` (accept or strip: sent; reject).
    """
    metrics.HOLDS_ENDED.labels(metrics.label(verdict, metrics.VERDICTS)).inc()
    _log.warning("hold_ended", id=id, seller=seller, verdict=verdict)


def notice_sent(*, id: str, kind: str) -> None:  # noqa: A002 - the field's name in the line
    """A DSN or notice is on its way to the seller. Fields: ``id`` of the message it is about; ``kind``."""
    metrics.NOTICES_SENT.labels(metrics.label(kind, metrics.NOTICES)).inc()
    _log.info("notice_sent", id=id, kind=kind)


def notice_failed(*, id: str, kind: str, reason: str) -> None:  # noqa: A002 - the field's name in the line
    """A DSN or notice could not be sent. Fields: ``id``; ``kind``; ``reason`` (code and status, or words)."""
    metrics.NOTICES_FAILED.labels(metrics.label(kind, metrics.NOTICES)).inc()
    _log.warning("notice_failed", id=id, kind=kind, reason=_reply(reason))


def worker_lost(*, incident: str, reason: str) -> None:
    """A worker process died, hung or grew too big.

    Fields: ``incident`` id; ``reason`` (see ``metrics.LOSSES``).
    """
    metrics.WORKERS_LOST.labels(metrics.label(reason, metrics.LOSSES)).inc()
    _log.error("worker_lost", incident=incident, reason=reason)


def fault(*, incident: str, where: str, exception: BaseException) -> None:
    """A bug, a full disk, a lost database: our own fault.

    Fields: ``incident`` id, the one the client was told; ``where`` (see ``metrics.PLACES``); ``exception``
    and ``cause`` (class names); ``errno`` of an OSError; ``frames`` (file:line:function). Never the
    exception's text nor locals: they may hold mail.
    """
    metrics.FAULTS.labels(metrics.label(where, metrics.PLACES)).inc()
    cause = exception.__cause__ or exception.__context__
    _log.error(
        "fault",
        incident=incident,
        where=where,
        exception=class_name(exception),
        cause=class_name(cause) if cause else "",
        errno=exception.errno if isinstance(exception, OSError) else None,
        frames=frames(exception),
    )


def library_warned(*, logger: str, level: str, where: str, exception: BaseException | None) -> None:
    """A library logged a warning or worse. Its text is left out: it may hold addresses or mail.

    Fields: ``logger`` (name); ``severity`` as the library saw it; ``where`` (file:line:function that logged);
    ``exception`` (class name) and ``frames`` when there was one.
    """
    metrics.LIBRARY_WARNINGS.inc()
    _log.warning(
        "library_warned",
        logger=logger,
        severity=level,
        where=where,
        exception=class_name(exception) if exception else "",
        frames=frames(exception) if exception else [],
    )


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARS else text[: MAX_TEXT_CHARS - 1] + "…"


def _reply(text: str) -> str:
    """Code and status of a next hop's reply.

    Its text stays out: it likes to quote buyers' addresses and the mail's own words.
    """
    found = _REMOTE_REPLY.match(text)
    return found[0] if found else _short(text)


def _round(seconds: float) -> float:
    return round(seconds, 4)
