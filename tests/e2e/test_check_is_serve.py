"""What serve sends is what check writes, for every mail of the corpus and every sample."""

import re
import subprocess
import sys
from pathlib import Path

import aiosmtplib
import pytest

from gateway.mail.parse import parse
from gateway.mail.trace import mark
from gateway.samples import FOLDER

CORPUS = Path(__file__).parents[1] / "corpus"
MAILS = [
    *sorted(path for kind in ("accept", "strip") for path in CORPUS.glob(f"{kind}/*/message.eml")),
    *sorted(FOLDER.glob("*.eml")),
]


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """The corpus under names of its own, and what `gateway check --out` wrote for it."""
    folder = tmp_path_factory.mktemp("check")
    config = folder / "gateway.toml"
    config.write_text('hostname = "gateway.example"\n')
    mails = {}
    for number, path in enumerate(MAILS):
        copy = folder / f"{number:03}.eml"
        copy.write_bytes(re.sub(rb"\r?\n", b"\r\n", path.read_bytes()))
        mails[copy.name] = copy.read_bytes()
    out = folder / "out"
    arguments = ["check", "--config", str(config), "--out", str(out), *(str(folder / name) for name in mails)]
    done = subprocess.run([sys.executable, "-m", "gateway", *arguments], check=False, capture_output=True)
    assert done.returncode == 1, done.stderr
    return mails, {path.name: path.read_bytes() for path in out.iterdir()}


def without_added_date(octets, original):
    """A Date that the mail lacked is the time of receipt, which differs from run to run."""
    if b"\ndate:" in original.lower():
        return octets
    return re.sub(rb"(?m)^Date: .*\r\n", b"", octets, count=1)


async def test_serve_sends_what_check_writes(checked, start_gateway, sink):
    """Octet for octet, whatever the mail is."""
    mails, written = checked
    gateway = await start_gateway()
    host, _, port = gateway.addresses[0].rpartition(":")
    async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False, timeout=60) as client:
        for name, octets in mails.items():
            if name in written:
                recipient = recipient_of(octets)
                await client.mail("orders@harbour-tea.example")
                await client.rcpt(recipient)
                assert (await client.data(octets)).code == 250
                (received,) = (await sink.wait_for(1))[-1:]
                sink.received.clear()
                expected = without_added_date(written[name], octets)
                sent = received.octets.removeprefix(mark("gateway.example"))
                assert without_added_date(sent, octets) == expected, name


def recipient_of(octets):
    field = parse(octets).field("To")
    found = re.search(r"[\w.+-]+@(?:marketplace\.[\w.]+)", field.body if field else "")
    return found[0] if found else "abc@marketplace.amazon.com"
