"""Hands mail to next hops and says what became of each recipient.

House rules: what the network or a next hop does is a value, never an exception. Nothing is sent twice that
may have arrived: only a transaction whose content was never handed over is tried again within one attempt.

*Not here:* when to try again (``queue/``), which hosts (``hosts.py``), the dialogue (``connection.py``).
*Source:* RFC 5321 sections 4.5.4.1 and 5.1.
"""

import secrets
import ssl
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from gateway.mail.address import Address
from gateway.mail.cause import Cause
from gateway.mail.delivery import DeliveryResult, TemporaryFailure
from gateway.ops import events
from gateway.relay.connection import Transaction
from gateway.relay.destination import Destination, Security, UnreachableError
from gateway.relay.dialler import Dialler
from gateway.relay.hosts import Resolves
from gateway.relay.outgoing import Outgoing, outgoing
from gateway.relay.pool import Lane, Pool
from gateway.relay.route import NextHop, Tls
from gateway.relay.settings import DeliverySettings

MAX_RECIPIENTS = 100
"""Recipients of one transaction: what every next hop must take (RFC 5321 section 4.5.3.1.8)."""

Results: TypeAlias = dict[Address, DeliveryResult]

_BY_KIND: dict[str, Security] = {"smtp+starttls": "starttls", "smtps": "implicit"}
_BY_TLS: dict[Tls, Security] = {"none": "none", "opportunistic": "opportunistic", "required": "starttls"}


class Deliverer:
    """The delivery agent, with its connections."""

    def __init__(
        self,
        settings: DeliverySettings,
        *,
        resolver: Resolves,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """Make a deliverer.

        Args:
            settings: Timeouts, concurrency, our name.
            resolver: Finds the hosts of a domain for next hop ``mx``.
            tls_context: Verifies certificates where a next hop names no file of its own; by default against the
                system's authorities.
        """
        self._settings = settings
        self._resolver = resolver
        self._pool = Pool(settings)
        unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE
        default = ssl.create_default_context() if tls_context is None else tls_context
        self._dialler = Dialler(
            hostname=settings.hostname,
            timeouts=settings.timeouts,
            verified=lambda tls_ca: default if tls_ca is None else _context(tls_ca),
            unverified=unverified,
        )

    async def deliver(
        self,
        next_hop: NextHop,
        reverse_path: Address | None,
        recipients: Sequence[Address],
        octets: bytes,
    ) -> Mapping[Address, DeliveryResult]:
        """Try one mail once.

        Args:
            next_hop: Where to.
            reverse_path: ``None`` is the null reverse-path.
            recipients: For ``mx``, they are grouped by domain.
            octets: Content with CRLF line ends.

        Returns:
            One result per recipient. A fault of ours is reported as an event and makes a temporary failure.
        """
        results: Results = {}
        for group in _groups(next_hop, recipients):
            mail = outgoing(reverse_path, group, octets)
            try:
                results.update(await self._deliver(next_hop, mail))
            except Exception as fault:  # noqa: BLE001 - the edge of the room: a bug must not lose a mail
                incident = secrets.token_hex(4)
                events.fault(incident=incident, where="relay", exception=fault)
                bug = UnreachableError(f"our own fault, incident {incident}", Cause.OUR_FAULT)
                results.update(_failed(mail, str(next_hop), bug))
        return results

    async def close(self) -> None:
        """Hang up idle connections; the others follow when their mail is done."""
        self._pool.close()

    async def _deliver(self, next_hop: NextHop, mail: Outgoing) -> Results:
        if next_hop.kind != "mx":
            return await self._first_reachable([(_destination(next_hop), ())], mail)
        hosts = await self._resolver.hosts(mail.recipients[0].domain)
        if not isinstance(hosts, tuple):
            return dict.fromkeys(mail.recipients, hosts)
        port = self._settings.mx_port
        targets = [(_mx_destination(next_hop, host.name, port), host.addresses) for host in hosts]
        return await self._first_reachable(targets, mail)

    async def _first_reachable(
        self, targets: Iterable[tuple[Destination, Sequence[str]]], mail: Outgoing
    ) -> Results:
        """Send to the first that takes a connection; one that was tried and failed tells more than one that rests."""
        told: tuple[Destination, UnreachableError] | None = None
        for destination, addresses in targets:
            try:
                return await self._send(destination, addresses, mail)
            except UnreachableError as fault:
                if told is None or fault.wait_s is None or told[1].wait_s is not None:
                    told = (destination, fault)
        if told is None:
            raise ValueError("a mail without a next hop")
        return _failed(mail, str(told[0]), told[1])

    async def _send(self, destination: Destination, addresses: Sequence[str], mail: Outgoing) -> Results:
        lane = self._pool.lane(destination)
        ticket = await lane.enter()
        try:
            transaction = await self._transact(lane, destination, addresses, mail)
            if transaction.trouble:
                lane.failed(ticket, UnreachableError(transaction.trouble, transaction.cause))
            else:
                lane.worked()
        except UnreachableError as fault:
            lane.failed(ticket, fault)
            raise
        finally:
            lane.leave()
            if self._pool.is_closed:
                lane.close()
        return transaction.results

    async def _transact(
        self, lane: Lane, destination: Destination, addresses: Sequence[str], mail: Outgoing
    ) -> Transaction:
        connection = lane.take()
        is_reused = connection is not None
        while True:
            if connection is None:
                connection = await self._dialler.open(destination, addresses)
                connection.is_pipelining &= not lane.is_one_by_one
            try:
                transaction = await connection.transact(mail)
            except BaseException:  # cancelled in mid-dialogue: nobody knows what comes next
                connection.abort()
                raise
            lane.is_one_by_one |= transaction.is_stuck
            if not (is_reused and transaction.is_cut and not transaction.is_content_sent):
                lane.give_back(connection)
                return transaction
            # The next hop had given up on the idle connection. It has not seen the end of this mail's content.
            connection, is_reused = None, False


@lru_cache(maxsize=64)
def _context(tls_ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=tls_ca)


def _groups(next_hop: NextHop, recipients: Sequence[Address]) -> list[list[Address]]:
    """Recipients that go in one transaction."""
    if len(recipients) == 1:
        return [list(recipients)]
    by_domain: dict[str, list[Address]] = {}
    for recipient in dict.fromkeys(recipients):
        key = recipient.domain if next_hop.kind == "mx" else ""
        by_domain.setdefault(key, []).append(recipient)
    return [
        group[start : start + MAX_RECIPIENTS]
        for group in by_domain.values()
        for start in range(0, len(group), MAX_RECIPIENTS)
    ]


def _destination(next_hop: NextHop) -> Destination:
    return Destination(
        host=next_hop.host,
        port=next_hop.port,
        security=_BY_KIND.get(next_hop.kind) or _BY_TLS[next_hop.tls],
        username=next_hop.username,
        password=next_hop.password,
        tls_ca=next_hop.tls_ca,
    )


def _mx_destination(next_hop: NextHop, name: str, port: int) -> Destination:
    security = _BY_TLS[next_hop.tls]
    return Destination(host=name, port=port, security=security, tls_ca=next_hop.tls_ca, is_named_by_dns=True)


def _failed(mail: Outgoing, next_hop: str, fault: UnreachableError) -> Results:
    result = TemporaryFailure(next_hop=next_hop, reply=fault.reply, cause=fault.cause, wait_s=fault.wait_s)
    return dict.fromkeys(mail.recipients, result)
