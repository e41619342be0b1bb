"""Which programs there are, and what each of them can."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import exim, postfix, programs
from .mails import Mail
from .site import Mode, Outcome, Site, have

HERE = Path(__file__).parent
PHPMAILER = "/usr/share/php/libphp-phpmailer/autoload.php"
NODE_MODULES = "/usr/share/nodejs"

ALWAYS = ("plain", "STARTTLS, AUTH PLAIN", "STARTTLS, AUTH LOGIN", "implicit TLS")
BOTH = (*ALWAYS, "plain, no pipelining", "STARTTLS, AUTH PLAIN, no pipelining")


@dataclass(frozen=True, kw_only=True)
class Client:
    """A program.

    Attributes:
        send: Sends a mail: site, way in, mail, password.
        lacks: What is missing on this machine, or ``""``.
        modes: Ways in that it has; pipelining is a choice of few, the others always or never do it.
        can: ``file`` (sends a file as it is), ``dsn``, ``envid``, ``utf8``.
    """

    send: Callable[[Site, Mode, Mail, str], Outcome]
    lacks: str = ""
    modes: tuple[str, ...] = ALWAYS
    can: frozenset[str] = frozenset()


def _lacks(package: str, *programs: str, files: tuple[str, ...] = ()) -> str:
    is_there = have(*programs) and all(Path(file).exists() for file in files)
    return "" if is_there else f"Debian's {package} is not installed"


def _lacks_postfix() -> str:
    if os.geteuid() != 0:
        return "Postfix starts as root only"
    return _lacks("postfix", "postfix")


CLIENTS = {
    "smtplib": Client(send=programs.python_smtplib, can=frozenset({"file", "utf8", "dsn", "envid"})),
    "curl": Client(send=programs.curl, lacks=_lacks("curl", "curl"), can=frozenset({"file", "utf8"})),
    "swaks": Client(
        send=programs.swaks,
        lacks=_lacks("swaks with libnet-ssleay-perl", "swaks", files=("/usr/share/doc/libnet-ssleay-perl",)),
        modes=BOTH,
        can=frozenset({"file"}),
    ),
    "msmtp": Client(send=programs.msmtp, lacks=_lacks("msmtp", "msmtp"), can=frozenset({"file", "dsn"})),
    "PHPMailer": Client(
        send=programs.composed(["php", str(HERE / "phpmailer.php")], {}),
        lacks=_lacks("libphp-phpmailer with php-cli", "php", files=(PHPMAILER,)),
        can=frozenset({"dsn"}),
    ),
    "Nodemailer": Client(
        send=programs.composed(["node", str(HERE / "nodemailer.js")], {"NODE_PATH": NODE_MODULES}),
        lacks=_lacks("node-nodemailer", "node", files=(f"{NODE_MODULES}/nodemailer",)),
        can=frozenset({"dsn", "envid", "utf8"}),
    ),
    "Postfix": Client(
        send=postfix.send, lacks=_lacks_postfix(), modes=BOTH, can=frozenset({"dsn", "envid", "utf8"})
    ),
    "Exim": Client(send=exim.send, lacks=exim.lacks(), modes=BOTH, can=frozenset({"dsn", "envid", "utf8"})),
}
