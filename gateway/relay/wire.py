"""The two directions of an open connection: octets out, replies in.

Replies are counted: one that nobody waits for ends the connection. It would answer the next command, and a refusal
would be taken for a delivery.

*Not here:* what is said (``connection.py``), how a connection comes about (``dialler.py``).
"""

import asyncio
from collections import deque

from gateway.mail.cause import Cause
from gateway.relay.replies import Answer, ReplyReader

START_INPUT = 354
"""The one reply that asks for more (RFC 5321 section 4.2.2)."""


class WireError(Exception):
    """The connection is of no more use.

    Attributes:
        words: What happened.
        cause: Its cause.
        is_cut: The next hop closed it, and did not merely stay silent.
    """

    def __init__(self, words: str, cause: Cause = Cause.CONNECTION_LOST, *, is_cut: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.cause = cause
        self.is_cut = is_cut


class Wire(asyncio.Protocol):
    """One connection. One task at a time writes and reads."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Take the transport over from whatever protocol it has had."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._reader = ReplyReader()
        self._answers: deque[Answer] = deque()
        self._owed = 0
        self._waiter: asyncio.Future[None] | None = None
        self._fault: WireError | None = None
        self._is_paused = False
        transport.set_protocol(self)
        if transport.is_closing():
            self._fault = WireError("connection lost", is_cut=True)

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as we know."""
        return self._fault is None and not self._transport.is_closing()

    @property
    def has_answer(self) -> bool:
        """Whether a reply is there, or none will come."""
        return bool(self._answers) or self._fault is not None

    def write(self, octets: bytes) -> None:
        """Send octets."""
        if self._fault is None:
            self._transport.write(octets)

    def expect(self, replies: int) -> None:
        """So many replies are owed to what is written next."""
        self._owed += replies

    async def answer(self, deadline: float) -> Answer:
        """The next reply.

        Args:
            deadline: Time of the loop's clock.

        Raises:
            WireError: None came.
        """
        while not self._answers:
            await self._change(deadline)
        return self._answers.popleft()

    async def drain(self, deadline: float) -> None:
        """Wait until more can be written, or an answer is there already.

        Args:
            deadline: Time of the loop's clock.

        Raises:
            WireError: Neither came about.
        """
        while self._is_paused and not self._answers:
            await self._change(deadline)

    def close(self) -> None:
        """Hang up once what was written has gone."""
        self._transport.close()

    def abort(self) -> None:
        """Hang up now; what was written and has not gone yet is lost."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Replies, or pieces of them."""
        answers = self._reader.feed(data)
        # 354 promises one more: the answer to the content, which may come before the content has ended.
        self._owed -= sum(answer.code != START_INPUT for answer in answers)
        is_unasked = self._owed < 0 or (not answers and not self._owed)
        if self._owed < 0:
            del answers[self._owed :]
        self._answers.extend(answers)
        if is_unasked:
            self._break(WireError("it spoke out of turn", Cause.PROTOCOL_ERROR, is_cut=True))
        elif self._reader.fault:
            self._break(WireError(self._reader.fault, Cause.PROTOCOL_ERROR))
        elif answers:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - an end is an end
        """The other side, or the network, has ended it."""
        self._break(WireError("connection lost", is_cut=True))

    def pause_writing(self) -> None:
        """Enough is on its way."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """It has gone."""
        self._is_paused = False
        self._wake()

    async def _change(self, deadline: float) -> None:
        if self._fault is not None:
            raise self._fault
        waiter = self._waiter = self._loop.create_future()
        timer = self._loop.call_at(deadline, self._expire)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _expire(self) -> None:
        self._break(WireError("no answer in time"))

    def _break(self, fault: WireError) -> None:
        if self._fault is None:
            self._fault = fault
            self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
