"""Postfix as the seller's own mail server: it hands marketplace mail to the gateway, and bounces to the seller.

Its configuration, queue and log lie in a folder of the test; the system's Postfix, if there is one, is not touched.
``transport`` and ``main.cf`` are those of README.md, with what a test needs above them.
"""

import re
import shutil
import smtplib
import subprocess
from pathlib import Path

from .mails import Mail
from .site import PATIENCE_S, USER, Mode, Outcome, Site, free_port, wait_for

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = erp.harbour-tea.example
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_host_lookup = native
smtp_dns_support_level = disabled
message_size_limit = 50000000
header_size_limit = 1000000
bounce_size_limit = 2000

transport_maps = texthash:{folder}/transport
smtp_tls_security_level = may
smtp_tls_policy_maps = texthash:{folder}/tls_policy
smtp_tls_CAfile = {ca}
smtp_line_length_limit = 0
"""

_LOGIN = """\
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = texthash:{folder}/password
smtp_sasl_tls_security_options = noanonymous
smtp_sasl_mechanism_filter = {mechanism}
"""

_MASTER = """\
{port}     inet  n - n - - smtpd
pickup     unix  n - n 60 1 pickup
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
tlsmgr     unix  - - n - 1 tlsmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
verify     unix  - - n - 1 verify
flush      unix  n - n - 0 flush
smtp       unix  - - n - - smtp
relay      unix  - - n - - smtp
gateway    unix  - - n - - smtp -o smtp_tls_wrappermode=yes -o smtp_tls_security_level=secure
notices    unix  - - n - - smtp -o smtp_tls_security_level=none -o smtp_sasl_auth_enable=no
proxymap   unix  - - n - - proxymap
error      unix  - - n - - error
retry      unix  - - n - - error
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
postlog    unix-dgram n - n - 1 postlogd
"""

_MARKETPLACES = ("marketplace.amazon.co.uk", "marketplace.amazon.de")


def send(site: Site, mode: Mode, mail: Mail, password: str) -> Outcome:
    """Sends a mail by the instance for that way in."""
    return site.server((mode, password), lambda: Postfix(site, mode, password).start()).send(mail)


class Postfix:
    """One instance for one way in."""

    def __init__(self, site: Site, mode: Mode, password: str) -> None:
        self._site = site
        self._folder = site.folder / f"postfix-{free_port()}"
        self._port = free_port()
        for folder in (self._folder, self._folder / "queue", self._folder / "data"):
            folder.mkdir(mode=0o755)
        next_hop = f"[localhost]:{site.port(mode)}"
        transport = "gateway" if mode.tls == "implicit" else "smtp"
        routes = [f"{domain} {transport}:{next_hop}\n" for domain in _MARKETPLACES]
        routes += [f"harbour-tea.example notices:[127.0.0.1]:{site.sink.port}\n"]
        (self._folder / "transport").write_text("".join(routes))
        (self._folder / "password").write_text(f"{next_hop} {USER}:{password}\n")
        (self._folder / "password").chmod(0o600)
        level = "none" if mode.tls == "none" else "secure match=hostname"
        (self._folder / "tls_policy").write_text(f"{next_hop} {level}\n")
        (self._folder / "main.cf").write_text(
            _MAIN.format(folder=self._folder, ca=site.ca) + _settings(self._folder, mode)
        )
        (self._folder / "master.cf").write_text(_MASTER.format(port=self._port))
        _chown(self._folder / "data")

    def start(self) -> "Postfix":
        """It takes mail."""
        self._control("start")
        return self

    def stop(self) -> None:
        """It and all its processes end."""
        self._control("stop")

    def send(self, mail: Mail) -> Outcome:
        """Gives it a mail, and waits for what its log says, and for the notice if it could not be delivered."""
        options = ["BODY=8BITMIME"] if mail.cte == "8bit" else []
        options += ["SMTPUTF8"] if not mail.sender.isascii() else []
        options += ["RET=HDRS", "ENVID=QQ314159"] if mail.dsn else []
        notify = ["NOTIFY=SUCCESS,FAILURE"] if mail.dsn else []
        with smtplib.SMTP("127.0.0.1", self._port, timeout=PATIENCE_S) as smtp:
            smtp.ehlo("shop.harbour-tea.example")
            smtp.mail(mail.sender, options)
            for recipient in mail.recipients:
                smtp.rcpt(recipient, notify)
            code, reply = smtp.data(mail.octets())
        assert code == 250, reply
        queue_id = re.search(rb"queued as (\w+)", reply)[1].decode()
        lines = wait_for(lambda: self._settled(queue_id, len(mail.recipients)))
        words = "\n".join(lines)
        if "status=bounced" in words:
            words += self._notice(mail)
        return Outcome(is_sent=all("status=sent" in line for line in lines), words=words)

    def _notice(self, mail: Mail) -> str:
        """The notice in the seller's mailbox."""
        notice = wait_for(lambda: [each for each in self._site.taken(mail.token) if not each.reverse_path])[0]
        return notice.octets.decode("utf-8", "replace")

    def _settled(self, queue_id: str, recipients: int) -> list[str]:
        text = (self._folder / "mail.log").read_text("utf-8", "replace")
        found = [line for line in text.splitlines() if f" {queue_id}: " in line and " status=" in line]
        return found if len(found) >= recipients else []

    def _control(self, verb: str) -> None:
        done = subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self._folder), verb], capture_output=True, text=True, check=False
        )
        log = self._folder / "mail.log"
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")


def _settings(folder: Path, mode: Mode) -> str:
    login = _LOGIN.format(folder=folder, mechanism=mode.mechanism.lower()) if mode.mechanism else ""
    return login + ("" if mode.pipelining else "smtp_discard_ehlo_keywords = pipelining\n")


def _chown(folder: Path) -> None:
    shutil.chown(folder, "postfix")
