"""A next hop that does what a test has ordered at one step, and takes mail otherwise.

Plain asyncio, a few dozen lines: what is on the wire is what is read here, and nothing is put right on the way.
"""

import asyncio
import re
import socket
import struct

HANG, CLOSE, RESET, ENDLESS = "hang", "close", "reset", "endless"
"""Instead of a reply: say nothing more, end the connection, break it (RST), send a line that never ends."""

AMID = 5
"""Lines that are in the middle of the content."""

STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content", ".")


class NextHop:
    """A running next hop.

    Args:
        faults: Step, or ``"RCPT local-part"`` → a reply, or one of the words above. At ``"."`` the mail is kept but
            where the reply is a refusal.
        times: On how many occasions; ``None`` is always.

    Attributes:
        port: Where it listens.
        arrived: Contents it has taken, in order.
        copies: Recipient and content of each, once for each recipient.
        reached: Set when a fault is met.
        before_reply: Called when a mail is taken, before its final dot is answered.
    """

    def __init__(self, faults=None, *, times=1):
        self.faults = dict(faults or {})
        self.times = times
        self.arrived = []
        self.copies = []
        self.reached = asyncio.Event()
        self.before_reply = lambda: None
        self._server = None
        self._sessions = {}

    async def start(self, host="127.0.0.1", port=0):
        """Listens."""
        self._server = await asyncio.start_server(self._talk, host, port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        """Cuts every connection."""
        if self._server is not None:
            self._server.close()
        await self.hang_up()

    async def hang_up(self):
        """Cuts every connection and goes on listening."""
        tasks = tuple(self._sessions.values())
        for session in self._sessions:
            session.writer.transport.abort()
        await asyncio.gather(*tasks)

    def fault(self, step):
        """What is ordered at this step just now."""
        return self.faults.get(step, "") if self.times is None or self.times > 0 else ""

    def met(self):
        """A fault was met."""
        self.times = None if self.times is None else self.times - 1
        self.reached.set()

    async def _talk(self, reader, writer):
        session = _Session(self, reader, writer)
        self._sessions[session] = asyncio.current_task()
        try:
            await session.serve()
        except (OSError, EOFError):
            pass
        finally:
            del self._sessions[session]
            writer.close()


class _Session:
    """One connection."""

    def __init__(self, hop, reader, writer):
        self._hop = hop
        self._reader = reader
        self._recipients = []
        self.writer = writer

    async def serve(self):
        """The dialogue."""
        await self._say("greeting", "220 next-hop.example ESMTP")
        while line := await self._reader.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            verb = verb.upper()
            if verb == "QUIT":
                return
            if verb == "EHLO":
                await self._say("EHLO", "250-next-hop.example\r\n250 8BITMIME")
            elif verb == "RCPT":
                recipient = re.search("<([^>]*)", rest)[1]
                local = recipient.partition("@")[0]
                step = f"RCPT {local}" if f"RCPT {local}" in self._hop.faults else "RCPT"
                if await self._say(step, "250 2.1.5 Ok"):
                    self._recipients.append(recipient)
            elif verb == "DATA":
                if await self._say("DATA", "354 Go ahead"):
                    await self._take()
            else:
                self._recipients.clear()  # MAIL, RSET
                await self._say(verb, "250 2.0.0 Ok")

    async def _take(self):
        lines = []
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                return
            lines.append(line)
            if len(lines) == AMID:
                await self._say("content", "")
        fault = self._hop.fault(".")
        if fault[:1] not in {"4", "5"}:
            self._hop.arrived.append(b"".join(lines))
            self._hop.copies.extend((recipient, self._hop.arrived[-1]) for recipient in self._recipients)
            self._hop.before_reply()
        await self._answer(fault, "250 2.0.0 Ok")

    async def _say(self, step, reply):
        """Whether the reply was the ordinary one."""
        return await self._answer(self._hop.fault(step), reply)

    async def _answer(self, fault, reply):
        if fault:
            self._hop.met()
        if fault == HANG:
            while await self._reader.read(65_536):
                pass
        if fault == RESET:
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.writer.transport.abort()
        if fault in {HANG, CLOSE, RESET}:
            raise EOFError
        while fault == ENDLESS:
            self.writer.write(b"250-" + b"x" * 65_536)
            await self.writer.drain()
        if text := fault or reply:
            self.writer.write(text.encode("latin-1") + b"\r\n")
            await self.writer.drain()
        return not fault
