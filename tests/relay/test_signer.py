"""Which mail is signed, with what, and what happens when it cannot be."""

import asyncio
import json
from datetime import UTC, datetime

import dkim
import pytest

from gateway.mail.delivery import TemporaryFailure
from gateway.relay import signer as module
from gateway.relay.dkim_record import record_name, record_text
from gateway.relay.keys import KeyFault, KeyFolder
from gateway.relay.signer import Signer

pytestmark = pytest.mark.usefixtures("quick_keys")

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHOP = "seller.example"
MAIL = b"From: orders@seller.example\r\nTo: abc@relay.example\r\nMIME-Version: 1.0\r\n\r\nHello\r\n"


@pytest.fixture
def folder(tmp_path):
    return KeyFolder(tmp_path / "dkim")


@pytest.fixture
def signer(folder, log_lines):
    """Makes a signer over the folder as it is then."""
    return lambda: Signer(folder, clock=lambda: NOW)


def events(log_lines):
    return [json.loads(line) for line in log_lines.getvalue().splitlines()]


def selectors(octets):
    """The selectors of the signatures before a mail."""
    section = octets[: octets.index(b"\r\n\r\n")].replace(b"\r\n ", b" ")
    fields = [line for line in section.split(b"\r\n") if line.startswith(b"DKIM-Signature:")]
    return [field.partition(b" s=")[2].partition(b";")[0].decode() for field in fields]


def verifies(octets, keys):
    zone = {f"{record_name(key, keys.domain)}.".encode(): record_text(key).encode() for key in keys.keys}

    def look_up(name, timeout=5):
        return zone.get(name)

    return [dkim.DKIM(octets).verify(idx=at, dnsfunc=look_up) for at in range(len(selectors(octets)))]


async def test_mail_of_a_domain_with_keys_is_signed_with_both(folder, signer):
    """RSA first, which every verifier knows, then Ed25519; the mail itself is not touched."""
    keys = folder.add(SHOP, "gw1")
    signed = await signer().signed(MAIL)
    assert selectors(signed) == ["gw1-rsa", "gw1-ed25519"]
    assert signed.endswith(b"\r\n" + MAIL)
    assert verifies(signed, keys) == [True, True]


UNSIGNED = {
    "another domain": MAIL.replace(b"seller.example", b"other.example"),
    "a domain below": MAIL.replace(b"@seller.example", b"@mail.seller.example"),
    "a domain above": MAIL.replace(b"@seller.example", b"@example.example"),
    "no author": MAIL.replace(b"From:", b"Reply-To:"),
    "two authors": b"From: a@other.example\r\n" + MAIL,
}


@pytest.mark.parametrize("octets", UNSIGNED.values(), ids=UNSIGNED)
async def test_other_mail_goes_as_it_is(folder, signer, octets):
    """Without a key for the very domain of the one author, the octets are the same."""
    folder.add(SHOP, "gw1")
    assert await signer().signed(octets) is octets


async def test_without_keys_nothing_is_read(signer):
    """A gateway without keys does not even look for the author."""
    assert await signer().signed(b"\xff") == b"\xff"


