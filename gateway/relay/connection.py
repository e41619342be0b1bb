"""One connection to a next hop: opening it, TLS, login, and one mail transaction after another.

*Not here:* which connection to use (``pool.py``, ``client.py``). This is the only user of aiosmtplib.
*Source:* RFC 5321 section 3.3, RFC 3207 (STARTTLS), RFC 1870 (SIZE), RFC 6531 (SMTPUTF8).
"""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aiosmtplib
from aiosmtplib import SMTPResponse

from gateway.mail.address import Address
from gateway.mail.delivery import Delivered, DeliveryResult, PermanentFailure, TemporaryFailure
from gateway.relay.answer import failure, line
from gateway.relay.destination import Destination, Security, UnreachableError, connect
from gateway.relay.outgoing import Outgoing
from gateway.relay.settings import Timeouts

_CLOSING = 421
_START_INPUT = 354
_NO_UTF8 = "5.6.7"
_NO_8BIT = "5.6.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialler:
    """What every new connection needs.

    Attributes:
        hostname: Our name in EHLO.
        timeouts: Seconds per step.
        verified: TLS with certificate and host name checked.
        unverified: TLS against listeners only.
    """

    hostname: str
    timeouts: Timeouts
    verified: ssl.SSLContext
    unverified: ssl.SSLContext

    async def open(self, destination: Destination, addresses: Sequence[str] = ()) -> "Connection":
        """Open a connection that is ready for MAIL.

        Args:
            destination: To whom.
            addresses: IP addresses of its host, in the order to try; when empty, the system is asked.

        Raises:
            UnreachableError: No address answers, or greeting, EHLO, TLS or AUTH went wrong.
        """
        security = destination.security
        try:
            return await self._open(destination, addresses, security)
        except UnreachableError as fault:
            # RFC 7435: a next hop whose TLS is broken gets what it would get without. An attacker who can
            # break the handshake could as well have removed the offer.
            if security != "opportunistic" or not fault.is_tls:
                raise
        return await self._open(destination, addresses, "none")

    async def _open(
        self, destination: Destination, addresses: Sequence[str], security: Security
    ) -> "Connection":
        sock = await connect(destination, addresses, self.timeouts.connect)
        client = aiosmtplib.SMTP(
            hostname=destination.host,
            sock=sock,
            local_hostname=self.hostname,
            timeout=self.timeouts.command,
            use_tls=security == "implicit",
            start_tls=False,
            tls_context=self.verified,
        )
        try:
            await self._greet(client, destination, security)
        except BaseException:
            client.close()
            raise
        return Connection(client, destination, self.timeouts)

    async def _greet(self, client: aiosmtplib.SMTP, destination: Destination, security: Security) -> None:
        stage = "TLS" if security == "implicit" else "greeting"
        try:
            await client.connect(timeout=self.timeouts.greeting)
            stage = "EHLO"
            await _hello(client)
            if _wants_starttls(client, security):
                stage = "TLS"
                context = self.unverified if security == "opportunistic" else self.verified
                await client.starttls(tls_context=context)
                stage = "EHLO after STARTTLS"
                await _hello(client)
            if destination.username is not None:
                stage = "AUTH"
                await client.login(destination.username, destination.password or "")
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise UnreachableError(_words(fault, stage), is_tls=stage == "TLS") from None


@dataclass(slots=True, kw_only=True)
class Transaction:
    """What a transaction came to.

    Attributes:
        results: One per recipient that is settled.
        lost: Why the connection cannot be used any more, or ``""``.
        is_content_sent: The content, final dot included, was handed to the connection.
        is_cut: The next hop closed the connection, by word (421) or deed, and did not merely stay silent.
    """

    results: dict[Address, DeliveryResult] = field(default_factory=dict)
    lost: str = ""
    is_content_sent: bool = False
    is_cut: bool = False


