"""The end of things that have work under way: with a limit, and a shorter one for whoever is in a hurry."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence

from gateway.ops import events

Drain = Callable[[float], Awaitable[int | None]]
"""Takes nothing new, finishes what is under way within so many seconds and cuts off the rest; may say how much."""


async def drain_all(drains: Sequence[Drain], limit_s: float, hurry: asyncio.Event) -> int:
    """Drains all of them at the same time.

    Args:
        drains: One for each thing. What one of them raises is told and keeps no other from its end.
        limit_s: Seconds.
        hurry: Once it is set, what is still under way is cut off.

    Returns:
        How much was cut off.
    """
    cuts = await asyncio.gather(*(_drain(each, limit_s, hurry) for each in drains), return_exceptions=True)
    for cut in cuts:
        if isinstance(cut, Exception):
            events.fault(incident=secrets.token_hex(4), where="stop", exception=cut)
    return sum(cut for cut in cuts if isinstance(cut, int))


async def _drain(drain: Drain, limit_s: float, hurry: asyncio.Event) -> int:
    patient = asyncio.ensure_future(drain(limit_s))
    hurried = asyncio.create_task(hurry.wait())
    await asyncio.wait({patient, hurried}, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if patient.done():
        return patient.result() or 0
    patient.cancel()
    await asyncio.gather(patient, return_exceptions=True)
    return await drain(0) or 0
