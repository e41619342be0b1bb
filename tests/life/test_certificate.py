"""When the certificate expires, read from its file."""

import asyncio
import ssl
import subprocess
from datetime import UTC, datetime

import pytest
import trustme

from gateway.life import watch as module
from gateway.life.certificate import expires_at
from gateway.life.watch import watch_certificate_for_ever
from gateway.ops import metrics

TIMES = {
    "soon": datetime(2026, 12, 1, 1, 2, 3, tzinfo=UTC),
    "the last year of two digits": datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC),
    "a year of four digits": datetime(2050, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("end", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("key_type", trustme.KeyType)
def test_end(tmp_path, end, key_type):
    """The end of the first certificate in the file, ours, whatever stands behind it."""
    issued = trustme.CA(key_type=key_type).issue_cert("gw.example", not_after=end, key_type=key_type)
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "pair.pem"))
    assert expires_at(tmp_path / "pair.pem") == end


def test_as_openssl_says(tmp_path):
    """What openssl reads in the same file."""
    trustme.CA().issue_cert("gw.example").cert_chain_pems[0].write_to_path(str(tmp_path / "c.pem"))
    said = subprocess.run(
        ["openssl", "x509", "-noout", "-enddate", "-in", tmp_path / "c.pem"],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = ssl.cert_time_to_seconds(said.stdout.strip().removeprefix("notAfter="))
    assert expires_at(tmp_path / "c.pem").timestamp() == seconds


NONE = {
    "empty": b"",
    "no certificate": b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
    "no base64": b"-----BEGIN CERTIFICATE-----\n\xff!\n-----END CERTIFICATE-----\n",
    "an empty sequence": b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    "a length beyond the end": b"-----BEGIN CERTIFICATE-----\nMIT/////\n-----END CERTIFICATE-----\n",
    "one octet": b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
}


@pytest.mark.parametrize("octets", NONE.values(), ids=NONE)
def test_no_certificate(tmp_path, octets):
    """What is no certificate is a ValueError, and nothing else."""
    (tmp_path / "c.pem").write_bytes(octets)
    with pytest.raises(ValueError, match="certificate"):
        expires_at(tmp_path / "c.pem")


async def test_the_metric_follows_the_file(tmp_path, monkeypatch, until):
    """The metric is that of the file now; 0 while there is none."""
    monkeypatch.setattr(module, "CERTIFICATE_WATCH_S", 0)
    gauge = metrics.CERTIFICATE_EXPIRES._value
    end = TIMES["soon"]
    issued = trustme.CA().issue_cert("gw.example", not_after=end)
    file = None
    watching = asyncio.create_task(watch_certificate_for_ever(lambda: file))
    await until(lambda: gauge.get() == 0)
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "c.pem"))
    file = tmp_path / "c.pem"
    await until(lambda: gauge.get() == end.timestamp())
    file.unlink()
    await until(lambda: gauge.get() == 0)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
