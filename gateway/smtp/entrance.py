"""What comes before SMTP: the PROXY header of a proxy, the handshake of implicit TLS.

House rules: a client is counted before its handshake, which costs us milliseconds of cryptography and a file
descriptor; whom nobody counts could have as many as there are. Nothing is said to a client before TLS is up.

The header is read from the bare socket, as many octets as belong to it: what is behind it, TLS perhaps, stays in the
kernel for whoever comes next. Listeners that need neither header nor TLS do not come through here.

*Not here:* the header itself (``proxy``), STARTTLS and everything after it (``session``).
*Limits:* :data:`BACKLOG`, :data:`BREATH_S`.
*Source:* RFC 8314 section 3.3 (implicit TLS).
"""

import asyncio
import socket
from typing import Any

from gateway.ops import events
from gateway.smtp.limits import Peer, peer_of
from gateway.smtp.proxy import ProxyError, ProxyHeader, is_listed
from gateway.smtp.session import LINGER_S, Session, Shared

BACKLOG = 100
"""Connections that wait to be accepted; asyncio's own figure."""

BREATH_S = 1.0
"""Seconds before the next accept when there are no file descriptors left; as asyncio does."""


class Entrance:
    """Sockets that listen, and the clients that have no session yet; takes the place of an ``asyncio.Server``."""

    def __init__(self, shared: Shared, sockets: list[socket.socket]) -> None:
        self.sockets = sockets
        self._shared = shared
        self._settings = shared.settings
        self._entering: set[asyncio.Task[None]] = set()
        self._accepting = [asyncio.create_task(self._accept(each)) for each in sockets]

    @classmethod
    async def open(cls, shared: Shared) -> "Entrance":
        """Listen.

        Raises:
            OSError: The address is taken, or not ours.
        """
        settings = shared.settings
        found = await asyncio.get_running_loop().getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        sockets: list[socket.socket] = []
        try:
            for family, address in dict.fromkeys((family, address[:2]) for family, _, _, _, address in found):
                sockets.append(socket.create_server(address, family=family, backlog=BACKLOG))
                sockets[-1].setblocking(False)
        except BaseException:
            for each in sockets:
                each.close()
            raise
        return cls(shared, sockets)

    def close(self) -> None:
        """Let nobody in any more, and cut those who are still entering: they have said nothing yet."""
        for task in (*self._accepting, *self._entering):
            task.cancel()

    async def wait_closed(self) -> None:
        """Until that is done."""
        await asyncio.gather(*self._accepting, *self._entering, return_exceptions=True)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listening:
            while True:
                try:
                    client, name = await loop.sock_accept(listening)
                except OSError as error:
                    events.fault(incident="accept", where="smtp", exception=error)
                    await asyncio.sleep(BREATH_S)
                    continue
                task = loop.create_task(self._enter(client, name))
                self._entering.add(task)
                task.add_done_callback(self._entering.discard)

    async def _enter(self, client: socket.socket, name: tuple[Any, ...]) -> None:
        peer = peer_of(name)
        try:
            if is_listed(str(name[0]), self._settings.proxy_from):
                peer = await self._named(client) or peer
        except (ProxyError, OSError):  # a TimeoutError is an OSError
            self._refuse(client, peer, "proxy")
        except asyncio.CancelledError:
            client.close()
            raise
        else:
            await self._open_session(client, peer)

    def _refuse(self, client: socket.socket, peer: Peer, reason: str) -> None:
        client.close()
        self._tell(peer, reason)

    def _tell(self, peer: Peer, reason: str) -> None:
        events.session_refused(peer=peer.text, listener=self._settings.address, reason=reason)

    async def _named(self, client: socket.socket) -> Peer | None:
        """The client that the proxy names, or ``None`` where it speaks for itself."""
        loop = asyncio.get_running_loop()
        header = ProxyHeader()
        async with asyncio.timeout(self._settings.limits.handshake_s):
            while header.wanted:
                octets = await loop.sock_recv(client, header.wanted)
                if not octets:
                    raise ProxyError("half a header")
                header.feed(octets)
        return peer_of(header.source) if header.source else None

    async def _open_session(self, client: socket.socket, peer: Peer) -> None:
        """From here on the socket is a transport's, which closes it."""
        loop = asyncio.get_running_loop()
        if self._settings.tls != "implicit":
            await loop.connect_accepted_socket(lambda: Session(self._shared, peer), client)
            return
        if reason := self._shared.refusal(peer):
            self._refuse(client, peer, reason)
            return
        session = Session(self._shared, peer, is_admitted=True)
        try:
            await loop.connect_accepted_socket(
                lambda: session,
                client,
                ssl=self._settings.tls_context,
                ssl_handshake_timeout=self._settings.limits.handshake_s,
                ssl_shutdown_timeout=LINGER_S,
            )
        except OSError:  # so is every failure of TLS
            self._tell(peer, "handshake")
        finally:
            if session.task is None:  # it never came to a session, which would give this back when it ends
                self._shared.usage.release(peer.network)
