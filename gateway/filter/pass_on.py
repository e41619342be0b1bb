"""Mail to other recipients than marketplace relays: passed on as it came, but never in somebody else's name.

House rules: nothing is taken out and nothing rewritten, the octets stay what they are but for bare LF. So what is read
here is only what could make a fool of a reader or of a next hop: line ends, the header section, and whose mail it says
it is. A header section that two readers could read differently is refused as strictly as in any other mail: another
From field might hide in it.
Not here: whose addresses those are (``decide``), which recipients these are (``recipients``).
Source: RFC 5321 section 6.3 (loops), RFC 5322 sections 3.6.2 and 3.6.6.
"""

from gateway.filter.digest import IDENTITY_FIELDS, Digest, identities
from gateway.filter.examination import Examination
from gateway.filter.header import MAX_HOPS
from gateway.filter.verdict import Reject
from gateway.mail.errors import AmbiguityError, LimitError, MessageError
from gateway.mail.header import RawField, find_sections, read_fields
from gateway.mail.limits import Limits
from gateway.mail.line_ends import has_bare_cr, has_crlf_only, with_lf
from gateway.mail.notes import Notes
from gateway.mail.words import decode_words, without_controls

OTHER = "other"
"""Stands for a policy where there is none, in the record and as the name of the route; no policy may have this name."""

LINES_MENDED = "bare LF line ends made CR LF"

RESENT_FIELDS = ("resent-from", "resent-sender")
"""Claims of whoever sends a mail once more; a marketplace mail leaves without them."""

_LIMITS = Limits()


def pass_on(octets: bytes) -> Examination:
    """What can be said of a mail that nobody filters.

    Args:
        octets: The content as received, wire octets.

    Returns:
        An examination without findings; ``octets`` in it are those received, with CRLF line ends.
    """
    try:
        mended = _with_crlf(octets)
        fields = _fields(mended)
        refusal = _circling(fields)
    except LimitError as error:
        return Examination(policy=OTHER, refusal=_refused("5.3.4", error.sentence, code=552))
    except MessageError as error:
        return Examination(policy=OTHER, refusal=_refused("5.6.0", error.sentence))
    return Examination(
        policy=OTHER,
        normalised=() if mended is octets else (LINES_MENDED,),
        digest=_digest(fields),
        refusal=refusal,
        octets=None if refusal else mended,
    )


def _with_crlf(octets: bytes) -> bytes:
    """The same octets where all their lines end with CRLF."""
    if b"\0" in octets:
        raise AmbiguityError("The mail holds a NUL octet: encode binary content in base64.")
    if has_crlf_only(octets):
        return octets
    if has_bare_cr(octets):
        # A next hop that ends a line at a bare CR would see a header field, or the end of the mail, where none is.
        raise AmbiguityError("The mail holds a CR without LF: end lines with CR LF.")
    return with_lf(octets).replace(b"\n", b"\r\n")


def _fields(octets: bytes) -> list[RawField]:
    """The header section, by the one strict reading there is."""
    head = octets[: 2 * _LIMITS.header_octets].replace(b"\r\n", b"\n")
    sections = find_sections(head, 0, len(head), _LIMITS)
    section = head[sections.header_start : sections.header_end]
    fields = read_fields(section, _LIMITS, Notes())
    names = [field.name.lower() for field in fields]
    if any(names.count(name) > 1 for name in IDENTITY_FIELDS):
        raise AmbiguityError("From, Sender or Reply-To is given twice: give each once.")
    claims = (field for field in fields if field.name.lower() in IDENTITY_FIELDS + RESENT_FIELDS)
    if any(
        without_controls(field.body.replace("\t", " ")) != field.body.replace("\t", " ") for field in claims
    ):
        raise AmbiguityError("An address field holds a control character: send it without.")
    return fields


def _circling(fields: list[RawField]) -> Reject | None:
    hops = sum(field.name.lower() == "received" for field in fields)
    if hops <= MAX_HOPS:
        return None
    return _refused(
        "5.4.6", f"This mail has passed {hops} servers and seems to go in circles; check where it is sent on."
    )


def _refused(status: str, sentence: str, *, code: int = 554) -> Reject:
    return Reject(code=code, status=status, sentences=(sentence,))


def _digest(fields: list[RawField]) -> Digest:
    bodies = {field.name.lower(): field.body for field in fields}
    claimed = identities(((field.name, field.body) for field in fields), also=RESENT_FIELDS)
    return Digest(
        author=next((each.address for each in claimed if each.field.lower() == "from"), None),
        subject=decode_words(bodies.get("subject", "")),
        message_id=without_controls(bodies.get("message-id", "")).strip(),
        identities=claimed,
    )
