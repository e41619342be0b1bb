"""CPU of each stage of an examination, for each kind of mail: ``python tests/bench/stages.py [--runs N]``.

Each figure is the median over the mails of a run, every mail another one, in milliseconds of CPU. Compare ratios.
"""

import argparse
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import process_time
from typing import Any

import mails
from rich.console import Console
from rich.table import Table

from gateway.config.model import Config
from gateway.config.policies import load_policies
from gateway.filter.codec import dump, load
from gateway.filter.examine import examine, judge
from gateway.html.inspect import inspect
from gateway.html.judge import Known
from gateway.html.rewrite import rebuild
from gateway.html.settle import settled
from gateway.mail.compose import compose
from gateway.mail.parse import parse
from gateway.rules.context import Context, Profile

POLICY = load_policies(Config())["amazon"]
PROFILE = Profile(seller="bench")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def stages(octets: bytes) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name and work of each stage, in the order of an examination."""
    message = parse(octets)
    html = [leaf for leaf in message.leaves() if leaf.is_html]
    yield "parse", lambda: parse(octets)
    yield "inspect (lexbor)", lambda: [inspect(leaf.text or "", Known()) for leaf in html]
    views = {leaf.number: inspect(leaf.text or "") for leaf in html}
    yield "judge", lambda: judge(Context(message=message, views=views, profile=PROFILE), POLICY)
    if any(view.extras for view in views.values()):
        known = Known()
        trees = [rebuild(leaf.text or "", known) for leaf in html]
        yield "rebuild (bs4)", lambda: [rebuild(leaf.text or "", known) for leaf in html]
        yield "write", lambda: [settled(tree) for tree in trees]
    yield "compose", lambda: compose(message)
    yield "examine, all of it", lambda: examine(octets, POLICY, PROFILE, NOW)
    examination = examine(octets, POLICY, PROFILE, NOW)
    yield "to the parent", lambda: load(*dump(examination))


def cpu_ms(work: Callable[[], Any]) -> float:
    """Milliseconds of CPU, the better of two: the first may warm a cache."""
    return min(_once(work), _once(work)) * 1000


def _once(work: Callable[[], Any]) -> float:
    start = process_time()
    work()
    return process_time() - start


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=20, help="mails of each kind")
    runs = arguments.parse_args().runs
    table = Table("ms CPU", *mails.KINDS)
    figures: dict[str, dict[str, list[float]]] = {}
    for kind in mails.KINDS:
        for number in range(runs):
            for stage, work in stages(mails.make(kind, number)):
                figures.setdefault(stage, {}).setdefault(kind, []).append(cpu_ms(work))
    for stage, row in figures.items():
        table.add_row(stage, *(f"{statistics.median(row[k]):.2f}" if k in row else "" for k in mails.KINDS))
    Console().print(table)


if __name__ == "__main__":
    main()
