"""A bug in the last rule, which certain words meet."""

import dataclasses
import time

from gateway import rules

_last = rules.ALL[-1]


def _check(context, params):
    words = " ".join(surface.text for surface in context.surfaces)
    if "raise the fault" in words:
        raise KeyError("secret words of the exception")
    if "sleep for ever" in words:
        time.sleep(3600)
    if "eat memory" in words:
        hoard = [bytearray(50_000_000) for _ in range(1000)]
        del hoard
    return _last.check(context, params)


def install():
    """Puts the bug in."""
    rules.ALL = (*rules.ALL[:-1], dataclasses.replace(_last, check=_check))
