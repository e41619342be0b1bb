"""From settings to the policies in force, with this gateway's own word on their rules."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from gateway.config.errors import ConfigError
from gateway.config.model import Config
from gateway.filter.pass_on import OTHER
from gateway.notices import NOTICES_ROUTE
from gateway.policy.load import PolicyError, load_policy, override
from gateway.policy.model import Policy

BUNDLED_POLICIES = Path(__file__).parents[1] / "_policies"
"""Where an installed wheel carries its policies."""

SOURCE_POLICIES = Path(__file__).parents[2] / "policies"
"""Where they lie in a source tree."""

RESERVED = (OTHER, NOTICES_ROUTE)
"""Names of routes that no policy stands behind."""


def load_policies(config: Config) -> dict[str, Policy]:
    """All policies in force, by name, with this gateway's overrides.

    Raises:
        ConfigError: All faults of all files, and routes or overrides of a marketplace that has no policy.
    """
    folder = config.policies or default_policies()
    policies: dict[str, Policy] = {}
    faults: list[str] = []
    faulty: set[str] = set()
    for file in sorted(folder.glob("*.toml")):
        try:
            policy = load_policy(file.read_text("utf-8"), source=str(file))
            faults += _doubles(policy, policies, file)
            policies[policy.name] = override(
                policy, config.override.get(policy.name, {}), source=f"[override.{policy.name}]"
            )
        except PolicyError as error:
            faults += error.faults
            faulty.add(file.stem)
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{file}: cannot be read ({type(error).__name__}); make it a readable UTF-8 file")
            faulty.add(file.stem)
    if not policies and not faulty:
        # Also the moment in which somebody replaces the folder: with no policy every recipient would be refused.
        faults.append(
            f"policies: {folder} holds no policy; name a folder with *.toml files, or remove the key"
        )
    faults += [
        f'{folder}: a policy is called "{name}"; the gateway needs this name itself, choose another'
        for name in RESERVED
        if name in policies
    ]
    # A route to a policy that cannot be read is no fault of the route.
    faults += _unknown_marketplaces(config, {*policies, *faulty}, folder)
    if faults:
        raise ConfigError(tuple(faults))
    return policies


def default_policies() -> Path:
    """The folder of the policies that come with the gateway."""
    return BUNDLED_POLICIES if BUNDLED_POLICIES.is_dir() else SOURCE_POLICIES


def _doubles(policy: Policy, others: Mapping[str, Policy], file: Path) -> list[str]:
    """What two files claim: the one read last would win in silence, and judge mail that the other was written for."""
    if policy.name in others:
        words = "one edition of a policy is in force, so take the other file out of the folder"
        return [f'{file}: name: another file of the folder is called "{policy.name}" too; {words}']
    return [
        f'{file}: recipient_domains: {domain} belongs to the policy "{other.name}" already; name it in one of them'
        for other in others.values()
        for domain in policy.recipient_domains
        if domain in other.recipient_domains
    ]


def _unknown_marketplaces(config: Config, policies: AbstractSet[str], folder: Path) -> list[str]:
    known = ", ".join(sorted(policies)) or "none"
    routed = [
        (f"route.{index}.marketplaces", name)
        for index, route in enumerate(config.route)
        for name in route.marketplaces
    ]
    overridden = [(f"override.{name}", name) for name in config.override]
    return [
        f'{key}: no policy is called "{name}" in {folder}; there are: {known}'
        for key, name in routed + overridden
        if name not in policies
    ]
