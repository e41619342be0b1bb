"""Values that refuse to contradict themselves."""

import pytest


@pytest.mark.parametrize(("state", "is_due"), [("queued", False), ("delivered", True), ("failed", True)])
def test_settlement_contradicts_itself(settlement, now, state, is_due):
    """A row that stays queued needs a time, a settled one has none."""
    with pytest.raises(ValueError, match="due time"):
        settlement(1, state, due_at=now if is_due else None)
