"""Requests for receipts."""

import pytest

from gateway.rules.read_receipt import RULE, Params
from gateway.rules.rule import Remedy


@pytest.mark.parametrize("name", Params().fields)
def test_hit(context_of, findings, name):
    """Each field that asks for a receipt is reported, and goes."""
    [finding] = findings(RULE, context_of(fields=[(name, "shop@seller.example")]))
    assert (name, Remedy.DROP_FIELD) == (finding.target.field, finding.remedy)
    assert "seller.example" not in finding.evidence


def test_hit_counts_a_repeated_field_once(context_of, findings):
    """The remedy takes out all fields of a name, so one finding is enough."""
    fields = [("Return-Receipt-To", "a@x"), ("return-receipt-to", "b@x"), ("X-PMRQC", "1")]
    assert [f.evidence for f in findings(RULE, context_of(fields=fields))] == ["Return-Receipt-To", "X-PMRQC"]


@pytest.mark.parametrize(
    "name", ["Reply-To", "Disposition", "X-Receipt-Number", "Auto-Submitted", "Original-Recipient"]
)
def test_near_miss(context_of, findings, name):
    """Other fields are not reported, nor words about receipts."""
    assert (
        findings(RULE, context_of(text="Return-Receipt-To: me", subject="Receipt", fields=[(name, "x")]))
        == []
    )


@pytest.mark.parametrize("name", ["DISPOSITION-NOTIFICATION-TO", "x-Confirm-reading-to"])
def test_evasion(context_of, findings, name):
    """Field names have no case."""
    assert len(findings(RULE, context_of(fields=[(name, "x")]))) == 1
