"""All settings, section by section."""

import os
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gateway.config.disk import Disk
from gateway.config.fields import Endpoint, Section, is_same_endpoint
from gateway.config.limits import Limits
from gateway.config.listening import Listener, Tls
from gateway.config.record import DEFAULT_STORE
from gateway.config.sending import Delivery, Dkim, Hop, Notices, OtherRecipients, Route
from gateway.relay.route import parse_next_hop


class Console(Section):
    """``[console]``: /metrics, /healthz, /readyz."""

    address: Endpoint = "127.0.0.1:8025"


class WorkerSettings(Section):
    """``[workers]``: the processes that examine mail."""

    count: Annotated[int, Field(ge=1, le=256)] = max(2, os.cpu_count() or 2)
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    memory_mb: Annotated[int, Field(ge=512)] = 1_500


class Retention(Section):
    """``[retention]``: how long original and sent copies are kept."""

    contents_days: Annotated[float, Field(ge=0)] = 30.0


class Config(Section):
    """All settings; with no file, what ``Config()`` says."""

    hostname: str = Field(
        default_factory=socket.gethostname, pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"
    )
    store: str = DEFAULT_STORE
    policies: Path | None = None
    listener: tuple[Listener, ...] = (Listener(address="127.0.0.1:2525", tls="none", auth="none"),)
    tls: Tls | None = None
    limits: Limits = Limits()
    route: tuple[Route, ...] = ()
    other_recipients: OtherRecipients = OtherRecipients()
    override: dict[str, dict[str, Literal["off", "warn", "strip", "hold", "reject"]]] = Field(
        default_factory=dict
    )
    notices: Notices | None = None
    console: Console | None = Console()
    workers: WorkerSettings = WorkerSettings()
    retention: Retention = Retention()
    delivery: Delivery = Delivery()
    dkim: Dkim = Dkim()
    disk: Disk = Disk()

    @model_validator(mode="after")
    def _no_next_hop_is_ourselves(self) -> "Config":
        # Nothing would end that circle: no Received field is added on the way, so none can be counted.
        hops: dict[str, Hop | OtherRecipients] = {
            f"route.{index}": each for index, each in enumerate(self.route)
        }
        hops |= {"other_recipients": self.other_recipients}
        hops |= {"notices": self.notices} if self.notices else {}
        for key, section in hops.items():
            hop = parse_next_hop(section.next_hop or "mx", password=section.password)
            for listener in self.listener:
                if is_same_endpoint(hop.host, hop.port, listener.address, self.hostname):
                    raise ValueError(
                        f"{key}: next_hop is this gateway's own listener {listener.address}, so its mail would go "
                        "round for ever; name the mail server that comes after"
                    )
        return self

    @model_validator(mode="after")
    def _certificate_for_tls(self) -> "Config":
        if self.tls is None and any(listener.tls != "none" for listener in self.listener):
            raise ValueError(
                "a listener offers TLS, but there is no [tls] section; set tls.certificate and tls.key"
            )
        return self
