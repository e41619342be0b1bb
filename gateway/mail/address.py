"""Addresses: of the envelope (RFC 5321 paths) and of header fields (RFC 5322 address lists).

House rules: one spelling of an address is enough. Source routes, ``%`` and ``!`` routing, address literals
and quoted ``@`` only ever served to make two programs disagree about where a mail goes (adversary cases S08,
S09), so none of them is an address here. A domain is compared as A-labels in lower case without a trailing dot.
Not here: which addresses are taken (``policy/``, ``rules/``).
Source: RFC 5321 section 4.1.2, RFC 6531, RFC 5891, RFC 5322 section 3.4.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import idna

from gateway.mail.errors import AddressError, AmbiguityError
from gateway.mail.lexical import Kind, Token, tokens
from gateway.mail.words import decode_words

MAX_LOCAL_OCTETS: Final = 64
"""RFC 5321 section 4.5.3.1.1, quotes included; longer local parts are refused."""
MAX_ADDRESS_OCTETS: Final = 254
"""RFC 5321 section 4.5.3.1.3 less the angle brackets; longer addresses are refused."""
MAX_LABEL_OCTETS: Final = 63
"""RFC 1035 section 2.3.4; longer labels are refused."""

_DOT_ATOM: Final = re.compile(r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+(?:\.[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+)*")
_QUOTED: Final = re.compile(r'"((?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*)"@(.*)', re.DOTALL)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox.

    Attributes:
        local: Local part, quoting removed, case kept.
        domain: A-labels, lower case, no trailing dot.
    """

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{_local_form(self.local)}@{self.domain}"

    @property
    def folded(self) -> "Address":
        """For comparing: RFC 5321 section 2.4 lets local parts differ in case alone, and nobody makes use of it."""
        return Address(self.local.lower(), self.domain)

    @property
    def is_ascii(self) -> bool:
        """Whether any mail system can carry it; the others need SMTPUTF8 (RFC 6531)."""
        return self.local.isascii()


class Mailbox(NamedTuple):
    """One entry of an address list.

    Attributes:
        display_name: Decoded name, ``""`` where there is none.
        address: The address, or ``None`` where it cannot be read.
        text: The entry as written.
    """

    display_name: str
    address: Address | None
    text: str


class _Entry(NamedTuple):
    """Tokens between two commas."""

    words: list[Token]
    in_group: bool


def parse_path(text: str, *, smtputf8: bool = False) -> Address:
    """The address of a path.

    Args:
        text: What stands between ``<`` and ``>``.
        smtputf8: Whether the client asked for SMTPUTF8: only then may the local part be other than ASCII.

    Raises:
        AddressError: Not one plain ``local@domain``; the text is a public sentence.
    """
    if text.startswith("@"):
        raise AddressError("source routes are not taken")
    if quoted := _QUOTED.fullmatch(text):
        local, domain = re.sub(r"\\(.)", r"\1", quoted[1]), quoted[2]
    else:
        local, at, domain = text.partition("@")
        if not at or not _DOT_ATOM.fullmatch(local):
            raise AddressError("the address is not of the form local@domain")
    if "@" in local or "%" in local or "!" in local:
        raise AddressError("routing through the local part is not taken")
    if not local or (not smtputf8 and not local.isascii()):
        raise AddressError("the local part must be of ASCII characters")
    if any(not c.isprintable() for c in local):
        raise AddressError("the local part holds a character that cannot be shown")
    if len(_local_form(local).encode()) > MAX_LOCAL_OCTETS:
        raise AddressError("the local part is longer than 64 octets")
    address = Address(local, _read_domain(domain))
    if len(str(address).encode()) > MAX_ADDRESS_OCTETS:
        raise AddressError("the address is longer than 254 octets")
    return address


def mailboxes(body: str) -> tuple[Mailbox, ...]:
    """The entries of an address list, those of groups included.

    Words separated by a comma from the entry that holds the angle brackets are one display name with an
    unquoted comma (``Shop, Inc. <a@b.example>``). Never fails: an entry that cannot be read has the address
    ``None``.

    Args:
        body: Unfolded field body, encoded words not decoded.
    """
    return tuple(box for box, _ in _read(body))


def claimed(body: str) -> tuple[Address | None, ...]:
    """Every address that a reader might take for one of the list: also one that stands bare where a name should.

    ``eve@bank.example <a@b.example>`` is no address list, and some readers show its first address, others its second.

    Args:
        body: As for :func:`mailboxes`.
    """
    found: list[Address | None] = []
    for entry in _entries(body):
        found.append(_mailbox(body, entry.words).address)
        opening = next((index for index, word in enumerate(entry.words) if _is_mark(word, "<")), 0)
        found.extend(_bare(body, entry.words[:opening]))
    return tuple(found)


def author(body: str) -> Mailbox:
    """The one mailbox of a From field.

    Raises:
        AmbiguityError: None, several, a group, or one that cannot be read: readers would show different
            authors.
    """
    match _read(body):
        case [(found, False)] if found.address is not None:
            return found
    raise AmbiguityError("The From field must hold exactly one address: write it as Name <local@domain>.")


