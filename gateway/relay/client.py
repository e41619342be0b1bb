"""Hands mail to next hops and says what became of each recipient.

House rules: what the network or a next hop does is a value, never an exception. Nothing is sent twice that
may have arrived: only a transaction whose content was never handed over is tried again within one attempt.

*Not here:* when to try again (``queue/``), which hosts (``hosts.py``), the dialogue (``connection.py``).
*Source:* RFC 5321 sections 4.5.4.1 and 5.1.
"""

import secrets
import ssl
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gateway.mail.address import Address
from gateway.mail.delivery import DeliveryResult, TemporaryFailure
from gateway.ops import events
from gateway.relay.connection import Dialler
from gateway.relay.destination import Destination, Security, UnreachableError
from gateway.relay.hosts import Resolves
from gateway.relay.outgoing import Outgoing, outgoing
from gateway.relay.pool import Lane, Pool
from gateway.relay.route import NextHop
from gateway.relay.settings import DeliverySettings

Results: TypeAlias = dict[Address, DeliveryResult]

_SECURITY: dict[str, Security] = {"smtp": "none", "smtp+starttls": "starttls", "smtps": "implicit"}


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
            tls_context: Verifies certificates; by default against the system's authorities.
        """
        self._settings = settings
        self._resolver = resolver
        self._pool = Pool(settings)
        unverified = ssl.create_default_context()
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE
        self._dialler = Dialler(
            hostname=settings.hostname,
            timeouts=settings.timeouts,
            verified=ssl.create_default_context() if tls_context is None else tls_context,
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
                results.update(_temporary(mail, str(next_hop), f"our own fault, incident {incident}"))
        return results

    async def close(self) -> None:
        """Hang up idle connections; the others follow when their mail is done."""
        self._pool.close()

    async def _deliver(self, next_hop: NextHop, mail: Outgoing) -> Results:
        if next_hop.kind != "mx":
            return await self._first_reachable([(_destination(next_hop), ())], mail)
        domain = mail.recipients[0].domain
        hosts = await self._resolver.hosts(domain)
        if not isinstance(hosts, tuple):
            return dict.fromkeys(mail.recipients, hosts)
        targets = [
            (
                Destination(host=host.name, port=self._settings.mx_port, security="opportunistic"),
                host.addresses,
            )
            for host in hosts
        ]
        return await self._first_reachable(targets, mail)

    async def _first_reachable(
        self, targets: Sequence[tuple[Destination, Sequence[str]]], mail: Outgoing
    ) -> Results:
        results: Results = {}
        for destination, addresses in targets:
            try:
                async with self._pool.lane(destination) as lane:
                    return await self._send(lane, destination, addresses, mail)
            except UnreachableError as fault:
                results = _temporary(mail, str(destination), fault.reply)
        return results

    async def _send(
        self, lane: Lane, destination: Destination, addresses: Sequence[str], mail: Outgoing
    ) -> Results:
        connection = lane.take()
        is_reused = connection is not None
        while True:
            if connection is None:
                connection = await self._dialler.open(destination, addresses)
            try:
                transaction = await connection.transact(mail)
            except BaseException:  # cancelled in mid-dialogue: nobody knows what comes next
                connection.abort()
                raise
            if not (is_reused and transaction.is_cut and not transaction.is_content_sent):
                lane.give_back(connection)
                return transaction.results
            # The next hop had given up on the idle connection. It has seen nothing of this mail's content.
            connection, is_reused = None, False


def _groups(next_hop: NextHop, recipients: Sequence[Address]) -> list[list[Address]]:
    if next_hop.kind != "mx":
        return [list(recipients)]
    by_domain: dict[str, list[Address]] = {}
    for recipient in recipients:
        by_domain.setdefault(recipient.domain, []).append(recipient)
    return list(by_domain.values())


def _destination(next_hop: NextHop) -> Destination:
    return Destination(
        host=next_hop.host,
        port=next_hop.port,
        security=_SECURITY[next_hop.kind],
        username=next_hop.username,
        password=next_hop.password,
    )


def _temporary(mail: Outgoing, next_hop: str, words: str) -> Results:
    return dict.fromkeys(mail.recipients, TemporaryFailure(next_hop=next_hop, reply=words))
