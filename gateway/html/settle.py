"""A rewritten part as it leaves: what one engine has written, the other reads, to see that it stays as it is.

Not here: what is written (``rewrite``), what it says (``inspect``).
"""

from collections.abc import Iterable

from gateway.html.edit import Edit
from gateway.html.inspect import is_settled
from gateway.html.rewrite import Rebuilt, still


def settled(rebuilt: Rebuilt, edits: Iterable[Edit] = ()) -> str:
    """The part with the edits made, in a form that every reader takes for the same elements.

    Raises:
        LimitError: What came out is over a limit of ``caps``.
    """
    text = rebuilt.apply(edits)
    return text if is_settled(text) else still(text)
