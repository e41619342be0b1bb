"""The part of a delivery status notification that people read: which mail, which recipient, why, what to do."""

from typing import Final

from gateway.mail.report import Action, Notice, RecipientReport, Report

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
_ADVICE: Final = {
    "5.1": "Check the address. A marketplace gives each order its own, and closes it some time after.",
    "5.2": "The mailbox does not take mail at present. Reach the buyer through the marketplace's own pages.",
    "5.3": "The mail is more than the next system takes. Send it with fewer or smaller attachments.",
    "5.6": "The next system could not read the mail. Send it again as plain text.",
    "5.7": "The next system refused it. Its answer says why: change the mail or the sender, and send it again.",
    "5.4": "The next system could not be reached in time. Send it again; if that fails too, tell your administrator.",
}
_OUR_ADVICE: Final = "Change what the reason names, and send the mail again."
_OTHER_ADVICE: Final = "Send it again; if that fails too, give this notice to your administrator."


def worst_action(report: Report) -> Action:
    """The action that the notice is about: a failure before a delay before the rest."""
    order = tuple(Action)
    return min((recipient.action for recipient in report.recipients), key=order.index)


def human_text(report: Report, notice: Notice) -> str:
    r"""The words for the sender, ``\n`` line ends."""
    subject = " ".join(notice.subject.split())[:MAX_SUBJECT]
    lines = [
        f"This is an automatic notice from the mail gateway {report.reporting_mta}.",
        "",
        f"It is about your mail: {subject or '(no subject)'}",
    ]
    if report.arrived_at:
        lines.append(f"Taken by the gateway: {report.arrived_at:%Y-%m-%d %H:%M} UTC")
    for recipient in report.recipients:
        lines += ["", *_recipient_lines(recipient, is_ours=recipient.remote_mta == report.reporting_mta)]
    return "\n".join([*lines, ""])


def _recipient_lines(recipient: RecipientReport, *, is_ours: bool) -> list[str]:
    lines = [f"Recipient: {recipient.final}", f"Result: {_RESULTS[recipient.action]}"]
    if recipient.diagnostic and is_ours:
        lines.append(f"Reason: {recipient.diagnostic}")
    elif recipient.diagnostic:
        lines.append(f"Answer of {recipient.remote_mta or 'the next system'}: {recipient.diagnostic}")
    if recipient.action is Action.FAILED:
        advice = _OUR_ADVICE if is_ours else _ADVICE.get(recipient.status[:3], _OTHER_ADVICE)
        lines.append(f"What to do: {advice}")
    if recipient.action is Action.DELAYED:
        until = f" until {recipient.retry_until:%Y-%m-%d %H:%M} UTC" if recipient.retry_until else ""
        lines.append(f"What to do: nothing. It will be tried{until}, and you will be told if it fails.")
    return lines
