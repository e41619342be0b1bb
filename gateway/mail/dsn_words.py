"""What people read in a notice: which mail, which recipient, why, what to do."""

from typing import Final, NamedTuple

from gateway.mail.cause import Cause
from gateway.mail.report import EXPIRED_STATUS, Action, Notice, RecipientReport, Report

MAX_SUBJECT: Final = 100
"""Characters of the subject that are repeated: enough to know the mail by."""

SUBJECTS: Final = {
    Action.FAILED: "Your mail could not be delivered",
    Action.DELAYED: "Your mail is not delivered yet",
    Action.DELIVERED: "Your mail was delivered",
    Action.RELAYED: "Your mail was handed on",
    Action.EXPANDED: "Your mail was handed on",
}
_RESULTS: Final = {
    Action.FAILED: "It could not be delivered and will not be tried again.",
    Action.DELAYED: "It could not be delivered yet. The gateway goes on trying by itself.",
    Action.DELIVERED: "It was delivered.",
    Action.RELAYED: "It was handed on to a system that sends no receipts.",
    Action.EXPANDED: "It was handed on to several recipients.",
}
_EXPIRED: Final = "It could not be delivered in the time there was, and will not be tried again."


class Words(NamedTuple):
    """A cause in plain words: what is the matter, and what its seller can do."""

    matter: str
    advice: str


_ADMINISTRATOR: Final = (
    "There is nothing to change in the mail: give this notice to the administrator of the gateway."
)
_AGAIN: Final = "Send it again; if that fails too, give this notice to your administrator."

CAUSES: Final[dict[Cause, Words]] = {
    Cause.SENDER_NOT_APPROVED: Words(
        "The next system does not take mail from this sender address.",
        "Send from the address that is registered with the marketplace, or have this one approved there (for each of "
        "its countries), and send the mail again.",
    ),
    Cause.SENDER_UNAUTHENTICATED: Words(
        "The next system could not make sure that the mail is really from your domain (SPF, DKIM, DMARC).",
        "Ask your administrator to let the gateway sign for your domain, then send the mail again.",
    ),
    Cause.UNKNOWN_RECIPIENT: Words(
        "There is no such recipient, or not any more.",
        "Check the address. A marketplace gives each order its own, and closes it some time after.",
    ),
    Cause.RECIPIENT_OPTED_OUT: Words(
        "The buyer has chosen not to get such mail.",
        "Answer on the thread of the buyer's own message, or use the marketplace's own pages; do not send this one "
        "again.",
    ),
    Cause.MAILBOX_FULL: Words(
        "The recipient's mailbox is full.",
        "Send it again in a day or two, or reach the buyer through the marketplace's own pages.",
    ),
    Cause.POLICY_REFUSED: Words(
        "The next system refused what the mail says or holds.",
        "Its answer says why: change the mail, and send it again.",
    ),
    Cause.REVIEW_REFUSED: Words(
        "The gateway held the mail for a person to look at, and it was refused.",
        "Ask the administrator of the gateway for the reason, change the mail, and send it again.",
    ),
    Cause.ACCOUNT_RESTRICTED: Words(
        "The marketplace does not let your account send such mail at present.",
        "Look at the notices in your seller account; sending the mail again does not help before that is settled.",
    ),
    Cause.TOO_LARGE: Words(
        "The mail is larger than the next system takes.", "Send it with fewer or smaller attachments."
    ),
    Cause.NOT_SUPPORTED: Words(
        "The next system cannot carry or read the mail as it is.",
        "Send it again as plain text, from and to addresses without special letters.",
    ),
    Cause.NO_SUCH_DOMAIN: Words(
        "The domain of the address is not there, or takes no mail.",
        "Check the part of the address after the @.",
    ),
    Cause.GREYLISTED: Words("The next system puts off mail from senders that it does not know yet.", _AGAIN),
    Cause.RATE_LIMITED: Words(
        "The next system takes no more mail for now: too much came in a short time.",
        "Send fewer mails at a time, and this one again later.",
    ),
    Cause.NEXT_HOP_BUSY: Words(
        "The next system could take no mail: it is overloaded or has a fault.", _AGAIN
    ),
    Cause.GATEWAY_REFUSED: Words("The next system takes no mail from this gateway.", _ADMINISTRATOR),
    Cause.LOGIN_REFUSED: Words("The next system did not accept the gateway's login.", _ADMINISTRATOR),
    Cause.TLS_FAILED: Words(
        "No connection to the next system could be made that is encrypted as it must be.", _ADMINISTRATOR
    ),
    Cause.DNS_FAILED: Words("The domain of the address could not be looked up.", _AGAIN),
    Cause.MAIL_LOOP: Words("The mail would have come back to this gateway.", _ADMINISTRATOR),
    Cause.UNREACHABLE: Words("The next system could not be reached.", _AGAIN),
    Cause.CONNECTION_LOST: Words("The connection to the next system broke each time.", _AGAIN),
    Cause.PROTOCOL_ERROR: Words(
        "The next system answered in a way that is no mail dialogue.", _ADMINISTRATOR
    ),
    Cause.OUR_FAULT: Words("The gateway itself has a fault.", _ADMINISTRATOR),
    Cause.OTHER: Words("", _AGAIN),
}
_OUR_ADVICE: Final = "Change what the reason names, and send the mail again."


