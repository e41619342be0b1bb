"""How mail comes in: ``[[listener]]``, ``[tls]``."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from gateway.config.fields import Endpoint, Section, is_loopback
from gateway.smtp.tls import Minimum


def _check_network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError('is no address and no network; write it as "192.0.2.10" or "10.0.0.0/8"') from None
    return text


class Listener(Section):
    """``[[listener]]``: where mail clients connect."""

    address: Endpoint
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    auth: Literal["required", "none"] = "required"
    proxy_from: tuple[Annotated[str, AfterValidator(_check_network)], ...] = ()

    @model_validator(mode="after")
    def _strangers_log_in(self) -> "Listener":
        if self.proxy_from and self.auth == "none":
            raise ValueError(
                'proxy_from brings in strangers, who must log in: set auth = "required", or leave proxy_from out'
            )
        return self

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
