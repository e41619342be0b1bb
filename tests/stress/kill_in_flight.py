"""Kills a serving gateway again and again while mails are in flight, and holds a ledger of its 250s.

Every mail that was answered 250 must reach the stand-in relay; one that was not answered may, and may not.
Run by hand: ``python tests/stress/kill_in_flight.py 10000 5``; a small run is part of the tests.
"""

import argparse
import asyncio
import collections
import contextlib
import re
import signal
import socket
import sys
import tempfile
from pathlib import Path

import aiosmtplib

from gateway.smtp.sink import Sink

CLIENTS = 20
ARRIVAL_S = 300
BODY = "Dear customer, your order 203-1234567-7654321 is on its way.\r\n" * 20


class Trial:
    """One gateway process after the other, over one store."""

    def __init__(self, folder: Path, sink: Sink, count: int, kills: int) -> None:
        self.folder = folder
        self.sink = sink
        self.count = count
        self.kills_left = kills
        self.kill_every = max(1, count // (kills + 1))
        self.port = free_port()
        self.numbers = iter(range(count))
        self.ledger: set[int] = set()
        self.tries: collections.Counter[int] = collections.Counter()
        self.in_flight = 0
        self.in_flight_at_kill: list[int] = []
        self.process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Sends every mail until it is answered 250, with all kills on the way."""
        self.write_config()
        await self.start()
        try:
            await asyncio.gather(*(self.client() for _ in range(CLIENTS)))
            await self.arrivals()
        finally:
            self.process.terminate()
            await self.process.wait()

    def write_config(self) -> None:
        (self.folder / "gateway.toml").write_text(
            f'hostname = "gateway.example"\nstore = "sqlite:///{self.folder}/gateway.db"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self.port}"\ntls = "none"\nauth = "none"\n'
            f'[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "smtp://127.0.0.1:{self.sink.port}"\n'
            '[delivery]\nfirst_retry_s = 0.5\n[console]\naddress = "127.0.0.1:0"\n[workers]\ncount = 2\n'
        )

    async def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway",
                "serve",
                "--config",
                str(self.folder / "gateway.toml"),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(60):
            while not await self.answers():
                if self.process.returncode is not None:
                    raise RuntimeError((self.folder / "log").read_text())
                await asyncio.sleep(0.05)

    async def answers(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False

    async def client(self) -> None:
        for number in self.numbers:
            while number not in self.ledger:
                self.tries[number] += 1
                try:
                    await self.send(number)
                except (aiosmtplib.SMTPException, OSError):
                    await asyncio.sleep(0.1)

    async def send(self, number: int) -> None:
        mail = (
            "From: orders@harbour-tea.example\r\nTo: abc@marketplace.amazon.com\r\nSubject: Your order\r\n"
            f"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <n{number}@harbour-tea.example>\r\n\r\n{BODY}"
        )
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=self.port, start_tls=False, timeout=30
        ) as client:
            self.in_flight += 1
            try:
                await client.sendmail(
                    "orders@harbour-tea.example", ["abc@marketplace.amazon.com"], mail.encode()
                )
                self.ledger.add(number)
            finally:
                self.in_flight -= 1
        if self.kills_left and len(self.ledger) >= self.kill_every * (len(self.in_flight_at_kill) + 1):
            await self.kill()

    async def kill(self) -> None:
        self.kills_left -= 1
        self.in_flight_at_kill.append(self.in_flight)
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        await self.start()

    async def arrivals(self) -> None:
        async with asyncio.timeout(ARRIVAL_S):
            while self.missing():
                await self.sink.wait_for(len(self.sink.received) + 1)

    def arrived(self) -> collections.Counter[int]:
        pattern = re.compile(rb"^Message-ID: <n(\d+)@", re.MULTILINE)
        return collections.Counter(int(pattern.search(mail.octets)[1]) for mail in self.sink.received)

    def missing(self) -> set[int]:
        """Answered 250 and not at the relay."""
        return self.ledger - set(self.arrived())

    def unexplained(self) -> set[int]:
        """Arrived more often than it was tried, and more often than kills could have repeated it."""
        kills = len(self.in_flight_at_kill)
        return {number for number, times in self.arrived().items() if times > self.tries[number] + kills}


async def trial(folder: Path, count: int, kills: int) -> Trial:
    """Runs one trial to its end."""
    sink = await Sink().start()
    try:
        done = Trial(folder, sink, count, kills)
        await done.run()
        return done
    finally:
        await sink.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("kills", type=int, nargs="?", default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = asyncio.run(trial(Path(folder), arguments.count, arguments.kills))
    arrived = done.arrived()
    print(
        f"answered 250: {len(done.ledger)}; arrived: {len(arrived)} different, {sum(arrived.values())} in all"
    )
    print(f"kills: {len(done.in_flight_at_kill)}, transactions in flight at each: {done.in_flight_at_kill}")
    print(f"missing: {len(done.missing())}")
    return 1 if done.missing() or done.unexplained() else 0


if __name__ == "__main__":
    sys.exit(main())