async def test_large_mail_is_signed_in_a_thread(folder, signer, monkeypatch):
    """Above a limit the work is done beside the event loop, with the same result."""
    keys = folder.add(SHOP, "gw1")
    used = []

    async def to_thread(work, *arguments):
        used.append(work)
        return work(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", to_thread)
    large = MAIL + b"Hello again\r\n" * (module.INLINE_OCTETS // 13)
    assert verifies(await signer().signed(large), keys) == [True, True]
    assert len(used) == 1
    await signer().signed(MAIL)
    assert len(used) == 1


async def test_signed_is_what_goes_over_the_wire(folder, signer):
    """Line ends that sending would put right are put right first: they are what is verified."""
    keys = folder.add(SHOP, "gw1")
    stray = MAIL.replace(b"Hello\r\n", b"Hello\nyou")
    signed = await signer().signed(stray)
    assert signed.endswith(b"Hello\r\nyou\r\n")
    assert verifies(signed, keys) == [True, True]


async def test_a_key_that_cannot_be_used_keeps_the_mail_here(folder, signer, log_lines):
    """Mail of a domain whose key is faulty from the start waits, and the log says why; other mail goes."""
    folder.add(SHOP, "gw1")
    folder.add("other.example", "gw1")
    (folder.path / SHOP / "gw1-rsa.pem").write_bytes(b"nonsense")
    signs = signer()
    result = await signs.signed(MAIL)
    assert isinstance(result, TemporaryFailure)
    assert "gw1-rsa.pem: is no private key" in result.reply
    assert selectors(await signs.signed(UNSIGNED["another domain"])) == ["gw1-rsa", "gw1-ed25519"]
    found = [(each["event"], each.get("domain")) for each in events(log_lines)]
    assert found == [("dkim_keys_refused", SHOP), ("dkim_keys_loaded", None), ("signature_failed", SHOP)]


async def test_a_bug_keeps_the_mail_here(folder, signer, monkeypatch, log_lines):
    """Whatever goes wrong in signing, the mail is not sent unsigned, and nothing of it is logged."""
    folder.add(SHOP, "gw1")

    def fail(*_):
        raise RuntimeError("words of the mail")

    monkeypatch.setattr(module, "signatures", fail)
    result = await signer().signed(MAIL)
    assert isinstance(result, TemporaryFailure)
    fault = events(log_lines)[-1]
    assert (fault["event"], fault["where"]) == ("fault", "relay")
    assert fault["incident"] in result.reply
    assert b"words" not in log_lines.getvalue()


async def test_changes_are_followed(folder, signer):
    """New keys, rotation and retirement count from the next look on, without a restart."""
    signs = signer()
    folder.add(SHOP, "gw1")
    signs.reload_if_changed()
    assert selectors(await signs.signed(MAIL)) == ["gw1-rsa", "gw1-ed25519"]
    folder.add(SHOP, "gw2")
    folder.use(SHOP, "gw2")
    signs.reload_if_changed()
    assert selectors(await signs.signed(MAIL)) == ["gw2-rsa", "gw2-ed25519"]
    folder.retire(SHOP, "gw2")
    signs.reload_if_changed()
    assert await signs.signed(MAIL) == MAIL


async def test_a_faulty_file_keeps_the_old_key(folder, signer, log_lines):
    """A key that becomes unreadable while in use stays in use; the log says so once, and once it is mended."""
    folder.add(SHOP, "gw1")
    signs = signer()
    path = folder.path / SHOP / "gw1-rsa.pem"
    good = path.read_bytes()
    path.write_bytes(b"nonsense")
    for _ in range(3):
        signs.reload_if_changed()
    assert selectors(await signs.signed(MAIL)) == ["gw1-rsa", "gw1-ed25519"]
    path.write_bytes(good)
    signs.reload_if_changed()
    found = [(each["event"], each.get("domains")) for each in events(log_lines)]
    assert found == [
        ("dkim_keys_loaded", 1),
        ("dkim_keys_refused", None),
        ("dkim_keys_loaded", 0),
        ("dkim_keys_loaded", 1),
    ]


async def test_a_folder_that_is_gone_keeps_all_keys(folder, signer, log_lines):
    """An unmounted disk must not make signed mail unsigned."""
    folder.add(SHOP, "gw1")
    signs = signer()
    folder.path.rename(folder.path.with_name("elsewhere"))
    for _ in range(3):
        signs.reload_if_changed()
    assert selectors(await signs.signed(MAIL)) == ["gw1-rsa", "gw1-ed25519"]
    assert [each["event"] for each in events(log_lines)] == ["dkim_keys_loaded", "dkim_keys_refused"]


async def test_a_folder_that_cannot_be_read(folder, signer, log_lines):
    """At the start it is a fault, since nobody knows whose mail to sign; later, all stays as it was."""
    folder.path.write_text("no folder")
    with pytest.raises(KeyFault):
        signer()
    folder.path.unlink()
    signs = signer()
    folder.path.write_text("no folder")
    signs.reload()
    assert events(log_lines)[-1]["event"] == "dkim_keys_refused"
    assert await signs.signed(MAIL) == MAIL


async def test_the_watch_goes_on_after_a_bug(folder, signer, monkeypatch, log_lines):
    """The task that follows the folder survives what it does not expect."""
    looked = asyncio.Event()
    signs, answers = signer(), [RuntimeError("x"), None]

    def look():
        answer = answers.pop(0) if answers else None
        if answer is not None:
            raise answer
        loop.call_soon_threadsafe(looked.set)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(module, "WATCH_S", 0)
    monkeypatch.setattr(signs, "reload_if_changed", look)
    watching = asyncio.create_task(signs.watch())
    await looked.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert ("fault", "reload") in [(each["event"], each.get("where")) for each in events(log_lines)]
