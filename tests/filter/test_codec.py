"""An examination on its way from a worker."""

import json

import pytest

from gateway.filter.codec import dump, load
from gateway.filter.examine import examine
from gateway.rules.context import Profile
from gateway.samples import load_samples


@pytest.mark.parametrize("sample", load_samples(), ids=lambda sample: sample.name)
def test_round_trip(sample, amazon, received_at):
    """What arrives says the same as what was sent, but for places in a tree that only the worker had."""
    before = examine(sample.octets, amazon, Profile(), received_at)
    after = load(*dump(before))
    assert after.octets == before.octets
    assert (after.policy, after.normalised, after.digest) == (before.policy, before.normalised, before.digest)
    assert (after.stripped, after.held, after.refusal) == (before.stripped, before.held, before.refusal)
    assert [each.finding.evidence for each in after.judgements] == [
        each.finding.evidence for each in before.judgements
    ]
    assert dump(after) == dump(before)


BROKEN = {
    "no JSON": b"{",
    "not an object": b"[]",
    "empty": b"{}",
    "no digest": json.dumps({"policy": "x", "refusal": None}).encode(),
    "unknown remedy": json.dumps(
        {"digest": {"author": None}, "judgements": [[""] * 9], "refusal": None, "policy": ""}
    ).encode(),
}


@pytest.mark.parametrize("head", BROKEN.values(), ids=BROKEN)
def test_an_unknown_shape_is_a_value_error(head):
    """A worker that answers anything else is not believed."""
    with pytest.raises(ValueError):
        load(head, b"")
