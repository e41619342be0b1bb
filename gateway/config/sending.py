"""Where mail goes: ``[[route]]``, ``[other_recipients]``, ``[notices]``, ``[delivery]``, ``[dkim]``."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.config.fields import AddressText, DnsServer, Section
from gateway.relay.route import NextHop, RouteError, Tls, parse_next_hop

Seconds = Annotated[float, Field(ge=0.001)]
Hours = Annotated[float, Field(gt=0)]


class Reach(Section):
    """How a next hop is reached: its password, and what its TLS must be like."""

    password: Annotated[str | None, Field(repr=False)] = None
    tls: Tls | None = None
    tls_ca: Path | None = None

    def _hop(self, next_hop: str) -> NextHop:
        """The next hop as the delivery agent takes it.

        Raises:
            ValueError: With key, fault and mend.
        """
        tls_ca = str(self.tls_ca) if self.tls_ca is not None else None
        try:
            return parse_next_hop(next_hop, password=self.password, tls=self.tls, tls_ca=tls_ca)
        except RouteError as error:
            raise ValueError(error.sentence) from error


class Hop(Reach):
    """A next hop."""

    next_hop: str = "mx"

    @model_validator(mode="after")
    def _readable(self) -> Self:
        self.hop()
        return self

    def hop(self) -> NextHop:
        """It, as the delivery agent takes it."""
        return self._hop(self.next_hop)


class Route(Hop):
    """``[[route]]``: where the mail of some marketplaces goes next, and how often; ``None`` is as in ``[delivery]``."""

    marketplaces: Annotated[tuple[str, ...], Field(min_length=1)]
    first_retry_s: Seconds | None = None
    longest_retry_s: Seconds | None = None
    expire_hours: Hours | None = None
    delay_notice_hours: Hours | None = None


class OtherRecipients(Reach):
    """``[other_recipients]``: mail to others than marketplace relays is refused, or passed on unfiltered."""

    action: Literal["reject", "relay"] = "reject"
    next_hop: str | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.hop() is None and self.action == "relay":
            raise ValueError(
                'action = "relay" needs a next hop of its own: set next_hop to your ordinary mail server, as in '
                '"smtp+starttls://user@mail.seller.example:587", or action = "reject"'
            )
        return self

    def hop(self) -> NextHop | None:
        """The next hop as the delivery agent takes it, or ``None`` where there is none."""
        return self._hop(self.next_hop) if self.next_hop is not None else None


class Notices(Hop):
    """``[notices]``: DSNs to sellers."""

    from_: Annotated[AddressText, Field(alias="from")]


class Delivery(Section):
    """``[delivery]``: how often a next hop is tried, and when the seller is told that it takes long."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 10
    first_retry_s: Seconds = 60.0
    longest_retry_s: Seconds = 3_600.0
    expire_hours: Hours = 48.0
    delay_notice_hours: Hours = 4.0
    dns: tuple[DnsServer, ...] = ()
    """Resolvers to ask, ``"127.0.0.1:53"``; none: those of the system."""


class Dkim(Section):
    """``[dkim]``: the keys that mail is signed with; ``gateway dkim`` makes them."""

    keys: Path = Path("dkim")
