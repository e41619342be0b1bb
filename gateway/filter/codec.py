"""An examination as octets, from a worker process to the server.

A worker has read hostile mail, so nothing it says is unpickled: what it sends is JSON of a known shape, and the
octets of the composed mail behind it.
Not here: the pipe (``worker``).
"""

import json
from typing import Any

from gateway.filter.digest import Digest, Identity
from gateway.filter.examination import Examination
from gateway.filter.verdict import Judgement, Reject
from gateway.mail.address import Address
from gateway.policy.model import OnMatch
from gateway.rules.rule import Finding, Remedy, Target


def dump(examination: Examination) -> tuple[bytes, bytes]:
    """JSON, and the octets that would be sent (``b""`` where there are none, which the JSON tells apart).

    Pieces of text and node numbers stay behind: they speak of a tree that only the worker had.
    """
    digest = examination.digest
    refusal = examination.refusal
    shape = {
        "policy": examination.policy,
        "judgements": [_judgement_shape(each) for each in examination.judgements],
        "omitted": examination.omitted,
        "normalised": examination.normalised,
        "digest": {
            "author": _address_shape(digest.author),
            "subject": digest.subject,
            "message_id": digest.message_id,
            "orders": digest.orders,
            "identities": [[each.field, _address_shape(each.address)] for each in digest.identities],
        },
        "stripped": examination.stripped,
        "held": examination.held,
        "refusal": [refusal.code, refusal.status, refusal.sentences] if refusal else None,
        "has_octets": examination.octets is not None,
    }
    return json.dumps(shape).encode(), examination.octets or b""


def load(head: bytes, octets: bytes) -> Examination:
    """The examination again.

    Raises:
        ValueError: Not the shape that ``dump`` gives (whatever is missing in it is turned into that).
    """
    try:
        return _load(json.loads(head), octets)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError("a worker answered in an unknown shape") from error


def _load(shape: dict[str, Any], octets: bytes) -> Examination:
    digest = shape["digest"]
    refusal = shape["refusal"]
    return Examination(
        policy=shape["policy"],
        judgements=tuple(_judgement(each) for each in shape["judgements"]),
        omitted=shape["omitted"],
        normalised=tuple(shape["normalised"]),
        digest=Digest(
            author=_address(digest["author"]),
            subject=digest["subject"],
            message_id=digest["message_id"],
            orders=tuple(digest["orders"]),
            identities=tuple(
                Identity(field=name, address=_address(address)) for name, address in digest["identities"]
            ),
        ),
        stripped=tuple(shape["stripped"]),
        held=tuple(shape["held"]),
        refusal=Reject(code=refusal[0], status=refusal[1], sentences=tuple(refusal[2])) if refusal else None,
        octets=octets if shape["has_octets"] else None,
    )


def _address_shape(address: Address | None) -> list[str] | None:
    return [address.local, address.domain] if address else None


def _address(shape: list[str] | None) -> Address | None:
    return Address(local=shape[0], domain=shape[1]) if shape else None


def _judgement_shape(judgement: Judgement) -> list[str | None]:
    finding = judgement.finding
    return [
        finding.rule,
        finding.target.part,
        finding.target.field,
        finding.evidence,
        finding.remedy.value,
        judgement.on_match.value,
        judgement.clause,
        judgement.sentence,
        judgement.advice,
    ]


def _judgement(shape: list[Any]) -> Judgement:
    rule, part, field, evidence, remedy, on_match, clause, sentence, advice = shape
    finding = Finding(
        rule=rule, target=Target(part=part, field=field), evidence=evidence, remedy=Remedy(remedy)
    )
    return Judgement(
        finding=finding, on_match=OnMatch(on_match), clause=clause, sentence=sentence, advice=advice
    )
