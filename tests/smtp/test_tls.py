import os
import ssl
from pathlib import Path

import pytest
import trustme

from gateway.smtp.tls import Certificate

NAMES = ["gw.example"]
NEW_NAMES = ["gw.example", "new.example"]


def write(folder: Path, authority: trustme.CA, *names: str) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    issued = authority.issue_cert(*names)
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


class Shown:
    """A listener with a certificate on disk, and what clients see of it."""

    def __init__(self, listener, connect, client_tls, kind: str) -> None:
        self._listener, self._connect, self._client_tls, self._kind = listener, connect, client_tls, kind

    async def client(self, context: ssl.SSLContext | None = None):
        """A client after the handshake."""
        context = context or self._client_tls
        if self._kind == "implicit":
            return await self._connect(self._listener, tls=context)
        client = await self._connect(self._listener)
        await client.ask("EHLO x", "STARTTLS")
        await client.start_tls(context)
        return client

    async def names(self) -> list[str]:
        """The names in the certificate that a new client is shown."""
        client = await self.client()
        return [name for _, name in client.writer.get_extra_info("peercert")["subjectAltName"]]


@pytest.fixture(params=["starttls", "implicit"])
async def show(request, serve, connect, client_tls):
    """Serves a certificate, over both kinds of TLS."""

    async def start(certificate: Certificate) -> Shown:
        listener = await serve(tls=request.param, tls_context=certificate.context)
        return Shown(listener, connect, client_tls, request.param)

    return start


async def test_certificate_follows_its_files(tmp_path: Path, authority, show) -> None:
    """A new certificate is shown to the next client, without a restart."""
    shown = await show(Certificate(*write(tmp_path, authority, *NAMES)))
    assert await shown.names() == NAMES
    write(tmp_path, authority, *NEW_NAMES)

    assert [await shown.names(), await shown.names()] == [NEW_NAMES, NEW_NAMES]


async def test_swapped_links(tmp_path: Path, authority, show) -> None:
    """A renewal tool that points a link at another folder, or a link at another file, is noticed."""
    write(tmp_path / "1", authority, *NAMES)
    write(tmp_path / "2", authority, *NEW_NAMES)
    for folder in ("1", "2"):  # as cp -p would: neither size nor time tells them apart for sure
        for name in ("cert.pem", "key.pem"):
            os.utime(tmp_path / folder / name, (1, 1))
    (tmp_path / "live").symlink_to("1")
    shown = await show(Certificate(tmp_path / "live" / "cert.pem", tmp_path / "live" / "key.pem"))
    assert await shown.names() == NAMES
    (tmp_path / "next").symlink_to("2")
    (tmp_path / "next").rename(tmp_path / "live")

    assert await shown.names() == NEW_NAMES


FAULTY = {
    "half a certificate": ("cert.pem", "-----BEGIN CERTIFICATE-----\n"),
    "empty": ("cert.pem", ""),
    "key gone": ("key.pem", None),
    "certificate gone": ("cert.pem", None),
}


@pytest.mark.parametrize("name, text", FAULTY.values(), ids=FAULTY)
async def test_faulty_pair(name, text, tmp_path: Path, authority, show, log) -> None:
    """A pair that cannot be used is told to the log once, and clients see the old one until there is a good one."""
    shown = await show(Certificate(*write(tmp_path, authority, *NAMES)))
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text)

    assert [await shown.names(), await shown.names()] == [NAMES, NAMES]
    assert [entry["event"] for entry in log].count("certificate_kept") == 1
    write(tmp_path, authority, *NEW_NAMES)
    assert await shown.names() == NEW_NAMES


async def test_half_a_pair(tmp_path: Path, authority, show, log) -> None:
    """While the certificate is new and its key is not there yet, clients see the old pair; then the new one."""
    certificate, key = write(tmp_path, authority, *NAMES)
    shown = await show(Certificate(certificate, key))
    new_certificate, new_key = write(tmp_path / "new", authority, *NEW_NAMES)
    new_certificate.rename(certificate)
    assert await shown.names() == NAMES
    assert [entry["reason"] for entry in log if entry["event"] == "certificate_kept"] == [
        "KEY_VALUES_MISMATCH"
    ]
    new_key.rename(key)

    assert await shown.names() == NEW_NAMES


