"""How much clients may use: ``[limits]``, and in it ``[limits.address]``, ``[limits.login]``, ``[limits.all]``.

The defaults, and the reason of each, stand in ``smtp/limits``; the sample configuration shows them all.
Not here: what a client is told over a limit (``smtp/replies``).
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from gateway.config.fields import Section
from gateway.mail.limits import Limits as MailLimits
from gateway.smtp.limits import ScopeLimits, SessionLimits, SharedLimits

_SESSION = SessionLimits()
_SHARED = SharedLimits()

Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]


class AddressScope(Section):
    """``[limits.address]``: what one IPv4 address or IPv6 /64 may use."""

    connections: CountOrNone = _SHARED.address.connections
    messages_per_hour: CountOrNone = _SHARED.address.messages_per_hour
    recipients_per_hour: CountOrNone = _SHARED.address.recipients_per_hour
    failed_logins_per_hour: CountOrNone = _SHARED.address.failed_logins_per_hour
    octets_in_hand: CountOrNone = _SHARED.address.octets_in_hand


class LoginScope(Section):
    """``[limits.login]``: what one login may use."""

    connections: CountOrNone = _SHARED.login.connections
    messages_per_hour: CountOrNone = _SHARED.login.messages_per_hour
    recipients_per_hour: CountOrNone = _SHARED.login.recipients_per_hour
    octets_in_hand: CountOrNone = _SHARED.login.octets_in_hand


class WholeScope(Section):
    """``[limits.all]``: what all sessions together may use."""

    connections: CountOrNone = _SHARED.all.connections
    messages_per_hour: CountOrNone = _SHARED.all.messages_per_hour
    recipients_per_hour: CountOrNone = _SHARED.all.recipients_per_hour
    octets_in_hand: CountOrNone = _SHARED.all.octets_in_hand


class Limits(Section):
    """``[limits]``: what one session may use, and sessions together."""

    message_octets: Annotated[int, Field(ge=1_024, le=MailLimits().octets)] = _SESSION.message_octets
    abandon_octets: Count = _SESSION.abandon_octets
    recipients: Count = _SESSION.recipients
    commands: Count = _SESSION.commands
    bad_commands: Count = _SESSION.bad_commands
    messages: Count = _SESSION.messages
    logins: Count = _SESSION.logins
    command_s: Seconds = _SESSION.command_s
    login_s: Seconds = _SESSION.login_s
    session_s: Seconds = _SESSION.session_s
    chunk_s: Seconds = _SESSION.chunk_s
    data_s: Seconds = _SESSION.data_s
    octets_per_second: Count = _SESSION.octets_per_second
    handshake_s: Seconds = _SESSION.handshake_s
    login_delay_s: Annotated[float, Field(ge=0)] = _SHARED.login_delay_s
    address: AddressScope = AddressScope()
    login: LoginScope = LoginScope()
    all: WholeScope = WholeScope()

    @model_validator(mode="after")
    def _a_message_fits(self) -> Self:
        for name in ("address", "login", "all"):
            octets = getattr(self, name).octets_in_hand
            if 0 < octets < self.message_octets:
                raise ValueError(
                    f"{name}.octets_in_hand = {octets} has no room for one message of message_octets = "
                    f"{self.message_octets}; raise it, or set 0 for no limit"
                )
        return self

    def of_session(self) -> SessionLimits:
        """What one session may use."""
        return SessionLimits(**self.model_dump(exclude={"login_delay_s", "address", "login", "all"}))

    def shared(self) -> SharedLimits:
        """What sessions may use together."""
        scopes = {
            name: ScopeLimits(**getattr(self, name).model_dump()) for name in ("address", "login", "all")
        }
        return SharedLimits(**scopes, login_delay_s=self.login_delay_s)
