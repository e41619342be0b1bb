"""What people and deadlines decide about messages that wait, as values.

Not here: what that does to message and queue (``hold.py``). Every time is an aware UTC ``datetime``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Deed: TypeAlias = Literal["hold", "release", "override", "reject", "retry", "delete"]
"""What was decided; ``override`` is a release in spite of what the policy wants held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """How long a message is held.

    Attributes:
        warn_at: When operators are warned.
        until: When the policy decides in their place.
    """

    warn_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided about a message.

    Attributes:
        at: When.
        who: Operator's name, or ``"deadline"``.
        what: See ``Deed``.
        reason: In their words, may be empty.
    """

    at: datetime
    who: str
    what: Deed
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessage:
    """A held message that wants a warning or a decision.

    Attributes:
        id: Our id.
        seller: Seller name.
        route: Marketplace or policy name.
        is_warned: Whether the warning was given.
        until: Deadline.
    """

    id: str
    seller: str
    route: str
    is_warned: bool
    until: datetime
