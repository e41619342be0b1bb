import os
import ssl
from pathlib import Path

import pytest
import trustme

from gateway.smtp.tls import server_context


def write(folder: Path, authority: trustme.CA, *names: str) -> tuple[Path, Path]:
    certificate, key = folder / "cert.pem", folder / "key.pem"
    issued = authority.issue_cert(*names)
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return certificate, key


def touch(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


@pytest.fixture
def show(serve, connect, client_tls):
    """Serve a certificate; what comes back connects, and returns the names a client sees in it."""

    async def start(certificate: Path, key: Path):
        listener = await serve(tls="implicit", tls_context=server_context(certificate, key))

        async def names() -> list[str]:
            client = await connect(listener, tls=client_tls)
            shown = client.writer.get_extra_info("peercert")
            return [name for _, name in shown["subjectAltName"]]

        return names

    return start


async def test_certificate_follows_its_files(tmp_path: Path, authority, show) -> None:
    """A new certificate is shown to the next client, without a restart."""
    certificate, key = write(tmp_path, authority, "gw.example")
    shown = await show(certificate, key)
    assert await shown() == ["gw.example"]
    write(tmp_path, authority, "gw.example", "new.example")
    touch(certificate, 1)

    assert await shown() == ["gw.example", "new.example"]
    assert await shown() == ["gw.example", "new.example"]


async def test_half_written_certificate(tmp_path: Path, authority, show, log) -> None:
    """A certificate that cannot be read is told to the log once, and clients see the old one."""
    certificate, key = write(tmp_path, authority, "gw.example")
    shown = await show(certificate, key)
    certificate.write_text("-----BEGIN CERTIFICATE-----\n")

    assert [await shown(), await shown()] == [["gw.example"], ["gw.example"]]
    assert [entry["event"] for entry in log].count("fault") == 1


async def test_certificate_gone(tmp_path: Path, authority, show, log) -> None:
    """A certificate that is gone is told to the log, and clients see the old one."""
    certificate, key = write(tmp_path, authority, "gw.example")
    shown = await show(certificate, key)
    certificate.unlink()

    assert await shown() == ["gw.example"]
    assert "fault" in {entry["event"] for entry in log}


def test_missing_files(tmp_path: Path) -> None:
    """Without the files there is no context."""
    with pytest.raises(OSError):
        server_context(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_wrong_key(tmp_path: Path, authority) -> None:
    """A key of another certificate is refused at the start."""
    certificate, _ = write(tmp_path, authority, "gw.example")
    (tmp_path / "other").mkdir()
    _, key = write(tmp_path / "other", authority, "gw.example")

    with pytest.raises(ssl.SSLError):
        server_context(certificate, key)


def test_old_protocols(tmp_path: Path, authority) -> None:
    """Nothing below TLS 1.2 is spoken, and no renegotiation."""
    context = server_context(*write(tmp_path, authority, "gw.example"))

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION
