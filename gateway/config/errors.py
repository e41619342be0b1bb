"""What is wrong with settings."""

import re
from typing import NamedTuple

_KEY = re.compile(r"\[?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\]?(\.[A-Za-z0-9_-]+)*")
"""How a key is written in a fault: ``listener.0.address``, ``[override.amazon].emoji``."""

_NO_FILES = frozenset({"environment", "configuration"})
"""What stands in place of a file where the settings come from none."""


class ConfigError(Exception):
    """The settings cannot be used.

    Attributes:
        faults: One sentence each, with file, key, fault and mend.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Fault(NamedTuple):
    """A fault in its parts, for the log: ``""`` for a file or key that the sentence does not name."""

    file: str
    key: str
    fault: str


def fault_parts(sentence: str) -> Fault:
    """Takes a sentence ``file: key: fault`` apart."""
    first, colon, rest = sentence.partition(": ")
    if not colon:
        return Fault("", "", sentence)
    is_file = first in _NO_FILES or first.endswith(".toml")  # which could be a key, too
    if _KEY.fullmatch(first) and not is_file:
        return Fault("", first, rest)
    key, colon, fault = rest.partition(": ")
    return Fault(first, key, fault) if colon and _KEY.fullmatch(key) else Fault(first, "", rest)
