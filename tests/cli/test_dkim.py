"""`gateway dkim`, and what `gateway config check` says of keys."""

import contextlib
import re

import dns.rcode
import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.relay import published
from gateway.relay.dkim_record import record_name, record_text
from gateway.relay.keys import KeyFolder

pytestmark = pytest.mark.usefixtures("quick_keys")

SHOP = "seller.example"


class Site:
    """A configuration with keys beside it."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = KeyFolder(folder / "dkim")
        self.write()

    def write(self, more=""):
        text = f'hostname = "gw.example"\nstore = "sqlite:///{self.folder}/gateway.db"\n{more}'
        (self.folder / "gateway.toml").write_text(text)

    def run(self, *arguments, stdin=""):
        """Runs a command; what it prints, and the code it ends with."""
        with contextlib.chdir(self.folder):
            given = [*arguments, "--config", str(self.folder / "gateway.toml")]
            done = CliRunner().invoke(command, given, input=stdin, env={"COLUMNS": "200"})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def dkim(self, *arguments):
        return self.run("dkim", *arguments)

    def publish(self, zone, selector="gw1"):
        """Puts the records of a selector into DNS, as their zone lines have them."""
        for key in self.keys.load(SHOP, selector).keys:
            text = record_text(key)
            zone.records[record_name(key, SHOP)] = [
                " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
            ]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_add_prints_zone_lines(site):
    """`add` prints on standard output what belongs into the zone file, and nothing else."""
    done = site.dkim("add", "Seller.Example.", "--selector", "gw1")
    assert done.exit_code == 0
    records = re.findall(
        r"^(\S+)\. 3600 IN TXT \(\n((?: {4}\"[^\"]{1,255}\"\n)+)\)$", done.stdout, re.MULTILINE
    )
    assert [name for name, _ in records] == [f"gw1-rsa._domainkey.{SHOP}", f"gw1-ed25519._domainkey.{SHOP}"]
    assert "PRIVATE" not in done.output
    assert site.keys.active(SHOP) == "gw1"
    assert f"gateway dkim check {SHOP}" in done.stderr


def test_add_names_keys_by_the_day(site):
    """Without --selector the keys are named by the day they were made."""
    site.dkim("add", SHOP)
    assert re.fullmatch(r"gw20\d{6}", site.keys.active(SHOP))
    again = site.dkim("add", SHOP)
    assert again.exit_code == 2
    assert "exists already; choose another with --selector" in again.stderr


FAULTS = {
    "no domain": (["add", "seller"], '"seller": the domain must be a full domain name'),
    "no selector": (["add", SHOP, "--selector", "a.b"], 'selector "a.b"'),
    "nothing to check": (["check", SHOP], f"has no key in use; `gateway dkim add {SHOP}` makes one"),
    "no such selector to check": (["check", SHOP, "--selector", "gw9"], "has no key for selector gw9"),
    "nothing to use": (["use", SHOP, "gw9"], "has no key for selector gw9"),
    "nothing to retire": (["retire", SHOP, "gw9"], "has no selector gw9"),
}


@pytest.mark.parametrize("arguments, words", FAULTS.values(), ids=FAULTS)
def test_faults_end_with_2(site, arguments, words):
    """What cannot be done ends with 2 and a sentence."""
    done = site.dkim(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr


def test_check_agrees(site, txt_zone):
    """With both records in DNS, `check` names them good and ends with 0."""
    site.dkim("add", SHOP, "--selector", "gw1")
    site.publish(txt_zone)
    done = site.dkim("check", SHOP)
    assert done.stdout == (f"gw1-rsa._domainkey.{SHOP}: good\ngw1-ed25519._domainkey.{SHOP}: good\n")
    assert done.exit_code == 0


def test_check_asks_whom_the_gateway_asks(site, txt_zone, monkeypatch):
    """`check` asks the DNS servers of `delivery.dns`, where there are some, and not the system's."""
    site.write(f'[delivery]\ndns = ["127.0.0.1:{txt_zone.port}"]\n')
    site.dkim("add", SHOP, "--selector", "gw1")
    site.publish(txt_zone)
    assert site.dkim("check", SHOP).exit_code == 0
    txt_zone.records.clear()
    monkeypatch.setattr(published, "LOOKUP_SECONDS", 0.3)
    site.write('[delivery]\ndns = ["127.0.0.1:1"]\n')
    done = site.dkim("check", SHOP)
    assert (done.exit_code, "see delivery.dns" in done.output) == (2, True)


