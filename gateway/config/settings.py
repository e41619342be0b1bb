"""All that files say, read and checked together: for ``serve``, for a reload, and for ``config check``.

The three ask the same function, so that what a check calls good is what a start and a reload take.
Not here: what a running gateway can take without a restart (``gateway/reload``).
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.config.errors import ConfigError
from gateway.config.listening import Tls
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.config.policies import load_policies
from gateway.policy.model import Policy
from gateway.smtp.tls import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was read, all of it good.

    Attributes:
        config: The configuration with the environment over it.
        policies: In force, by name.
        certificate: What clients are shown, or ``None`` without ``[tls]``.
    """

    config: Config
    policies: Mapping[str, Policy]
    certificate: Certificate | None


def read_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Reads the configuration and every file it names. It waits for the disk: not on the event loop.

    Args:
        path: The configuration file; ``None`` for the defaults.
        environment: Variables that begin with ``GATEWAY_`` count.

    Raises:
        ConfigError: Every fault of every file.
    """
    config = load_config(path, environment)
    faults: list[str] = []
    policies: Mapping[str, Policy] = {}
    certificate = None
    try:
        policies = load_policies(config)
    except ConfigError as error:
        faults += error.faults
    try:
        certificate = _certificate(config.tls, str(path)) if config.tls is not None else None
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(tuple(faults))
    return Settings(config=config, policies=policies, certificate=certificate)


def _certificate(tls: Tls, source: str) -> Certificate:
    faults = []
    for name, file in (("certificate", tls.certificate), ("key", tls.key)):
        try:
            file.open("rb").close()
        except OSError as error:
            faults.append(
                f"{source}: tls.{name}: {file}: {error.strerror}; give a file that the gateway can read"
            )
    if faults:
        raise ConfigError(tuple(faults))
    try:
        return Certificate(tls.certificate, tls.key, minimum=tls.minimum)
    except OSError as error:
        reason = (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or "unreadable"
        fault = (
            f"{source}: tls.certificate: {tls.certificate} and {tls.key} do not serve as a pair ({reason}); "
            "give a PEM certificate and its own key, without a passphrase"
        )
        raise ConfigError((fault,)) from error
