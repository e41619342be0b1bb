"""One connection: its octets, its time, its TLS, its end.

Stands on ``aiosmtpd.smtp.SMTP`` for the protocol under the event loop and replaces what is unsafe in it by default:
commands ended by a bare LF, an exception's text in a reply, a mail dropped half judged when the client goes away, a
time limit that a busy client can stretch and our own work can exceed.

Time runs only while we wait for the client: one ``asyncio.timeout`` around the session, moved on before each wait
and stopped while the gateway itself is at work.

*Not here:* what commands mean (``dialogue``), who may connect (``server``).
*Source:* RFC 5321 section 4.5.3.2, RFC 3207.
"""

import asyncio
import base64
import logging
import ssl
from collections.abc import Awaitable, Iterable
from math import inf
from typing import TypeVar, cast

from aiosmtpd.smtp import SMTP

from gateway.mail.reply import Reply
from gateway.ops import events
from gateway.smtp import replies
from gateway.smtp.command import read_line
from gateway.smtp.data import CHUNK_OCTETS, Content, Disconnected, LineTooLong, Wire
from gateway.smtp.dialogue import Capabilities, Dialogue
from gateway.smtp.handler import Handler, Submission
from gateway.smtp.limits import LONG_COMMAND_OCTETS, Peer, peer_of
from gateway.smtp.replies import Refused
from gateway.smtp.settings import ListenerSettings
from gateway.smtp.tasks import MessageTasks
from gateway.smtp.usage import Hand, Tally, Usage

T = TypeVar("T")

LINGER_S = 5.0
"""Seconds for a client to fetch our last reply; then the connection is cut, read or not."""

# aiosmtpd logs command lines and with them addresses, which are personal data, and what clients take for commands.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class Shared:
    """What the sessions of one listener have in common."""

    def __init__(self, handler: Handler, settings: ListenerSettings, usage: Usage) -> None:
        self.handler = handler
        self.settings = settings
        self.usage = usage
        self.tasks = MessageTasks()
        self.sessions: set[Session] = set()
        self.is_stopping = False

    def refusal(self, peer: Peer) -> str:
        """Count a client; why it is not let in, or ``""``."""
        return "draining" if self.is_stopping else self.usage.admit(peer.network)


class _NoHooks:
    """Stands where aiosmtpd wants a handler, and lists nothing: it looks through the list for each connection."""

    def __dir__(self) -> Iterable[str]:
        return ()


_NO_HOOKS = _NoHooks()


