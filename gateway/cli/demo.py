"""``gateway demo``: the whole path on loopback, with sample mails and a stand-in relay.

Everything is real but the marketplace: listener, AUTH, worker processes, store, queue and delivery.
Not here: the samples and what must become of them (``gateway/samples``).
"""

import asyncio
import difflib
import io
import os
import re
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiosmtplib
import click
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from gateway.app import Gateway
from gateway.cli.common import EXIT_NO, terminal
from gateway.cli.readable import readable
from gateway.config.model import Config
from gateway.config.policies import load_policies
from gateway.credentials import generate_password, hash_password
from gateway.filter.examination import Examination
from gateway.mail.address import parse_path
from gateway.mail.errors import MessageError
from gateway.mail.parse import parse
from gateway.ops import log
from gateway.policy.model import OnMatch
from gateway.rules.context import Profile
from gateway.samples import Sample, load_samples
from gateway.smtp.sink import Sink
from gateway.store.records import MessageDetail
from gateway.store.store import Store
from gateway.worker import Workers

SENDER = "orders@harbour-tea.example"
DEMO_OVERRIDES = {"amazon": {"emoticon": "hold"}}
KILLED_SAMPLE = b"Message-ID: <killed@"
COLOURS = {"accept": "green", "strip": "yellow", "hold": "magenta", "reject": "red", "defer": "blue"}
ARRIVAL_S = 20.0
"""Seconds for a mail to reach the stand-in relay; it takes some hundredths."""

_ID = re.compile(r"\b[0-9a-hjkmnp-tv-z]{18}\b")


class FragileWorkers(Workers):
    """Worker processes, one of which is killed in the middle of one sample, the first time it comes."""

    was_killed = False

    async def examine(
        self,
        octets: bytes,
        policy: str,
        profile: Profile,
        received_at: datetime,
        *,
        hold_as: OnMatch | None = None,
    ) -> Examination:
        """As ``Workers.examine``, with an accident."""
        if KILLED_SAMPLE in octets and not self.was_killed:
            self.was_killed = True
            for process_id in self.process_ids:
                os.kill(process_id, signal.SIGKILL)
        return await super().examine(octets, policy, profile, received_at, hold_as=hold_as)


@dataclass
class Fate:
    """What became of one sample.

    Attributes:
        replies: Replies of the gateway, one a try, and the command that released it.
        verdicts: Verdicts, one a try.
        detail: What the record holds of the last try, or ``None`` when nothing was recorded.
        arrived: The mail at the stand-in relay, or ``None``.
        faults: What is not as it must be; empty when all is well.
    """

    sample: Sample
    replies: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    detail: MessageDetail | None = None
    arrived: bytes | None = None
    faults: list[str] = field(default_factory=list)


@click.command("demo")
@click.option(
    "--exit", "do_exit", is_flag=True, help="End after the samples: 0 if each met its expected fate."
)
def command(do_exit: bool) -> None:
    """Watch sample mails go through the gateway, and see what became of each.

    No configuration and no network are needed. Without --exit the gateway stays up for mail of your own.
    """
    log.configure(level="error", stream=io.BytesIO())
    raise SystemExit(asyncio.run(_demo(do_exit=do_exit, console=terminal())))


async def _demo(*, do_exit: bool, console: Console) -> int:
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as folder:
        sink = await Sink().start()
        config = _config(Path(folder), sink.port)
        gateway = await Gateway.start(config, load_policies(config), workers=FragileWorkers.start)
        try:
            password = await _add_seller(gateway.store)
            _greet(console, gateway, sink)
            fates = await send_samples(gateway, sink, password, console)
            _sum_up(console, fates)
            if not do_exit:
                await _stay(console, gateway, sink, password)
        finally:
            await gateway.stop("demo")
            await sink.close()
    return EXIT_NO if any(fate.faults for fate in fates) else 0


