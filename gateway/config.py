"""Settings: a TOML file, and over it ``GATEWAY_…`` from the environment.

Every fault is found before anything starts, and all of them at once; each names the file, the key, the fault and the
mend.
Not here: objects that are built from settings (``app``).
Source: the contract in README.md.
"""

import os
import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.environment import overlay
from gateway.mail.address import parse_path
from gateway.mail.errors import AddressError
from gateway.policy.load import PolicyError, load_policy, override
from gateway.policy.model import Policy
from gateway.relay.route import NextHop, RouteError, parse_next_hop
from gateway.smtp.settings import is_loopback as host_is_loopback

BUNDLED_POLICIES = Path(__file__).parent / "_policies"
"""Where an installed wheel carries its policies."""

SOURCE_POLICIES = Path(__file__).parents[1] / "policies"
"""Where they lie in a source tree."""


class ConfigError(Exception):
    """The settings cannot be used.

    Attributes:
        faults: One sentence each, with file, key, fault and mend.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _check_endpoint(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004 - the largest port
        raise ValueError('is not host:port; write it as "127.0.0.1:2525"')
    return text


def is_loopback(endpoint: str) -> bool:
    """Whether ``host:port`` can be reached from this machine only."""
    return host_is_loopback(endpoint.rpartition(":")[0].strip("[]"))


def _check_address(text: str) -> str:
    try:
        parse_path(text)
    except AddressError as error:
        raise ValueError("is not a mail address; write it as postmaster@gw.seller.example") from error
    return text


Endpoint = Annotated[str, AfterValidator(_check_endpoint)]
AddressText = Annotated[str, AfterValidator(_check_address)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listener(_Section):
    """``[[listener]]``: where mail clients connect."""

    address: Endpoint
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    auth: Literal["required", "none"] = "required"

    @model_validator(mode="after")
    def _loopback_only(self) -> "Listener":
        if "none" in {self.tls, self.auth} and not is_loopback(self.address):
            key = "auth" if self.auth == "none" else "tls"
            raise ValueError(
                f'{key} = "none" is for loopback addresses only: anybody could send as your sellers, or read their '
                f'passwords; set tls = "starttls" and auth = "required", or listen on 127.0.0.1'
            )
        return self


class Tls(_Section):
    """``[tls]``: the certificate of all listeners."""

    certificate: Path
    key: Path


class _Hop(_Section):
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


class Route(_Hop):
    """``[[route]]``: where the mail of some marketplaces goes next."""

    marketplaces: Annotated[tuple[str, ...], Field(min_length=1)]


class OtherRecipients(_Section):
    """``[other_recipients]``: mail to others than marketplace relays is refused."""

    action: Literal["reject"] = "reject"


class Notices(_Hop):
    """``[notices]``: DSNs to sellers."""

    from_: Annotated[AddressText, Field(alias="from")]


class Console(_Section):
    """``[console]``: /metrics, /healthz, /readyz."""

    address: Endpoint = "127.0.0.1:8025"


class WorkerSettings(_Section):
    """``[workers]``: the processes that examine mail."""

    count: Annotated[int, Field(ge=1, le=256)] = max(2, os.cpu_count() or 2)
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    memory_mb: Annotated[int, Field(ge=512)] = 1_500


class Retention(_Section):
    """``[retention]``: how long original and sent copies are kept."""

    contents_days: Annotated[float, Field(ge=0)] = 30.0


class Delivery(_Section):
    """``[delivery]``: how often a next hop is tried."""

    concurrency: Annotated[int, Field(ge=1, le=1000)] = 10
    first_retry_s: Annotated[float, Field(gt=0)] = 60.0
    longest_retry_s: Annotated[float, Field(gt=0)] = 3_600.0
    expire_hours: Annotated[float, Field(gt=0)] = 48.0


class Config(_Section):
    """All settings; with no file, what ``Config()`` says."""

    hostname: str = Field(
        default_factory=socket.gethostname, pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
    )
    store: str = "sqlite:///gateway.db"
    policies: Path | None = None
    listener: tuple[Listener, ...] = (Listener(address="127.0.0.1:2525", tls="none", auth="none"),)
    tls: Tls | None = None
    route: tuple[Route, ...] = ()
    other_recipients: OtherRecipients = OtherRecipients()
    override: dict[str, dict[str, Literal["off", "warn", "strip", "hold", "reject"]]] = {}
    notices: Notices | None = None
    console: Console | None = Console()
    workers: WorkerSettings = WorkerSettings()
    retention: Retention = Retention()
    delivery: Delivery = Delivery()

    @model_validator(mode="after")
    def _certificate_for_tls(self) -> "Config":
        if self.tls is None and any(listener.tls != "none" for listener in self.listener):
            raise ValueError(
                "a listener offers TLS, but there is no [tls] section; set tls.certificate and tls.key"
            )
        return self


def load_config(path: Path | None, environment: Mapping[str, str]) -> Config:
    """The settings of a file and the environment.

    Args:
        path: A TOML file; ``None`` for the defaults.
        environment: Names that begin with ``GATEWAY_`` count: ``GATEWAY_TLS_KEY``, ``GATEWAY_LISTENER_0_ADDRESS``.

    Raises:
        ConfigError: All faults.
    """
    source = str(path) if path is not None else "configuration"
    values = _read(path) if path is not None else {}
    faults = overlay(values, Config, environment)
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        faults += [_fault(source, detail) for detail in error.errors()]
    if faults:
        raise ConfigError(tuple(faults))
    return config if path is None else _resolved(config, path.parent)


def load_policies(config: Config) -> dict[str, Policy]:
    """All policies in force, by name, with this gateway's overrides.

    Raises:
        ConfigError: All faults of all files, and routes or overrides of a marketplace that has no policy.
    """
    folder = config.policies or default_policies()
    policies: dict[str, Policy] = {}
    faults: list[str] = []
    for file in sorted(folder.glob("*.toml")):
        try:
            policy = load_policy(file.read_text("utf-8"), source=str(file))
            policies[policy.name] = override(
                policy, config.override.get(policy.name, {}), source=f"[override.{policy.name}]"
            )
        except PolicyError as error:
            faults += error.faults
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{file}: cannot be read ({type(error).__name__}); make it a readable UTF-8 file")
    faults += _unknown_marketplaces(config, policies, folder)
    if faults:
        raise ConfigError(tuple(faults))
    return policies


def default_policies() -> Path:
    """The folder of the policies that come with the gateway."""
    return BUNDLED_POLICIES if BUNDLED_POLICIES.is_dir() else SOURCE_POLICIES


def next_hops(config: Config) -> dict[str, NextHop]:
    """The next hop of every marketplace that has a route of its own."""
    return {
        marketplace: parse_next_hop(route.next_hop, password=route.password)
        for route in config.route
        for marketplace in route.marketplaces
    }


def _unknown_marketplaces(config: Config, policies: Mapping[str, Policy], folder: Path) -> list[str]:
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


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((f"{path}: is no valid TOML: {error}",)) from error
    except UnicodeDecodeError as error:
        raise ConfigError((f"{path}: is not UTF-8; save it as UTF-8",)) from error
    except OSError as error:
        raise ConfigError((f"{path}: {error.strerror}; give a readable file with --config",)) from error


def _fault(source: str, detail: Any) -> str:
    key = ".".join(str(step) for step in detail["loc"]) or "file"
    message = re.sub(r"^Value error, ", "", detail["msg"])
    if detail["type"] == "extra_forbidden":
        message = "unknown key; remove it, or see README.md for the keys there are"
    return f"{source}: {key}: {message}"


def _resolved(config: Config, folder: Path) -> Config:
    """File names in a configuration are meant from its own folder; the store's URL says itself what it means."""
    changes: dict[str, Any] = {}
    if config.policies is not None:
        changes["policies"] = folder / config.policies
    if config.tls is not None:
        changes["tls"] = Tls(certificate=folder / config.tls.certificate, key=folder / config.tls.key)
    return config.model_copy(update=changes)
