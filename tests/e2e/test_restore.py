"""Backup and restore as deploy/README.md says, with the commands it names."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.samples import load_samples
from gateway.store.records import MessageQuery
from gateway.store.rulings import Decision

SAMPLE = next(sample for sample in load_samples() if sample.name == "01-plain-answer")


@pytest.fixture
def run(tmp_path):
    """Runs a command over a store, in a thread of its own, since commands have their own event loop."""

    async def run(store, *arguments):
        config = tmp_path / "gateway.toml"
        config.write_text(f'hostname = "gateway.example"\nstore = "sqlite:///{store}"\n')
        invoke = CliRunner().invoke
        done = await asyncio.to_thread(invoke, command, [*arguments, "--config", str(config)])
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


async def submit(gateway):
    reader, writer = await asyncio.open_connection(*gateway.addresses[0].split(":"))
    recipient = next(
        line for line in SAMPLE.octets.decode().splitlines() if line.startswith("To: ")
    ).removeprefix("To: ")
    for line in ("EHLO x", "MAIL FROM:<orders@harbour-tea.example>", f"RCPT TO:<{recipient}>", "DATA"):
        writer.write(f"{line}\r\n".encode())
    writer.write(SAMPLE.octets.replace(b"\n", b"\r\n") + b"\r\n.\r\nQUIT\r\n")
    replies = (await reader.read()).decode()
    assert "250 2.0.0 0" in replies, replies
    writer.close()


async def test_restored(start_gateway, sink, tmp_path, run, log_lines):
    """What waited when the backup was made is on hold after the restore, and goes out by release alone."""
    sink.answers["greeting"] = "421 4.3.0 later"
    gateway = await start_gateway()
    await submit(gateway)
    while b'"attempt_made"' not in log_lines.getvalue() or (await gateway.store.depth()).leased:
        await asyncio.sleep(0.01)
    backup = tmp_path / "backup.db"
    assert "octets, checked" in await run(tmp_path / "gateway.db", "store", "backup", str(backup))
    del sink.answers["greeting"]
    await gateway.store.retry(*await waiting(gateway))
    gateway._runner.wake()
    async with asyncio.timeout(20):
        await sink.wait_for(1)
    await gateway.stop("test")

    await run(backup, "queue", "hold", "--all", "--yes", "--reason", "restored from a backup")
    restored = await start_gateway(store=f"sqlite:///{backup}")
    depth = await restored.store.depth()
    assert (depth.waiting, depth.leased, depth.held) == (0, 0, 1)
    (held,) = (await run(backup, "queue", "list", "--state", "held", "--json")).splitlines()
    await restored.review.release(json.loads(held)["id"], who="test")
    async with asyncio.timeout(20):
        assert len(await sink.wait_for(2)) == 2


async def waiting(gateway):
    (summary,) = await gateway.store.messages(MessageQuery(state="queued"))
    return summary.id, Decision(at=datetime.now(UTC), who="test", what="retry", reason="")