def _config(folder: Path, sink_port: int) -> Config:
    return Config.model_validate(
        {
            "hostname": "gateway.demo.example",
            "store": f"sqlite:///{folder}/gateway.db",
            "listener": [{"address": "127.0.0.1:0", "tls": "none", "auth": "required"}],
            "route": [{"marketplaces": ["amazon"], "next_hop": f"smtp://127.0.0.1:{sink_port}"}],
            "override": DEMO_OVERRIDES,
            "console": {"address": "127.0.0.1:0"},
            "workers": {"count": 1},
            "dkim": {"keys": str(folder / "dkim")},
        }
    )


async def _add_seller(store: Store) -> str:
    password = generate_password()
    await store.add_seller("harbour-tea", [parse_path(SENDER)], hash_password(password))
    return password


async def send_samples(gateway: Gateway, sink: Sink, password: str, console: Console) -> list[Fate]:
    """Sends every sample as a mail client would, and compares its fate with the expected one."""
    fates = []
    for sample in load_samples():
        fate = Fate(sample=sample)
        await _try(fate, gateway, sink, password)
        if sample.then is not None and fate.verdicts == [sample.verdict]:
            again = _release if sample.verdict == "hold" else _try
            await again(fate, gateway, sink, password)
        fate.faults = _faults(fate)
        _show(console, fate)
        fates.append(fate)
    return fates


async def _try(fate: Fate, gateway: Gateway, sink: Sink, password: str) -> None:
    host, _, port = gateway.addresses[0].rpartition(":")
    before = len(sink.received)
    async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
        await client.login("harbour-tea", password)
        try:
            recipient = _recipient(fate.sample.octets)
            _, reply = await client.sendmail(SENDER, [recipient], fate.sample.octets)
            code = 250
        except aiosmtplib.SMTPRecipientsRefused as refused:
            code, reply = refused.recipients[0].code, refused.recipients[0].message
        except aiosmtplib.SMTPResponseException as refused:
            code, reply = refused.code, refused.message
    fate.replies.append(f"{code} {reply}")
    found = _ID.search(reply)
    fate.detail = await gateway.store.message(found[0]) if found else None
    verdict = fate.detail.summary.verdict if fate.detail else _verdict_of(code)
    fate.verdicts.append(verdict)
    if verdict in {"accept", "strip"}:
        async with asyncio.timeout(ARRIVAL_S):
            fate.arrived = (await sink.wait_for(before + 1))[before].octets
        await _settled(gateway.store, fate)


async def _release(fate: Fate, gateway: Gateway, sink: Sink, password: str) -> None:  # noqa: ARG001 - as _try
    """Lets a held mail go on as an operator does with ``gateway queue release``."""
    if fate.detail is None:
        return
    id_ = fate.detail.summary.id
    before = len(sink.received)
    verdict = await gateway.review.release(id_, who="demo")
    fate.verdicts.append(verdict)
    fate.replies.append(f"gateway queue release {id_}")
    async with asyncio.timeout(ARRIVAL_S):
        fate.arrived = (await sink.wait_for(before + 1))[before].octets
    fate.detail = await gateway.store.message(id_)
    await _settled(gateway.store, fate)


async def _settled(store: Store, fate: Fate) -> None:
    """Waits until the record says delivered, which is a moment after the relay has taken the mail."""
    async with asyncio.timeout(ARRIVAL_S):
        while fate.detail is not None and dict(fate.detail.summary.states).get("delivered", 0) == 0:
            await asyncio.sleep(0.01)
            fate.detail = await store.message(fate.detail.summary.id)


def _recipient(octets: bytes) -> str:
    match = re.search(rb"^To: (\S+)$", octets, re.MULTILINE)
    return match[1].decode() if match else ""


def _verdict_of(code: int) -> str:
    return "defer" if 400 <= code < 500 else "reject"  # noqa: PLR2004 - RFC 5321 section 4.2.1


def _faults(fate: Fate) -> list[str]:
    sample = fate.sample
    wanted = [sample.verdict, sample.then] if sample.then else [sample.verdict]
    faults = []
    if fate.verdicts != wanted:
        faults.append(f"verdict {fate.verdicts}, expected {wanted}")
    rules = {finding.rule for finding in fate.detail.findings} if fate.detail else set()
    if rules != set(sample.rules):
        faults.append(f"rules {sorted(rules)}, expected {sorted(sample.rules)}")
    text = "\n".join(readable(fate.arrived)) if fate.arrived is not None else ""
    faults.extend(f"lost: {words!r}" for words in sample.kept if words not in text)
    faults.extend(f"still there: {words!r}" for words in sample.gone if words in text)
    if fate.arrived is not None and not _is_whole(fate.arrived):
        faults.append("what arrived cannot be read")
    return faults