CHECKS = {
    "no record": (None, 1, "there is no record"),
    "revoked": (['"v=DKIM1; p="'], 1, "p= is empty"),
    "wrong key": (['"v=DKIM1; k=rsa; p=AAAA"'], 1, "another key"),
    "wrong kind": (['"v=DKIM1; k=ed25519; p=AAAA"'], 1, "k= is ed25519"),
    "several": (['"a=b"', '"c=d"'], 1, "there are 2 records"),
    "DNS fails": (dns.rcode.SERVFAIL, 2, "no answer from DNS"),
    "DNS is silent": ("SILENT", 2, "no answer from DNS"),
}


@pytest.mark.parametrize("answer, code, words", CHECKS.values(), ids=CHECKS)
def test_check_disagrees(site, txt_zone, monkeypatch, answer, code, words):
    """What is wrong with a record is named, with the record as it should be; a DNS that is silent is no verdict."""
    monkeypatch.setattr(published, "LOOKUP_SECONDS", 0.3)
    site.dkim("add", SHOP, "--selector", "gw1")
    site.publish(txt_zone)
    name = f"gw1-rsa._domainkey.{SHOP}"
    del txt_zone.records[name]
    if answer is not None:
        txt_zone.records[name] = answer
    done = site.dkim("check", SHOP)
    assert done.exit_code == code
    assert words in done.output
    assert (f"{name}. 3600 IN TXT (" in done.stdout) == (code == 1)


def test_rotation(site, txt_zone):
    """A second selector is used once DNS has it, and the first is then retired."""
    site.dkim("add", SHOP, "--selector", "gw1")
    added = site.dkim("add", SHOP, "--selector", "gw2")
    assert f"gateway dkim use {SHOP} gw2" in added.stderr
    early = site.dkim("use", SHOP, "gw2")
    assert (early.exit_code, site.keys.active(SHOP)) == (1, "gw1")
    assert "nothing changed" in early.stderr
    site.publish(txt_zone, "gw2")
    assert site.dkim("check", SHOP, "--selector", "gw2").exit_code == 0
    assert site.dkim("use", SHOP, "gw2").exit_code == 0
    refused = site.dkim("retire", SHOP, "gw2")
    assert refused.exit_code == 2
    assert "gw2 is in use" in refused.stderr
    assert site.dkim("retire", SHOP, "gw1").exit_code == 0
    listed = site.dkim("list").stdout
    assert "gw1" not in listed
    assert "in use" in listed
    assert site.dkim("retire", SHOP, "gw2", "--unsigned").exit_code == 0
    assert site.keys.active(SHOP) is None


def test_use_unchecked(site, txt_zone):
    """With --unchecked nobody asks DNS."""
    site.dkim("add", SHOP, "--selector", "gw1")
    site.dkim("add", SHOP, "--selector", "gw2")
    assert site.dkim("use", SHOP, "gw2", "--unchecked").exit_code == 0
    assert (site.keys.active(SHOP), txt_zone.asked) == ("gw2", [])


