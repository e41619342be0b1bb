import ssl
from ipaddress import ip_network

import pytest

from gateway.smtp.settings import ListenerSettings, is_loopback


def settings(**options: object) -> ListenerSettings:
    return ListenerSettings(**{"address": "127.0.0.1:2525", "hostname": "gw.example", **options})


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"tls": "none", "auth": "none"}, id="open-on-loopback"),
        pytest.param({"tls": "none", "auth": "none", "address": "[::1]:25"}, id="ipv6-loopback"),
        pytest.param({"tls": "none", "auth": "required", "address": "localhost:25"}, id="localhost"),
        pytest.param(
            {"tls": "starttls", "tls_context": True, "address": "0.0.0.0:587"}, id="starttls-outside"
        ),
        pytest.param({"tls": "implicit", "tls_context": True, "address": "[::]:465"}, id="implicit-outside"),
    ],
)
def test_check(options: dict[str, object]) -> None:
    """Loopback may be open; outside there is TLS and AUTH."""
    if "tls_context" in options:
        options = {**options, "tls_context": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)}

    settings(**options).check()


@pytest.mark.parametrize(
    "options, sentence",
    [
        pytest.param({"tls": "starttls"}, "needs a certificate", id="starttls-without-certificate"),
        pytest.param({"tls": "implicit"}, "needs a certificate", id="implicit-without-certificate"),
        pytest.param(
            {"tls": "none", "auth": "none", "proxy_from": (ip_network("127.0.0.1"),)},
            "proxy_from brings in strangers",
            id="strangers-through-a-proxy",
        ),
        *(
            pytest.param({"tls": "none", "address": address}, "tls = 'none'", id=f"clear-on-{address}")
            for address in (
                "[::]:25",
                "[2001:db8::1]:25",
                "[::ffff:127.0.0.1]:25",
                "[fe80::1%lo]:25",
                "0:25",
                ":25",
            )
        ),
        pytest.param(
            {"tls": "none", "auth": "none", "address": "0.0.0.0:25"}, "tls = 'none'", id="open-relay"
        ),
        pytest.param({"tls": "none", "address": "192.0.2.1:25"}, "tls = 'none'", id="passwords-in-clear"),
        pytest.param({"tls": "none", "address": "gw.example:25"}, "tls = 'none'", id="name"),
        pytest.param(
            {
                "tls": "implicit",
                "auth": "none",
                "address": "[::]:465",
                "tls_context": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
            },
            "auth = 'none'",
            id="anybody-over-tls",
        ),
    ],
)
def test_check_refuses(options: dict[str, object], sentence: str) -> None:
    """Settings that let strangers in, or passwords out, are not served."""
    with pytest.raises(ValueError, match=sentence):
        settings(**options).check()


@pytest.mark.parametrize(
    "address, host, port",
    [("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:25", "::1", 25), ("localhost:2525", "localhost", 2525)],
)
def test_host_and_port(address: str, host: str, port: int) -> None:
    """An address is a host and a port, IPv6 in brackets."""
    assert (settings(address=address).host, settings(address=address).port) == (host, port)


@pytest.mark.parametrize(
    "host, expected",
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("gw", False),
    ],
)
def test_is_loopback(host: str, expected: bool) -> None:
    """Only addresses that never leave the machine are loopback."""
    assert is_loopback(host) == expected
