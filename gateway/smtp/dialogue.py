"""The verbs of a session and the order they may come in.

House rules: what is not offered is refused, what is refused has left no trace, and no reply repeats the client's
words. HELO and EHLO names are believed by nobody: they are not kept, logged or written into any mail.

*Not here:* sockets, time limits, TLS itself (``session``); the grammar of arguments (``parameters``).
*Source:* RFC 5321 section 4.1, RFC 3207, RFC 4954, RFC 2920 (PIPELINING), RFC 2034, RFC 3461.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.mail.envelope import Envelope, Recipient
from gateway.mail.reply import Reply
from gateway.ops import events
from gateway.smtp import auth, replies
from gateway.smtp.channel import Channel, ask_handler
from gateway.smtp.command import FOREIGN, NOT_OFFERED, read_command
from gateway.smtp.data import has_long_line
from gateway.smtp.handler import LOCAL, Handler, Login, Submission
from gateway.smtp.limits import Peer
from gateway.smtp.login import LoginTries
from gateway.smtp.parameters import MailCommand, parse_mail, parse_rcpt
from gateway.smtp.replies import Refused
from gateway.smtp.settings import ListenerSettings
from gateway.smtp.throttle import LoginThrottle
from gateway.smtp.usage import Hand, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The positive answer to EHLO: our name, and a line for each extension."""

    hostname: str
    extensions: tuple[str, ...]

    def __str__(self) -> str:
        lines = (self.hostname, *self.extensions)
        return "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"])


Answer: TypeAlias = Reply | Capabilities | None
"""What to send for a command; ``None`` where all is said (STARTTLS)."""


@dataclass(slots=True, kw_only=True)
class _Transaction:
    """Between MAIL and the final dot."""

    mail: MailCommand
    recipients: list[Recipient] = field(default_factory=list)

    def envelope(self) -> Envelope:
        return Envelope(
            reverse_path=self.mail.reverse_path,
            recipients=tuple(self.recipients),
            smtputf8=self.mail.smtputf8,
            ret=self.mail.ret,
            envid=self.mail.envid,
        )


