"""Measures what mails of 1 to 25 MB cost a running gateway: CPU and peak memory of its process and of its worker.

Run by hand: ``python tests/bench/size.py``. Each kind of mail is sent at each size to a fresh process; prints CPU
milliseconds and peak megabytes, and the factor per megabyte between the largest and the 5 MB mail: 1.0 is linear.
A text of over two million characters is refused (552), so there the figures are those of a refusal.
"""

import argparse
import asyncio
import base64
import os
import random
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from faults.next_hop import NextHop
from faults.served import SELLER, Served

TO = "one@tea.example"
SIZES_MB = (1, 5, 10, 25)
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
NOISE = random.Random(7).randbytes(57)


def head(number, content_type):
    """The header section of a mail."""
    return (
        f"From: {SELLER}\r\nTo: {TO}\r\nSubject: Your order\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"
        f"Message-ID: <z{number}@harbour-tea.example>\r\nMIME-Version: 1.0\r\nContent-Type: {content_type}\r\n"
    ).encode()


def text(octets):
    """One plain text of many lines."""
    line = b"Dear customer, your order 203-1234567-7654321 is on its way.\r\n"
    return head(octets, "text/plain; charset=us-ascii") + b"\r\n" + line * (octets // len(line))


def attachment(octets):
    """A short text and one PDF in base64."""
    start = base64.b64encode(b"%PDF-1.4\n" + NOISE[:48]) + b"\r\n"
    line = base64.b64encode(NOISE) + b"\r\n"
    part = (
        b'--b\r\nContent-Type: application/pdf; name="invoice.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="invoice.pdf"\r\n\r\n'
    )
    return _mixed(octets, [part + start + line * (octets // len(line))])


def parts(octets):
    """A short text and 90 PDFs."""
    start = base64.b64encode(b"%PDF-1.4\n" + NOISE[:48]) + b"\r\n"
    line = base64.b64encode(NOISE) + b"\r\n"
    each = (
        b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="i%d.pdf"\r\n\r\n'
    )
    return _mixed(octets, [each % n + start + line * (octets // 90 // len(line)) for n in range(90)])


def _mixed(octets, leaves):
    first = b"--b\r\nContent-Type: text/plain\r\n\r\nDear customer, here is your invoice.\r\n"
    return head(octets, 'multipart/mixed; boundary="b"') + b"\r\n" + first + b"".join(leaves) + b"--b--\r\n"


KINDS = {"text": text, "attachment": attachment, "parts": parts}


def cost(process_id):
    """CPU milliseconds so far, and peak megabytes since the last ``reset``."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")[2].split()
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process_id}/status").read_text())[1]
    return (int(fields[11]) + int(fields[12])) * TICK_MS, int(peak) / 1024


def reset(process_id):
    """Forgets the peak."""
    Path(f"/proc/{process_id}/clear_refs").write_text("5")


def worker_of(process_id):
    """The one worker."""
    (child,) = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return int(child)


async def measured(make, octets):
    """The reply, and what one mail costs process and worker: CPU milliseconds, and megabytes above an idle one."""
    hop, notices = await NextHop().start(), await NextHop().start()
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder), notices, {"tea": f"smtp://127.0.0.1:{hop.port}"}, faulty=False)
        _lift_limit(Path(folder) / "policies" / "tea.toml")
        await served.start()
        both = [served.process.pid, worker_of(served.process.pid)]
        await served.submit(make(20_000), [TO])
        await served.quiet()
        for each in both:
            reset(each)
        before = [cost(each) for each in both]
        reply = await served.submit(make(octets), [TO])
        await served.quiet()
        after = [cost(each) for each in both]
        await served.stop()
    await hop.stop()
    await notices.stop()
    return reply, [
        b - a for old, new in zip(before, after, strict=True) for a, b in zip(old, new, strict=True)
    ]


def _lift_limit(policy):
    """The marketplace's 10 MB would end what is to be measured."""
    text_ = policy.read_text("utf-8")
    policy.write_text(
        re.sub(r"max_message_octets = [\d_]+", "max_message_octets = 40_000_000", text_), "utf-8"
    )


async def run():
    """The table."""
    print(f"{'':12} MB reply | process: CPU ms, MB | worker: CPU ms, MB")
    for name, make in KINDS.items():
        found = {}
        for megabytes in SIZES_MB:
            reply, found[megabytes] = await measured(make, int(megabytes * 1_000_000 * 0.98))
            numbers = " ".join(f"{each:9.0f}" for each in found[megabytes])
            print(f"{name:12} {megabytes:2} {reply}   | {numbers}", flush=True)
        factors = (a / 25 / (b / 5) for a, b in zip(found[25], found[5], strict=True) if b)
        print(f"{name:12} factor   | " + " ".join(f"{each:9.2f}" for each in factors))


def main():
    """The command line."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    asyncio.run(run())


if __name__ == "__main__":
    main()
