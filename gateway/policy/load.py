"""From the text of a policy file to a :class:`~gateway.policy.model.Policy`, or to the list of all its faults.

Nothing that is not understood is passed over: an unknown key, rule or parameter is a fault, since a misspelt rule
would be a rule that is off.
Not here: which file is read and when (``app``).
Source: policies/README.md describes the file.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, time
from typing import Any

from pydantic import ValidationError

from gateway.policy.faults import nearest, readable
from gateway.policy.model import HoldTerms, OnMatch, Policy, RuleSetting
from gateway.policy.schema import PolicyFile, RuleBlock, params_model
from gateway.rules import ALL, BY_NAME
from gateway.rules.rule import Rule

ALWAYS_REJECT = "mime_ambiguity"
"""The rule that no policy can weaken: a mail of two readings cannot be judged, so it can have no other verdict."""

_GATEWAY_CLAUSE = "gateway:one-reading"


class PolicyError(ValueError):
    """A policy that cannot be used.

    Attributes:
        faults: Every fault, each naming the file, the key, what is wrong and what would be right.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


OF_THE_MARKETPLACE = {"allowed_hosts": "allowed_hosts", "allowed_domains": "recipient_domains"}
"""Parameters whose default stands at the top of the file: hosts of the marketplace may be linked to, and its relay
addresses, which every quoted mail has in its first line, are nobody's contact data."""


def load_policy(text: str, *, source: str) -> Policy:
    """Reads one policy file.

    Args:
        text: The file's TOML.
        source: Name of the file, as faults are to name it.

    Raises:
        PolicyError: With all faults at once.
    """
    document = _parse(text, source)
    faults: list[str] = []
    try:
        file = PolicyFile.model_validate_json(json.dumps(document, default=_plain), strict=True)
    except ValidationError as error:
        faults.extend(readable(error, source, PolicyFile))
        file = None
    blocks = document.get("rule", {})
    settings = list(_settings(blocks, document, faults, source)) if isinstance(blocks, dict) else []
    if file is None or faults:
        raise PolicyError(tuple(dict.fromkeys(faults)))
    return Policy(
        name=file.name,
        edition=file.edition,
        effective_at=file.effective_at.astimezone(UTC),
        title=file.title,
        recipient_domains=frozenset(file.recipient_domains),
        dead_recipients=frozenset(name.lower() for name in file.dead_recipients),
        max_message_octets=file.max_message_octets,
        settings=tuple(settings),
        hold=HoldTerms(
            hours=file.hold.hours,
            warn_hours=file.hold.warn_hours,
            at_deadline=OnMatch(file.hold.at_deadline),
        ),
    )


def override(policy: Policy, on_match: Mapping[str, str], *, source: str) -> Policy:
    """The policy with this gateway's own word on some rules.

    Args:
        policy: The policy as its file says.
        on_match: ``off``, ``warn``, ``strip``, ``hold`` or ``reject`` by name of rule.
        source: Where the words stand, for faults: ``"gateway.toml: override.amazon"``.

    Raises:
        PolicyError: With all faults at once.
    """
    faults = tuple(_override_faults(on_match, source))
    if faults:
        raise PolicyError(faults)
    settings = []
    for rule in ALL:
        setting = policy.setting(rule.name)
        if rule.name in on_match:
            setting = setting or _own_setting(rule, f"{policy.name}:override", source)
            setting = replace(setting, on_match=OnMatch(on_match[rule.name]))
        if setting is not None:
            settings.append(setting)
    return replace(policy, settings=tuple(settings))


def _parse(text: str, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError((f"{source}: not TOML: {error}",)) from error


def _plain(value: date | time) -> str:
    """TOML's dates and times, all that JSON has no word for."""
    return value.isoformat()


def _settings(
    blocks: Mapping[str, Any], document: Mapping[str, Any], faults: list[str], source: str
) -> Iterator[RuleSetting]:
    """One setting per block that is right, in the order of ``ALL``; what is wrong goes to the faults."""
    faults.extend(
        f"{source}: rule.{name}: there is no such rule; {nearest(name, BY_NAME)}"
        for name in blocks
        if name not in BY_NAME
    )
    for rule in ALL:
        if rule.name in blocks:
            setting = _setting(rule, blocks[rule.name], document, faults, source)
            if setting is not None:
                yield setting
        elif rule.name == ALWAYS_REJECT:
            yield _own_setting(rule, _GATEWAY_CLAUSE, "ARCHITECTURE.md, invariant 2")


def _setting(
    rule: Rule, raw: Any, document: Mapping[str, Any], faults: list[str], source: str
) -> RuleSetting | None:
    key = f"rule.{rule.name}"
    try:
        block = RuleBlock.model_validate_json(json.dumps(raw, default=_plain), strict=True)
    except ValidationError:
        return None  # the whole file's validation has named it
    if rule.name == ALWAYS_REJECT and block.on_match is not OnMatch.REJECT:
        faults.append(f'{source}: {key}.on_match: can only be "reject"; leave the block out or say so')
    params = _params(rule, block.params, document, faults, f"{source}: {key}.params")
    if params is None:
        return None
    return RuleSetting(
        rule=rule.name,
        on_match=block.on_match,
        params=params,
        clause=block.clause,
        text=block.text,
        source=block.source,
        mark=block.mark,
        replacement=block.replacement,
    )


def _params(
    rule: Rule, given: Mapping[str, Any], document: Mapping[str, Any], faults: list[str], source: str
) -> Any:
    """The rule's own dataclass; what the file says of the marketplace is the default of every rule that asks for it."""
    model = params_model(rule.params)
    filled = dict(given)
    for param, key in OF_THE_MARKETPLACE.items():
        if param in model.model_fields and key in document:
            filled.setdefault(param, document[key])
    try:
        checked = model.model_validate_json(json.dumps(filled, default=_plain), strict=True)
    except ValidationError as error:
        faults.extend(readable(error, source, model))
        return None
    return rule.params(**{name: getattr(checked, name) for name in model.model_fields})


def _own_setting(rule: Rule, clause: str, source: str) -> RuleSetting:
    return RuleSetting(
        rule=rule.name,
        on_match=OnMatch.REJECT,
        params=rule.params(),
        clause=clause,
        text=rule.sentence,
        source=source,
        mark="own",
    )


def _override_faults(on_match: Mapping[str, str], source: str) -> Iterator[str]:
    words = ", ".join(OnMatch)
    for name, word in on_match.items():
        if name not in BY_NAME:
            yield f"{source}.{name}: there is no such rule; {nearest(name, BY_NAME)}"
        elif word not in tuple(OnMatch):
            yield f"{source}.{name}: must be one of {words}"
        elif name == ALWAYS_REJECT and word != OnMatch.REJECT:
            yield f'{source}.{name}: can only be "reject"; take it out'
