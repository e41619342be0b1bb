"""Every reply the submission server gives on its own, in one place.

House rules: each one but 220, 221-less greetings and the lines of EHLO carries an enhanced status code (RFC 2034);
none repeats what the client said; each tells the mend where there is one.

*Not here:* replies to a mail's content (``filter``, ``intake``).
*Source:* RFC 5321 section 4.2, RFC 3463, RFC 4954 section 6, RFC 3207 section 4.
"""

import secrets

from gateway.mail.reply import Reply
from gateway.ops import events


def _reply(code: int, status: str, text: str) -> Reply:
    return Reply(code=code, status=status, text=text)


# 2yz, 3yz
BYE = _reply(221, "2.0.0", "Bye.")
DONE = _reply(250, "2.0.0", "Done.")
SENDER_TAKEN = _reply(250, "2.1.0", "Sender accepted.")
RECIPIENT_TAKEN = _reply(250, "2.1.5", "Recipient accepted.")
LOGGED_IN = _reply(235, "2.7.0", "Logged in.")
WILL_NOT_SAY = _reply(252, "2.5.2", "Addresses are not verified; send RCPT to find out.")
READY_FOR_TLS = _reply(220, "2.0.0", "Ready to start TLS.")
SEND_DATA = _reply(354, "", "Send the message, end with <CRLF>.<CRLF>")

# 421: each closes the connection
IDLE = _reply(421, "4.4.2", "Nothing was heard for too long, closing.")
STOPPING = _reply(421, "4.3.2", "The gateway is stopping, connect again later.")
CROWDED = _reply(421, "4.3.2", "Too many connections, connect again later.")
CROWDED_PEER = _reply(421, "4.7.0", "Too many connections from your address, close some first.")
CROWDED_LOGIN = _reply(421, "4.7.0", "Too many connections with this login, close some first.")
TOO_SLOW = _reply(421, "4.4.2", "The message comes too slowly, send it again over a faster connection.")
TOO_MANY_FAILURES = _reply(
    421,
    "4.7.0",
    "Too many failed logins from your address, check username and password and wait some minutes.",
)
TOO_MANY_LOGINS = _reply(421, "4.7.0", "Too many failed logins, check username and password.")
TOO_MANY_COMMANDS = _reply(421, "4.7.0", "Too many commands in one session, connect again.")
TOO_MANY_ERRORS = _reply(421, "4.7.0", "Too many faulty commands, closing.")
TOO_MANY_MESSAGES = _reply(421, "4.7.0", "Too many messages in one session, connect again.")
INJECTED = _reply(421, "4.7.0", "Commands came in clear behind STARTTLS; wait for the reply before going on.")

# 451, 452
FULL_HANDS = _reply(
    452, "4.3.1", "The gateway has too much mail in hand at the moment, send this one again in a minute."
)
TOO_MANY_RECIPIENTS = _reply(452, "4.5.3", "Too many recipients, send the rest in another message.")

# Syntax and order
UNKNOWN_COMMAND = _reply(500, "5.5.1", "Command not recognised.")
NOT_A_COMMAND = _reply(500, "5.5.2", "A command is printable characters without control characters.")
BARE_LINE_FEED = _reply(500, "5.5.2", "Lines must end with CRLF, closing.")
COMMAND_TOO_LONG = _reply(500, "5.5.6", "Command line too long.")
NOT_OFFERED = _reply(502, "5.5.1", "Command not offered.")
NO_ARGUMENT_WANTED = _reply(501, "5.5.4", "This command takes no argument.")
NAME_WANTED = _reply(501, "5.5.4", "Give your host name: EHLO host.example")
EHLO_FIRST = _reply(503, "5.5.1", "Send EHLO first.")
MAIL_FIRST = _reply(503, "5.5.1", "Send MAIL first.")
NESTED_MAIL = _reply(503, "5.5.1", "A message is under way; finish it or send RSET.")
NO_RECIPIENTS = _reply(554, "5.5.1", "No valid recipients.")

# Size
TOO_LARGE = _reply(
    552, "5.3.4", "The message is larger than this gateway takes; the EHLO line SIZE tells how much."
)
LINE_TOO_LONG = _reply(
    552, "5.3.4", "A line of the message is longer than 65536 octets; encode it as base64."
)

# TLS and AUTH
TLS_FIRST = _reply(530, "5.7.0", "Send STARTTLS first.")
TLS_FIRST_FOR_AUTH = _reply(538, "5.7.11", "Passwords are taken over TLS only; send STARTTLS first.")
TLS_ACTIVE = _reply(503, "5.5.1", "TLS is active already.")
LOGIN_FIRST = _reply(530, "5.7.0", "Log in first.")
LOGGED_IN_BEFORE = _reply(503, "5.5.1", "Already logged in.")
UNKNOWN_MECHANISM = _reply(504, "5.5.4", "Mechanism not offered; use PLAIN or LOGIN.")
AUTH_SYNTAX = _reply(501, "5.5.4", "Write AUTH PLAIN or AUTH LOGIN, with one initial response at most.")
AUTH_CANCELLED = _reply(501, "5.7.0", "Login cancelled.")
AUTH_UNREADABLE = _reply(501, "5.5.2", "The response is not base64 of what the mechanism asks for.")
WRONG_PASSWORD = _reply(535, "5.7.8", "Wrong username or password.")


def too_many(what: str, whose: str, per_hour: int) -> Reply:
    """A rate is used up: ``too_many("messages", "with this login", 100)``."""
    return _reply(451, "4.7.1", f"Over {per_hour} {what} an hour {whose}, send the rest later.")


def fault(exception: BaseException) -> Reply:
    """Record our own fault, and say to the client no more than an incident id (never the exception's text)."""
    incident = secrets.token_hex(4)
    events.fault(incident=incident, where="smtp", exception=exception)
    return _reply(451, "4.3.0", f"The gateway failed, try again later. Incident {incident}.")


class Refused(Exception):  # noqa: N818 - not an error of ours, an answer
    """Control flow inside ``smtp/``: the command at hand is answered with this reply.

    Attributes:
        reply: What to answer.
        closes: Whether the connection ends with it; every 421 does (RFC 5321 section 3.8).
        counts: Whether it is the client's fault, and counts towards ``bad_commands``.
    """

    def __init__(self, reply: Reply, *, closes: bool = False, counts: bool = True) -> None:
        super().__init__(str(reply))
        self.reply = reply
        self.closes = closes or reply.code == IDLE.code
        self.counts = counts