async def test_reload(tmp_path: Path, authority, show, log) -> None:
    """A reload reads the pair at once, says whether it is good, and keeps the old one where it is not."""
    paths = write(tmp_path, authority, *NAMES)
    certificate = Certificate(*paths)
    shown = await show(certificate)
    write(tmp_path, authority, *NEW_NAMES)
    assert certificate.reload()
    paths[1].write_text("no key")
    assert not certificate.reload()

    assert await shown.names() == NEW_NAMES
    assert [entry["event"] for entry in log if entry["event"].startswith("certificate")] == [
        "certificate_loaded",
        "certificate_kept",
    ]


def test_missing_files(tmp_path: Path) -> None:
    """Without the files there is no certificate."""
    with pytest.raises(OSError):
        Certificate(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_wrong_key(tmp_path: Path, authority) -> None:
    """A key of another certificate is refused at the start."""
    certificate, _ = write(tmp_path / "a", authority, *NAMES)
    _, key = write(tmp_path / "b", authority, *NAMES)

    with pytest.raises(ssl.SSLError):
        Certificate(certificate, key)


def test_renegotiation(tmp_path: Path, authority) -> None:
    """No client can make us compute for ever."""
    certificate = Certificate(*write(tmp_path, authority, *NAMES))

    assert certificate.context.options & ssl.OP_NO_RENEGOTIATION


def offering(authority: trustme.CA, version: ssl.TLSVersion, suites: str) -> ssl.SSLContext:
    """A client that speaks this version and these suites of it, and no other."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(f"{suites}:@SECLEVEL=0")
    return context


V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
OFFERS = {
    "TLS 1.3": ("1.2", V13, "ALL", True),
    "TLS 1.2, forward secret, AEAD": ("1.2", V12, "ECDHE+AESGCM", True),
    "TLS 1.2, ChaCha20": ("1.2", V12, "ECDHE+CHACHA20", True),
    "TLS 1.2, CBC": ("1.2", V12, "ECDHE+AES:!AESGCM:!AESCCM", False),
    "TLS 1.2, no forward secrecy": ("1.2", V12, "RSA+AESGCM", False),
    "TLS 1.2, finite-field": ("1.2", V12, "DHE+AESGCM", False),
    "TLS 1.2 where 1.3 is the minimum": ("1.3", V12, "ECDHE+AESGCM", False),
    "TLS 1.3 where it is the minimum": ("1.3", V13, "ALL", True),
}


@pytest.mark.parametrize("minimum, version, suites, is_taken", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("is_renewed", [False, True], ids=["first", "renewed"])
async def test_offers(
    minimum, version, suites, is_taken, is_renewed, tmp_path: Path, authority, show
) -> None:
    """TLS 1.2 with forward secrecy and AEAD, and TLS 1.3; nothing else, also after a renewal."""
    shown = await show(Certificate(*write(tmp_path, authority, *NAMES), minimum=minimum))
    if is_renewed:
        write(tmp_path, authority, *NEW_NAMES)
    context = offering(authority, version, suites)
    if is_taken:
        client = await shown.client(context)
        assert (
            client.writer.get_extra_info("ssl_object").version() == {V12: "TLSv1.2", V13: "TLSv1.3"}[version]
        )
    else:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await shown.client(context)


@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=lambda version: version.name
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_protocols(version: ssl.TLSVersion, tmp_path: Path, authority, show) -> None:
    """Nothing below TLS 1.2 is spoken."""
    shown = await show(Certificate(*write(tmp_path, authority, *NAMES)))

    with pytest.raises((ssl.SSLError, ConnectionError)):
        await shown.client(offering(authority, version, "ALL"))
