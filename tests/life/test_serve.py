"""Who says that the gateway is alive, and when not."""

import asyncio
import socket
from types import SimpleNamespace

import pytest

from gateway.life.systemd import Notifier
from gateway.serve import Service


@pytest.mark.parametrize("is_answering", [True, False], ids=["all answer", "one hangs"])
async def test_the_watchdog_is_fed_while_all_answer(tmp_path, is_answering):
    """The loop alone is no proof: where the store or the workers hang, the service manager hears nothing of life."""
    vitals = SimpleNamespace(are_answering=lambda: is_answering, failing=lambda: ["store"])
    gateway = SimpleNamespace(vitals=vitals, is_draining=False)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        service = Service(lambda: None, Notifier(str(tmp_path / "notify"), watchdog_s=0.02))
        telling = asyncio.create_task(service._tell_for_ever(gateway))
        heard = [(await asyncio.get_running_loop().sock_recv(manager, 4096)).decode() for _ in range(4)]
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    assert heard == (
        ["WATCHDOG=1", "STATUS=failing: store"] * 2 if is_answering else ["STATUS=failing: store"] * 4
    )
