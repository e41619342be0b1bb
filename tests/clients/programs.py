"""Mail clients that a person or a shop runs: each takes a mail, a way in and a password, and says what came of it."""

import contextlib
import io
import json
import smtplib
import ssl
from collections.abc import Callable, Iterable

from .mails import Mail
from .site import USER, Mode, Outcome, Site, run


def python_smtplib(site: Site, mode: Mode, mail: Mail, password: str) -> Outcome:
    """What Odoo, Django and most Python programs use."""
    context = ssl.create_default_context(cafile=str(site.ca))
    port = site.port(mode)
    secure = mode.tls == "implicit"
    words = io.StringIO()
    with contextlib.redirect_stderr(words):
        smtp = (
            smtplib.SMTP_SSL("localhost", port, context=context)
            if secure
            else smtplib.SMTP("localhost", port)
        )
        with smtp:
            smtp.set_debuglevel(1)
            try:
                _smtplib_send(smtp, context, mode, mail, password)
            except smtplib.SMTPException as error:
                return Outcome(is_sent=False, words=f"{words.getvalue()}{error}")
    return Outcome(is_sent=True, words=words.getvalue())


def _smtplib_send(smtp: smtplib.SMTP, context: ssl.SSLContext, mode: Mode, mail: Mail, password: str) -> None:
    if mode.tls == "starttls":
        smtp.starttls(context=context)
    smtp.ehlo()
    if mode.mechanism:
        smtp.user, smtp.password = USER, password
        smtp.auth(mode.mechanism, getattr(smtp, f"auth_{mode.mechanism.lower()}"))
    options = ["BODY=8BITMIME"] if mail.cte == "8bit" else []
    options += ["SMTPUTF8"] if not mail.sender.isascii() else []
    options += ["RET=HDRS", "ENVID=QQ314159"] if mail.dsn else []
    # Of bytes, smtplib doubles a dot after a lone LF, which no server takes out again: it is for text to be so ended.
    content = mail.octets() if mail.line_end == "\r\n" else mail.octets().decode()
    notify = ["NOTIFY=SUCCESS,FAILURE"] if mail.dsn else []
    smtp.sendmail(mail.sender, list(mail.recipients), content, options, notify)


def curl(site: Site, mode: Mode, mail: Mail, password: str) -> Outcome:
    """What shell scripts use, and programs on top of libcurl."""
    scheme = "smtps" if mode.tls == "implicit" else "smtp"
    arguments = ["--verbose", "--url", f"{scheme}://localhost:{site.port(mode)}/erp.harbour-tea.example"]
    arguments += ["--cacert", str(site.ca), "--mail-from", mail.sender, "--upload-file", "-"]
    arguments += [part for recipient in mail.recipients for part in ("--mail-rcpt", recipient)]
    if mode.tls == "starttls":
        arguments.append("--ssl-reqd")
    if mode.mechanism:
        arguments += ["--user", f"{USER}:{password}", "--login-options", f"AUTH={mode.mechanism}"]
    return run("curl", "--silent", "--show-error", *arguments, stdin=mail.octets())


def swaks(site: Site, mode: Mode, mail: Mail, password: str) -> Outcome:
    """The administrator's tool; it can pipeline."""
    path = site.folder / f"{mail.token}.eml"
    path.write_bytes(mail.octets())
    arguments = ["--server", "localhost", "--port", str(site.port(mode)), "--from", mail.sender]
    arguments += ["--to", ",".join(mail.recipients), "--data", f"@{path}", "--timeout", "60"]
    arguments += ["--ehlo", "erp.harbour-tea.example"]
    if mode.tls != "none":
        arguments += ["--tls-on-connect"] if mode.tls == "implicit" else ["--tls"]
        arguments += ["--tls-verify", "--tls-ca-path", str(site.ca)]
    if mode.mechanism:
        arguments += ["--auth", mode.mechanism, "--auth-user", USER, "--auth-password", password]
    if mode.pipelining:
        arguments += ["--pipeline"]
    return run("swaks", *arguments)


def msmtp(site: Site, mode: Mode, mail: Mail, password: str) -> Outcome:
    """The ``sendmail`` of small servers; it takes the mail with the line ends of its system."""
    secret = site.folder / f"{mail.token}.password"
    secret.write_text(password)
    arguments = [
        "--file=",
        "--host=localhost",
        f"--port={site.port(mode)}",
        f"--from={mail.sender}",
        "--debug",
    ]
    arguments += ["--domain=erp.harbour-tea.example", "--set-from-header=off", "--set-date-header=off"]
    if mode.tls == "none":
        arguments += ["--tls=off"]
    else:
        arguments += ["--tls=on", f"--tls-trust-file={site.ca}"]
        arguments += [f"--tls-starttls={'off' if mode.tls == 'implicit' else 'on'}"]
    if mode.mechanism:
        arguments += [f"--auth={mode.mechanism.lower()}", f"--user={USER}", f"--passwordeval=cat {secret}"]
    if mail.dsn:
        arguments += ["--dsn-notify=success,failure", "--dsn-return=headers"]
    return run("msmtp", *arguments, "--", *mail.recipients, stdin=mail.octets())


def composed(program: Iterable[str], env: dict[str, str]) -> Callable[[Site, Mode, Mail, str], Outcome]:
    """A library that composes the mail itself: its script gets all it needs as JSON."""

    def send(site: Site, mode: Mode, mail: Mail, password: str) -> Outcome:
        path = None
        if mail.attachment is not None:
            path = site.folder / mail.attachment[0]
            path.write_bytes(mail.attachment[1])
        order = {
            "port": site.port(mode),
            "tls": mode.tls,
            "mechanism": mode.mechanism,
            "ca": str(site.ca),
            "user": USER,
            "password": password,
            "from": mail.sender,
            "to": mail.recipients,
            "subject": mail.subject,
            "text": mail.text,
            "attachment": str(path) if path is not None else None,
            "dsn": mail.dsn,
            "eight_bit": mail.cte == "8bit",
        }
        return run(*program, stdin=json.dumps(order).encode(), env=env)

    return send
