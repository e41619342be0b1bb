"""Contact data in running text: the one import for the rules that look for it.

Not here: the finding itself (``phones``, ``addresses``).
"""

from gateway.detect.addresses import find_addresses
from gateway.detect.phones import find_phones

__all__ = ["find_addresses", "find_phones"]
