"""From a next hop's reply to the cause of a failure: three tables, from the telling to the vague.

Words come first: ``550 5.7.1`` is all things to all people, and the sentence after it is not. Then the enhanced status,
then what a bare code means at its place in the dialogue.
A new reply that is seen in the field goes into a table here and into the one of ``tests/relay/test_causes.py``.

*Not here:* whether a failure is permanent (``answer.py``).
*Source:* RFC 3463, RFC 7372 and the IANA registry of enhanced status codes; RFC 5321 section 4.2.2; facts/policy.md 2
for Amazon's refusals; the texts of Postfix, Exim, Exchange, Gmail and Outlook.com.
"""

from typing import Final, Literal, TypeAlias

from gateway.mail.cause import Cause

Stage: TypeAlias = Literal["greeting", "EHLO", "TLS", "AUTH", "MAIL", "RCPT", "DATA", "final dot"]
"""Where in the dialogue a reply came."""

WORDS: Final[tuple[tuple[Cause, tuple[str, ...]], ...]] = (
    (Cause.RECIPIENT_OPTED_OUT, ("opted out", "opted-out", "opt out", "has unsubscribed")),
    (
        Cause.ACCOUNT_RESTRICTED,
        ("account is restricted", "account restricted", "restricted from", "account is suspended"),
    ),
    (
        Cause.SENDER_UNAUTHENTICATED,
        ("dmarc", "dkim", "spf", "unauthenticated email", "unauthenticated mail", "sender id"),
    ),
    (
        Cause.SENDER_NOT_APPROVED,
        (
            *("approved sender", "sender is not approved", "sender not approved", "unapproved sender"),
            *(
                "not authorized to send",
                "not authorised to send",
                "unauthorized sender",
                "not allowed to send",
            ),
            *("sender address is not registered", "sender not registered", "sender is not registered"),
            *("sender address rejected", "sender rejected", "sender denied", "sender verify failed"),
        ),
    ),
    (Cause.GREYLISTED, ("greylist", "graylist", "grey list", "gray list", "grey-list", "postgrey")),
    (
        Cause.RATE_LIMITED,
        (
            *("rate limit", "ratelimit", "rate-limit", "throttl", "too many", "too fast", "unusual rate"),
            *("exceeded the rate", "sending limit", "daily limit", "quota for sending", "slow down"),
        ),
    ),
    (
        Cause.MAILBOX_FULL,
        (
            *(
                "mailbox full",
                "mailbox is full",
                "over quota",
                "overquota",
                "quota exceeded",
                "exceeded quota",
            ),
            *("out of storage", "mailbox size limit", "mailfolder is full", "exceeded storage allocation"),
        ),
    ),
    (
        Cause.TOO_LARGE,
        (
            *("message too large", "message size exceeds", "exceeds size limit", "message is too big"),
            *("message file too big", "exceeds the maximum", "size limit exceeded", "too large"),
        ),
    ),
    (
        Cause.UNKNOWN_RECIPIENT,
        (
            *("user unknown", "unknown user", "no such user", "no such recipient", "no such address"),
            *(
                "unknown recipient",
                "recipient unknown",
                "user not found",
                "mailbox not found",
                "does not exist",
            ),
            *(
                "no mailbox",
                "mailbox unavailable",
                "mailbox disabled",
                "invalid recipient",
                "unknown address",
            ),
            *("account has been disabled", "recipient not found", "unrouteable address"),
        ),
    ),
    (
        Cause.GATEWAY_REFUSED,
        (
            *(
                "relay access denied",
                "relaying denied",
                "unable to relay",
                "not permitted to relay",
                "relay denied",
            ),
            *("relay not permitted", "blocked using", "blocklist", "block list", "blacklist", "black list"),
            *("spamhaus", "client host rejected", "bad reputation", "poor reputation", "low reputation"),
            *("reverse dns", "ptr record", "helo command rejected", "ip address is not allowed"),
        ),
    ),
    (
        Cause.POLICY_REFUSED,
        (
            *("spam", "virus", "malware", "phish", "message rejected", "message content", "content rejected"),
            *("guideline", "prohibited", "violat", "attachment", "policy"),
        ),
    ),
)
"""Words in lower case, the first row that holds one of them counts."""

