"""Times every search of ``gateway messages`` over a record of 100,000 mails, as an operator's shell sees it.

Run by hand: ``python tests/bench/record.py [--messages 100000] [--keep FOLDER]``. Cold = the database is not in the
page cache, warm = the median of five runs after that, CPU = of these. The bar is 300 ms warm, process start included,
on a machine that is idle: where it is not, look at the CPU.
"""

import argparse
import asyncio
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from gateway.mail.address import parse_path
from gateway.mail.envelope import Envelope, Recipient
from gateway.store.records import Attempt, FindingRecord, NewMessage, Settlement
from gateway.store.rulings import Deadline
from gateway.store.store import Store

BATCH = 256
RULES = ("external_link", "phone_number", "emoji", "email_address", "tracking_pixel", "emoticon")
VERDICTS = ("accept",) * 80 + ("strip",) * 15 + ("reject",) * 4 + ("hold",)
START = datetime(2026, 8, 1, tzinfo=UTC)
FILLER = b"Dear customer, your order is on its way.\r\n" * 40


def mail(number: int, dice: random.Random, count: int) -> NewMessage:
    """The mail of that number; one in five has findings, the last thousand wait."""
    at = START + timedelta(seconds=number * 86.4)
    verdict = dice.choice(VERDICTS)
    rules = () if verdict == "accept" else dice.sample(RULES, dice.randint(1, 3))
    order = f"203-{number:07d}-{dice.randrange(10_000_000):07d}"
    recipient = parse_path(f"b{dice.randrange(10**10):010d}@marketplace.amazon.co.uk")
    return NewMessage(
        id=f"m{number:017d}",
        received_at=at,
        seller=f"seller-{dice.randrange(20)}",
        peer="192.0.2.1:40000",
        envelope=Envelope(
            reverse_path=parse_path("orders@harbour-tea.example"), recipients=(Recipient(address=recipient),)
        ),
        policy="amazon@2020-11-03",
        verdict=verdict,
        reply="250 2.0.0",
        message_id=f"<{number}.{dice.randrange(10**8)}@harbour-tea.example>",
        subject=f"Your order {order} from Harbour Tea",
        order_ids=(order,),
        original=FILLER,
        sent=FILLER if verdict in {"accept", "strip"} else None,
        route="amazon",
        findings=tuple(finding(rule) for rule in rules),
        normalised=("header field X-Mailer dropped",),
        due_at=at if number < count - 1_000 else at + timedelta(days=365),
        hold=Deadline(warn_at=at + timedelta(hours=18), until=at + timedelta(hours=20))
        if verdict == "hold"
        else None,
    )


def finding(rule: str) -> FindingRecord:
    """One finding of that rule."""
    return FindingRecord(
        rule=rule,
        clause=f"amazon:{rule}",
        part="1",
        evidence="https://shop…",
        on_match="strip",
        remedy="REDACT_TEXT",
        advice="Leave it out.",
    )


async def fill(url: str, count: int) -> None:
    """A record of that many mails, all but the last thousand delivered."""
    dice = random.Random(3)
    store = await Store.open(url, instance="bench")
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        await asyncio.gather(*(store.accept(mail(number, dice, count)) for number in numbers))
        items = await store.claim(BATCH, START + timedelta(seconds=count * 86.4), 600)
        done = Attempt(at=START, outcome="delivered", next_hop="mx.example:25", reply="250 2.0.0 Ok")
        await store.settle(
            [Settlement(queue_id=item.id, state="delivered", due_at=None, attempt=done) for item in items]
        )
    await store.close()


def forget(path: Path) -> None:
    """Takes the database out of the page cache."""
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if name.exists():
            with name.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(arguments: list[str], url: str) -> tuple[float, float]:
    """Milliseconds of one command, process start included: on the wall, and of CPU."""
    began, before = perf_counter(), _cpu_s()
    subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "GATEWAY_STORE": url},
    )
    return (perf_counter() - began) * 1000, (_cpu_s() - before) * 1000


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def searches(count: int) -> list[list[str]]:
    """Every filter, those that find nothing and those that find much among them."""
    since = (START + timedelta(seconds=count * 86.4) - timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M")
    return [
        ["--version"],
        ["messages"],
        ["messages", "--json"],
        ["messages", "--limit", "1000", "--json"],
        *(["messages", "--verdict", verdict] for verdict in ("accept", "hold", "defer")),
        ["messages", "--rule", "emoji"],
        ["messages", "--rule", "mime_ambiguity"],
        ["messages", "--rule", "emoji", "--verdict", "accept"],
        ["messages", "--seller", "seller-7"],
        ["messages", "--seller", "nobody"],
        ["messages", "--seller", "seller-7", "--verdict", "reject"],
        ["messages", "--seller", "seller-7", "--rule", "emoji"],
        ["messages", "--since", since],
        ["messages", "--text", "203-"],
        ["messages", "--text", f"203-{5:07d}-"],
        ["messages", "--text", "no such words"],
        ["messages", "--text", "no such words", "--seller", "seller-7"],
        ["messages", "show", f"m{count // 2:017d}"],
        ["messages", "show", f"m{count // 2:017d}", "--json"],
        ["queue", "list"],
        ["queue", "list", "--state", "held"],
        ["queue", "list", "--state", "delivered"],
        ["queue", "list", "--state", "failed"],
        ["queue", "list", "--rule", "emoji"],
    ]


def main() -> int:
    """The command line; 1 if a search takes 300 ms or more, warm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="Folder to keep the record in, or to take it from.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = (arguments.keep or Path(scratch)) / "record.db"
        url = f"sqlite:///{path}"
        if not path.exists():
            asyncio.run(fill(url, arguments.messages))
        print(
            f"{arguments.messages} mails, {path.stat().st_size / 1e6:.0f} MB\n{'cold':>6} {'warm':>6} {'CPU':>6}  ms"
        )
        slow = 0
        for each in searches(arguments.messages):
            forget(path)
            (cold, _), *warm = [timed(each, url) for _ in range(6)]
            wall, cpu = (statistics.median(column) for column in zip(*warm, strict=True))
            print(f"{cold:6.0f} {wall:6.0f} {cpu:6.0f}  gateway {' '.join(each)}", flush=True)
            slow += wall >= 300
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
