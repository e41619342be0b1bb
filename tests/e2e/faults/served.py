"""A real ``gateway serve`` under fault, its clients, and what is seen of a mail in the end."""

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import sys
from itertools import groupby
from pathlib import Path

from faults.table import LOST, Outcome

from gateway.config.policies import SOURCE_POLICIES
from gateway.store.records import MessageQuery
from gateway.store.store import Store

FAULTY = Path(__file__).parents[1] / "faulty"
SELLER = "orders@harbour-tea.example"
FORBIDDEN = b"7946 0958"
"""In every mail; no octet of it may arrive anywhere."""

NO_MARKS = "[disk]\nlow_mb = 0\nresume_mb = 0\nlow_inodes = 0\nresume_inodes = 0\n"
"""A small disk of a test must not be refused before it is full."""

PATIENCE_S = 1.0
QUIET_S = 60.0


class Served:
    """One gateway process after the other, over one record.

    Args:
        folder: For everything.
        notices: The next hop of notices.
        routes: Marketplace → its next hop as configured; each takes mail for ``<marketplace>.example``.
        delivery: More lines of ``[delivery]``.
        hold: Hold mails with emoticons.
        mx_port: Where the hosts that DNS names take mail.
        faulty: Whether faults inside the process can be ordered.
    """

    def __init__(self, folder, notices, routes, *, delivery="", hold=False, mx_port=25, faulty=True):
        self.folder = folder
        self.process = None
        self.url = f"sqlite:///{folder}/record/gateway.db"
        self.port = free_port()
        self.orders = folder / "orders"
        for name in ("orders", "record", "policies"):
            (folder / name).mkdir()
        self.config = folder / "gateway.toml"
        self.config.write_text(
            f'hostname = "gateway.example"\nstore = "{self.url}"\npolicies = "policies"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self.port}"\ntls = "none"\nauth = "none"\n'
            f'[notices]\nfrom = "postmaster@gateway.example"\nnext_hop = "smtp://127.0.0.1:{notices.port}"\n'
            f'[console]\naddress = "127.0.0.1:0"\n[workers]\ncount = 1\n'
            f"[delivery]\nfirst_retry_s = 0.3\nlongest_retry_s = 0.3\n{delivery}\n{NO_MARKS}"
            + "".join(
                f'[[route]]\nmarketplaces = ["{name}"]\nnext_hop = "{hop}"\n' for name, hop in routes.items()
            )
        )
        text = (SOURCE_POLICIES / "amazon.toml").read_text("utf-8")
        for name in routes:
            own = re.sub(r"(?s)recipient_domains = \[.*?\]", f'recipient_domains = ["{name}.example"]', text)
            own = own.replace('name = "amazon"', f'name = "{name}"')
            if hold:
                own = re.sub(r'(?s)(\[rule\.emoticon\]\non_match = )"\w+"', r'\1"hold"', own)
            (folder / "policies" / f"{name}.toml").write_text(own, "utf-8")
        self._environment = dict(os.environ)
        if not faulty:
            return
        self._environment |= {
            "PYTHONPATH": os.pathsep.join([str(FAULTY), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
            "FAULTY_ORDERS": str(self.orders),
            "FAULTY_PATIENCE_S": str(PATIENCE_S),
            "FAULTY_MX_PORT": str(mx_port),
        }

    def order(self, name, word):
        """Has a fault happen from now on; an empty word ends it."""
        place = self.orders / name
        if not word:
            place.unlink(missing_ok=True)
            return
        place.with_suffix(".new").write_text(str(word))
        place.with_suffix(".new").rename(place)

    async def start(self):
        """Starts a process and waits until it takes mail."""
        await self.spawn()
        async with asyncio.timeout(60):
            while not await self._listens():
                if self.process.returncode is not None:
                    raise AssertionError((self.folder / "log").read_text()[-3000:])
                await asyncio.sleep(0.05)

    async def spawn(self):
        """Starts a process."""
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway", "serve", "--config", str(self.config)),
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    async def died(self):
        """Waits for the process to be gone by SIGKILL."""
        async with asyncio.timeout(30):
            assert await self.process.wait() == -signal.SIGKILL

    async def kill(self):
        """SIGKILL."""
        self.process.kill()
        await self.died()

    async def stop(self):
        """Ends it, however it is."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(20):
                    await self.process.wait()
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()

    def log(self):
        """All that was logged."""
        return (self.folder / "log").read_text("utf-8")

    async def held(self):
        """Ids of what is held."""
        store = await Store.open(self.url, instance=None)
        try:
            return [each.id for each in await store.messages(MessageQuery(state="held"))]
        finally:
            await store.close()

    async def command(self, *arguments):
        """A ``gateway`` command beside it; its exit code."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *arguments, "--config", str(self.config)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment,
        )
        return await process.wait()

    async def submit(self, octets, recipients):
        """Sends a mail once: the reply code that decided, or :data:`LOST`."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return LOST
        commands = [
            b"EHLO client.example\r\n",
            f"MAIL FROM:<{SELLER}>\r\n".encode(),
            *(f"RCPT TO:<{each}>\r\n".encode() for each in recipients),
            b"DATA\r\n",
            octets + b".\r\n",
        ]
        try:
            code = await _reply(reader)
            while commands and code[:1] in {"2", "3"}:
                writer.write(commands.pop(0))
                code = await _reply(reader)
        except (OSError, EOFError):
            code = LOST
        finally:
            writer.close()
        return code

    async def submit_until_taken(self, octets, recipients):
        """Sends it as a client does that keeps what was not answered 250: the answers; restarts a dead gateway."""
        answers = []
        async with asyncio.timeout(60):
            while not answers or answers[-1] != "250":
                if answers:
                    await asyncio.sleep(0.1)
                answers.append(await self.submit(octets, recipients))
                if answers[-1] == LOST:
                    await self.died()
                    await self.start()
        return tuple(answers)

    async def quiet(self):
        """Waits until nothing is queued any more."""
        store = await Store.open(self.url, instance=None)
        try:
            async with asyncio.timeout(QUIET_S):
                while await store.messages(MessageQuery(state="queued")):
                    await asyncio.sleep(0.05)
        finally:
            await store.close()

    async def outcome(self, name, answers, arrived, notices):
        """What is seen of the mail of that name.

        Args:
            name: Left of the @ of its Message-ID.
            answers: What the client got.
            arrived: Contents that next hops have.
            notices: Contents that the seller has.
        """
        message_id = f"<{name}@harbour-tea.example>"
        mine = [each for each in arrived if f"Message-ID: {message_id}".encode() in each]
        assert len(set(mine)) <= 1, "one mail arrived in two versions"
        assert not [each for each in (*arrived, *notices) if FORBIDDEN in each]
        told = [each for each in notices if message_id.encode() in each]
        return Outcome(
            answers=tuple(answer for answer, _ in groupby(map(_class, answers))),
            arrivals=len(mine),
            attempts=await self._attempts(message_id),
            notices=len(told),
        )

    async def _attempts(self, message_id):
        store = await Store.open(self.url, instance=None)
        try:
            found = [
                await store.message(each.id)
                for each in reversed(await store.messages(MessageQuery(text=message_id)))
            ]
        finally:
            await store.close()
        assert all(detail.summary.verdict == "strip" for detail in found)
        histories = []
        for recipient in (each for detail in found for each in detail.recipients):
            # How often it is tried until a fault is mended is chance: the same outcome again is not told.
            history = ", ".join(
                outcome for outcome, _ in groupby(each.outcome for each in recipient.attempts)
            )
            histories.append(history if recipient.state == "delivered" else f"{history}: {recipient.state}")
        return tuple(histories)

    async def _listens(self):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False


def mail(name, recipients, words=""):
    """A mail with something that must be taken out."""
    to = ", ".join(recipients)
    return (
        f"From: {SELLER}\r\nTo: {to}\r\nSubject: Your order\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
        f"Message-ID: <{name}@harbour-tea.example>\r\n\r\n"
        f"Dear customer, your order 203-1234567-7654321 is on its way. {words}\r\n"
        f"Tel. +44 20 {FORBIDDEN.decode()}\r\n"
    ).encode()


def _class(answer):
    """Of a refusal for now it is chance at which command it comes, and so which one it is."""
    return "4yz" if answer[:1] == "4" else answer


async def _reply(reader):
    while True:
        async with asyncio.timeout(60):
            line = await reader.readline()
        if not line:
            raise EOFError
        if line[3:4] != b"-":
            return line[:3].decode()


def free_port():
    """A port that nobody listens on, and that nobody who takes any port gets: those begin at 32,768."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
