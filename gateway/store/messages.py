"""The record of judged mail: message, contents, findings; listed newest first.

Not here: which messages a listing finds (``search.py``), what is to be sent and what became of it (``queue.py``).
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from gateway.mail.envelope import Envelope, Recipient
from gateway.store import decisions, queue, search
from gateway.store.driver import (
    Operation,
    Row,
    Statement,
    Value,
    clean,
    from_column,
    from_micros,
    one_each,
    places,
    to_column,
    to_micros,
)
from gateway.store.records import (
    SENDING_VERDICTS,
    FindingRecord,
    MessageDetail,
    MessageQuery,
    MessageSummary,
    NewMessage,
    Release,
)

MAX_SEARCH_CHARS = 1_000
"""Code points of one searchable text (a Subject may have 65,536): nobody types more, and listings scan it."""

MAX_LISTED = 1_000
"""Messages in one listing: each takes a placeholder in the statements that follow, and nobody reads more."""

PURGE_BATCH = 200
"""Messages purged in one transaction, so that an accept never waits for more than these."""

_INSERT = """
INSERT INTO message (id, received_at, seller, peer, policy, verdict, reply, route, message_id, subject,
                     order_ids, envelope, normalised, search)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"""

_INSERT_CONTENT = "INSERT INTO content (message_id, received_at, sent, original) VALUES ($1, $2, $3, $4)"

_INSERT_FINDING = """
INSERT INTO finding (message_id, examination, position, rule, clause, part, evidence, on_match, remedy, advice)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""

_REEXAMINED = "UPDATE message SET verdict = $1, policy = $2, normalised = $3 WHERE id = $4"

_LAST_FINDING = """
SELECT COALESCE(MAX(examination), 1), COALESCE(MAX(position), -1) FROM finding WHERE message_id = $1"""

_SUMMARY = "id, received_at, seller, policy, verdict, reply, route, message_id, subject, order_ids, envelope"

_SIZES = "SELECT message_id, LENGTH(sent) FROM content WHERE message_id IN ({ids}) AND sent IS NOT NULL"
_SENT = "SELECT message_id, sent FROM content WHERE message_id IN ({ids})"

_PURGE = """
DELETE FROM content WHERE message_id IN (
  SELECT c.message_id FROM content c JOIN message m ON m.id = c.message_id
  WHERE c.received_at < $1 AND m.verdict <> 'hold'
    AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.message_id = c.message_id AND q.state = 'queued')
  ORDER BY c.received_at LIMIT $2)
RETURNING message_id"""


def accept(message: NewMessage) -> Operation[None]:
    """Remember a judged mail and queue it where its verdict owes a delivery.

    Raises:
        ValueError: It owes a delivery and has nothing to send, or nobody to send it to; or it is held for ever.
    """
    is_sent = message.verdict in SENDING_VERDICTS
    if is_sent and (message.sent is None or not message.envelope.recipients):
        raise ValueError("an accepted message needs octets to send and recipients")
    if (message.verdict == "hold") != (message.hold is not None):
        raise ValueError("a message has a deadline if, and only if, it is held")
    yield Statement(_INSERT, _columns(message))
    yield Statement(
        _INSERT_CONTENT, (message.id, to_micros(message.received_at), message.sent, message.original)
    )
    yield from one_each(_INSERT_FINDING, _finding_rows(message.id, message.findings))
    if message.hold is not None:
        yield decisions.keep(message.id, message.hold)
    if is_sent:
        yield from queue.enqueue(
            message.id, message.route, message.envelope, first_at=message.received_at, due_at=message.due_at
        )


def reexamined(message_id: str, release: Release) -> Operation[None]:
    """Put what the examination before a release has shown beside what there is; part of a release."""
    yield Statement(
        _REEXAMINED, (release.verdict, release.policy, json.dumps(release.normalised), message_id)
    )
    yield Statement("UPDATE content SET sent = $1 WHERE message_id = $2", (release.sent, message_id))
    examination, position = (yield Statement(_LAST_FINDING, (message_id,)))[0]
    rows = _finding_rows(message_id, release.findings, examination=examination + 1, start=position + 1)
    yield from one_each(_INSERT_FINDING, rows)


def contents(message_ids: Sequence[str], max_octets: int) -> Operation[dict[str, bytes]]:
    """Octets to send of those that fit together, the first ones first; what is large is not even looked at."""
    ids = tuple(message_ids)
    sizes: dict[str, int] = dict((yield Statement(_SIZES.format(ids=places(len(ids))), ids)))
    chosen: list[str] = []
    left = max_octets
    for message_id in ids:
        if 0 <= sizes.get(message_id, -1) <= left:
            left -= sizes[message_id]
            chosen.append(message_id)
    if not chosen:
        return {}
    return dict((yield Statement(_SENT.format(ids=places(len(chosen))), tuple(chosen))))


def size(message_id: str) -> Operation[int]:
    """How many octets there are to send; not one of them is read.

    Raises:
        LookupError: There are none, or they were purged.
    """
    for _, octets in (yield Statement(_SIZES.format(ids=places(1)), (message_id,))):
        return int(octets)
    raise LookupError(f"no octets to send for {message_id}")


def content(message_id: str) -> Operation[bytes]:
    """Octets to send.

    Raises:
        LookupError: There are none, or they were purged.
    """
    rows = yield Statement("SELECT sent FROM content WHERE message_id = $1", (message_id,))
    if not rows or rows[0][0] is None:
        raise LookupError(f"no octets to send for {message_id}")
    octets: bytes = rows[0][0]
    return octets


