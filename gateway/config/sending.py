"""Where mail goes: ``[[route]]``, ``[other_recipients]``, ``[notices]``, ``[delivery]``, ``[dkim]``."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.config.fields import AddressText, Section
from gateway.relay.route import RouteError, parse_next_hop


def _check_hop(next_hop: str, password: str | None) -> None:
    try:
        parse_next_hop(next_hop, password=password)
    except RouteError as error:
        raise ValueError(error.sentence) from error


class Hop(Section):
    """A next hop and its password."""

    next_hop: str = "mx"
    password: Annotated[str | None, Field(repr=False)] = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        _check_hop(self.next_hop, self.password)
        return self


class Route(Hop):
    """``[[route]]``: where the mail of some marketplaces goes next."""

    marketplaces: Annotated[tuple[str, ...], Field(min_length=1)]


class OtherRecipients(Section):
    """``[other_recipients]``: mail to others than marketplace relays is refused, or passed on unfiltered."""

    action: Literal["reject", "relay"] = "reject"
    next_hop: str | None = None
    password: Annotated[str | None, Field(repr=False)] = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.next_hop is not None:
            _check_hop(self.next_hop, self.password)
        elif self.action == "relay":
            raise ValueError(
                'action = "relay" needs a next hop of its own: set next_hop to your ordinary mail server, as in '
                '"smtp+starttls://user@mail.seller.example:587", or action = "reject"'
            )
        return self


class Notices(Hop):
    """``[notices]``: DSNs to sellers."""

    from_: Annotated[AddressText, Field(alias="from")]


class Delivery(Section):
    """``[delivery]``: how often a next hop is tried."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 10
    first_retry_s: Annotated[float, Field(gt=0)] = 60.0
    longest_retry_s: Annotated[float, Field(gt=0)] = 3_600.0
    expire_hours: Annotated[float, Field(gt=0)] = 48.0


class Dkim(Section):
    """``[dkim]``: the keys that mail is signed with; ``gateway dkim`` makes them."""

    keys: Path = Path("dkim")
