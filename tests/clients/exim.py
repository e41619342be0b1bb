"""Exim as the seller's own mail server, run from an unpacked Debian package: it cannot be installed beside Postfix.

``TEST_EXIM`` names the binary (``.ci/clients`` unpacks it). Its user is that of the package and need not
exist: libnss_wrapper shows it one.
"""

import os
import shutil
from pathlib import Path

from .mails import Mail
from .site import USER, Mode, Outcome, Site, free_port, run

BINARY = os.environ.get("TEST_EXIM", "")
_UID = 65_321
_PASSWD = f"root:x:0:0:root:/root:/bin/sh\nDebian-exim:x:{_UID}:{_UID}::/nonexistent:/usr/sbin/nologin\n"
_GROUP = f"root:x:0:\nDebian-exim:x:{_UID}:\n"

_CONFIGURATION = """\
exim_path = {binary}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = erp.harbour-tea.example
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
disable_ipv6
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
message_size_limit = 50M
acl_smtp_rcpt = accept
untrusted_set_sender = *
deliver_drop_privilege
bounce_return_body = false
bounce_return_message = false

begin routers
notices:
  driver = manualroute
  domains = harbour-tea.example
  route_list = * 127.0.0.1::{sink_port} byname
  self = send
  transport = notices
gateway:
  driver = manualroute
  domains = marketplace.amazon.co.uk : marketplace.amazon.de
  route_list = * localhost::{port} byname
  self = send
  transport = gateway

begin transports
notices:
  driver = smtp
  hosts_avoid_tls = *
gateway:
  driver = smtp
{transport}

begin retry
* * F,1h,15m

begin authenticators
{authenticator}
"""

_AUTHENTICATORS = {
    "": "",
    "PLAIN": "plain:\n  driver = plaintext\n  public_name = PLAIN\n  client_send = ^{user}^{password}\n",
    "LOGIN": "login:\n  driver = plaintext\n  public_name = LOGIN\n  client_send = : {user} : {password}\n",
}


def send(site: Site, mode: Mode, mail: Mail, password: str) -> Outcome:
    """Gives it a mail over SMTP on standard input, delivers it in the foreground, and reads its log."""
    folder = _folder(site, mode, password)
    env = {
        "LD_PRELOAD": "libnss_wrapper.so",
        "NSS_WRAPPER_PASSWD": str(folder / "passwd"),
        "NSS_WRAPPER_GROUP": str(folder / "group"),
    }
    done = run(BINARY, "-C", str(folder / "exim.conf"), "-bs", "-odf", stdin=_dialogue(mail), env=env)
    log = (folder / "log" / "mainlog").read_text("utf-8", "replace")
    sent = sum(
        line.split()[3] in {"=>", "->"} and "R=gateway" in line
        for line in log.splitlines()
        if len(line.split()) > 3
    )
    return Outcome(is_sent=sent == len(mail.recipients), words=f"{done.words}\n{log}")


def _dialogue(mail: Mail) -> bytes:
    options = " BODY=8BITMIME" if mail.cte == "8bit" else ""
    options += " SMTPUTF8" if not mail.sender.isascii() else ""
    options += " RET=HDRS ENVID=QQ314159" if mail.dsn else ""
    notify = " NOTIFY=SUCCESS,FAILURE" if mail.dsn else ""
    commands = ["EHLO shop.harbour-tea.example", f"MAIL FROM:<{mail.sender}>{options}"]
    commands += [f"RCPT TO:<{recipient}>{notify}" for recipient in mail.recipients]
    head = "".join(f"{command}\r\n" for command in [*commands, "DATA"]).encode()
    stuffed = b"".join(
        b"." + line if line.startswith(b".") else line for line in mail.octets().splitlines(keepends=True)
    )
    return head + stuffed + b".\r\nQUIT\r\n"


def _folder(site: Site, mode: Mode, password: str) -> Path:
    folder = site.folder / f"exim-{free_port()}"
    for each in (folder, folder / "spool", folder / "log"):
        each.mkdir(mode=0o755)
        shutil.chown(each, _UID, _UID)
    (folder / "passwd").write_text(_PASSWD)
    (folder / "group").write_text(_GROUP)
    authenticator = _AUTHENTICATORS[mode.mechanism].format(user=USER, password=_escaped(password))
    configuration = _CONFIGURATION.format(
        binary=BINARY,
        folder=folder,
        port=site.port(mode),
        sink_port=site.sink.port,
        transport=_transport(site, mode),
        authenticator=authenticator,
    )
    (folder / "exim.conf").write_text(configuration)
    return folder


def _transport(site: Site, mode: Mode) -> str:
    lines = ["multi_domain", "message_linelength_limit = 65536"]
    if mode.tls == "none":
        lines += ["hosts_avoid_tls = *"]
    else:
        lines += ["hosts_require_tls = *", f"tls_verify_certificates = {site.ca}", "tls_verify_hosts = *"]
        lines += ["tls_verify_cert_hostnames = *"]
    if mode.tls == "implicit":
        lines += ["protocol = smtps"]
    if mode.mechanism:
        lines += ["hosts_require_auth = *"]
    if not mode.pipelining:
        lines += ["hosts_avoid_pipelining = *"]
    return "\n".join(f"  {line}" for line in lines)


def _escaped(password: str) -> str:
    """In Exim's lists a colon and a caret part, and a dollar and a backslash begin something."""
    return password.replace("\\", "\\\\").replace("$", "\\$").replace(":", "::").replace("^", "^^")


def lacks() -> str:
    """What is missing to run it, or nothing."""
    if not BINARY:
        return "TEST_EXIM names no binary of Exim"
    return "" if os.geteuid() == 0 else "Exim starts as root only"