def listing(query: MessageQuery) -> Operation[list[MessageSummary]]:
    """Messages that meet the query, newest first."""
    where, params = yield from search.conditions(query)
    limit = max(0, min(query.limit, MAX_LISTED))
    rows = yield Statement(
        f"SELECT {_SUMMARY} FROM message {where} "  # noqa: S608 - fixed words and placeholders
        f"ORDER BY received_at DESC, id DESC LIMIT ${len(params) + 1}",
        (*params, limit),
    )
    return (yield from _summaries(rows))


def detail(message_id: str) -> Operation[MessageDetail | None]:
    """All that is known of a message, or ``None``."""
    rows = yield Statement(
        f"SELECT {_SUMMARY}, peer, normalised FROM message WHERE id = $1",  # noqa: S608 - fixed words
        (message_id,),
    )
    if not rows:
        return None
    *_, peer, normalised = rows[0]
    (summary,) = yield from _summaries([rows[0][:-2]])
    findings = yield Statement(
        "SELECT rule, clause, part, evidence, on_match, remedy, advice, examination FROM finding "
        "WHERE message_id = $1 ORDER BY position",
        (message_id,),
    )
    recipients = yield from queue.recipients(message_id)
    contents = yield Statement("SELECT sent, original FROM content WHERE message_id = $1", (message_id,))
    sent, original = contents[0] if contents else (None, None)
    return MessageDetail(
        summary=summary,
        peer=peer,
        findings=tuple(_finding(row) for row in findings),
        normalised=tuple(json.loads(normalised)),
        recipients=recipients,
        original=original,
        sent=sent,
        decisions=(yield from decisions.of(message_id)),
    )


def purge(before: datetime) -> Operation[int]:
    """Delete the contents of up to ``PURGE_BATCH`` settled messages received earlier; returns how many."""
    rows = yield Statement(_PURGE, (to_micros(before), PURGE_BATCH))
    return len(rows)


def _columns(message: NewMessage) -> tuple[Value, ...]:
    return (
        message.id,
        to_micros(message.received_at),
        clean(message.seller),
        clean(message.peer),
        clean(message.policy),
        message.verdict,
        clean(message.reply),
        message.route,
        None if message.message_id is None else clean(message.message_id),
        clean(message.subject),
        json.dumps(message.order_ids),
        json.dumps(_from_envelope(message.envelope)),
        json.dumps(message.normalised),
        _search(message),
    )


def _search(message: NewMessage) -> str:
    envelope = message.envelope
    texts = [message.id, message.subject, message.message_id or "", *message.order_ids]
    texts += [to_column(envelope.reverse_path)] if envelope.reverse_path else []
    texts += [to_column(recipient.address) for recipient in envelope.recipients]
    return clean("\n".join(text[:MAX_SEARCH_CHARS] for text in texts)).casefold()


def _finding_rows(
    message_id: str, findings: Iterable[FindingRecord], *, examination: int = 1, start: int = 0
) -> Iterable[tuple[Value, ...]]:
    for position, f in enumerate(findings, start):
        texts = (f.rule, f.clause, f.part, f.evidence, f.on_match, f.remedy, f.advice)
        yield (message_id, examination, position, *(clean(text) for text in texts))


def _finding(row: Row) -> FindingRecord:
    rule, clause, part, evidence, on_match, remedy, advice, examination = row
    return FindingRecord(
        rule=rule,
        clause=clause,
        part=part,
        evidence=evidence,
        on_match=on_match,
        remedy=remedy,
        advice=advice,
        examination=examination,
    )


def _summaries(rows: list[Row]) -> Operation[list[MessageSummary]]:
    ids = tuple(row[0] for row in rows)
    if not ids:
        return []
    found = yield Statement(
        f"SELECT message_id, rule FROM finding WHERE message_id IN ({places(len(ids))}) ORDER BY position",  # noqa: S608 - placeholders
        ids,
    )
    rules: dict[str, dict[str, None]] = {}
    for message_id, rule in found:
        rules.setdefault(message_id, {})[rule] = None
    states = yield from queue.states(ids)
    until = yield from decisions.held_until(ids)
    return [
        _summary(row, tuple(rules.get(row[0], ())), states.get(row[0], ()), until.get(row[0])) for row in rows
    ]


def _summary(
    row: Row, rules: tuple[str, ...], states: tuple[tuple[str, int], ...], held_until: datetime | None
) -> MessageSummary:
    return MessageSummary(
        id=row[0],
        received_at=from_micros(row[1]),
        seller=row[2],
        policy=row[3],
        verdict=row[4],
        reply=row[5],
        route=row[6],
        message_id=row[7],
        subject=row[8],
        order_ids=tuple(json.loads(row[9])),
        envelope=_to_envelope(json.loads(row[10])),
        rules=rules,
        states=states,
        held_until=held_until,
    )


def _from_envelope(envelope: Envelope) -> dict[str, Any]:
    return {
        "reverse_path": to_column(envelope.reverse_path) if envelope.reverse_path else None,
        "recipients": [[to_column(r.address), r.notify, r.original] for r in envelope.recipients],
        "smtputf8": envelope.smtputf8,
        "ret": envelope.ret,
        "envid": envelope.envid,
    }


def _to_envelope(stored: dict[str, Any]) -> Envelope:
    reverse_path = stored["reverse_path"]
    return Envelope(
        reverse_path=None if reverse_path is None else from_column(reverse_path),
        recipients=tuple(
            Recipient(address=from_column(address), notify=tuple(notify), original=original)
            for address, notify, original in stored["recipients"]
        ),
        smtputf8=stored["smtputf8"],
        ret=stored["ret"],
        envid=stored["envid"],
    )
