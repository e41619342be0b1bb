"""The arguments of MAIL and RCPT, word by word.

What real clients send is taken: SIZE, BODY, SMTPUTF8, AUTH=, RET, ENVID, NOTIFY, ORCPT. Of these, AUTH= says nothing
we would believe, and BODY nothing we need: every mail is read as 8-bit and composed anew as 7-bit.

*Not here:* the grammar of an address (``mail/address``), whether it may be used (the handler).
*Source:* RFC 5321 section 4.1.2, RFC 1870 (SIZE), RFC 6152 (BODY), RFC 6531 (SMTPUTF8), RFC 4954 section 5 (AUTH=),
RFC 3461 section 4 (RET, ENVID, NOTIFY, ORCPT).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.mail.address import Address, parse_path
from gateway.mail.envelope import Recipient
from gateway.mail.errors import AddressError
from gateway.mail.reply import Reply
from gateway.smtp import replies
from gateway.smtp.replies import Refused

_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9-]+")

MAX_ENVID_CHARS = 100
"""Characters of ENVID (RFC 3461 section 4.4). Above it 501."""
MAX_ORCPT_CHARS = 500
"""Characters of ORCPT (RFC 3461 section 4.2). Above it 501."""
MAX_SIZE_DIGITS = 20
"""Digits of SIZE (RFC 1870 section 4): int() must not be given a novel. Above it 501."""

_NOTIFY_WHEN = {"SUCCESS", "FAILURE", "DELAY"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCommand:
    """What MAIL said.

    Attributes:
        reverse_path: ``None`` is the null reverse-path.
        size: Octets of the message as announced, 0 where nothing was.
        smtputf8: Whether addresses may hold non-ASCII (RFC 6531).
        ret: ``"FULL"``, ``"HDRS"`` or ``None``.
        envid: As given, or ``None``.
    """

    reverse_path: Address | None
    size: int = 0
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None


def parse_mail(argument: str, *, message_octets: int) -> MailCommand:
    """Read what stands behind ``MAIL``.

    Args:
        argument: ``"FROM:<a@b.example> SIZE=1000"``.
        message_octets: Largest message taken; a larger SIZE is refused here, before anything is sent.

    Raises:
        Refused: 501, 552 or 555 with a sentence that tells the mend.
    """
    path, parameters = _split(argument, "FROM:", _bad_sender)
    _check_known(parameters, {"SIZE", "BODY", "SMTPUTF8", "AUTH", "RET", "ENVID"})
    size = _size(parameters["SIZE"], message_octets) if "SIZE" in parameters else 0
    _check_body(parameters.get("BODY", "7BIT"))
    smtputf8 = "SMTPUTF8" in parameters
    if smtputf8 and parameters["SMTPUTF8"] is not None:
        raise _bad_parameter("SMTPUTF8 takes no value.")
    if "AUTH" in parameters and not parameters["AUTH"]:
        raise _bad_parameter("AUTH= takes <> or an address.")
    return MailCommand(
        reverse_path=_address(path, _bad_sender, smtputf8=smtputf8) if path else None,
        size=size,
        smtputf8=smtputf8,
        ret=_ret(parameters),
        envid=_envid(parameters),
    )


def parse_rcpt(argument: str, *, smtputf8: bool) -> Recipient:
    """Read what stands behind ``RCPT``: ``"TO:<a@b.example> NOTIFY=NEVER"``.

    Raises:
        Refused: 501 or 555 with a sentence that tells the mend.
    """
    path, parameters = _split(argument, "TO:", _bad_recipient)
    _check_known(parameters, {"NOTIFY", "ORCPT"})
    return Recipient(
        address=_address(path, _bad_recipient, smtputf8=smtputf8),
        notify=_notify(parameters),
        original=_orcpt(parameters),
    )


_Fault = Callable[[str], Refused]


def _bad_sender(sentence: str) -> Refused:
    return Refused(Reply(code=501, status="5.1.7", text=sentence))


def _bad_recipient(sentence: str) -> Refused:
    return Refused(Reply(code=501, status="5.1.3", text=sentence))


def _bad_parameter(sentence: str) -> Refused:
    return Refused(Reply(code=501, status="5.5.4", text=sentence))


def _split(argument: str, keyword: str, fault: _Fault) -> tuple[str, dict[str, str | None]]:
    """The path without its brackets, and the parameters by keyword in upper case."""
    verb = {"FROM:": "MAIL", "TO:": "RCPT"}[keyword]
    form = f"Write {verb} {keyword}<local@domain.example>"
    if not argument[: len(keyword)].upper() == keyword:
        raise _bad_parameter(f"{form}.")
    # RFC 5321 has no space behind the colon; Outlook and old scripts send one.
    text = argument[len(keyword) :].lstrip(" ")
    end = _end_of_path(text)
    if end < 0:
        raise fault(f"{form}, the address between < and >.")
    rest = text[end + 1 :]
    if rest and not rest.startswith(" "):
        raise _bad_parameter(f"{form}, then a space before parameters.")
    return text[1:end], _parameters(rest.split())


def _end_of_path(text: str) -> int:
    """Index of the ``>`` that ends the path at the start of ``text``, -1 where there is none.

    A quoted local part may hold ``>``: ``<"a>b"@c.example>`` must not be cut into another address.
    """
    if not text.startswith("<"):
        return -1
    is_quoted = is_escaped = False
    for at, character in enumerate(text):
        if is_escaped:
            is_escaped = False
        elif character == "\\":
            is_escaped = is_quoted
        elif character == '"':
            is_quoted = not is_quoted
        elif character == ">" and not is_quoted:
            return at
    return -1


def _parameters(words: list[str]) -> dict[str, str | None]:
    parameters: dict[str, str | None] = {}
    for word in words:
        name, equals, value = word.partition("=")
        keyword = name.upper()
        if not _KEYWORD.fullmatch(name):
            raise _bad_parameter("Write parameters as KEYWORD or KEYWORD=VALUE.")
        if keyword in parameters:
            raise _bad_parameter("A parameter is given twice.")
        parameters[keyword] = value if equals else None
    return parameters


def _check_known(parameters: Mapping[str, str | None], known: set[str]) -> None:
    if parameters.keys() - known:
        raise Refused(Reply(code=555, status="5.5.4", text="Parameter not known; use those that EHLO lists."))


def _size(value: str | None, message_octets: int) -> int:
    if value is None or not (value.isascii() and value.isdigit()) or len(value) > MAX_SIZE_DIGITS:
        raise _bad_parameter("SIZE takes a number of octets.")
    if int(value) > message_octets:
        raise Refused(replies.TOO_LARGE, counts=False)
    return int(value)


def _check_body(value: str | None) -> None:
    if value is None or value.upper() not in ("7BIT", "8BITMIME"):
        raise _bad_parameter("BODY takes 7BIT or 8BITMIME; BINARYMIME is not offered.")


def _ret(parameters: Mapping[str, str | None]) -> str | None:
    if "RET" not in parameters:
        return None
    value = (parameters["RET"] or "").upper()
    if value not in ("FULL", "HDRS"):
        raise _bad_parameter("RET takes FULL or HDRS.")
    return value


def _envid(parameters: Mapping[str, str | None]) -> str | None:
    if "ENVID" not in parameters:
        return None
    value = parameters["ENVID"] or ""
    if len(value) > MAX_ENVID_CHARS or not _XTEXT.fullmatch(value):
        raise _bad_parameter(f"ENVID takes xtext of up to {MAX_ENVID_CHARS} characters.")
    return value


def _notify(parameters: Mapping[str, str | None]) -> tuple[str, ...]:
    if "NOTIFY" not in parameters:
        return ()
    values = tuple((parameters["NOTIFY"] or "").upper().split(","))
    if values != ("NEVER",) and (not set(values) <= _NOTIFY_WHEN or len(set(values)) < len(values)):
        raise _bad_parameter("NOTIFY takes NEVER, or some of SUCCESS, FAILURE, DELAY.")
    return values


def _orcpt(parameters: Mapping[str, str | None]) -> str | None:
    if "ORCPT" not in parameters:
        return None
    value = parameters["ORCPT"] or ""
    kind, _, original = value.partition(";")
    is_valid = _ADDRESS_TYPE.fullmatch(kind) and original.isprintable() and original
    if not is_valid or len(value) > MAX_ORCPT_CHARS:
        raise _bad_parameter("ORCPT takes rfc822; and an address in xtext.")
    return value


def _address(path: str, fault: _Fault, *, smtputf8: bool) -> Address:
    try:
        return parse_path(path, smtputf8=smtputf8)
    except AddressError as error:
        raise fault(f"This address cannot be used: {error}.") from None
