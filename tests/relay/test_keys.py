"""The folder of the DKIM keys."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from gateway.relay import keys as module
from gateway.relay.keys import KeyFault, KeyFolder, checked_domain

pytestmark = pytest.mark.usefixtures("quick_keys")

SHOP = "seller.example"


@pytest.fixture
def folder(tmp_path):
    return KeyFolder(tmp_path / "dkim")


def fault_of(work, *arguments):
    with pytest.raises(KeyFault) as caught:
        work(*arguments)
    return caught.value.sentence


def files(folder):
    return sorted(str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file())


def test_no_folder_is_no_key(folder):
    """A folder that is not there holds nothing, and reading it does not make it."""
    assert (folder.domains(), folder.in_use(), folder.state()) == ([], {}, ())
    assert not folder.path.exists()


def test_add_makes_two_keys_and_the_first_are_in_use(folder):
    """`add` makes an RSA and an Ed25519 key, in files that only their owner may read."""
    keys = folder.add(SHOP, "gw1")
    assert [(key.selector, key.algorithm) for key in keys.keys] == [
        ("gw1-rsa", "rsa"),
        ("gw1-ed25519", "ed25519"),
    ]
    assert keys.keys[0].private.key_size == 2048
    assert files(folder) == [f"{SHOP}/active", f"{SHOP}/gw1-ed25519.pem", f"{SHOP}/gw1-rsa.pem"]
    modes = {path.stat().st_mode & 0o777 for path in folder.path.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (folder.path, folder.path / SHOP)} == {0o700}
    assert folder.active(SHOP) == "gw1"
    assert folder.open_to_others() == []


def test_rotation(folder):
    """Later keys wait until they are used; the old ones stay until they are retired."""
    folder.add(SHOP, "gw1")
    folder.add(SHOP, "gw2")
    assert (folder.active(SHOP), folder.selectors(SHOP)) == ("gw1", ["gw1", "gw2"])
    folder.use(SHOP, "gw2")
    assert folder.in_use()[SHOP].keys[0].selector == "gw2-rsa"
    folder.retire(SHOP, "gw1")
    assert (folder.active(SHOP), folder.selectors(SHOP)) == ("gw2", ["gw2"])


def test_retiring_the_one_in_use_ends_signing(folder):
    """Without a selector in use the domain has no key, whatever files are left."""
    folder.add(SHOP, "gw1")
    folder.add(SHOP, "gw2")
    folder.retire(SHOP, "gw1")
    assert folder.active(SHOP) is None
    assert folder.in_use() == {}


def test_one_key_is_enough(folder):
    """A domain may be signed for with one algorithm only."""
    folder.add(SHOP, "gw1")
    (folder.path / SHOP / "gw1-ed25519.pem").unlink()
    assert [key.algorithm for key in folder.load(SHOP, "gw1").keys] == ["rsa"]


def test_what_is_no_domain_is_passed_over(folder):
    """Files and folders that are named as no domain is are not looked into."""
    folder.add(SHOP, "gw1")
    (folder.path / "README").write_text("x")
    (folder.path / ".git").mkdir()
    (folder.path / "Seller.example").mkdir()
    assert folder.domains() == [SHOP]


def pem(key, **options):
    encryption = options.get("encryption") or module.serialization.NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
BROKEN = {
    "empty": (b"", "is no private key in PEM"),
    "cut off": (pem(RSA)[:700], "is no private key in PEM"),
    "a certificate's words": (
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "is no private key in PEM",
    ),
    "public half": (
        RSA.public_key().public_bytes(Encoding.PEM, module.serialization.PublicFormat.SubjectPublicKeyInfo),
        "is no private key in PEM",
    ),
    "encrypted": (pem(RSA, encryption=BestAvailableEncryption(b"secret")), "is encrypted"),
    "another kind": (pem(Ed25519PrivateKey.generate()), "is no rsa key"),
    "a kind DKIM has not": (pem(ec.generate_private_key(ec.SECP256R1())), "is no rsa key"),
    "too big a file": (b"-" * 100_000, "is no private key in PEM"),
}


@pytest.mark.parametrize("octets, words", BROKEN.values(), ids=BROKEN)
def test_a_file_that_holds_no_key(folder, octets, words):
    """A key file that cannot be used is a fault that names it, and never shows what is in it."""
    folder.add(SHOP, "gw1")
    path = folder.path / SHOP / "gw1-rsa.pem"
    path.write_bytes(octets)
    sentence = fault_of(folder.load, SHOP, "gw1")
    assert sentence.startswith(f"{path}: {words}")
    assert folder.in_use()[SHOP].sentence == sentence


@pytest.mark.parametrize("bits", [1024, 4096])
def test_other_sizes_are_used(folder, bits, monkeypatch):
    """RSA keys of 1024 to 4096 bits are what verifiers take."""
    monkeypatch.setattr(module, "RSA_BITS", bits)
    assert folder.add(SHOP, "gw1").keys[0].private.key_size == bits


def test_a_size_that_no_verifier_takes(folder, monkeypatch):
    """A key that is too big for verifiers is a fault."""
    monkeypatch.setattr(module, "MAX_RSA_BITS", 1024)
    assert "2048 bits" in fault_of(folder.add, SHOP, "gw1")


NAMES = {
    "dot": "a.b",
    "capital": "Gw1",
    "empty": "",
    "way out of the folder": "../gw1",
    "hyphen at the end": "gw1-",
    "too long": "a" * 55,
    "line end": "gw1\n",
}


@pytest.mark.parametrize("selector", NAMES.values(), ids=NAMES)
def test_selectors(folder, selector):
    """A selector is one label of small letters, digits and hyphens, and never a path."""
    assert "selector" in fault_of(folder.add, SHOP, selector)
    assert not folder.path.exists()


def test_the_name_in_dns_has_to_fit(folder):
    """A domain of 240 characters leaves no room for a selector."""
    domain = ".".join(["a" * 60] * 3 + ["b" * 50, "example"])
    assert "choose a shorter one" in fault_of(folder.add, domain, "gw20261124")


DOMAINS = {
    "as it is": (SHOP, SHOP),
    "capitals and dot": ("Seller.EXAMPLE.", SHOP),
    "U-label": ("bücher.example", "xn--bcher-kva.example"),
}


@pytest.mark.parametrize("text, domain", DOMAINS.values(), ids=DOMAINS)
def test_domains(text, domain):
    """A domain is written in one way only: as composing writes it."""
    assert checked_domain(text) == domain


@pytest.mark.parametrize(
    "text", ["", "seller", "a/b.example", "..", "../x.example", "[192.0.2.1]", "a@b.example"]
)
def test_not_domains(text):
    """What is no domain names no folder."""
    assert "write it as seller.example" in fault_of(checked_domain, text)


def test_faults_of_the_active_file(folder):
    """`active` that names nothing, or keys that are not there, is a fault and not a domain without a key."""
    folder.add(SHOP, "gw1")
    active = folder.path / SHOP / "active"
    active.write_text("../../etc/passwd\n")
    assert "names no selector" in fault_of(folder.active, SHOP)
    active.write_text("gw9\n")
    assert "has no key for selector gw9" in folder.in_use()[SHOP].sentence


def test_what_there_is_not(folder):
    """Selectors that are not there can be neither used nor retired, and none is made twice."""
    folder.add(SHOP, "gw1")
    assert "has no key for selector gw9" in fault_of(folder.use, SHOP, "gw9")
    assert 'selector "../x"' in fault_of(folder.use, SHOP, "../x")
    assert "has no selector gw9" in fault_of(folder.retire, SHOP, "gw9")
    assert "exists already" in fault_of(folder.add, SHOP, "gw1")


def test_state_changes_with_every_change(folder):
    """New keys, another selector, other permissions and what is left after retiring look different."""
    seen = [folder.state()]
    for work in (
        lambda: folder.add(SHOP, "gw1"),
        lambda: folder.add(SHOP, "gw2"),
        lambda: folder.use(SHOP, "gw2"),
        lambda: (folder.path / SHOP / "gw2-rsa.pem").chmod(0o640),
        lambda: folder.retire(SHOP, "gw1"),
    ):
        work()
        seen.append(folder.state())
        assert seen[-1] == folder.state()
    assert len(set(seen)) == len(seen)
    assert folder.open_to_others() == [folder.path / SHOP / "gw2-rsa.pem"]


def test_a_file_in_place_of_the_folder(folder):
    """What cannot be listed, read or written is a fault with the system's reason."""
    folder.path.write_text("x")
    assert "Not a directory" in fault_of(folder.domains)
    assert "Not a directory" in fault_of(folder.add, SHOP, "gw1")
    folder.path.unlink()
    folder.add(SHOP, "gw1")
    (folder.path / SHOP / "gw1-rsa.pem").unlink()
    (folder.path / SHOP / "gw1-rsa.pem").mkdir()
    assert "Is a directory" in fault_of(folder.load, SHOP, "gw1")


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_disk_that_fails_leaves_what_was(folder, monkeypatch, step):
    """A change that cannot be written is told, and the selector in use is as it was."""
    folder.add(SHOP, "gw1")
    folder.add(SHOP, "gw2")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((Path, "replace", fail) if step == "replace" else (os, "fsync", fail)))
    assert "No space left on device" in fault_of(folder.use, SHOP, "gw2")
    assert folder.active(SHOP) == "gw1"


def test_root_gives_keys_to_the_owner_of_the_folder(folder, tmp_path, monkeypatch):
    """`sudo gateway dkim add` makes keys that the gateway's own user can read."""
    given = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, uid, gid: given.append((path, uid, gid)))
    folder.add(SHOP, "gw1")
    owner = (tmp_path.stat().st_uid, tmp_path.stat().st_gid)
    assert {(uid, gid) for _, uid, gid in given} == {owner}
    assert {path.name.removesuffix(f".{os.getpid()}") for path, *_ in given} == {
        *("dkim", SHOP, ".active"),
        *(".gw1-rsa.pem", ".gw1-ed25519.pem"),
    }


def test_a_key_is_never_overwritten(folder, monkeypatch):
    """Of two commands that make the same selector at once, the second fails, and the first one's keys stay."""
    folder.add(SHOP, "gw1")
    before = (folder.path / SHOP / "gw1-rsa.pem").read_bytes()
    monkeypatch.setattr(KeyFolder, "selectors", lambda *_: [])
    assert "File exists" in fault_of(folder.add, SHOP, "gw1")
    assert (folder.path / SHOP / "gw1-rsa.pem").read_bytes() == before
    assert not [name for name in files(folder) if "/." in name]
