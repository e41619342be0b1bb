"""A process killed at any step loses nothing it has acknowledged and repeats nothing it has settled."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.store.records import MessageQuery
from gateway.store.store import Store

CHILD = Path(__file__).with_name("crash_child.py")
ROOT = CHILD.parents[2]


class Rig:
    """One record and one journal, worked on by child after child."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/gateway.db"
        self.journal = folder / "journal"
        self.journal.touch()

    def run(self, name: str, step: str, nth: int) -> int:
        """A child's return code: 0, or -9 where it killed itself."""
        command = [sys.executable, str(CHILD), self.url, str(self.journal), name, step, str(nth)]
        done = subprocess.run(
            command, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, timeout=60
        )
        assert done.returncode in {0, -9}, done.stderr.decode()
        return done.returncode

    def lines(self, word: str, *, after: int = 0) -> list[tuple[str, ...]]:
        """What follows this word in the journal, from a line on."""
        parts = [tuple(line.split()) for line in self.journal.read_text().splitlines()[after:]]
        return [part[1:] for part in parts if part[0] == word]

    def states(self) -> dict[tuple[str, str], str]:
        """Message id and recipient → state in the record."""
        return asyncio.run(self._states())

    async def _states(self) -> dict[tuple[str, str], str]:
        store = await Store.open(self.url, instance=None)
        found = {}
        for summary in await store.messages(MessageQuery(limit=1000)):
            detail = await store.message(summary.id)
            found |= {(summary.id, row.address.local): row.state for row in detail.recipients}
        await store.close()
        return found


def noticed(states: dict[tuple[str, str], str]) -> list[str]:
    """The messages that there is a notice about, as often as there is one."""
    return [name.split("/")[1] for name, _ in states if name.startswith("notice/")]


@pytest.mark.parametrize(
    ("step", "passes"),
    [
        pytest.param(
            "before-commit", (1, 3, 5), id="before a commit (the schema's, an accept's, a later one)"
        ),
        pytest.param("after-commit", (1, 3, 5), id="after a commit, before anybody is answered"),
        pytest.param("after-claim", (1, 2), id="after a claim"),
        pytest.param("after-send", (1, 4), id="after the next hop took it"),
        pytest.param("before-settle", (1, 4), id="before a settlement"),
        pytest.param("after-notice", (1, 3), id="after a notice, before its settlement"),
        pytest.param("after-settle", (1, 4), id="after a settlement"),
    ],
)
def test_killed(tmp_path, step, passes):
    """Killed there, again and again: every acknowledged recipient is served, no settled one is sent to again.

    Each failure has one notice, neither none nor two.
    """
    rig = Rig(tmp_path)
    for run, nth in enumerate(passes):
        assert rig.run(f"{run}", step, nth) == -9, "the step was not reached"
        settled = {key for key, state in rig.states().items() if state != "queued"}
        seen = len(rig.journal.read_text().splitlines())
    assert rig.run("last", "none", 0) == 0

    assert not settled & set(rig.lines("sent", after=seen))
    assert not settled & set(rig.lines("told", after=seen))
    states = rig.states()
    acknowledged = {name for (name,) in rig.lines("ack")}
    expected = {"good": "delivered", "late": "delivered", "bad": "failed"}
    assert len(acknowledged) >= 6
    for name in acknowledged:
        assert {local: states[name, local] for local in expected} == expected
    assert {key for key, state in states.items() if state == "delivered"} == set(rig.lines("sent"))
    failed = {key for key, state in states.items() if state == "failed"}
    assert failed == set(rig.lines("told"))
    assert sorted(noticed(states)) == sorted(name for name, _ in failed)


def test_not_killed(tmp_path):
    """Left alone, each recipient is sent to once and told of once."""
    rig = Rig(tmp_path)
    assert rig.run("0", "none", 0) == 0
    assert len(rig.lines("sent")) == len(set(rig.lines("sent"))) == 12 + 6
    assert len(rig.lines("told")) == 6
    assert len(noticed(rig.states())) == 6
    assert rig.lines("done") == [()]
