"""SIGKILL while mails are in flight: a small run of tests/stress/kill_in_flight.py."""

import runpy
from pathlib import Path

STRESS = runpy.run_path(str(Path(__file__).parents[1] / "stress" / "kill_in_flight.py"))


async def test_no_answered_mail_is_lost(tmp_path):
    """Of mails sent while the gateway is killed three times, each that was answered 250 arrives."""
    done = await STRESS["trial"](tmp_path, 150, 3)
    assert len(done.in_flight_at_kill) == 3
    assert len(done.ledger) == 150
    assert done.missing() == set()
    assert done.unexplained() == set()


async def test_no_reply_of_a_next_hop_is_missed(tmp_path):
    """Mails over reused connections all arrive, though each reply to the final dot comes at once."""
    done = await STRESS["trial"](tmp_path, 200, 0)
    assert len(done.ledger) == 200
    assert done.missing() == set()
