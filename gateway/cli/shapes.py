"""Mails as ``--json`` prints them; the names are part of the public contract.

Not here: tables (``tables.py``), one mail as a page (``page.py``).
"""

from typing import Any

from gateway.store.records import MessageDetail, MessageSummary


def shape(summary: MessageSummary) -> dict[str, Any]:
    """One line of ``--json``."""
    return {
        "id": summary.id,
        "received_at": summary.received_at.isoformat(),
        "seller": summary.seller,
        "policy": summary.policy,
        "verdict": summary.verdict,
        "reply": summary.reply,
        "message_id": summary.message_id,
        "subject": summary.subject,
        "orders": list(summary.order_ids),
        "reverse_path": str(summary.envelope.reverse_path or ""),
        "recipients": [str(each.address) for each in summary.envelope.recipients],
        "rules": list(summary.rules),
        "states": dict(summary.states),
        "held_until": summary.held_until.isoformat() if summary.held_until else None,
    }


def detail_shape(detail: MessageDetail) -> dict[str, Any]:
    """The one object of ``messages show --json``."""
    return {
        **shape(detail.summary),
        "peer": detail.peer,
        "findings": [{name: getattr(each, name) for name in each.__slots__} for each in detail.findings],
        "normalised": list(detail.normalised),
        "decisions": [
            {"at": each.at.isoformat(), "who": each.who, "what": each.what, "reason": each.reason}
            for each in detail.decisions
        ],
        "deliveries": [
            {
                "recipient": str(each.address),
                "state": each.state,
                "due_at": each.due_at.isoformat() if each.due_at else None,
                "attempts": [
                    {
                        "at": try_.at.isoformat(),
                        "outcome": try_.outcome,
                        "cause": try_.cause or None,
                        "next_hop": try_.next_hop,
                        "reply": try_.reply,
                    }
                    for try_ in each.attempts
                ],
            }
            for each in detail.recipients
        ],
        "original": detail.original.decode("latin-1") if detail.original is not None else None,
        "sent": detail.sent.decode("latin-1") if detail.sent is not None else None,
    }
