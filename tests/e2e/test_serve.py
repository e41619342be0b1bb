"""`gateway serve` as a process: TLS, AUTH, the record, the console, the log, and its end."""

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
from pathlib import Path

import aiosmtplib
import httpx
import pytest
import trustme

from gateway.samples import load_samples

ROOT = Path(__file__).parents[2]
BUYER = "abc@marketplace.amazon.co.uk"
SELLER = "orders@harbour-tea.example"
PASSWORD = "correct horse battery staple"
SAMPLES = {sample.name: sample for sample in load_samples()}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Serving:
    """A gateway process, and what is needed to speak with it."""

    def __init__(self, folder, sink):
        self.folder = folder
        self.starttls, self.implicit, self.console = free_port(), free_port(), free_port()
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
        self.context = ssl.create_default_context()
        authority.configure_trust(self.context)
        self.config = folder / "gateway.toml"
        self.config.write_text(
            f'hostname = "gateway.example"\nstore = "sqlite:///{folder}/gateway.db"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self.starttls}"\n'
            f'[[listener]]\naddress = "127.0.0.1:{self.implicit}"\ntls = "implicit"\n'
            '[tls]\ncertificate = "cert.pem"\nkey = "key.pem"\n'
            f'[[route]]\nmarketplaces = ["amazon"]\nnext_hop = "smtp://127.0.0.1:{sink.port}"\n'
            f'[console]\naddress = "127.0.0.1:{self.console}"\n[workers]\ncount = 1\n'
        )

    async def command(self, *arguments, stdin=""):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            *arguments,
            "--config",
            str(self.config),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "COLUMNS": "200"},
        )
        out, err = await process.communicate(stdin.encode())
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def start(self):
        with (self.folder / "log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway", "serve", "--config", str(self.config), stdout=log, stderr=log
            )
        async with asyncio.timeout(20):
            while b'"started"' not in (self.folder / "log").read_bytes():
                assert self.process.returncode is None, (self.folder / "log").read_text()
                await asyncio.sleep(0.02)

    async def stop(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            return await self.process.wait()

    def log(self):
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]


@pytest.fixture
async def serving(tmp_path, sink):
    """A gateway process with the seller `tea`."""
    serving = Serving(tmp_path, sink)
    await serving.command("seller", "add", "tea", "--sender", SELLER, stdin=PASSWORD + "\n")
    await serving.start()
    yield serving
    await serving.stop()


LISTENERS = {"STARTTLS": ("starttls", {"start_tls": True}), "implicit TLS": ("implicit", {"use_tls": True})}


@pytest.mark.parametrize("listener, options", LISTENERS.values(), ids=LISTENERS)
async def test_mail_of_a_logged_in_seller_arrives(serving, sink, listener, options):
    """Over STARTTLS and implicit TLS, with AUTH, a mail is answered 250 and arrives."""
    client = aiosmtplib.SMTP(
        hostname="localhost", port=getattr(serving, listener), tls_context=serving.context, **options
    )
    async with client:
        await client.login("tea", PASSWORD)
        await client.sendmail(SELLER, [BUYER], SAMPLES["01-plain-answer"].octets)
    (received,) = await sink.wait_for(1)
    assert received.recipients == (BUYER,)


async def test_one_day_of_operation(serving, sink):
    """Wrong passwords, foreign senders, the record, the console, the log and the end of a process."""
    async with aiosmtplib.SMTP(
        hostname="localhost", port=serving.starttls, tls_context=serving.context, start_tls=True
    ) as client:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as wrong:
            await client.login("tea", "wrong password")
        assert wrong.value.code == 535
        with pytest.raises(aiosmtplib.SMTPSenderRefused):
            await client.sendmail(SELLER, [BUYER], b"Subject: x\r\n\r\nx")
        await client.login("tea", PASSWORD)
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as foreign:
            await client.sendmail("other@harbour-tea.example", [BUYER], SAMPLES["01-plain-answer"].octets)
        assert foreign.value.message.startswith("5.7.1")
        stranger = SAMPLES["01-plain-answer"].octets.replace(b"<orders@", b"<stranger@")
        with pytest.raises(aiosmtplib.SMTPDataError) as author:
            await client.sendmail(SELLER, [BUYER], stranger)
        assert (author.value.code, author.value.message[:5]) == (550, "5.7.1")
        await client.sendmail(SELLER, [BUYER], SAMPLES["04-signature-block"].octets)
    await sink.wait_for(1)
    listed = [json.loads(line) for line in (await serving.command("messages", "--json")).splitlines()]
    assert [each["verdict"] for each in listed] == ["strip", "reject"]
    only = await serving.command("messages", "--rule", "phone_number", "--since", "1h", "--json")
    assert json.loads(only)["id"] == listed[0]["id"]
    table = await serving.command("messages", "--seller", "tea")
    assert listed[0]["id"] in table
    shown = await serving.command("messages", "show", listed[0]["id"])
    assert "-Tel. +44 20 7946 0958" in shown
    assert "+Tel. [removed: phone number]" in shown
    assert "phone_number" in shown
    whole = json.loads(await serving.command("messages", "show", listed[1]["id"], "--json"))
    assert (whole["verdict"], whole["sent"]) == ("reject", None)
    assert "as received" in await serving.command("messages", "show", listed[1]["id"])
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.console}") as console:
        assert (await console.get("/healthz")).status_code == 200
        assert (await console.get("/readyz")).status_code == 200
        metrics = (await console.get("/metrics")).text
        assert 'gateway_messages_total{policy="amazon",verdict="strip"} 1.0' in metrics, metrics
    assert await serving.stop() == 0
    events = [line["event"] for line in serving.log()]
    assert {"started", "login_failed", "login_succeeded", "message_judged", "attempt_made", "stopped"} <= set(
        events
    )
    text = (serving.folder / "log").read_text()
    for secret in (PASSWORD, "wrong password", "7946", "anna.miller", "second cup", BUYER):
        assert secret not in text


async def test_a_second_process_over_the_same_store_does_not_start(serving):
    """Two processes of one name would send everything twice."""
    second = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        "serve",
        "--config",
        str(serving.config),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    _, err = await second.communicate()
    assert second.returncode == 2
    assert b"Traceback" not in err
    assert err.strip()


async def test_what_keeps_it_from_starting_is_a_sentence(tmp_path, sink):
    """A missing certificate, or a port that is taken, ends with 2 and one sentence."""
    serving = Serving(tmp_path, sink)
    with socket.create_server(("127.0.0.1", serving.starttls)):
        for change in ("port", "certificate"):
            if change == "certificate":
                (tmp_path / "cert.pem").unlink()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway",
                "serve",
                "--config",
                str(serving.config),
                stderr=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
            )
            _, err = await process.communicate()
            assert process.returncode == 2, err
            assert b"Traceback" not in err
            assert err.strip()
