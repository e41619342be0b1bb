"""One mail transaction after another over an open connection.

Where the next hop offers PIPELINING, MAIL, every RCPT and DATA go in one write, and the content in the next: two round
trips a mail. The replies are read as if each command had waited for the one before.
A transaction that ended early leaves MAIL standing; RSET is said before the next one, so that no result waits for it.

*Not here:* how a connection comes about (``dialler.py``), which one to use (``pool.py``, ``client.py``).
*Source:* RFC 5321 section 3.3, RFC 2920 (PIPELINING), RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8).
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.delivery import Delivered, DeliveryResult, PermanentFailure, TemporaryFailure
from gateway.relay.answer import failure, line
from gateway.relay.causes import Stage
from gateway.relay.outgoing import Outgoing
from gateway.relay.replies import Answer
from gateway.relay.settings import Timeouts
from gateway.relay.wire import START_INPUT, Wire, WireError

_CLOSING = 421
_FAILURES = 400
_DATA = b"DATA\r\n"
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a next hop offers in its reply to EHLO.

    Attributes:
        pipelining: RFC 2920.
        size: RFC 1870.
        max_octets: The largest mail it takes, 0 where it does not say.
        is_8bit: 8BITMIME.
        is_utf8: SMTPUTF8.
    """

    pipelining: bool = False
    size: bool = False
    max_octets: int = 0
    is_8bit: bool = False
    is_utf8: bool = False


@dataclass(slots=True, kw_only=True)
class Transaction:
    """What a transaction came to.

    Attributes:
        results: One per recipient.
        stage: What was said last.
        trouble: Why the connection broke or is being closed, or ``""``.
        cause: Its cause.
        is_content_sent: The final dot was handed to the connection: the next hop may have the mail.
        is_cut: The next hop closed the connection, by word (421) or deed, and did not merely stay silent.
        is_stuck: It stayed silent, or spoke nonsense, to commands that were sent in one write.
    """

    results: dict[Address, DeliveryResult] = field(default_factory=dict)
    stage: Stage = "MAIL"
    trouble: str = ""
    cause: Cause = Cause.CONNECTION_LOST
    is_content_sent: bool = False
    is_cut: bool = False
    is_stuck: bool = False


