"""The shape of a policy file, for checking: what keys there are, and what they may hold.

Not here: the rules' own params, whose shape is their dataclass.
Source: policies/README.md.
"""

from dataclasses import fields
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
)

from gateway.mail.address import parse_path
from gateway.mail.errors import AddressError
from gateway.policy.model import HoldTerms, OnMatch

MIN_MESSAGE_OCTETS = 10_000
"""Wire octets: a limit below this is a slip of the pen, no mail would pass."""


MAX_HOLD_HOURS = 720
"""A month: a longer hold is a slip of the pen, the buyer has long complained by then."""


def _is_day(text: str) -> str:
    date.fromisoformat(text)
    return text


def a_labels(domain: str) -> str:
    """A relay domain as recipients' domains are read, so that the two can be compared.

    Raises:
        ValueError: Not a whole domain name.
    """
    try:
        return parse_path(f"postmaster@{domain}").domain
    except AddressError as error:
        raise ValueError("must be a whole domain name, as in marketplace.amazon.com") from error


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_is_day)]
Domain = Annotated[str, AfterValidator(a_labels)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleBlock(_Strict):
    """One ``[rule.NAME]``."""

    on_match: OnMatch
    clause: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$")]
    text: Words
    source: Words
    mark: Literal["V-P", "V-3", "MEM", "CONFLICT", "own"]
    replacement: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)


class HoldBlock(_Strict):
    """``[hold]``."""

    hours: Annotated[float, Field(gt=0, le=MAX_HOLD_HOURS)] = HoldTerms().hours
    warn_hours: Annotated[float, Field(ge=0, le=MAX_HOLD_HOURS)] = HoldTerms().warn_hours
    at_deadline: Literal["strip", "reject"] = "reject"


class PolicyFile(_Strict):
    """One file."""

    name: Name
    edition: Day
    effective_at: AwareDatetime
    title: Words
    recipient_domains: tuple[Domain, ...] = ()
    dead_recipients: tuple[Words, ...] = ()
    max_message_octets: Annotated[int, Field(ge=MIN_MESSAGE_OCTETS)]
    allowed_hosts: tuple[Domain, ...] = ()
    hold: HoldBlock = HoldBlock()
    rule: dict[str, RuleBlock]


@cache
def params_model(params: type) -> type[BaseModel]:
    """A strict model of a rule's frozen params dataclass, in which everything has a default."""
    hints, defaults = get_type_hints(params), params()
    shape: dict[str, Any] = {
        entry.name: (hints[entry.name], getattr(defaults, entry.name)) for entry in fields(params)
    }
    return create_model("Params", __config__=ConfigDict(extra="forbid", frozen=True), **shape)
