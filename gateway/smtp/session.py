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
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from aiosmtpd.smtp import SMTP

from gateway.mail.reply import Reply
from gateway.ops import events
from gateway.smtp import replies
from gateway.smtp.command import read_line
from gateway.smtp.data import CHUNK_OCTETS, Content, Disconnected, LineTooLong, Wire
from gateway.smtp.dialogue import Capabilities, Dialogue
from gateway.smtp.handler import Handler, Submission
from gateway.smtp.limits import LONG_COMMAND_OCTETS, Connections, LoginThrottle, Peer, peer_of
from gateway.smtp.replies import Refused
from gateway.smtp.settings import ListenerSettings
from gateway.smtp.tasks import MessageTasks

T = TypeVar("T")

LINGER_S = 5.0
"""Seconds for a client to fetch our last reply; then the connection is cut, read or not."""

# aiosmtpd logs command lines, and with them addresses and what clients take for commands.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class Listening(Protocol):
    """What the sessions of a listener share."""

    settings: ListenerSettings
    handler: Handler
    connections: Connections
    throttle: LoginThrottle
    tasks: MessageTasks
    sessions: set["Session"]


class Session(SMTP):
    """One connection."""

    line_length_limit = CHUNK_OCTETS // 2
    """Not a limit on lines: asyncio stops reading from the socket at twice this many octets read ahead."""

    def __init__(self, listening: Listening) -> None:
        settings = listening.settings
        super().__init__(None, hostname=settings.hostname, loop=asyncio.get_running_loop())
        self._listening = listening
        self._settings = settings
        self._limits = settings.limits
        self._peer = Peer(text="", network="")
        self._is_lost = self._is_waiting = self._is_stopping = False
        self._abort_timer: asyncio.TimerHandle | None = None
        self._ends_at = 0.0
        self._clock = asyncio.timeout(None)

    def __dir__(self) -> Iterable[str]:
        """Nothing: aiosmtpd searches this list three times per connection for methods we do not use, 0.15 ms."""
        return ()