STATUSES: Final[dict[str, Cause]] = {
    "1.0": Cause.UNKNOWN_RECIPIENT,
    "1.1": Cause.UNKNOWN_RECIPIENT,
    "1.2": Cause.NO_SUCH_DOMAIN,
    "1.3": Cause.UNKNOWN_RECIPIENT,
    "1.6": Cause.UNKNOWN_RECIPIENT,
    "1.7": Cause.SENDER_NOT_APPROVED,
    "1.8": Cause.SENDER_NOT_APPROVED,
    "1.10": Cause.NO_SUCH_DOMAIN,
    "2.1": Cause.UNKNOWN_RECIPIENT,
    "2.2": Cause.MAILBOX_FULL,
    "2.3": Cause.TOO_LARGE,
    "3.0": Cause.NEXT_HOP_BUSY,
    "3.1": Cause.NEXT_HOP_BUSY,
    "3.2": Cause.NEXT_HOP_BUSY,
    "3.3": Cause.NOT_SUPPORTED,
    "3.4": Cause.TOO_LARGE,
    "4.1": Cause.NEXT_HOP_BUSY,
    "4.2": Cause.NEXT_HOP_BUSY,
    "4.3": Cause.NEXT_HOP_BUSY,
    "4.5": Cause.NEXT_HOP_BUSY,
    "4.6": Cause.MAIL_LOOP,
    "5.1": Cause.PROTOCOL_ERROR,
    "5.2": Cause.PROTOCOL_ERROR,
    "5.3": Cause.RATE_LIMITED,
    "5.4": Cause.PROTOCOL_ERROR,
    "6.0": Cause.NOT_SUPPORTED,
    "6.1": Cause.NOT_SUPPORTED,
    "6.2": Cause.NOT_SUPPORTED,
    "6.3": Cause.NOT_SUPPORTED,
    "6.7": Cause.NOT_SUPPORTED,
    "6.9": Cause.NOT_SUPPORTED,
    "7.1": Cause.POLICY_REFUSED,
    "7.2": Cause.POLICY_REFUSED,
    "7.7": Cause.POLICY_REFUSED,
    "7.8": Cause.LOGIN_REFUSED,
    "7.9": Cause.LOGIN_REFUSED,
    "7.10": Cause.TLS_FAILED,
    "7.11": Cause.LOGIN_REFUSED,
    "7.12": Cause.LOGIN_REFUSED,
    "7.20": Cause.SENDER_UNAUTHENTICATED,
    "7.21": Cause.SENDER_UNAUTHENTICATED,
    "7.22": Cause.SENDER_UNAUTHENTICATED,
    "7.23": Cause.SENDER_UNAUTHENTICATED,
    "7.24": Cause.SENDER_UNAUTHENTICATED,
    "7.25": Cause.GATEWAY_REFUSED,
    "7.26": Cause.SENDER_UNAUTHENTICATED,
    "7.27": Cause.SENDER_UNAUTHENTICATED,
    "7.28": Cause.RATE_LIMITED,
}
"""Subject and detail of an enhanced status; the class does not matter here, but for the rows of ``PUT_OFF``."""

PUT_OFF: Final[dict[str, Cause]] = {
    "7.0": Cause.RATE_LIMITED,
    "7.1": Cause.GREYLISTED,
    "2.0": Cause.GREYLISTED,
    "2.1": Cause.GREYLISTED,
    "1.0": Cause.GREYLISTED,
    "1.1": Cause.GREYLISTED,
}
"""What a status of class 4 means at RCPT, where it means something else: it puts off and does not refuse."""

CODES: Final[dict[tuple[int, Stage | None], Cause]] = {
    (421, None): Cause.NEXT_HOP_BUSY,
    (450, "RCPT"): Cause.GREYLISTED,
    (451, "RCPT"): Cause.GREYLISTED,
    (450, None): Cause.NEXT_HOP_BUSY,
    (451, None): Cause.NEXT_HOP_BUSY,
    (452, "RCPT"): Cause.RATE_LIMITED,
    (452, None): Cause.NEXT_HOP_BUSY,
    (454, None): Cause.TLS_FAILED,
    (500, None): Cause.PROTOCOL_ERROR,
    (501, None): Cause.PROTOCOL_ERROR,
    (502, None): Cause.PROTOCOL_ERROR,
    (503, None): Cause.PROTOCOL_ERROR,
    (504, None): Cause.PROTOCOL_ERROR,
    (530, None): Cause.LOGIN_REFUSED,
    (534, None): Cause.LOGIN_REFUSED,
    (535, None): Cause.LOGIN_REFUSED,
    (538, None): Cause.LOGIN_REFUSED,
    (550, "MAIL"): Cause.SENDER_NOT_APPROVED,
    (550, "RCPT"): Cause.UNKNOWN_RECIPIENT,
    (550, None): Cause.POLICY_REFUSED,
    (551, None): Cause.UNKNOWN_RECIPIENT,
    (552, "RCPT"): Cause.MAILBOX_FULL,
    (552, None): Cause.TOO_LARGE,
    (553, "MAIL"): Cause.SENDER_NOT_APPROVED,
    (553, None): Cause.UNKNOWN_RECIPIENT,
    (554, None): Cause.POLICY_REFUSED,
    (556, None): Cause.NO_SUCH_DOMAIN,
}
"""Code and stage, ``None`` for any other stage; what is not here is ``OTHER``."""

_BEFORE_MAIL: Final[dict[Stage, Cause]] = {
    "greeting": Cause.GATEWAY_REFUSED,
    "EHLO": Cause.GATEWAY_REFUSED,
    "TLS": Cause.TLS_FAILED,
    "AUTH": Cause.LOGIN_REFUSED,
}
"""What a refusal before MAIL blames, whatever its words; a 4yz blames the moment, but for TLS."""


def cause_of(code: int, status: str, text: str, stage: Stage) -> Cause:
    """The cause that a negative reply names.

    Args:
        code: Reply code.
        status: Enhanced status code, ``""`` where the reply has none.
        text: Its words.
        stage: What it answers.
    """
    if stage in _BEFORE_MAIL:
        is_busy = 400 <= code < 500 and stage != "TLS"  # noqa: PLR2004 - RFC 5321 section 4.2.1
        return Cause.NEXT_HOP_BUSY if is_busy else _BEFORE_MAIL[stage]
    words = text.lower()
    for cause, phrases in WORDS:
        if any(phrase in words for phrase in phrases):
            return cause
    kind, _, detail = status.partition(".")
    if kind == "4" and stage == "RCPT" and detail in PUT_OFF:
        return PUT_OFF[detail]
    named = STATUSES.get(detail)
    if named is Cause.NEXT_HOP_BUSY and code >= 500:  # noqa: PLR2004 - busy for good is nobody; some send 5.3.0 for all
        named = None
    return named or CODES.get((code, stage)) or CODES.get((code, None), Cause.OTHER)
