"""Kills a serving gateway at random moments under load, start-up among them, and holds the record to its word.

Next hops fail at random too. In the end, for each mail and recipient:

- answered 250: it has arrived, or its seller was told; and the record says which;
- refused: it has not arrived, and nothing that the policy forbids has;
- every copy beyond the first is known: the record has an ``unknown`` attempt, or the same mail taken twice.

Run by hand: ``python tests/stress/random_kills.py 300``.
"""

import argparse
import asyncio
import collections
import random
import re
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from faults.next_hop import CLOSE, RESET, NextHop
from faults.served import FORBIDDEN, Served, mail
from faults.table import LOST

from gateway.store.records import MessageQuery
from gateway.store.store import Store

CLIENTS = 8
LONGEST_LIFE_S = 1.5
FAULT_RATE = 0.01
"""Share of the steps at a next hop that go wrong."""

FAULTS = {
    "MAIL": ("451 4.3.0 later", CLOSE),
    "RCPT": ("450 4.2.0 later", RESET),
    "DATA": ("451 4.3.0 later",),
    ".": ("452 4.3.1 full", CLOSE, RESET),
}
NO_SUCH_BUYER = "gone@tea.example"


class MoodyNextHop(NextHop):
    """Now and then it does not do as it should; one recipient it never takes."""

    def __init__(self, dice):
        super().__init__({"RCPT gone": "550 5.1.1 no such buyer"}, times=None)
        self._dice = dice

    def fault(self, step):
        """The one that stays, or one by chance."""
        if step in self.faults:
            return self.faults[step]
        return self._dice.choice(FAULTS[step]) if step in FAULTS and self._dice.random() < FAULT_RATE else ""


@dataclass
class Ledger:
    """What the clients know.

    Attributes:
        taken: Number → recipients, of mails answered 250.
        refused: Numbers answered 5yz.
        tries: Number → times that it was sent in whole or in part.
    """

    taken: dict[int, list[str]] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    tries: collections.Counter = field(default_factory=collections.Counter)


def mail_of(number):
    """Octets and recipients: one in ten large, one in ten to two, one in ten refused, one in ten to nobody."""
    kind = number % 10
    to = {1: ["one@tea.example", "two@tea.example"], 2: [NO_SUCH_BUYER]}.get(kind, ["one@tea.example"])
    octets = mail(f"k{number}", to, words=("A long story. " * 5 + "\r\n") * 3_000 if kind == 3 else "")
    if kind == 4:
        octets = octets.replace(b"Subject:", b"Subject: first\r\nSubject:", 1)
    return octets, to


class Trial:
    """One gateway process after the other under load."""

    def __init__(self, folder, hop, notices, dice):
        self.hop, self.notices = hop, notices
        self.served = Served(folder, notices, {"tea": f"smtp://127.0.0.1:{hop.port}"})
        self.ledger = Ledger()
        self.deaths = collections.Counter()
        self._dice = dice
        self._numbers = iter(range(10**9))
        self._is_over = False

    async def run(self, kills):
        """Load, kills, and the end of all that waits."""
        clients = [asyncio.create_task(self._client()) for _ in range(CLIENTS)]
        for number in range(kills):
            await self._kill_one()
            if number % 25 == 24:
                print(f"{number + 1} kills, {len(self.ledger.taken)} mails taken", flush=True)
        await self.served.start()
        self._is_over = True
        await asyncio.gather(*clients)
        await self.served.quiet()
        await self.served.stop()

    async def _kill_one(self):
        if self._dice.random() < 0.2:
            await self.served.spawn()
            await asyncio.sleep(self._dice.random() * 2)
            self.deaths["at start"] += 1
        else:
            await self.served.start()
            await asyncio.sleep(self._dice.random() * LONGEST_LIFE_S)
            self.deaths["under load"] += 1
        await self.served.kill()

    async def _client(self):
        while not self._is_over:
            number = next(self._numbers)
            octets, to = mail_of(number)
            while True:
                answer = await self.served.submit(octets, to)
                self.ledger.tries[number] += 1
                if answer == "250":
                    self.ledger.taken[number] = to
                    break
                if answer[0] == "5":
                    self.ledger.refused.add(number)
                    break
                await asyncio.sleep(0.1 if answer == LOST else 0.02)


async def faults_of(trial):
    """Every broken promise, a line each."""
    copies = collections.Counter(
        (int(re.search(rb"Message-ID: <k(\d+)@", content)[1]), recipient)
        for recipient, content in trial.hop.copies
    )
    found = ["what the policy forbids arrived"] * any(FORBIDDEN in each for _, each in trial.hop.copies)
    found += [f"k{number}: refused, and arrived" for number, _ in copies if number in trial.ledger.refused]
    told = b"".join(trial.notices.arrived)
    store = await Store.open(trial.served.url, instance=None)
    for number, to in trial.ledger.taken.items():
        history = await _history(store, number)
        for recipient in to:
            states, attempts = history[recipient]
            arrived = copies[number, recipient]
            if recipient == NO_SUCH_BUYER:
                if f"<k{number}@".encode() not in told or set(states) != {"failed"}:
                    found.append(f"k{number}: nobody was told, or the record does not know: {states}")
            elif not arrived or set(states) != {"delivered"}:
                found.append(
                    f"k{number} {recipient}: answered 250, arrived {arrived} times, record: {states}"
                )
            elif arrived > len(states) + attempts["unknown"]:
                found.append(
                    f"k{number} {recipient}: {arrived} copies, the record explains fewer: {attempts}"
                )
    await store.close()
    return found, copies


async def _history(store, number):
    """Recipient → states of its rows, and outcomes of their attempts counted."""
    history = collections.defaultdict(lambda: ([], collections.Counter()))
    for summary in await store.messages(MessageQuery(text=f"<k{number}@")):
        for each in (await store.message(summary.id)).recipients:
            states, attempts = history[str(each.address)]
            states.append(each.state)
            attempts.update(attempt.outcome for attempt in each.attempts)
    return history


async def trial(folder, kills, seed):
    """Runs one trial to its end: broken promises, and figures."""
    dice = random.Random(seed)
    hop, notices = await MoodyNextHop(dice).start(), await NextHop().start()
    done = Trial(Path(folder), hop, notices, dice)
    try:
        await done.run(kills)
        found, copies = await faults_of(done)
    finally:
        await done.served.stop()
        await hop.stop()
        await notices.stop()
    more = sum(count - 1 for count in copies.values())
    sent_again = sum(done.ledger.tries[number] > 1 for number in done.ledger.taken)
    print(f"kills: {dict(done.deaths)}")
    print(
        f"mails taken: {len(done.ledger.taken)}, refused: {len(done.ledger.refused)}, sent again: {sent_again}"
    )
    print(
        f"copies arrived: {sum(copies.values())}, of which known duplicates: {more}; notices: {len(notices.arrived)}"
    )
    print(f"broken promises: {len(found)}", *found[:20], sep="\n")
    return found


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        return 1 if asyncio.run(trial(folder, arguments.kills, arguments.seed)) else 0


if __name__ == "__main__":
    sys.exit(main())