def worst_action(report: Report) -> Action:
    """The action that the notice is about: a failure before a delay before the rest."""
    order = tuple(Action)
    return min((recipient.action for recipient in report.recipients), key=order.index)


def human_text(report: Report, notice: Notice) -> str:
    r"""The words for the sender, ``\n`` line ends."""
    subject = one_line(notice.subject)
    lines = [
        f"This is an automatic notice from the mail gateway {report.reporting_mta}.",
        "",
        f"It is about your mail: {subject or '(no subject)'}",
    ]
    if report.arrived_at:
        lines.append(f"Taken by the gateway: {report.arrived_at:%Y-%m-%d %H:%M} UTC")
    if report.message:
        lines.append(f"Its number at the gateway: {report.message}")
    for recipient in report.recipients:
        lines += ["", *_recipient_lines(recipient, is_ours=recipient.remote_mta == report.reporting_mta)]
    return "\n".join([*lines, ""])


def one_line(subject: str) -> str:
    """A subject in one short line, without signs that nobody sees or that turn the line round."""
    visible = "".join(c if c.isprintable() else " " for c in subject[: MAX_SUBJECT * 4])
    return " ".join(visible.split())[:MAX_SUBJECT]


def _recipient_lines(recipient: RecipientReport, *, is_ours: bool) -> list[str]:
    is_expired = recipient.action is Action.FAILED and recipient.status == EXPIRED_STATUS
    lines = [
        f"Recipient: {recipient.final}",
        f"Result: {_EXPIRED if is_expired else _RESULTS[recipient.action]}",
    ]
    words = CAUSES[recipient.cause or Cause.OTHER]
    if recipient.diagnostic and is_ours:
        lines.append(f"Reason: {recipient.diagnostic}")
    elif words.matter and recipient.action in {Action.FAILED, Action.DELAYED}:
        lines.append(f"Reason: {words.matter}")
    if recipient.diagnostic and not is_ours:
        lines.append(f"Answer of {recipient.remote_mta or 'the next system'}: {recipient.diagnostic}")
    if recipient.action is Action.FAILED:
        lines.append(f"What to do: {_OUR_ADVICE if is_ours else words.advice}")
    if recipient.action is Action.DELAYED:
        until = f" until {recipient.retry_until:%Y-%m-%d %H:%M} UTC" if recipient.retry_until else ""
        lines.append(f"What to do: nothing. It will be tried{until}, and you will be told if it fails.")
    return lines