class Connection:
    """An open connection; one transaction at a time.

    Attributes:
        mails: Transactions begun.
        is_pipelining: Commands go in one write.
    """

    def __init__(self, wire: Wire, offer: Offer, next_hop: str, timeouts: Timeouts) -> None:
        self.mails = 0
        self.is_pipelining = offer.pipelining
        self._wire = wire
        self._offer = offer
        self._next_hop = next_hop
        self._timeouts = timeouts
        self._clock = asyncio.get_running_loop().time
        self._is_reset_due = False

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as we know."""
        return self._wire.is_open

    def close(self) -> None:
        """Say QUIT and hang up without waiting for an answer."""
        self._wire.expect(1)
        self._wire.write(b"QUIT\r\n")
        self._wire.close()

    def abort(self) -> None:
        """Hang up: what the next hop would answer next is not known."""
        self._wire.abort()

    async def transact(self, mail: Outgoing) -> Transaction:
        """Send one mail. Raises nothing for what the network or the next hop does."""
        self.mails += 1
        transaction = Transaction()
        refused = self._unsupported(mail)
        if refused is not None:
            transaction.results = dict.fromkeys(mail.recipients, refused)
            return transaction
        try:
            if self._is_reset_due:
                await self._reset()
            await self._run(mail, transaction)
        except WireError as fault:
            transaction.trouble = f"{fault.words} ({transaction.stage})"
            transaction.cause = fault.cause
            transaction.is_cut = fault.is_cut and len(transaction.results) < len(mail.recipients)
            transaction.is_stuck = self.is_pipelining and not fault.is_cut and not transaction.is_content_sent
        if transaction.trouble:
            self.abort()
            for recipient in mail.recipients:
                transaction.results.setdefault(recipient, self._unsettled(transaction))
        return transaction

    def _unsettled(self, transaction: Transaction) -> TemporaryFailure:
        return TemporaryFailure(
            next_hop=self._next_hop,
            reply=transaction.trouble,
            cause=transaction.cause,
            outcome_unknown=transaction.is_content_sent,
        )

    def _unsupported(self, mail: Outgoing) -> PermanentFailure | None:
        offer = self._offer
        if mail.needs_utf8 and not offer.is_utf8:
            return self._impossible("5.6.7", "the next hop does not offer SMTPUTF8, which the addresses need")
        if mail.needs_8bit and not offer.is_8bit:
            return self._impossible("5.6.3", "the next hop does not offer 8BITMIME, which the mail needs")
        if 0 < offer.max_octets < len(mail.octets):
            words = f"the mail has {len(mail.octets)} octets, the next hop takes {offer.max_octets}"
            return self._impossible("5.3.4", words, Cause.TOO_LARGE)
        return None

    def _impossible(self, status: str, words: str, cause: Cause = Cause.NOT_SUPPORTED) -> PermanentFailure:
        return PermanentFailure(next_hop=self._next_hop, reply=words, status=status, cause=cause)

    async def _run(self, mail: Outgoing, transaction: Transaction) -> None:
        commands = [self._mail_from(mail), *(_command(f"RCPT TO:<{each}>") for each in mail.recipients)]
        if self.is_pipelining:
            self._wire.expect(len(commands) + 1)
            self._wire.write(b"".join((*commands, _DATA)))
        answer = await self._ask(commands[0])
        accepted: list[Address] = []
        if answer.is_positive:
            accepted = await self._recipients(mail.recipients, commands[1:], transaction)
            unread = 1
        else:
            self._refused(mail.recipients, answer, transaction)
            unread = len(commands)
        if transaction.trouble:
            return
        if not accepted:
            self._is_reset_due = True
            await self._pass_over(unread, transaction)
            return
        transaction.stage = "DATA"
        answer = await self._ask(_DATA)
        if answer.code != START_INPUT:
            self._refused(accepted, answer, transaction)
            self._is_reset_due = True
            return
        await self._content(mail, accepted, transaction)

    async def _recipients(
        self, recipients: Sequence[Address], commands: Iterable[bytes], transaction: Transaction
    ) -> list[Address]:
        transaction.stage = "RCPT"
        accepted = []
        for recipient, command in zip(recipients, commands, strict=True):
            answer = await self._ask(command)
            if answer.is_positive:
                accepted.append(recipient)
                continue
            self._refused([recipient], answer, transaction)
            if transaction.trouble:  # 421: the recipients that are not settled are tried again
                break
        return accepted

    async def _content(self, mail: Outgoing, accepted: Sequence[Address], transaction: Transaction) -> None:
        """Send the content and read the reply to the final dot.

        A reply before the dot (disk full, too large) ends it: what was not asked for is not waited for.
        """
        wire = self._wire
        deadline = self._clock() + self._timeouts.content(len(mail.octets))
        transaction.stage = "DATA"
        pieces = mail.wire()
        piece = next(pieces)
        for following in pieces:
            wire.write(piece)
            await asyncio.sleep(0)  # others have their turn between two pieces
            await wire.drain(deadline)
            if wire.has_answer:
                break
            piece = following
        if wire.has_answer:
            self._refused(accepted, await wire.answer(deadline), transaction)
            transaction.trouble = transaction.trouble or "it answered before the content had ended"
            return
        transaction.is_content_sent = True
        transaction.stage = "final dot"
        wire.write(piece)
        answer = await wire.answer(deadline)
        if answer.is_positive:
            delivered = Delivered(next_hop=self._next_hop, reply=line(answer.code, answer.text))
            transaction.results.update(dict.fromkeys(accepted, delivered))
        else:
            self._refused(accepted, answer, transaction)

    async def _pass_over(self, unread: int, transaction: Transaction) -> None:
        """Read what answers commands that went before their transaction was lost.

        With 354 the next hop waits for a content: an empty one is no mail to anybody (RFC 2920 section 3.1).
        """
        if not self.is_pipelining:
            return
        transaction.stage = "DATA"
        answer = await self._next()
        for _ in range(unread - 1):
            answer = await self._next()
        if answer.code == START_INPUT:
            self._wire.write(b".\r\n")
            await self._next()

    async def _reset(self) -> None:
        self._is_reset_due = False
        if not (await self._say(b"RSET\r\n")).is_positive:
            raise WireError("it refused RSET", Cause.PROTOCOL_ERROR, is_cut=True)

    async def _ask(self, command: bytes) -> Answer:
        """The answer to a command, which has gone already where commands are pipelined."""
        return await (self._next() if self.is_pipelining else self._say(command))

    async def _say(self, command: bytes) -> Answer:
        self._wire.expect(1)
        self._wire.write(command)
        return await self._next()

    async def _next(self) -> Answer:
        return await self._wire.answer(self._clock() + self._timeouts.command)

    def _mail_from(self, mail: Outgoing) -> bytes:
        path = "" if mail.reverse_path is None else mail.reverse_path
        size = f" SIZE={len(mail.octets)}" if self._offer.size else ""
        body = " BODY=8BITMIME" if mail.needs_8bit else ""
        utf8 = " SMTPUTF8" if mail.needs_utf8 else ""
        return _command(f"MAIL FROM:<{path}>{size}{body}{utf8}")

    def _refused(self, recipients: Iterable[Address], answer: Answer, transaction: Transaction) -> None:
        result = failure(self._next_hop, answer.code, answer.text, transaction.stage)
        transaction.results.update(dict.fromkeys(recipients, result))
        if answer.code == _CLOSING:
            transaction.is_cut = True
            transaction.trouble = line(answer.code, answer.text)
            transaction.cause = result.cause
        elif answer.code < _FAILURES:  # neither yes nor no: what it answers next is anybody's guess
            transaction.trouble = line(answer.code, answer.text)
            transaction.cause = Cause.PROTOCOL_ERROR


def _command(words: str) -> bytes:
    """One line. An address that could end it early would say the next command itself; ours never hold such a sign."""
    octets = words.encode()
    if _CONTROL.search(octets):
        raise ValueError("a command holds a control character")
    return octets + b"\r\n"
