"""Where the record is: the one setting that a search of it needs.

Settings as a whole take half a second to load and judge; who looks a mail up should not wait for that.
A file or a variable that does not look as it should is read again as a whole, so that its faults are told as ever.
Not here: all other settings (``model``), what they mean (``load``).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_STORE = "sqlite:///gateway.db"
"""A file in the folder that the gateway was started in."""

KEYS = frozenset(
    {
        *("hostname", "store", "policies", "listener", "tls", "route", "other_recipients", "override"),
        *("notices", "console", "workers", "retention", "delivery", "dkim", "disk", "limits"),
    }
)
"""Top-level keys that there are; a test compares them with the model. A misspelt ``store`` must not make a search
look into another, empty record."""

_PREFIX = "GATEWAY_"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettings:
    """What a search of the record needs.

    Attributes:
        store: URL of the record.
    """

    store: str


def load_record_settings(path: Path | None, environment: Mapping[str, str]) -> RecordSettings:
    """The settings of a file and the environment, as far as the record needs them.

    Raises:
        ConfigError: All faults, where a fault may concern the record.
    """
    values = _read(path)
    names = {name.removeprefix(_PREFIX).lower() for name in environment if name.startswith(_PREFIX)}
    if values is None or not KEYS.issuperset(values) or not all(map(_fits, names)):
        return _as_a_whole(path, environment)
    store = environment.get(f"{_PREFIX}STORE", values.get("store", DEFAULT_STORE))
    return RecordSettings(store=store) if isinstance(store, str) else _as_a_whole(path, environment)


def _read(path: Path | None) -> dict[str, object] | None:
    """The file's values, or ``None`` where it has faults."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _fits(name: str) -> bool:
    return name in KEYS or any(name.startswith(f"{key}_") for key in KEYS)


def _as_a_whole(path: Path | None, environment: Mapping[str, str]) -> RecordSettings:
    from gateway.config.load import load_config

    return RecordSettings(store=load_config(path, environment).store)
