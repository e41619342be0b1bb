"""One command line: what is a command at all, which verb it has.

*Not here:* what the verbs do (``dialogue``), their arguments (``parameters``).
*Limits:* ``limits.COMMAND_OCTETS``, ``limits.LONG_COMMAND_OCTETS``.
*Source:* RFC 5321 sections 2.3.8, 4.1.1, 4.5.3.1.4.
"""

from gateway.smtp import replies
from gateway.smtp.limits import COMMAND_OCTETS, LONG_COMMAND_OCTETS
from gateway.smtp.replies import Refused

NOT_OFFERED = frozenset(
    {"EXPN", "HELP", "TURN", "ETRN", "ATRN", "SEND", "SOML", "SAML", "XCLIENT", "XFORWARD"}
)
"""Verbs of SMTP that have no place at a submission server."""

FOREIGN = frozenset({"BDAT", "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PROXY", "PUT"})
"""Verbs whose next octets are no commands: the chunk of BDAT, the header section of an HTTP request that a web page
made a browser send here. They end the connection, or their content would be carried out as commands."""


def read_command(line: bytes) -> tuple[str, str]:
    """Verb in upper case, and argument without surrounding spaces (``""`` where there is none).

    Args:
        line: With its line end.

    Raises:
        Refused: Not ended by CRLF (closes the connection), too long, not UTF-8, or with control characters.
    """
    text = read_line(line)
    verb, _, argument = text.partition(" ")
    verb = verb.upper()
    if len(line) > LONG_COMMAND_OCTETS.get(verb, COMMAND_OCTETS):
        raise Refused(replies.COMMAND_TOO_LONG)
    return verb, argument.strip(" ")


def read_line(line: bytes) -> str:
    """The characters of a line the client must have ended with CRLF. Raises ``Refused``."""
    if not line.endswith(b"\r\n"):
        # Ended by a bare LF: what its sender saw as the inside of a line could be a command to us.
        raise Refused(replies.BARE_LINE_FEED, closes=True)
    try:
        text = line[:-2].decode()
    except UnicodeDecodeError:
        raise Refused(replies.NOT_A_COMMAND) from None
    if not text or not text.isprintable():
        raise Refused(replies.NOT_A_COMMAND)
    return text
