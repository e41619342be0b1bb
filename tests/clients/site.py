"""A real gateway as a process, a stand-in relay behind it, and the ways in."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import trustme

from gateway.mail.envelope import Envelope
from gateway.smtp.sink import Received, Sink
from gateway.store.records import MessageQuery
from gateway.store.store import Store

USER = "tea"
PASSWORD = "correct horse: battery, $taple^"
"""With what configuration files trip over. Letters outside ASCII cannot be sent by smtplib at all."""
SELLER = "orders@harbour-tea.example"
UTF8_SELLER = "grüße@harbour-tea.example"
PATIENCE_S = 30.0
"""Seconds after which a program or a mail counts as lost."""


@dataclass(frozen=True, kw_only=True)
class Mode:
    """A way in.

    Attributes:
        tls: ``none``, ``starttls`` or ``implicit``.
        mechanism: ``PLAIN``, ``LOGIN``, or ``""`` for the listener without AUTH.
        pipelining: Whether the client may send several commands at once.
    """

    tls: str
    mechanism: str
    pipelining: bool = True


MODES = {
    "plain": Mode(tls="none", mechanism=""),
    "plain, no pipelining": Mode(tls="none", mechanism="", pipelining=False),
    "STARTTLS, AUTH PLAIN": Mode(tls="starttls", mechanism="PLAIN"),
    "STARTTLS, AUTH LOGIN": Mode(tls="starttls", mechanism="LOGIN"),
    "STARTTLS, AUTH PLAIN, no pipelining": Mode(tls="starttls", mechanism="PLAIN", pipelining=False),
    "implicit TLS": Mode(tls="implicit", mechanism="PLAIN"),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a program made of it.

    Attributes:
        is_sent: Whether the program says that the mail is sent.
        words: All that its user can see: output, log, the notice in the mailbox.
    """

    is_sent: bool
    words: str


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def run(*arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Outcome:
    """Runs a program to its end."""
    done = subprocess.run(
        arguments,
        input=stdin,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, **(env or {})},
    )
    words = (done.stdout + done.stderr).decode("utf-8", "replace")
    return Outcome(is_sent=done.returncode == 0, words=words)


def wait_for(what, *, seconds: float = PATIENCE_S):
    """The first thing that ``what()`` gives."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.02)
    return found


class Server(Protocol):
    """A mail server of the seller's own."""

    def stop(self) -> None:
        """End it and all its processes."""
        ...


class Site:
    """The gateway process of a seller, reachable at ``localhost``."""

    def __init__(self, folder: Path, record: Path) -> None:
        """Not started yet.

        Args:
            folder: Its own; other users may look into it.
            record: The database of ``make_record``; copied.
        """
        self.folder = folder
        shutil.copy(record, folder / "gateway.db")
        self.ca = folder / "ca.pem"
        self._ports = {"none": free_port(), "starttls": free_port(), "implicit": free_port()}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._servers: dict[object, Server] = {}

    def start(self) -> "Site":
        """Everything up."""
        self._thread.start()
        self.sink: Sink = self._call(Sink().start())
        self._write_certificate()
        self._write_configuration()
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            gateway(self.folder, "serve"), stdout=self._log, stderr=self._log, env=os.environ
        )
        wait_for(
            lambda: b'"started"' in (self.folder / "log").read_bytes() or self._process.poll() is not None
        )
        assert self._process.poll() is None, (self.folder / "log").read_text()
        return self

    def stop(self) -> None:
        """Everything down."""
        for server in self._servers.values():
            server.stop()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE_S)
        self._log.close()
        self._call(self.sink.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def server(self, key: object, start: Callable[[], Server]) -> Server:
        """The seller's mail server of that key, started when it is first asked for, stopped with all the rest."""
        if key not in self._servers:
            self._servers[key] = start()
        return self._servers[key]

    def port(self, mode: Mode) -> int:
        """Where that way in is."""
        return self._ports[mode.tls]

    def arrived(self, token: str) -> Received:
        """What the relay has taken of the mail with that word in its subject."""
        return wait_for(lambda: self.taken(token))[0]

    def taken(self, token: str) -> list[Received]:
        """All that the relay has by now with that word in it: the mail, or a notice about it."""
        return [mail for mail in list(self.sink.received) if token.encode() in mail.octets]

    def envelope(self, token: str) -> Envelope:
        """The envelope of the mail with that word in its subject, as the record has it."""

        async def look() -> Envelope:
            store = await Store.open(f"sqlite:///{self.folder}/gateway.db", instance=None)
            try:
                (summary,) = await store.messages(MessageQuery(text=token))
                return summary.envelope
            finally:
                await store.close()

        return asyncio.run(look())

    def log(self) -> list[dict[str, object]]:
        """What the gateway has logged."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def _write_certificate(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(self.folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(self.folder / "cert.pem"))
        authority.cert_pem.write_to_path(str(self.ca))

    def _write_configuration(self) -> None:
        (self.folder / "gateway.toml").write_text(
            f'hostname = "gateway.example"\nstore = "sqlite:///{self.folder}/gateway.db"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self._ports["none"]}"\ntls = "none"\nauth = "none"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self._ports["starttls"]}"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self._ports["implicit"]}"\ntls = "implicit"\n'
            '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
            f'[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "smtp://127.0.0.1:{self.sink.port}"\n'
            f'[console]\naddress = "127.0.0.1:{free_port()}"\n[workers]\ncount = 1\n'
        )


def make_record(folder: Path) -> Path:
    """A database with the seller; made once, since it takes a process."""
    path = folder / "gateway.db"
    (folder / "gateway.toml").write_text(f'store = "sqlite:///{path}"\n')
    senders = ["--sender", SELLER, "--sender", UTF8_SELLER]
    done = run(*gateway(folder, "seller", "add", USER, *senders), stdin=f"{PASSWORD}\n".encode())
    assert done.is_sent, done.words
    return path


def gateway(folder: Path, *arguments: str) -> list[str]:
    """A command line over the configuration in a folder."""
    return [sys.executable, "-m", "gateway", *arguments, "--config", str(folder / "gateway.toml")]


def have(*programs: str) -> bool:
    """Whether all of them are installed; some live where a user's PATH does not lead."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return all(shutil.which(program, path=path) for program in programs)
