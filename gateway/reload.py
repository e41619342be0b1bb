"""Other settings for a running gateway: read, checked and taken as a whole, or not at all.

A fault in any file keeps every setting that was in force, and is told as ``gateway config check`` tells it.
What is bound once (addresses, the store) waits for a restart and is named; all else is taken at once, and no
connection is dropped: mails that are being judged are judged to their end by the policy they began with.
Not here: when (``serve``: SIGHUP), how the objects take them (``app``).
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.app import Gateway
from gateway.config.errors import ConfigError, Fault, fault_parts
from gateway.config.model import Config
from gateway.config.settings import Settings
from gateway.ops import events
from gateway.worker import WorkerStartError

TAKEN = frozenset({"policies", "tls", "route", "override", "notices", "workers", "retention", "disk"})
"""Sections that a running gateway takes. Every other one needs a restart: what is new is not claimed to be taken."""


async def reload(gateway: Gateway, read: Callable[[], Settings]) -> bool:
    """Reads everything again and has the gateway take it. It never raises.

    Args:
        gateway: Runs, and goes on running whatever comes of it.
        read: Reads and checks all files; in a thread, since it waits for the disk.

    Returns:
        Whether the settings were taken.
    """
    try:
        settings = await asyncio.to_thread(read)
        needs_restart = _changed(gateway.config, settings.config, taken=False)
        changed = _changed(gateway.config, settings.config, taken=True)
        if settings.policies != gateway.policies and "policies" not in changed:
            changed.append("policies")  # the key names the same folder, but not all is as it was in there
        kept = {name: getattr(gateway.config, name) for name in needs_restart}
        await gateway.renew(replace(settings, config=settings.config.model_copy(update=kept)))
    except ConfigError as error:
        _failed([fault_parts(each) for each in error.faults])
    except WorkerStartError as error:
        _failed([Fault("", "workers", str(error))])
    except Exception as error:  # noqa: BLE001 - our own bug must not end a gateway that runs
        incident = secrets.token_hex(4)
        events.fault(incident=incident, where="reload", exception=error)
        _failed([Fault("", "", f"internal error, incident {incident}")])
    else:
        stamps = [policy.stamp for policy in gateway.policies.values()]
        events.reloaded(policies=stamps, changed=changed, needs_restart=needs_restart)
        return True
    return False


def _changed(old: Config, new: Config, *, taken: bool) -> list[str]:
    """Sections that differ, of those that are taken or of those that are not."""
    names = [name for name in Config.model_fields if (name in TAKEN) is taken]
    return [name for name in names if getattr(old, name) != getattr(new, name)]


def _failed(faults: Sequence[Fault]) -> None:
    events.reload_failed(faults=[each._asdict() for each in faults])