class Dialogue:
    """One session's state and verbs.

    Attributes:
        is_over: The connection ends with the answer just given.
        messages_taken: How many mails got a positive reply.
    """

    def __init__(
        self,
        channel: Channel,
        handler: Handler,
        settings: ListenerSettings,
        throttle: LoginThrottle,
        tally: Tally,
        peer: Peer,
    ) -> None:
        self.is_over = False
        self.messages_taken = 0
        self._channel = channel
        self._handler = handler
        self._settings = settings
        self._limits = settings.limits
        self._login_tries = LoginTries(channel, handler, settings, throttle, tally, peer)
        self._tally = tally
        self._peer = peer
        self._commands = self._bad_commands = self._messages = 0
        self._verbs: dict[str, Callable[[str], Awaitable[Answer]]] = {
            "HELO": self._helo,
            "EHLO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "QUIT": self._quit,
        }
        self._start_over()

    def _start_over(self) -> None:
        """As if the client had just connected (RFC 3207 section 4.2: nothing said in clear counts)."""
        self._is_greeted = self._is_extended = False
        self._login = LOCAL if self._settings.auth == "none" else None
        self._transaction: _Transaction | None = None

    @property
    def is_logged_in(self) -> bool:
        """Whether mail may be submitted."""
        return self._login is not None

    async def answer(self, line: bytes) -> Answer:
        """Carry out one command line, given with its line end; what to send."""
        verb = ""
        try:
            self._count_command()
            verb, argument = read_command(line)
            return await self._carry_out(verb, argument)
        except Refused as refused:
            return self.refuse(verb, refused)

    def refuse(self, verb: str, refused: Refused) -> Reply:
        """Count and report a refusal; the reply to send."""
        self._bad_commands += refused.counts
        if self._bad_commands > self._limits.bad_commands and not refused.closes:
            refused = Refused(replies.TOO_MANY_ERRORS)
        self.is_over = refused.closes
        events.command_refused(peer=self._peer.text, command=verb, reply=str(refused.reply))
        return refused.reply

    async def _carry_out(self, verb: str, argument: str) -> Answer:
        if method := self._verbs.get(verb):
            return await method(argument)
        if verb in FOREIGN:
            raise Refused(replies.NOT_OFFERED, closes=True)
        raise Refused(replies.NOT_OFFERED if verb in NOT_OFFERED else replies.UNKNOWN_COMMAND)

    def _count_command(self) -> None:
        self._commands += 1
        if self._commands > self._limits.commands:
            raise Refused(replies.TOO_MANY_COMMANDS)

    async def _permit(self, question: Awaitable[Reply | None]) -> None:
        if refusal := await ask_handler(self._channel, _refusal(question)):
            raise Refused(refusal, counts=False)

    # Greeting, TLS, login

    async def _helo(self, argument: str) -> Answer:
        self._greet(argument, is_extended=False)
        return Reply(code=250, status="", text=self._settings.hostname)

    async def _ehlo(self, argument: str) -> Answer:
        self._greet(argument, is_extended=True)
        return Capabilities(hostname=self._settings.hostname, extensions=tuple(self._extensions()))

    def _greet(self, argument: str, *, is_extended: bool) -> None:
        if not argument:
            raise Refused(replies.NAME_WANTED)
        self._is_greeted, self._is_extended = True, is_extended
        self._transaction = None  # RFC 5321 section 4.1.4

    def _extensions(self) -> Iterator[str]:
        yield f"SIZE {self._limits.message_octets}"
        yield from ("8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", "DSN")
        if self._settings.tls == "starttls" and not self._channel.is_secure:
            yield "STARTTLS"
        elif self._settings.auth == "required":
            yield f"AUTH {' '.join(auth.MECHANISMS)}"

    async def _starttls(self, argument: str) -> Answer:
        _refuse_argument(argument)
        if self._channel.is_secure:
            raise Refused(replies.TLS_ACTIVE)
        context = self._settings.tls_context
        if self._settings.tls != "starttls" or context is None:
            raise Refused(replies.NOT_OFFERED)
        await self._channel.start_tls(context)
        self._start_over()
        return None

    async def _auth(self, argument: str) -> Answer:
        if self._settings.auth == "none":
            raise Refused(replies.NOT_OFFERED)
        if not self._is_extended:
            raise Refused(replies.EHLO_FIRST)
        if self._login is not None:
            raise Refused(replies.LOGGED_IN_BEFORE)
        if self._settings.tls != "none" and not self._channel.is_secure:
            raise Refused(replies.TLS_FIRST_FOR_AUTH)
        self._login = await self._login_tries.next_try(argument)
        return replies.LOGGED_IN

    # A mail

    def _require_login(self) -> Login:
        if not self._is_greeted:
            raise Refused(replies.EHLO_FIRST)
        if self._login is None:
            needs_tls = self._settings.tls == "starttls" and not self._channel.is_secure
            raise Refused(replies.TLS_FIRST if needs_tls else replies.LOGIN_FIRST)
        return self._login

    def _require_transaction(self) -> _Transaction:
        if self._transaction is None:
            raise Refused(replies.MAIL_FIRST)
        return self._transaction

    async def _mail(self, argument: str) -> Answer:
        login = self._require_login()
        if self._transaction is not None:
            raise Refused(replies.NESTED_MAIL)
        self._messages += 1
        if self._messages > self._limits.messages:
            raise Refused(replies.TOO_MANY_MESSAGES)
        mail = parse_mail(argument, message_octets=self._limits.message_octets)
        if not self._tally.has_room(mail.size):
            raise Refused(self._tally.full_hands(), counts=False)
        _refuse_over(self._tally.message(self._channel.now()))
        await self._permit(self._handler.reverse_path(login, mail.reverse_path))
        self._transaction = _Transaction(mail=mail)
        return replies.SENDER_TAKEN

    async def _rcpt(self, argument: str) -> Answer:
        login = self._require_login()
        transaction = self._require_transaction()
        recipient = parse_rcpt(argument, smtputf8=transaction.mail.smtputf8)
        if any(recipient.address == other.address for other in transaction.recipients):
            return replies.RECIPIENT_TAKEN
        if len(transaction.recipients) >= self._limits.recipients:
            raise Refused(replies.TOO_MANY_RECIPIENTS, counts=False)
        _refuse_over(self._tally.recipient(self._channel.now()))
        await self._permit(self._handler.recipient(login, tuple(transaction.recipients), recipient.address))
        transaction.recipients.append(recipient)
        return replies.RECIPIENT_TAKEN

    async def _data(self, argument: str) -> Answer:
        login = self._require_login()
        transaction = self._require_transaction()
        _refuse_argument(argument)
        if not transaction.recipients:
            raise Refused(replies.NO_RECIPIENTS, counts=False)
        self._transaction = None
        hand = self._tally.hand()
        try:
            octets = await self._read_octets(hand)
        except BaseException:
            hand.release()
            raise
        submission = Submission(
            envelope=transaction.envelope(),
            octets=octets,
            login=login,
            peer=self._peer.text,
            received_at=dt.datetime.now(dt.UTC),
        )
        reply = await self._channel.judge(submission, hand)
        self.messages_taken += reply.is_positive
        # CR CRLF.CRLF: to a client that sees no end of data in it, what follows is still the mail. Take no command
        # from there (adversary S01).
        self.is_over = octets.endswith(b"\r\r\n")
        return reply

    async def _read_octets(self, hand: Hand) -> bytes:
        content = await self._channel.read_content(hand)
        if content.is_dropped:
            reply = replies.TOO_LARGE if content.is_too_large else self._tally.full_hands()
            raise Refused(reply, closes=not content.is_complete, counts=False)
        octets = content.octets()
        if has_long_line(octets):
            raise Refused(replies.LINE_TOO_LONG, counts=False)
        return octets

    # The rest

    async def _rset(self, argument: str) -> Answer:
        _refuse_argument(argument)
        self._transaction = None
        return replies.DONE

    async def _noop(self, _argument: str) -> Answer:
        return replies.DONE

    async def _vrfy(self, _argument: str) -> Answer:
        return replies.WILL_NOT_SAY  # the same for every address: no oracle

    async def _quit(self, argument: str) -> Answer:
        _refuse_argument(argument)
        self.is_over = True
        return replies.BYE


async def _refusal(question: Awaitable[Reply | None]) -> Reply | None:
    """The handler's no, or ``None``: a client must not be told 250 for a recipient who gets nothing."""
    reply = await question
    if reply is not None and reply.is_positive:
        raise ValueError("a handler that agrees returns None")
    return reply


def _refuse_over(limit: Reply | None) -> None:
    if limit is not None:
        raise Refused(limit, counts=False)


def _refuse_argument(argument: str) -> None:
    if argument:
        raise Refused(replies.NO_ARGUMENT_WANTED)
