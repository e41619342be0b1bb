"""Tries to log in on one connection: how AUTH goes on, and how often it may fail.

*Not here:* the words of a mechanism (``auth``), when AUTH may come (``dialogue``), who is who (the handler).
*Source:* RFC 4954.
"""

from gateway.ops import events
from gateway.smtp import auth, replies
from gateway.smtp.channel import Channel, ask_handler
from gateway.smtp.handler import Handler, Login
from gateway.smtp.limits import Peer
from gateway.smtp.replies import Refused
from gateway.smtp.settings import ListenerSettings
from gateway.smtp.throttle import LoginThrottle
from gateway.smtp.usage import Tally


class LoginTries:
    """Counts the failures of one connection, and slows down those of a peer or a username."""

    def __init__(
        self,
        channel: Channel,
        handler: Handler,
        settings: ListenerSettings,
        throttle: LoginThrottle,
        tally: Tally,
        peer: Peer,
    ) -> None:
        self._channel = channel
        self._handler = handler
        self._settings = settings
        self._throttle = throttle
        self._tally = tally
        self._peer = peer
        self._failed = 0

    async def next_try(self, argument: str) -> Login:
        """Carry out one AUTH.

        Args:
            argument: ``"PLAIN"`` or ``"LOGIN"``, in any case, perhaps with an initial response.

        Raises:
            Refused: Not understood, cancelled, wrong; 421 at the last allowed failure.
        """
        mechanism, *initial = argument.split() or [""]
        if not mechanism or len(initial) > 1:
            raise Refused(replies.AUTH_SYNTAX)
        if mechanism.upper() not in auth.MECHANISMS:
            raise Refused(replies.UNKNOWN_MECHANISM)
        if refusal := self._tally.may_log_in(self._channel.now()):
            raise Refused(refusal, counts=False)
        response = initial[0].encode() if initial else None
        credentials = await auth.read_credentials(mechanism.upper(), response, self._channel.ask_client)
        login = await self._check(credentials)
        if login is None:
            raise await self._fail(credentials.username)
        if refusal := self._tally.log_in(login.username):
            raise Refused(refusal, counts=False)
        events.login_succeeded(peer=self._peer.text, seller=login.seller)
        return login

    async def _check(self, credentials: auth.Credentials) -> Login | None:
        if not credentials.is_plausible:
            return None
        question = self._handler.authenticate(credentials.username, credentials.password, self._peer.text)
        return await ask_handler(self._channel, question)

    async def _fail(self, username: str) -> Refused:
        """Count, wait, and the refusal: the same words for an unknown name and a wrong password."""
        self._failed += 1
        self._tally.failed_login(self._channel.now())
        events.login_failed(peer=self._peer.text, username=username)
        keys = (f"peer {self._peer.network}", f"username {username}")
        delay_s = self._throttle.failed(*keys, now=self._channel.now())
        await self._channel.unhurried(self._settings.sleep(delay_s))
        is_last = self._failed >= self._settings.limits.logins
        return Refused(replies.TOO_MANY_LOGINS if is_last else replies.WRONG_PASSWORD, counts=False)
