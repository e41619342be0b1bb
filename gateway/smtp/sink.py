"""A stand-in relay: takes mail on loopback, keeps it, sends it nowhere.

For the demo, and for tests of whatever delivers mail: it can be told to answer as real next hops do. It is plain
aiosmtpd, so it is a second reader of what we send: it refuses lines above 1,001 octets and takes only CRLF.CRLF.

*Not here:* the submission server (``server``); nothing but tests and the demo uses this module.
"""

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiosmtpd import smtp

HANG_UP = "hang up"
"""Instead of a reply: close the connection."""

STALL = "stall"
"""Instead of a reply: say nothing until the client has gone."""


MESSAGE_OCTETS = 50 * 1024 * 1024
"""Octets of a message the sink takes: more than any relay of a marketplace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail the sink has taken.

    Attributes:
        reverse_path: As in MAIL, without brackets; ``""`` is the null reverse-path.
        recipients: As in RCPT, without brackets, those refused left out.
        octets: The content, dots taken out, otherwise as sent.
        is_secure: Whether it came over TLS.
        username: Who was logged in, or ``None``.
    """

    reverse_path: str
    recipients: tuple[str, ...]
    octets: bytes
    is_secure: bool
    username: str | None


class Sink:
    """A running stand-in relay.

    Attributes:
        received: What it has taken, in order.
        answers: Replies by place, whole lines such as ``"451 4.3.0 later"``, or :data:`HANG_UP` or :data:`STALL`.
            Places: ``"greeting"``, ``"EHLO"``, ``"STARTTLS"``, ``"AUTH"``, ``"MAIL"``, ``"RCPT"``,
            ``"RCPT a@b.example"`` (goes before ``"RCPT"``), ``"DATA"``, ``"."`` (the end of the content), ``"RSET"``,
            ``"QUIT"``. May be changed while it runs. A mail is kept when ``"."`` is answered 2yz, and when it hangs
            up or stalls there: the next hop has it and its client cannot know.
        connections: How many there have been.
    """

    def __init__(
        self,
        *,
        answers: Mapping[str, str] | None = None,
        tls_context: ssl.SSLContext | None = None,
        is_implicit_tls: bool = False,
        credentials: tuple[str, str] | None = None,
        hidden_extensions: Iterable[str] = (),
    ) -> None:
        """Not started yet.

        Args:
            answers: See above; what is not named is answered as a willing relay does.
            tls_context: Offers STARTTLS, or is what implicit TLS uses.
            is_implicit_tls: TLS from the first octet.
            credentials: The one username and password that log in; without them AUTH is not offered.
            hidden_extensions: Keywords of EHLO not to offer: ``"8BITMIME"``, ``"SMTPUTF8"``, ``"SIZE"``.
        """
        self.received: list[Received] = []
        self.answers = dict(answers or {})
        self.connections = 0
        self.tls_context = tls_context
        self.is_implicit_tls = is_implicit_tls
        self.credentials = credentials
        self.hidden_extensions = frozenset(hidden_extensions)
        self._server: asyncio.Server | None = None
        self._arrived = asyncio.Condition()
        self._sessions: set[_SinkSession] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> "Sink":
        """Listen on the running loop; port 0 takes a free one."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _SinkSession(self),
            host,
            port,
            ssl=self.tls_context if self.is_implicit_tls else None,
        )
        return self

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("the sink is not started")
        return int(self._server.sockets[0].getsockname()[1])

    async def wait_for(self, count: int) -> list[Received]:
        """Everything received, once it is ``count`` mails or more."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def keep(self, mail: Received) -> None:
        """Take a mail."""
        async with self._arrived:
            self.received.append(mail)
            self._arrived.notify_all()

    async def close(self) -> None:
        """Cut all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        for session in set(self._sessions):
            session.cut()

    def opened(self, session: "_SinkSession") -> None:
        """Count a connection."""
        self.connections += 1
        self._sessions.add(session)

    def closed(self, session: "_SinkSession") -> None:
        """Forget a connection."""
        self._sessions.discard(session)


class _SinkSession(smtp.SMTP):
    """aiosmtpd, with a chance to say something else at each step."""

    def __init__(self, sink: Sink) -> None:
        super().__init__(
            _Hooks(sink),
            hostname="sink.example",
            enable_SMTPUTF8="SMTPUTF8" not in sink.hidden_extensions,
            data_size_limit=MESSAGE_OCTETS,
            tls_context=None if sink.is_implicit_tls else sink.tls_context,
            auth_require_tls=False,
            authenticator=self._check,
            loop=asyncio.get_running_loop(),
        )
        self._sink = sink
        self._smtp_methods = {verb: partial(self._step, verb) for verb in self._smtp_methods}

    async def _handle_client(self) -> None:
        self._sink.opened(self)
        if await self._scripted("greeting"):
            self._writer.close()
            return
        await super()._handle_client()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._sink.closed(self)

    def cut(self) -> None:
        self._writer.transport.abort()

    def _check(
        self, _server: object, _session: object, _envelope: object, _mechanism: str, data: smtp.LoginPassword
    ) -> smtp.AuthResult:
        given = (data.login.decode(), data.password.decode())
        return smtp.AuthResult(success=given == self._sink.credentials, handled=False, auth_data=data)

    async def _step(self, verb: str, argument: str | None) -> None:
        """One command: what is scripted for it, else what aiosmtpd does."""
        places = [verb]
        if verb == "RCPT" and argument:
            places.insert(0, f"RCPT {argument.partition('<')[2].partition('>')[0]}")
        if await self._scripted(*places):
            return
        is_stranger = self._sink.credentials and self.session and not self.session.authenticated
        if verb == "MAIL" and is_stranger:
            await self.push("530 5.7.0 Authentication required")
        else:
            await getattr(super(), f"smtp_{verb}")(argument)

    async def _scripted(self, *places: str) -> bool:
        """Whether something else was said: what is scripted for the first of these places that has anything."""
        answer = next((self._sink.answers[place] for place in places if place in self._sink.answers), None)
        if answer is None:
            return False
        await self.push(await _spoken(answer, self._writer))
        return True

    async def finish(self, answer: str) -> str:
        """What to say at the end of the content."""
        return await _spoken(answer, self._writer)


class _Hooks:
    """What aiosmtpd asks its handler; it finds the methods by name."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self,
        _server: object,
        session: smtp.Session,
        _envelope: object,
        hostname: str,
        lines: list[str],
    ) -> list[str]:
        session.host_name = hostname
        hidden = self._sink.hidden_extensions | (set() if self._sink.credentials else {"AUTH"})
        return [line for line in lines if line[4:].partition(" ")[0] not in hidden]

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: _SinkSession, session: smtp.Session, envelope: smtp.Envelope
    ) -> str:
        answer = self._sink.answers.get(".", "250 2.0.0 Kept")
        if answer in (HANG_UP, STALL) or answer.startswith("2"):
            await self._sink.keep(_received(session, envelope, is_tls=self._sink.is_implicit_tls))
        return await server.finish(answer)


def _received(session: smtp.Session, envelope: smtp.Envelope, *, is_tls: bool) -> Received:
    data: Any = session.auth_data
    return Received(
        reverse_path=(envelope.mail_from or "").removeprefix("<").removesuffix(">"),
        recipients=tuple(envelope.rcpt_tos),
        octets=envelope.original_content or b"",
        is_secure=is_tls or session.ssl is not None,
        username=data.login.decode() if data else None,
    )


async def _spoken(answer: str, writer: asyncio.StreamWriter) -> str:
    """The reply to send, unless the answer is to hang up or to say nothing."""
    if answer == STALL:
        await asyncio.Event().wait()  # ended by connection_lost, which cancels the session
    if answer == HANG_UP:
        writer.close()
        raise asyncio.CancelledError  # as aiosmtpd itself ends a session
    return answer
