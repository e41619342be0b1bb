"""How mail comes in: ``[[listener]]``, ``[tls]``."""

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from gateway.config.fields import Endpoint, Section, is_loopback
from gateway.smtp.tls import Minimum


class Listener(Section):
    """``[[listener]]``: where mail clients connect."""

    address: Endpoint
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    auth: Literal["required", "none"] = "required"

    @model_validator(mode="after")
    def _loopback_only(self) -> "Listener":
        if "none" in {self.tls, self.auth} and not is_loopback(self.address):
            key = "auth" if self.auth == "none" else "tls"
            raise ValueError(
                f'{key} = "none" is for loopback addresses only: anybody could send as your sellers, or read their '
                f'passwords; set tls = "starttls" and auth = "required", or listen on 127.0.0.1'
            )
        return self


class Tls(Section):
    """``[tls]``: the certificate of all listeners."""

    certificate: Path
    key: Path
    minimum: Minimum = "1.2"
