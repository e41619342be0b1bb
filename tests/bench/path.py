"""CPU and rate of the whole path: ``python tests/bench/path.py [--count N] [--sessions N]``.

A sender submits mails, each another one, over as many connections as there are mails; ``gateway serve`` judges them and
sends them on to a sink. Needs smtp-sink (Debian: postfix). Where Postfix itself is installed and this runs as root,
compare with ``smtp-source`` through it: what counts is the ratio of one run.
Figures: milliseconds of CPU a mail in the serving process and in its workers, mails a second from the first octet sent
to the last mail at the sink.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import mails
from rich.console import Console
from rich.progress import track
from rich.table import Table

SETTINGS = """
hostname = "bench.example"
store = "sqlite:///{folder}/gateway.db"
[[listener]]
address = "127.0.0.1:{port}"
tls = "none"
auth = "none"
[[route]]
marketplaces = ["amazon"]
next_hop = "smtp://127.0.0.1:{sink}"
[console]
address = "127.0.0.1:{console}"
"""
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Bench:
    """A gateway and its sink."""

    def __init__(self, folder: Path) -> None:
        self.port, self.sink = free_port(), free_port()
        self._log = folder / "sink.log"
        settings = SETTINGS.format(folder=folder, port=self.port, sink=self.sink, console=free_port())
        (folder / "gateway.toml").write_text(settings)
        self._sink = subprocess.Popen(
            ["smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{self.sink}", "1000"],
            stdout=self._log.open("w"),
            stderr=subprocess.STDOUT,
        )
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(folder / "gateway.toml")]
        self.gateway = subprocess.Popen(
            command, stdout=(folder / "gateway.log").open("w"), stderr=subprocess.STDOUT
        )
        while '"started"' not in (folder / "gateway.log").read_text():
            time.sleep(0.1)

    def arrived(self) -> int:
        """Mails at the sink so far."""
        counts = re.findall(r"mesg=(\d+)", self._log.read_text(errors="replace")[-400:])
        return int(counts[-1]) if counts else 0

    def cpu_ms(self) -> tuple[float, float]:
        """CPU used so far by the serving process, and by its workers."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.gateway.pid)], capture_output=True, text=True, check=False
        )
        return _cpu_ms(self.gateway.pid), sum(_cpu_ms(int(pid)) for pid in listed.stdout.split())

    def close(self) -> None:
        """End both."""
        self.gateway.send_signal(signal.SIGTERM)
        self.gateway.wait()
        self._sink.kill()
        self._sink.wait()


def _cpu_ms(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / TICKS


@contextmanager
def serving() -> Iterator[Bench]:
    """A gateway with a store of its own."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
    folder.chmod(0o755)
    path = Bench(folder)
    try:
        yield path
    finally:
        path.close()
        shutil.rmtree(folder)


def submit(port: int, octets: bytes) -> None:
    """One mail over a connection of its own, as a simple client does it."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rwb") as wire:
        _expect(wire, b"220")
        for line, code in (
            (b"EHLO client.example", b"250"),
            (b"MAIL FROM:<orders@seller.example>", b"250"),
            (b"RCPT TO:<k3j9x0example1@marketplace.amazon.com>", b"250"),
            (b"DATA", b"354"),
        ):
            wire.write(line + b"\r\n")
            wire.flush()
            _expect(wire, code)
        wire.write(octets.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        wire.flush()
        _expect(wire, b"250")
        wire.write(b"QUIT\r\n")
        wire.flush()
        _expect(wire, b"221")


def _expect(wire, code: bytes) -> None:
    while (line := wire.readline())[3:4] == b"-":
        pass
    if not line.startswith(code):
        raise RuntimeError(f"answered {line!r}, not {code!r}")


def measure(path: Bench, kind: str, count: int, sessions: int) -> tuple[float, float, float]:
    """CPU of the serving process and of its workers a mail, and mails a second."""
    made = [mails.make(kind, number) for number in range(count)]
    before, arrived, started = path.cpu_ms(), path.arrived(), time.monotonic()
    with ThreadPoolExecutor(sessions) as pool:
        list(pool.map(lambda octets: submit(path.port, octets), made))
    while path.arrived() - arrived < count:
        time.sleep(0.01)
    seconds = time.monotonic() - started
    serving_ms, workers_ms = (after - then for after, then in zip(path.cpu_ms(), before, strict=True))
    return serving_ms / count, workers_ms / count, count / seconds


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=400, help="mails of each kind")
    arguments.add_argument("--sessions", type=int, default=20, help="connections at a time")
    given = arguments.parse_args()
    if shutil.which("smtp-sink") is None:
        sys.exit("smtp-sink is missing; install it (Debian: apt-get install postfix)")
    threading.stack_size(262_144)
    table = Table("mail", "serving, ms CPU", "workers, ms CPU", "mails/s")
    with serving() as path:
        measure(path, "text", 50, given.sessions)
        for kind in track(mails.KINDS, "measuring", transient=True):
            serving_ms, workers_ms, rate = measure(path, kind, given.count, given.sessions)
            table.add_row(kind, f"{serving_ms:.2f}", f"{workers_ms:.2f}", f"{rate:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
