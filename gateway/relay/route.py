"""Where a mail goes next, as the operator wrote it: ``mx``, ``smtp://``, ``smtp+starttls://``, ``smtps://``.

*Not here:* which hosts take mail for a domain (``hosts.py``), how they are talked to (``connection.py``).
*Source:* RFC 3986 section 3.2 for the authority, RFC 8314 for implicit TLS.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal, TypeAlias, cast
from urllib.parse import SplitResult, unquote, urlsplit

Kind: TypeAlias = Literal["mx", "smtp", "smtp+starttls", "smtps"]
Tls: TypeAlias = Literal["none", "opportunistic", "required"]

DEFAULT_PORTS: dict[Kind, int] = {"mx": 25, "smtp": 25, "smtp+starttls": 587, "smtps": 465}

_FORMS = '"mx", smtp://host:25, smtp+starttls://user@host:587 or smtps://user@host:465'
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?")
_MAX_HOST_CHARS = 253
"""Characters of a host name (RFC 1035 section 2.3.4, without the root's dot)."""


class RouteError(ValueError):
    """A next hop that cannot be read.

    Attributes:
        sentence: Key, fault and mend; holds neither password nor user name.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class NextHop:
    """One next hop.

    Attributes:
        kind: ``mx``: whoever DNS names. ``smtp``: this host. ``smtp+starttls`` and ``smtps``: this host, TLS
            required.
        host: Host name or IP address; empty for ``mx``.
        port: TCP port.
        username: For AUTH, or ``None``.
        password: For AUTH, or ``None``. Shown by neither ``str`` nor ``repr``.
        tls: ``opportunistic``: when offered, unverified, and without when that fails. ``required``: certificate and
            host name verified (of an MX host, the name DNS gives it), or the mail waits.
        tls_ca: File of the authorities that are believed; ``None`` for the system's.
    """

    kind: Kind
    host: str = ""
    port: int = 25
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = "opportunistic"
    tls_ca: str | None = None

    def __str__(self) -> str:
        if self.kind == "mx":
            return "mx"
        host = f"[{self.host}]" if ":" in self.host else self.host
        user = f"{self.username}@" if self.username else ""
        return f"{self.kind}://{user}{host}:{self.port}"


def parse_next_hop(
    text: str,
    *,
    key: str = "next_hop",
    password: str | None = None,
    tls: Tls | None = None,
    tls_ca: str | None = None,
) -> NextHop:
    """Read ``text`` as a next hop.

    Args:
        text: ``"mx"``, ``"smtp://host:25"``, ``"smtp+starttls://user@host:587"``, ``"smtps://user@host:465"``.
            ``user:password@`` is read too; both are percent-decoded.
        key: Name of the setting, for the sentence.
        password: The password when it stands elsewhere; it wins over one in ``text``.
        tls: ``None`` for what the form says: required by the last two, opportunistic for the others.
        tls_ca: As in :class:`NextHop`.

    Raises:
        RouteError: With key, fault and mend.
    """
    if text == "mx":
        chosen = _tls("mx", tls, tls_ca, key)
        return NextHop(kind="mx", port=DEFAULT_PORTS["mx"], tls=chosen, tls_ca=tls_ca)
    url = _split(text, key)
    kind = cast("Kind", url.scheme)
    host = _host(url, key)
    username = unquote(url.username) if url.username else None
    password = password or (unquote(url.password) if url.password else None)
    chosen = _tls(kind, tls, tls_ca, key)
    _check_credentials(host, chosen, (username, password), key)
    return NextHop(
        kind=kind,
        host=host,
        port=_port(url, key) or DEFAULT_PORTS[kind],
        username=username,
        password=password if username else None,
        tls=chosen,
        tls_ca=tls_ca,
    )


def _tls(kind: Kind, tls: Tls | None, tls_ca: str | None, key: str) -> Tls:
    if kind in {"smtp+starttls", "smtps"}:
        if tls not in {None, "required"}:
            raise RouteError(f'{key} is {kind}://, which requires TLS: remove tls = "{tls}", or use smtp://')
        return "required"
    if tls_ca is not None and tls != "required":
        raise RouteError(f'{key} verifies no certificate: set tls = "required", or remove tls_ca')
    return tls or "opportunistic"


def _split(text: str, key: str) -> SplitResult:
    # urlsplit drops tabs and line breaks without a word; a next hop that holds one was not meant like that.
    if not text.isascii() or not text.isprintable() or " " in text:
        raise RouteError(f"{key} holds a blank or a character outside ASCII: write it as {_FORMS}")
    try:
        url = urlsplit(text)
    except ValueError:
        raise RouteError(f"{key} has a malformed host: write it as {_FORMS}") from None
    if url.scheme == "mx" or url.scheme not in DEFAULT_PORTS or not url.netloc:
        raise RouteError(f"{key} is none of the known forms: write it as {_FORMS}")
    if url.path not in {"", "/"} or url.query or url.fragment:
        raise RouteError(f"{key} goes on after host and port: end it there")
    return url


def _host(url: SplitResult, key: str) -> str:
    host = (url.hostname or "").removesuffix(".")
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    if not host or len(host) > _MAX_HOST_CHARS or not all(map(_LABEL.fullmatch, host.split("."))):
        raise RouteError(f"{key} has no valid host: name one as in {_FORMS}")
    return host


def _port(url: SplitResult, key: str) -> int | None:
    try:
        port = url.port
    except ValueError:
        port = 0
    if port == 0:
        raise RouteError(f"{key} has no valid port: use a number from 1 to 65535")
    return port


def _check_credentials(host: str, tls: Tls, login: tuple[str | None, str | None], key: str) -> None:
    username, password = login
    if any(word and not word.isprintable() for word in login):
        raise RouteError(f"{key} has a control character in its user name or password: remove it")
    if username is None:
        if password is not None:
            raise RouteError(f"{key} has a password but no user name: write user@ before the host")
        return
    if password is None:
        raise RouteError(f"{key} has a user name but no password: set the password of this next hop")
    if tls != "required" and not _is_loopback(host):
        raise RouteError(f"{key} would send a password unencrypted: use smtp+starttls:// or smtps://")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
