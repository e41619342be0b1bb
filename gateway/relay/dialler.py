"""Opening a connection: TCP, greeting, EHLO, TLS, login; then it is ready for MAIL.

aiosmtplib does the talking, and hands its transport over to a ``Wire`` when it is done: it reads one reply for each
write, and a pipelined dialogue has many. This is its only user.

*Not here:* the mail transaction (``connection.py``), TCP (``destination.py``).
*Source:* RFC 5321 section 3.1, RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 7435 (opportunistic security).
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import aiosmtplib

from gateway.mail.cause import Cause
from gateway.relay.answer import failure, line
from gateway.relay.causes import Stage
from gateway.relay.connection import Connection, Offer
from gateway.relay.destination import Destination, Security, UnreachableError, connect
from gateway.relay.settings import Timeouts
from gateway.relay.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialler:
    """What every new connection needs.

    Attributes:
        hostname: Our name in EHLO.
        timeouts: Seconds per step.
        verified: TLS with certificate and host name checked, for a file of authorities (``None``: the system's).
        unverified: TLS against listeners only.
    """

    hostname: str
    timeouts: Timeouts
    verified: Callable[[str | None], ssl.SSLContext]
    unverified: ssl.SSLContext

    async def open(self, destination: Destination, addresses: Sequence[str] = ()) -> Connection:
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
            if security != "opportunistic" or fault.cause is not Cause.TLS_FAILED:
                raise
        return await self._open(destination, addresses, "none")

    async def _open(
        self, destination: Destination, addresses: Sequence[str], security: Security
    ) -> Connection:
        context = self._context(destination, security)
        sock = await connect(destination, addresses, self.timeouts)
        client = aiosmtplib.SMTP(
            hostname=destination.host,
            sock=sock,
            local_hostname=self.hostname,
            timeout=self.timeouts.command,
            use_tls=security == "implicit",
            start_tls=False,
            tls_context=context,
        )
        try:
            await self._greet(client, destination, security)
            return Connection(_taken_over(client), _offer(client), str(destination), self.timeouts)
        except BaseException:
            _hang_up(client)
            raise

    def _context(self, destination: Destination, security: Security) -> ssl.SSLContext:
        if security in {"opportunistic", "none"}:
            return self.unverified
        try:
            return self.verified(destination.tls_ca)
        except OSError:
            words = f"tls_ca: {destination.tls_ca} cannot be read; give a file with PEM certificates"
            raise UnreachableError(words, Cause.TLS_FAILED) from None

    async def _greet(self, client: aiosmtplib.SMTP, destination: Destination, security: Security) -> None:
        stage: Stage = "TLS" if security == "implicit" else "greeting"
        try:
            await client.connect(timeout=self.timeouts.greeting)
            stage = "EHLO"
            await _hello(client)
            if _wants_starttls(client, security):
                stage = "TLS"
                await client.starttls()
                stage = "EHLO"
                await _hello(client)
            if destination.username is not None:
                stage = "AUTH"
                await client.login(destination.username, destination.password or "")
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise _unreachable(fault, stage, str(destination)) from None
        if destination.is_named_by_dns and _name(client) == self.hostname.lower():
            words = f"{destination.host} greets as {self.hostname}, which is this gateway itself"
            raise UnreachableError(words, Cause.MAIL_LOOP)


async def _hello(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


def _name(client: aiosmtplib.SMTP) -> str:
    """What the next hop calls itself in its reply to EHLO."""
    response = client.last_ehlo_response
    return (response.message if response else "").partition("\n")[0].partition(" ")[0].lower()


def _wants_starttls(client: aiosmtplib.SMTP, security: Security) -> bool:
    is_offered = client.supports_extension("starttls")
    return security == "starttls" or (security == "opportunistic" and is_offered)


def _offer(client: aiosmtplib.SMTP) -> Offer:
    size = client.esmtp_extensions.get("size", "").strip()
    return Offer(
        pipelining=client.supports_extension("pipelining"),
        size=client.supports_extension("size"),
        max_octets=int(size) if size.isascii() and size.isdigit() else 0,
        is_8bit=client.supports_extension("8bitmime"),
        is_utf8=client.supports_extension("smtputf8"),
    )


def _hang_up(client: aiosmtplib.SMTP) -> None:
    """At once: a next hop that reads nothing would hold a connection that is only closed."""
    if client.transport is not None:
        cast("asyncio.Transport", client.transport).abort()
    client.close()


def _taken_over(client: aiosmtplib.SMTP) -> Wire:
    if client.transport is None:
        raise UnreachableError("connection lost (EHLO)", Cause.CONNECTION_LOST)
    return Wire(cast("asyncio.Transport", client.transport))


def _unreachable(fault: Exception, stage: Stage, next_hop: str) -> UnreachableError:
    """What went wrong; in the next hop's own words where it replied."""
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        if fault.code <= 0:
            return UnreachableError(f"no SMTP reply ({stage})", Cause.PROTOCOL_ERROR)
        said = failure(next_hop, fault.code, fault.message, stage)
        return UnreachableError(line(fault.code, fault.message), said.cause)
    cause = fault.__cause__ if isinstance(fault, aiosmtplib.SMTPConnectError) and fault.__cause__ else fault
    blamed = {"TLS": Cause.TLS_FAILED, "AUTH": Cause.LOGIN_REFUSED}.get(stage, Cause.CONNECTION_LOST)
    if isinstance(cause, ssl.SSLCertVerificationError):
        words = f"its certificate is not accepted: {cause.verify_message}"
    elif isinstance(cause, ssl.SSLError):
        words = f"{stage} failed: {cause.reason or 'no agreement'}"
    elif isinstance(cause, OSError):
        what = "no answer in time" if isinstance(cause, TimeoutError) else "connection lost"
        words = f"{what} ({stage})"
        blamed = Cause.TLS_FAILED if stage == "TLS" else Cause.CONNECTION_LOST
    else:  # the library's own fixed sentences: an extension that is not offered
        words = f"{stage}: {fault}"
    return UnreachableError(words, blamed)
