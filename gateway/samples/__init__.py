"""Sample mails and what must become of them: the demo shows them, the tests hold the gateway to them.

Not here: how they are sent (``cli/demo``).
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sample mail.

    Attributes:
        name: File name without its suffix.
        title: What it shows, for people.
        octets: The mail.
        verdict: What must become of it.
        then: What must become of it when it is sent again after a 4yz, or released after a hold, or ``None``.
        rules: Rules that must speak, in any order; no others may.
        kept: What must be in the mail that arrives.
        gone: What must not be in the mail that arrives.
    """

    name: str
    title: str
    octets: bytes
    verdict: str
    then: str | None = None
    rules: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def load_samples() -> list[Sample]:
    """All samples, in order."""
    entries = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))["sample"]
    return [
        Sample(
            name=Path(entry["file"]).stem,
            title=entry["title"],
            octets=(FOLDER / entry["file"]).read_bytes(),
            verdict=entry["verdict"],
            then=entry.get("then"),
            rules=tuple(entry.get("rules", ())),
            kept=tuple(entry.get("kept", ())),
            gone=tuple(entry.get("gone", ())),
        )
        for entry in entries
    ]