def test_list(site):
    """`list` shows every selector, and ends with 1 when one in use cannot be used."""
    assert site.dkim("list").exit_code == 0
    site.dkim("add", SHOP, "--selector", "gw1")
    site.dkim("add", SHOP, "--selector", "gw2")
    good = site.dkim("list")
    assert good.exit_code == 0
    assert re.search(r"gw2 +│ waits +│ rsa, ed25519", good.stdout)
    (site.keys.path / SHOP / "gw1-rsa.pem").write_text("nonsense")
    bad = site.dkim("list")
    assert bad.exit_code == 1
    assert "is no private key" in bad.stdout
    (site.keys.path / SHOP / "active").write_text("..")
    lost = site.dkim("list")
    assert lost.exit_code == 1
    assert "names no selector" in lost.stdout


def test_list_of_a_folder_that_cannot_be_read(site):
    """A folder that is none ends with 2."""
    site.keys.path.write_text("no folder")
    done = site.dkim("list")
    assert done.exit_code == 2
    assert "Not a directory" in done.stderr


def test_keys_may_lie_elsewhere(site):
    """`[dkim] keys` names the folder, from the configuration's own folder."""
    site.write('[dkim]\nkeys = "secrets/keys"\n')
    assert site.dkim("add", SHOP).exit_code == 2  # a folder is made, but not its parents
    (site.folder / "secrets").mkdir()
    assert site.dkim("add", SHOP).exit_code == 0
    assert KeyFolder(site.folder / "secrets" / "keys").domains() == [SHOP]


def warnings(site):
    done = site.run("config", "check")
    assert done.exit_code == 0
    found = [line for line in done.stderr.splitlines() if "dkim" in line]
    assert all(line.startswith("warning: ") for line in found)
    return found


def test_config_check_warns_of_unsigned_senders(site):
    """Each sender domain that goes to MX hosts without a key is named, once."""
    assert warnings(site) == []
    assert not (site.folder / "gateway.db").exists()
    site.run("seller", "add", "tea", "--sender", f"a@{SHOP}", "--sender", f"b@{SHOP}")
    site.run("seller", "add", "books", "--sender", "a@books.example")
    site.run("seller", "add", "gone", "--sender", "a@gone.example")
    site.run("seller", "disable", "gone")
    assert [re.search(r"mail from (\S+)", line)[1] for line in warnings(site)] == ["books.example", SHOP]
    assert f"run `gateway dkim add {SHOP}`" in warnings(site)[1]
    site.dkim("add", SHOP)
    assert [re.search(r"mail from (\S+)", line)[1] for line in warnings(site)] == ["books.example"]


def test_a_smarthost_may_sign(site, policies):
    """Where every marketplace has a next hop of its own, that one may sign, and nothing is said."""
    site.run("seller", "add", "tea", "--sender", f"a@{SHOP}")
    names = ", ".join(f'"{name}"' for name in policies)
    site.write(f'[[route]]\nmarketplaces = [{names}]\nnext_hop = "smtp://127.0.0.1:2526"\n')
    assert warnings(site) == []
    site.write(f'[[route]]\nmarketplaces = [{names}]\nnext_hop = "mx"\n')
    assert len(warnings(site)) == 1


def test_config_check_of_faulty_keys(site):
    """A key in use that cannot be used is a fault: mail of its domain would wait."""
    site.dkim("add", SHOP, "--selector", "gw1")
    path = site.keys.path / SHOP / "gw1-rsa.pem"
    path.chmod(0o644)
    assert f"{path}: others than its owner may read this key" in site.run("config", "check").stderr
    path.write_text("nonsense")
    done = site.run("config", "check")
    assert done.exit_code == 2
    assert "is no private key" in done.stderr
    for each in site.keys.path.rglob("*.*"):
        if each.is_file():
            each.unlink()
    (site.keys.path / SHOP / "active").unlink()
    (site.keys.path / SHOP).rmdir()
    site.keys.path.rmdir()
    site.keys.path.write_text("no folder")
    assert "Not a directory" in site.run("config", "check").stderr


def test_config_check_of_a_store_that_is_none(site):
    """A store that cannot be had is a fault."""
    (site.folder / "gateway.toml").write_text('store = "mysql://x"\n')
    assert site.run("config", "check").exit_code == 2