class Connection:
    """An open connection; one transaction at a time.

    Attributes:
        mails: Transactions begun.
    """

    def __init__(self, client: aiosmtplib.SMTP, destination: Destination, timeouts: Timeouts) -> None:
        self.mails = 0
        self._client = client
        self._next_hop = str(destination)
        self._timeouts = timeouts

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as we know."""
        return self._client.is_connected

    def close(self) -> None:
        """Say QUIT and hang up without waiting for an answer."""
        if self._client.protocol is not None:
            with suppress(aiosmtplib.SMTPException):
                self._client.protocol.write(b"QUIT\r\n")
        self._client.close()

    def abort(self) -> None:
        """Hang up: what the next hop would answer next is not known."""
        self._client.close()

    async def transact(self, mail: Outgoing) -> Transaction:
        """Send one mail. Raises nothing for what the network or the next hop does."""
        self.mails += 1
        transaction = Transaction()
        refused = self._unsupported(mail)
        if refused is not None:
            transaction.results = dict.fromkeys(mail.recipients, refused)
            return transaction
        try:
            await self._run(mail, transaction)
        except (aiosmtplib.SMTPException, OSError) as fault:
            transaction.lost = _words(fault, "final dot" if transaction.is_content_sent else "mail")
            is_settled = len(transaction.results) == len(mail.recipients)
            transaction.is_cut = not is_settled and isinstance(fault, aiosmtplib.SMTPServerDisconnected)
        if transaction.lost:
            self.abort()
        for recipient in mail.recipients:
            transaction.results.setdefault(recipient, self._unsettled(transaction))
        return transaction

    def _unsettled(self, transaction: Transaction) -> TemporaryFailure:
        return TemporaryFailure(
            next_hop=self._next_hop, reply=transaction.lost, outcome_unknown=transaction.is_content_sent
        )

    def _unsupported(self, mail: Outgoing) -> PermanentFailure | None:
        if mail.needs_utf8 and not self._client.supports_extension("smtputf8"):
            words = "the next hop does not offer SMTPUTF8, which the addresses need"
            return PermanentFailure(next_hop=self._next_hop, reply=words, status=_NO_UTF8)
        if mail.needs_8bit and not self._client.supports_extension("8bitmime"):
            words = "the next hop does not offer 8BITMIME, which the content needs"
            return PermanentFailure(next_hop=self._next_hop, reply=words, status=_NO_8BIT)
        return None

    async def _run(self, mail: Outgoing, transaction: Transaction) -> None:
        answer = await self._mail_from(mail)
        if not _is_positive(answer):
            self._settle(mail.recipients, answer, transaction)
            return
        accepted = await self._rcpt_to(mail, transaction)
        if transaction.is_cut:
            return
        if not accepted:
            await self._reset()
            return
        answer = await self._client.execute_command(b"DATA")
        if answer.code != _START_INPUT:
            self._settle(accepted, answer, transaction)
            if not transaction.is_cut:
                await self._reset()
            return
        answer = await self._content(mail, transaction)
        self._settle(accepted, answer, transaction)

    async def _mail_from(self, mail: Outgoing) -> SMTPResponse:
        path = "" if mail.reverse_path is None else str(mail.reverse_path)
        options = []
        if self._client.supports_extension("size"):
            options.append(b"SIZE=%d" % len(mail.octets))
        if mail.needs_8bit:
            options.append(b"BODY=8BITMIME")
        if mail.needs_utf8:
            options.append(b"SMTPUTF8")
        return await self._client.execute_command(b"MAIL", f"FROM:<{path}>".encode(), *options)

    async def _rcpt_to(self, mail: Outgoing, transaction: Transaction) -> list[Address]:
        accepted = []
        for recipient in mail.recipients:
            answer = await self._client.execute_command(b"RCPT", f"TO:<{recipient}>".encode())
            if _is_positive(answer):
                accepted.append(recipient)
            else:
                self._settle([recipient], answer, transaction)
            if transaction.is_cut:  # 421: the recipients that are not settled are tried again
                transaction.lost = line(answer.code, answer.message)
                break
        return accepted

    async def _content(self, mail: Outgoing, transaction: Transaction) -> SMTPResponse:
        """Send the content and read the reply to the final dot.

        aiosmtplib's own ``data()`` runs three regular expressions over the octets, 16 ms a megabyte; these
        are known to be CRLF-clean, so one replace is enough. No other command can come between: the pool lends a
        connection to one transaction at a time.
        """
        protocol = self._client.protocol
        if protocol is None:  # hung up right after its 354
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        transaction.is_content_sent = True
        for number, piece in enumerate(mail.wire()):
            if number:
                await asyncio.sleep(0)  # others have their turn between two pieces
            # Never after the last one: aiosmtplib drops a reply that comes before anybody waits for it.
            protocol.write(piece)
        return await protocol.read_response(timeout=self._timeouts.content(len(mail.octets)))

    async def _reset(self) -> None:
        answer = await self._client.execute_command(b"RSET")
        if not _is_positive(answer):
            self.abort()

    def _settle(self, recipients: Sequence[Address], answer: SMTPResponse, transaction: Transaction) -> None:
        if transaction.is_content_sent and _is_positive(answer):
            delivered = Delivered(next_hop=self._next_hop, reply=line(answer.code, answer.message))
            transaction.results.update(dict.fromkeys(recipients, delivered))
            return
        result = failure(self._next_hop, answer.code, answer.message)
        transaction.results.update(dict.fromkeys(recipients, result))
        if answer.code == _CLOSING:
            transaction.is_cut = True
            self.abort()


async def _hello(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


def _wants_starttls(client: aiosmtplib.SMTP, security: Security) -> bool:
    is_offered = client.supports_extension("starttls")
    return security == "starttls" or (security == "opportunistic" and is_offered)


def _is_positive(answer: SMTPResponse) -> bool:
    return 200 <= answer.code < 300  # noqa: PLR2004 - RFC 5321 section 4.2.1


def _words(fault: Exception, stage: str) -> str:
    """Our words for ``fault``; the next hop's own where it replied."""
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        return line(fault.code, fault.message) if fault.code > 0 else f"no SMTP reply to {stage}"
    cause = fault.__cause__ if isinstance(fault, aiosmtplib.SMTPConnectError) and fault.__cause__ else fault
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"{stage} failed: {cause.reason or 'no agreement'}"
    if isinstance(cause, TimeoutError):
        return f"no answer in time ({stage})"
    if isinstance(cause, OSError):
        return f"connection lost ({stage})"
    return f"{stage}: {fault}"  # the library's own fixed sentences: an extension that is not offered
