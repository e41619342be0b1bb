"""Order numbers of marketplaces.

Not here: keeping them from being taken for telephone numbers (``protected``).
Source: facts of the policies: Amazon's order number has 17 digits in the form 3-7-7.
"""

import re2

_AMAZON = re2.compile(r"(?:^|[^0-9-])([0-9]{3}-[0-9]{7}-[0-9]{7})")


def order_numbers(text: str) -> tuple[str, ...]:
    """Amazon order numbers in folded text, in order of appearance, repeats included."""
    return tuple(match.group(1) for match in _AMAZON.finditer(text))
