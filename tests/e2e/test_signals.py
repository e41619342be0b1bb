"""`gateway serve` as the service manager sees it: signals in, notifications out, on a real socket."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

BUYER = "abc@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"


class Serving:
    """A gateway process, its log, and what it tells the service manager."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "gateway.toml"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.write()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(str(folder / "notify"))
        self.manager.setblocking(False)

    def write(self, extra=""):
        self.config.write_text(
            f'hostname = "gateway.example"\nstore = "sqlite:///{self.folder}/gateway.db"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self.port}"\ntls = "none"\nauth = "none"\n'
            f'[console]\naddress = "127.0.0.1:0"\n[workers]\ncount = 1\n{extra}\n'
        )

    async def start(self):
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(self.folder / "notify"),
            "WATCHDOG_USEC": "400000",
        }
        with (self.folder / "log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway",
                "serve",
                "--config",
                str(self.config),
                stdout=log,
                stderr=log,
                env=environment,
            )

    async def heard(self, words):
        """The next notification that begins so; what is said all the time is passed over."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            while True:
                message = (await loop.sock_recv(self.manager, 4096)).decode()
                if message.startswith(words):
                    return message

    async def end(self):
        async with asyncio.timeout(30):
            return await self.process.wait()

    def log(self, event):
        lines = [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]
        return [line for line in lines if line["event"] == event]


@pytest.fixture
async def serving(tmp_path):
    """A gateway process that is to be started."""
    serving = Serving(tmp_path)
    yield serving
    if serving.process.returncode is None:
        serving.process.kill()
        await serving.process.wait()
    serving.manager.close()


async def talk(serving, *lines):
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    await reader.readline()
    for line in lines:
        writer.write(f"{line}\r\n".encode())
        while (await reader.readline())[3:4] == b"-":
            pass
    return reader, writer


IN_DATA = ("EHLO x", f"MAIL FROM:<{SELLER}>", f"RCPT TO:<{BUYER}>", "DATA")


async def test_a_day_with_the_service_manager(serving):
    """Ready, alive, reloading and ready again, also after a fault, and stopping are told in this order; then 0."""
    await serving.start()
    assert await serving.heard("READY=1") == f"READY=1\nSTATUS=taking mail on 127.0.0.1:{serving.port}"
    await serving.heard("WATCHDOG=1")
    reader, writer = await talk(serving, "EHLO x")
    serving.write('[override.amazon]\nemoji = "warn"')
    serving.process.send_signal(signal.SIGHUP)
    await serving.heard("RELOADING=1\nMONOTONIC_USEC=")
    await serving.heard("READY=1")
    assert [line["changed"] for line in serving.log("reloaded")] == [["override", "policies"]]
    serving.write("nonsense = 1")
    serving.process.send_signal(signal.SIGHUP)
    await serving.heard("RELOADING=1")
    assert (await serving.heard("READY=1")).endswith("the last reload failed, see the log")
    (failed,) = serving.log("reload_failed")
    assert failed["faults"] == [
        {
            "file": str(serving.config),
            "key": "workers.nonsense",
            "fault": "unknown key; remove it, or see deploy/gateway.toml for the keys there are",
        }
    ]
    writer.write(b"NOOP\r\n")
    assert (await reader.readline()).startswith(b"250")
    serving.process.send_signal(signal.SIGTERM)
    assert await serving.heard("STOPPING=1") == "STOPPING=1\nSTATUS=finishing what is under way"
    assert await serving.end() == 0
    writer.close()


async def test_the_second_signal_cuts_short(serving):
    """A client that sends its mail for ever holds up the end until the second signal; then the end is clean."""
    await serving.start()
    await serving.heard("READY=1")
    _, writer = await talk(serving, *IN_DATA)
    writer.write(b"Subject: for ever\r\n")
    await writer.drain()
    serving.process.send_signal(signal.SIGTERM)
    await serving.heard("STOPPING=1")
    serving.process.send_signal(signal.SIGINT)
    assert await serving.end() == 0
    assert [line["reason"] for line in serving.log("stopping")] == ["SIGTERM"]
    assert len(serving.log("stopped")) == 1
    writer.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_end_before_the_start_is_over(serving, number, tmp_path):
    """A gateway that is told to end while its workers start ends, with 0."""
    await serving.start()
    async with asyncio.timeout(30):
        while not list(tmp_path.glob("gateway.db.*.lock")):
            await asyncio.sleep(0.005)
    serving.process.send_signal(number)
    assert await serving.end() == 0
    assert serving.log("started") == []


async def test_a_reload_before_the_start_is_over(serving, tmp_path):
    """SIGHUP during the start ends nothing; it is a reload as soon as there is something to reload."""
    await serving.start()
    async with asyncio.timeout(30):
        while not list(tmp_path.glob("gateway.db.*.lock")):
            await asyncio.sleep(0.005)
    serving.process.send_signal(signal.SIGHUP)
    await serving.heard("READY=1")
    await serving.heard("RELOADING=1")
    await serving.heard("READY=1")
    serving.process.send_signal(signal.SIGTERM)
    assert await serving.end() == 0


def child_environment(process_id):
    (child,) = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return Path(f"/proc/{child}/environ").read_text()


async def test_workers_do_not_know_the_service_manager(serving):
    """Workers never hear of the service manager's socket, so none can speak to it."""
    await serving.start()
    await serving.heard("READY=1")
    environment = child_environment(serving.process.pid)
    assert "NOTIFY_SOCKET" not in environment
    assert "WATCHDOG" not in environment
    serving.process.send_signal(signal.SIGTERM)
    assert await serving.end() == 0
