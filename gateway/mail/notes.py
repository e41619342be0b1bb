"""What reading put right, gathered while it happens.

The one mutable thing of this folder; it never leaves ``parse``.
"""

from collections.abc import Mapping


class Notes:
    """Sentences in the order of their making, each once per part."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], None] = {}

    def add(self, sentence: str, part: str = "") -> None:
        """Record what was put right.

        Args:
            sentence: Without the mail's own words.
            part: Number of the part, ``""`` for the message as a whole.
        """
        self._found[part, sentence] = None

    def sentences(self, renumbered: Mapping[str, str]) -> tuple[str, ...]:
        """All sentences, led by the part's number.

        Args:
            renumbered: Number at reading → number in the finished tree; a part that is not in it gives no number.
        """
        led = ((renumbered.get(part, "") if part else "", sentence) for part, sentence in self._found)
        return tuple(f"{part}: {sentence}" if part else sentence for part, sentence in led)