@lru_cache(maxsize=32)  # a mail is read, judged and written: its From is asked for eight times
def _read(body: str) -> tuple[tuple[Mailbox, bool], ...]:
    """The entries of an address list, each with whether it stands in a group."""
    return tuple((_mailbox(body, entry.words), entry.in_group) for entry in _entries(body))


def _local_form(local: str) -> str:
    """The local part as it is written in a path: quoted where it must be."""
    if _DOT_ATOM.fullmatch(local):
        return local
    return '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read_domain(domain: str) -> str:
    """A-labels in lower case.

    Raises:
        AddressError: Not a domain of at least two labels.
    """
    if len(domain) > MAX_ADDRESS_OCTETS:
        # Before idna, which is slow on long input (CVE-2024-3651).
        raise AddressError("the domain is longer than 254 octets")
    if domain.startswith("["):
        raise AddressError("address literals are not taken")
    if any(not c.isascii() and (c in "\u3002\uff0e\uff61" or c.lower().isascii()) for c in domain):
        # A full-width dot in relay.com, and the Kelvin sign would turn into a domain that is on the list.
        raise AddressError("the domain holds a look-alike of an ASCII character")
    name = domain.lower().removesuffix(".")
    try:
        name = ".".join(_a_label(label) for label in name.split("."))
    except (idna.IDNAError, UnicodeError):
        raise AddressError("the domain is not a valid domain name") from None
    if "." not in name or name.rpartition(".")[2].isdigit():
        raise AddressError("the domain must be a full domain name")
    return name


def _a_label(label: str) -> str:
    """One label in ASCII.

    Raises:
        idna.IDNAError: Not a label.
    """
    if not label.isascii() or label.startswith("xn--"):
        label = idna.alabel(label).decode("ascii")
    if len(label) > MAX_LABEL_OCTETS or not _LABEL.fullmatch(label):
        raise idna.IDNAError("not a label of letters, digits and hyphens")
    return label


def _entries(body: str) -> list[_Entry]:
    """Entries of an address list; an angle address keeps its commas and colons, a group loses its name."""
    found: list[_Entry] = []
    words: list[Token] = []
    in_angle = in_group = False
    for token in tokens(body):
        mark = token.text if token.kind is Kind.SEPARATOR else ""
        if mark == "<" or in_angle:
            in_angle = mark != ">"
            words.append(token)
        elif mark == ":":
            words, in_group = [], True
        elif mark in {",", ";"}:
            found.append(_Entry(words, in_group))
            words, in_group = [], in_group and mark == ","
        else:
            words.append(token)
    found.append(_Entry(words, in_group))
    return _joined([entry for entry in found if any(word.kind is not Kind.COMMENT for word in entry.words)])


def _joined(entries: list[_Entry]) -> list[_Entry]:
    """The same with entries that are mere words put before the angle address that follows them."""
    found: list[_Entry] = []
    waiting: list[_Entry] = []
    for entry in entries:
        marks = {word.text for word in entry.words if word.kind is Kind.SEPARATOR}
        if not marks:
            waiting.append(entry)
        elif "<" in marks and waiting:
            words = [word for other in (*waiting, entry) for word in other.words]
            found.append(_Entry(words, entry.in_group))
            waiting = []
        else:
            found.extend((*waiting, entry))
            waiting = []
    return [*found, *waiting]


def _mailbox(body: str, words: list[Token]) -> Mailbox:
    text = body[words[0].start : words[-1].end]
    spoken = [word for word in words if word.kind is not Kind.COMMENT]
    comments = [word for word in words if word.kind is Kind.COMMENT]
    opening = next((index for index, word in enumerate(spoken) if _is_mark(word, "<")), None)
    if opening is not None:
        name = _phrase(body, spoken[:opening]) or _phrase(body, comments)
        if not _is_mark(spoken[-1], ">"):
            return Mailbox(name, None, text)
        return Mailbox(name, _address(body[spoken[opening].end : spoken[-1].start].strip()), text)
    if any(_is_mark(word, "@") for word in spoken):
        address = _address(body[spoken[0].start : spoken[-1].end])
        return Mailbox(_phrase(body, comments), address, text)
    return Mailbox(_phrase(body, spoken), None, text)


def _is_mark(word: Token, mark: str) -> bool:
    return word.kind is Kind.SEPARATOR and word.text == mark


def _bare(body: str, words: list[Token]) -> Iterator[Address]:
    """Addresses among the words of a name, outside quotes and comments."""
    for before, word, after in zip(words, words[1:], words[2:], strict=False):
        if _is_mark(word, "@") and (address := _address(body[before.start : after.end])) is not None:
            yield address


def _phrase(body: str, words: list[Token]) -> str:
    """The decoded words of a display name; an unquoted comma between two of them is kept.

    An address that stands bare in it stays in one piece, or no rule would know it for one.
    """
    pieces = [word.text for word in words[:1]]
    for before, word in pairwise(words):
        gap = body[before.end : word.start]
        is_one_piece = not gap and Kind.SEPARATOR in {before.kind, word.kind}
        pieces += [", " if "," in gap else "" if is_one_piece else " ", word.text]
    return decode_words("".join(pieces)).strip()


def _address(text: str) -> Address | None:
    if "=?" in text:
        # RFC 2047 section 5 forbids encoded words in addresses; some readers decode them all the same.
        return None
    try:
        return parse_path(text, smtputf8=True)
    except AddressError:
        return None