def _is_whole(octets: bytes) -> bool:
    try:
        parse(octets)
    except MessageError:
        return False
    return True


def _greet(console: Console, gateway: Gateway, sink: Sink) -> None:
    console.print(
        Panel(
            f"gateway                 {gateway.addresses[0]}   a mail client logs in here as a seller\n"
            f"stand-in marketplace    127.0.0.1:{sink.port}   takes what the gateway lets through\n"
            f"console                 http://127.0.0.1:{gateway.console_port}/metrics",
            title="Marketplace mail gateway: demo on loopback, nothing leaves this machine",
            expand=False,
        )
    )


def _show(console: Console, fate: Fate) -> None:
    verdict = " then ".join(f"[bold {COLOURS[name]}]{name}[/]" for name in fate.verdicts)
    console.print(f"\n[bold]{fate.sample.name}[/]  {escape(fate.sample.title)}")
    console.print(f"  {verdict}")
    for line in fate.replies:
        console.print(f"  [dim]{'S:' if line[:1].isdigit() else '$'}[/] {escape(line)}", soft_wrap=True)
    for finding in fate.detail.findings if fate.detail else ():
        console.print(
            f"  [bold]{finding.rule}[/] ({finding.clause}) {finding.on_match}: {escape(finding.evidence)}",
            soft_wrap=True,
        )
    if fate.arrived is not None and fate.verdicts[-1] == "strip":
        _show_change(console, fate.sample.octets, fate.arrived)
    for fault in fate.faults:
        console.print(f"  [bold white on red] not as expected [/] {escape(fault)}", soft_wrap=True)


def _show_change(console: Console, before: bytes, after: bytes) -> None:
    lines = difflib.unified_diff(readable(before), readable(after), lineterm="", n=0)
    for line in list(lines)[2:]:
        if line[:1] in "+-":
            console.print(
                f"    [{'red' if line[0] == '-' else 'green'}]{escape(line[:160])}[/]", soft_wrap=True
            )


def _sum_up(console: Console, fates: Sequence[Fate]) -> None:
    table = Table(
        "sample", "verdict", "rules", "at the relay", "as expected", title="What became of the samples"
    )
    for fate in fates:
        verdict = ", ".join(f"[{COLOURS[name]}]{name}[/]" for name in fate.verdicts)
        rules = sorted({finding.rule for finding in fate.detail.findings}) if fate.detail else []
        arrived = f"{len(fate.arrived):,} octets" if fate.arrived is not None else "-"
        table.add_row(fate.sample.name, verdict, " ".join(rules), arrived, "no" if fate.faults else "yes")
    console.print()
    console.print(table)
    good = sum(not fate.faults for fate in fates)
    console.print(f"{good} of {len(fates)} samples met their expected fate.")


async def _stay(console: Console, gateway: Gateway, sink: Sink, password: str) -> None:
    console.print(
        Panel(
            f"server     {gateway.addresses[0]}, no TLS in this demo\n"
            f"user       harbour-tea\n"
            f"password   {password}\n"
            f"from       {SENDER}\n"
            f"to         anything@marketplace.amazon.com",
            title="Send mail of your own; Ctrl-C ends",
            expand=False,
        )
    )
    wanted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, wanted.set)
    watching = asyncio.create_task(_watch(console, sink))
    await wanted.wait()
    watching.cancel()


async def _watch(console: Console, sink: Sink) -> None:
    """Prints what arrives at the stand-in relay."""
    count = len(sink.received)
    while True:
        received = await sink.wait_for(count + 1)
        for mail in received[count:]:
            console.print(
                f"\n[bold green]arrived[/] {datetime.now(UTC):%H:%M:%S} for {', '.join(mail.recipients)}"
            )
            for line in readable(mail.octets):
                console.print(f"    {escape(line)}")
        count = len(received)
