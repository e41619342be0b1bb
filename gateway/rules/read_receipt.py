"""Header fields that ask for a receipt when the mail is delivered or read.

Source: RFC 8098 section 2.1 (Disposition-Notification-To), RFC 2076 section 3.5 (the older ones); adversary case T09.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.rules.context import Context
from gateway.rules.rule import Finding, Remedy, Rule, Target

NAME = "read_receipt"


@dataclass(frozen=True, slots=True)
class Params:
    """Which header fields ask for a receipt.

    Attributes:
        fields: Field names, compared without regard to case.
    """

    fields: tuple[str, ...] = (
        "Disposition-Notification-To",
        "Disposition-Notification-Options",
        "Return-Receipt-To",
        "Return-Receipt-Requested",
        "Read-Receipt-To",
        "Delivery-Receipt-To",
        "Confirm-Reading-To",
        "Confirm-Delivery-To",
        "Generate-Delivery-Report",
        "Notice-Requested-Upon-Delivery-To",
        "Register-Mail-Reply-Requested",
        "X-Confirm-Reading-To",
        "X-Confirm-Delivery-To",
        "X-Acknowledge-To",
        "X-PMRQC",
    )


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports each kind of field once; a remedy takes out all of its name."""
    wanted = {name.lower() for name in params.fields}
    seen: set[str] = set()
    for field in context.message.fields:
        lowered = field.name.lower()
        if lowered in wanted and lowered not in seen:
            seen.add(lowered)
            yield Finding(
                rule=NAME, target=Target(field=field.name), evidence=field.name, remedy=Remedy.DROP_FIELD
            )


RULE = Rule(
    name=NAME,
    sentence="Read and delivery receipts must not be asked for.",
    advice="Switch off read receipts in your mail program.",
    label="receipt request",
    params=Params,
    check=check,
)
