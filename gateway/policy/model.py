"""A policy as data: what follows when a rule has seen something, and which clause says so.

Not here: how the text of a policy file becomes this (``load``).
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.mail.address import Address


class OnMatch(StrEnum):
    """What follows a finding, from the mildest."""

    OFF = "off"
    WARN = "warn"
    STRIP = "strip"
    HOLD = "hold"
    REJECT = "reject"

    @property
    def severity(self) -> int:
        """Rank, 0 for ``off`` to 4 for ``reject``."""
        return tuple(OnMatch).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetting:
    """One block of a policy.

    Attributes:
        rule: Name of the rule.
        on_match: What follows a finding.
        params: The rule's own frozen params.
        clause: The clause it enforces, ``"amazon:links"``.
        text: The clause in words, for ``gateway policy explain``.
        source: Where that can be read.
        mark: How sure we are: ``V-P``, ``V-3``, ``MEM``, ``CONFLICT``, or ``own`` where no clause exists.
        replacement: Words in place of redacted text; ``None`` for the rule's own.
    """

    rule: str
    on_match: OnMatch
    params: Any
    clause: str
    text: str
    source: str
    mark: str
    replacement: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTerms:
    """How long a mail waits for a person, and what follows when none has come.

    Attributes:
        hours: From the hold to the deadline. Marketplaces count an answer after 24 hours as late.
        warn_hours: From the warning to the deadline.
        at_deadline: ``strip`` (what can be taken out is, and the rest goes on) or ``reject`` (with a DSN).
    """

    hours: float = 20.0
    warn_hours: float = 2.0
    at_deadline: OnMatch = OnMatch.REJECT

    def until(self, held_at: datetime) -> datetime:
        """The deadline of a mail held at that time."""
        return held_at + timedelta(hours=self.hours)

    def warn_at(self, held_at: datetime) -> datetime:
        """When its operators are warned; never before it is held."""
        return held_at + timedelta(hours=max(0.0, self.hours - self.warn_hours))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One edition of one marketplace's policy.

    Attributes:
        name: ``"amazon"``.
        edition: Day that names the edition, ``"2020-11-03"``.
        effective_at: From when on it applies, aware UTC.
        title: For people, ``"Amazon Communication Guidelines"``.
        recipient_domains: Relay domains, A-labels in lower case.
        dead_recipients: Local parts that are placeholders of the marketplace and reach nobody.
        max_message_octets: Largest mail that the marketplace takes, wire octets.
        settings: One per rule that the policy speaks about, in the order of ``rules.ALL``.
        hold: What becomes of mail that is held.
    """

    name: str
    edition: str
    effective_at: datetime
    title: str
    recipient_domains: frozenset[str]
    dead_recipients: frozenset[str]
    max_message_octets: int
    settings: tuple[RuleSetting, ...] = field(default_factory=tuple)
    hold: HoldTerms = HoldTerms()

    @property
    def stamp(self) -> str:
        """Name and edition as verdicts carry them, ``"amazon@2020-11-03"``."""
        return f"{self.name}@{self.edition}"

    def takes(self, recipient: Address) -> bool:
        """Whether the address is a relay alias of this marketplace."""
        return recipient.domain in self.recipient_domains

    def setting(self, rule: str) -> RuleSetting | None:
        """The block of that rule, if the policy has one."""
        return next((setting for setting in self.settings if setting.rule == rule), None)

    def with_hold_as(self, on_match: OnMatch) -> "Policy":
        """The policy with another word wherever it says ``hold``; every other word stands.

        ``strip`` for mail whose time to be looked at is over, ``warn`` for mail that a person lets pass.
        """
        settings = (
            replace(setting, on_match=on_match) if setting.on_match is OnMatch.HOLD else setting
            for setting in self.settings
        )
        return replace(self, settings=tuple(settings))
