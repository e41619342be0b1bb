"""From a file and the environment to settings."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.config.environment import overlay
from gateway.config.errors import ConfigError
from gateway.config.model import Config
from gateway.config.next_hops import sending_faults
from gateway.config.sending import Dkim, Hop, OtherRecipients


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
    if path is not None:
        config = _resolved(config, path.parent)
    if faults := [f"{source}: {fault}" for fault in sending_faults(config)]:
        raise ConfigError(tuple(faults))
    return config


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
        message = "unknown key; remove it, or see deploy/gateway.toml for the keys there are"
    return f"{source}: {key}: {message}"


def _resolved(config: Config, folder: Path) -> Config:
    """File names in a configuration are meant from its own folder; the store's URL says itself what it means."""
    changes: dict[str, Any] = {"dkim": Dkim(keys=folder / config.dkim.keys)}
    if config.policies is not None:
        changes["policies"] = folder / config.policies
    if config.tls is not None:
        files = {"certificate": folder / config.tls.certificate, "key": folder / config.tls.key}
        changes["tls"] = config.tls.model_copy(update=files)
    changes["route"] = tuple(_with_authority(route, folder) for route in config.route)
    changes["other_recipients"] = _with_authority(config.other_recipients, folder)
    if config.notices is not None:
        changes["notices"] = _with_authority(config.notices, folder)
    return config.model_copy(update=changes)


def _with_authority(hop: Hop | OtherRecipients, folder: Path) -> Hop | OtherRecipients:
    return hop if hop.tls_ca is None else hop.model_copy(update={"tls_ca": folder / hop.tls_ca})
