"""What the sections of the settings share: endpoints and addresses, and the strictness of a section."""

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from gateway.mail.address import parse_path
from gateway.mail.errors import AddressError
from gateway.smtp.settings import is_loopback as host_is_loopback


def _check_endpoint(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004 - the largest port
        raise ValueError('is not host:port; write it as "127.0.0.1:2525"')
    return text


def is_loopback(endpoint: str) -> bool:
    """Whether ``host:port`` can be reached from this machine only."""
    return host_is_loopback(endpoint.rpartition(":")[0].strip("[]"))


def is_same_endpoint(host: str, port: int, endpoint: str, hostname: str) -> bool:
    """Whether ``host`` and ``port`` lead to what listens at ``endpoint`` of the machine called ``hostname``."""
    bound, _, bound_port = endpoint.rpartition(":")
    bound = bound.strip("[]").lower()
    if not host or port != int(bound_port) or not port:
        return False
    is_everywhere = bound in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
    is_here = host_is_loopback(host) and (is_everywhere or host_is_loopback(bound))
    return is_here or host.lower() in {bound, hostname.lower()}


def _check_address(text: str) -> str:
    try:
        parse_path(text)
    except AddressError as error:
        raise ValueError("is not a mail address; write it as postmaster@gw.seller.example") from error
    return text


def _check_dns_server(text: str) -> str:
    host, _, port = _check_endpoint(text).rpartition(":")
    try:
        ip_address(host.strip("[]"))
    except ValueError as error:
        raise ValueError('is no IP address and port; write it as "127.0.0.1:53" or "[::1]:53"') from error
    if port == "0":
        raise ValueError("has port 0; name the port that it answers on, mostly 53")
    return text


DnsServer = Annotated[str, AfterValidator(_check_dns_server)]
Endpoint = Annotated[str, AfterValidator(_check_endpoint)]
AddressText = Annotated[str, AfterValidator(_check_address)]


class Section(BaseModel):
    """One table of the file: no key it does not know, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
