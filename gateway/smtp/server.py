"""Listeners: the door of the gateway, and how it is shut without losing a mail.

*Not here:* one connection (``session``), who is let in with what password (the handler).
"""

import asyncio
import inspect

from gateway.smtp.entrance import Entrance
from gateway.smtp.handler import METHODS, Handler
from gateway.smtp.limits import SessionLimits
from gateway.smtp.session import Session, Shared
from gateway.smtp.settings import ListenerSettings
from gateway.smtp.usage import Usage

__all__ = ["Listener", "ListenerSettings", "SessionLimits", "start_listener"]


class Listener:
    """A running listener."""

    def __init__(self, server: asyncio.Server | Entrance, shared: Shared) -> None:
        self._server = server
        self._shared = shared
        self.port = int(server.sockets[0].getsockname()[1])
        """The port, also where the settings asked for any."""

    @property
    def messages_under_way(self) -> int:
        """How many mails are being judged at the moment."""
        return len(self._shared.tasks)

    def close(self) -> None:
        """Take no more connections; sessions end with 421 at their next command, mails are judged to the end."""
        self._server.close()
        self._shared.is_stopping = True
        for session in self._shared.sessions:
            session.stop()

    async def drain(self, timeout_s: float) -> int:
        """Close, wait for sessions and mails, and cut what takes longer.

        Returns:
            How many mails were cut. None of them was answered: their clients still have them.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        self.close()
        if tasks := [session.task for session in self._shared.sessions if session.task is not None]:
            await asyncio.wait(tasks, timeout=timeout_s)
        for session in set(self._shared.sessions):
            session.abort()
        cut = await self._shared.tasks.drain(max(0, deadline - loop.time()))
        await self._server.wait_closed()
        return cut


async def start_listener(
    handler: Handler, settings: ListenerSettings, usage: Usage | None = None
) -> Listener:
    """Listen on the running loop.

    Args:
        handler: Decides about mail.
        settings: Of this listener.
        usage: Shared with the other listeners, so that limits hold over all of them; else one of its own.

    Raises:
        ValueError: Settings that must not be served, see ``ListenerSettings.check``.
        TypeError: A handler that lacks a method: a gateway without its filter must not start.
        OSError: The address is taken or not ours.
    """
    settings.check()
    for name in METHODS:
        if not inspect.iscoroutinefunction(getattr(handler, name, None)):
            raise TypeError(f"the handler lacks the coroutine method {name}")
    shared = Shared(handler, settings, usage or Usage())
    if settings.tls == "implicit" or settings.proxy_from:
        return Listener(await Entrance.open(shared), shared)
    server = await asyncio.get_running_loop().create_server(
        lambda: Session(shared), settings.host, settings.port
    )
    return Listener(server, shared)