class Session(SMTP):
    """One connection."""

    line_length_limit = CHUNK_OCTETS // 2
    """Not a limit on lines: asyncio stops reading from the socket at twice this many octets read ahead."""

    def __init__(self, shared: Shared, peer: Peer | None = None, *, is_admitted: bool = False) -> None:
        """Not connected yet.

        Args:
            shared: Of the listener.
            peer: Who the client is, where the socket cannot tell.
            is_admitted: Whether it was counted before, as with implicit TLS, which comes up before a session.
        """
        super().__init__(_NO_HOOKS, hostname=shared.settings.hostname, loop=asyncio.get_running_loop())
        self._shared = shared
        self._settings = shared.settings
        self._limits = shared.settings.limits
        self._overdue = replies.IDLE
        self._known_peer = peer
        self._is_admitted = self._is_secure = is_admitted
        self.is_lost = self._is_waiting = self._is_stopping = False
        self._abort_timer: asyncio.TimerHandle | None = None

    def __dir__(self) -> Iterable[str]:
        """Nothing: aiosmtpd searches this list three times per connection for methods we do not use, 0.15 ms."""
        return ()

    # Under the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there; with implicit TLS, after the handshake."""
        self._peer = self._known_peer or peer_of(transport.get_extra_info("peername"))
        super().connection_made(transport)  # starts _handle_client in a task

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Nothing: aiosmtpd's timer runs on while a mail is judged and then cancels it; ours is ``_clock``."""

    def eof_received(self) -> bool:
        """The client has closed its half, and may wait for our reply yet: aiosmtpd would cancel the command."""
        asyncio.StreamReaderProtocol.eof_received(self)
        return not self._is_secure  # TLS has no half-closed state

    def connection_lost(self, error: Exception | None) -> None:
        """The client is gone; a mail under judgement is not."""
        self.is_lost = True
        if self._abort_timer:
            self._abort_timer.cancel()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        if self.task is not None:
            self.task.cancel()

    # From admission to the end

    async def _handle_client(self) -> None:
        shared, peer, listener = self._shared, self._peer, self._settings.address
        reason = "" if self._is_admitted else shared.refusal(peer)
        if reason:
            events.session_refused(peer=peer.text, listener=listener, reason=reason)
            self._say_last(_REFUSALS[reason])
            self._hang_up()
            return
        events.session_opened(peer=peer.text, listener=listener)
        shared.sessions.add(self)
        self._is_stopping = shared.is_stopping  # it may have been counted before that
        self._opened_at = self.loop.time()
        tally = Tally(shared.usage, peer)
        self._dialogue = Dialogue(self, shared.handler, self._settings, shared.usage.throttle, tally, peer)
        try:
            await self._converse()
        finally:
            self._hang_up()
            shared.sessions.discard(self)
            tally.close()
            shared.usage.release(peer.network)
            seconds = self.loop.time() - self._opened_at
            taken = self._dialogue.messages_taken
            events.session_closed(peer=peer.text, listener=listener, seconds=seconds, messages=taken)

    async def _converse(self) -> None:
        self._wire = Wire(self._reader)
        self._clock = asyncio.timeout(None)
        try:
            async with self._clock:
                await self._serve()
        except (Disconnected, OSError):  # a TimeoutError is an OSError; so is every failure of TLS
            if self._clock.expired():
                self._say_last(replies.STOPPING if self._is_stopping else self._overdue)
        except Exception as exception:  # noqa: BLE001 - where our own exceptions end
            # Who knows what the next octets are: a command, or the rest of a mail.
            self._say_last(replies.fault(exception))

    async def _serve(self) -> None:
        await self._send(Reply(code=220, status="", text=f"{self._settings.hostname} ESMTP"))
        while not self._dialogue.is_over:
            if self._is_stopping:
                self._say_last(replies.STOPPING)
                return
            try:
                line = await self._next_line()
            except Refused as refused:
                answer: Reply | Capabilities | None = self._dialogue.refuse("", refused)
            else:
                answer = await self._dialogue.answer(line)
            if answer is not None:
                await self._send(answer)

    @property
    def task(self) -> "asyncio.Task[None] | None":
        """Runs from the connection to its end; aiosmtpd starts it when the connection is made."""
        found: asyncio.Task[None] | None = self._handler_coroutine
        return found

    def stop(self) -> None:
        """Say goodbye: at once when the client has nothing under way, else after the command at hand."""
        self._is_stopping = True
        if self._is_waiting and not self._clock.expired():
            self._clock.reschedule(self.loop.time())

    def abort(self) -> None:
        """Cut the connection now."""
        self._writer.transport.abort()

    def _hang_up(self) -> None:
        if not self.is_lost:
            transport = self._writer.transport
            transport.close()
            self._abort_timer = self.loop.call_later(LINGER_S, transport.abort)

    # Octets and time

    def _allow(self, seconds: float, until: float = inf) -> None:
        self._clock.reschedule(min(self.loop.time() + seconds, until))

    async def _next_line(self) -> bytes:
        life_s = self._limits.session_s if self._dialogue.is_logged_in else self._limits.login_s
        self._allow(self._limits.command_s, self._opened_at + life_s)
        self._is_waiting = True
        try:
            return await self._wire.line()
        except LineTooLong:
            raise Refused(replies.COMMAND_TOO_LONG, closes=True) from None
        finally:
            self._is_waiting = False

    def _say_last(self, reply: Reply) -> None:
        if not self._writer.is_closing():
            self._writer.write(_octets(reply))

    async def _send(self, answer: Reply | Capabilities) -> None:
        if self._writer.is_closing():  # uvloop raises on such a write what would look like a fault of ours
            raise Disconnected
        self._writer.write(_octets(answer))
        await self._writer.drain()

    # For the dialogue

    @property
    def is_secure(self) -> bool:
        """Whether TLS is active."""
        return self._is_secure

    def now(self) -> float:
        """Monotonic clock, in seconds."""
        return self.loop.time()

    async def ask_client(self, challenge: bytes) -> bytes:
        """Send 334 with these octets; the client's line without CRLF."""
        await self._send(Reply(code=334, status="", text=base64.b64encode(challenge).decode()))
        line = await self._next_line()
        if len(line) > LONG_COMMAND_OCTETS["AUTH"]:
            raise Refused(replies.COMMAND_TOO_LONG)
        return read_line(line).encode()

    async def unhurried(self, work: Awaitable[T]) -> T:
        """Our own work: the client's time does not run meanwhile."""
        self._clock.reschedule(None)
        try:
            return await work
        finally:
            self._allow(self._limits.command_s)

    async def read_content(self, hand: Hand) -> Content:
        """Send 354 and read a message, to its end or until it is far too large; dropped once ``hand`` is full."""
        await self._send(replies.SEND_DATA)
        content = Content(self._limits.message_octets)
        started = self.loop.time()
        while not content.is_complete and content.wire_octets <= self._limits.abandon_octets:
            self._allow_chunk(started, content.wire_octets)
            chunk = await self._wire.chunk()
            if not content.is_dropped and not hand.take(len(chunk)):
                content.drop()
            self._wire.put_back(content.feed(chunk))
            if content.is_dropped:
                hand.release()
        self._overdue = replies.IDLE
        self._allow(self._limits.command_s)
        return content

    def _allow_chunk(self, started: float, octets: int) -> None:
        """Until when the next octets of a message must come: soon, at a fair rate, and before its time is up."""
        limits = self._limits
        slowest = started + limits.chunk_s + octets / limits.octets_per_second
        self._overdue = replies.TOO_SLOW if slowest < self.loop.time() + limits.chunk_s else replies.IDLE
        self._allow(limits.chunk_s, min(slowest, started + limits.data_s))

    async def judge(self, submission: Submission, hand: Hand) -> Reply:
        """Have the mail judged, also when the client goes away; ``hand`` is released when that is done."""
        task = self._shared.tasks.start(_judged(self._shared.handler, submission))
        task.add_done_callback(lambda _: hand.release())
        return await self.unhurried(asyncio.shield(task))

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Send 220 and shake hands. Raises ``Refused`` when something came in clear behind STARTTLS.

        What was read in clear must not be taken for something said under TLS (CVE-2024-34083).
        """
        if self._wire.has_pending:
            raise Refused(replies.INJECTED)
        await self._send(replies.READY_FOR_TLS)
        if self._wire.has_pending:  # while the reply was being sent
            raise Disconnected
        transport = await self.loop.start_tls(
            self._writer.transport,
            self,
            context,
            server_side=True,
            ssl_handshake_timeout=self._limits.handshake_s,
        )
        # aiosmtpd does the same; reader and writer have no public way to change their transport.
        vars(self._reader)["_transport"] = vars(self._writer)["_transport"] = transport
        self.transport = transport
        self._is_secure = True


_REFUSALS = {
    "draining": replies.STOPPING,
    "connections": replies.CROWDED,
    "connections_per_peer": replies.CROWDED_PEER,
}


async def _judged(handler: Handler, submission: Submission) -> Reply:
    """The handler's reply to a mail, or 451: it never raises, and is never positive unless the handler was."""
    try:
        return _as_reply(await handler.message(submission))
    except asyncio.CancelledError as exception:
        if cast("asyncio.Task[Reply]", asyncio.current_task()).cancelling():
            raise  # the drain's last resort
        return replies.fault(exception)  # something the handler waited for was cancelled, not the handler
    except Exception as exception:  # noqa: BLE001 - where a handler's exception ends
        return replies.fault(exception)


def _as_reply(answer: object) -> Reply:
    if not isinstance(answer, Reply):
        raise TypeError("Handler.message must return a Reply")
    return answer


def _octets(answer: Reply | Capabilities) -> bytes:
    # Replies are ASCII (RFC 5321 section 4.2); policies are written in it.
    return str(answer).encode("ascii", "replace") + b"\r\n"
