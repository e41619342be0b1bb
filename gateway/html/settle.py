"""A rewritten part as it leaves: what one engine has written, the other reads, to see that it stays as it is.

Not here: what is written (``rewrite``), what it says (``inspect``).
"""

from collections.abc import Iterable

from gateway.html.edit import Edit
from gateway.html.inspect import is_settled
from gateway.html.rewrite import Rebuilt, still
from gateway.html.scan import NOTHING_ODD


def settled(rebuilt: Rebuilt, edits: Iterable[Edit] = ()) -> str:
    """The part with the edits made, in a form that every reader takes for the same elements.

    Raises:
        LimitError: What came out is over a limit of ``caps``.
    """
    text = rebuilt.apply(edits)
    if not is_settled(text):
        return still(text)
    # Its tags are those of a tree that was inside the caps, and just those that a browser finds: no need to scan it.
    rebuilt.known.scans[text] = NOTHING_ODD
    return text
