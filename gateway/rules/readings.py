"""What has been read in one mail, each thing once.

Two rules look for links in the same text, a mended mail is read again with most of its texts unchanged, and both HTML
engines give the same ones: detectors are asked once for each text, and hosts judged once for each link.
Lives as long as one examination; nothing is carried from one mail to the next.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Readings:
    """Answers by question."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def once(self, question: Hashable, answer: Callable[[], T]) -> T:
        """The answer, found out if nobody has asked before.

        Args:
            question: All that the answer depends on.
            answer: Finds it out; pure.
        """
        if question not in self._known:
            self._known[question] = answer()
        found: T = self._known[question]
        return found
