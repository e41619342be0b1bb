"""Where mail goes: ``[[route]]``, ``[other_recipients]``, ``[notices]``, ``[delivery]``."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.config.fields import AddressText, DnsServer, Section
from gateway.relay.route import RouteError, parse_next_hop


class Hop(Section):
    """A next hop and its password."""

    next_hop: str = "mx"
    password: Annotated[str | None, Field(repr=False)] = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            parse_next_hop(self.next_hop, password=self.password)
        except RouteError as error:
            raise ValueError(error.sentence) from error
        return self


class Route(Hop):
    """``[[route]]``: where the mail of some marketplaces goes next."""

    marketplaces: Annotated[tuple[str, ...], Field(min_length=1)]


class OtherRecipients(Section):
    """``[other_recipients]``: mail to others than marketplace relays is refused."""

    action: Literal["reject"] = "reject"


class Notices(Hop):
    """``[notices]``: DSNs to sellers."""

    from_: Annotated[AddressText, Field(alias="from")]


class Delivery(Section):
    """``[delivery]``: how often a next hop is tried."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 10
    first_retry_s: Annotated[float, Field(gt=0)] = 60.0
    longest_retry_s: Annotated[float, Field(gt=0)] = 3_600.0
    expire_hours: Annotated[float, Field(gt=0)] = 48.0
    dns: tuple[DnsServer, ...] = ()
    """Resolvers to ask, ``"127.0.0.1:53"``; none: those of the system."""
