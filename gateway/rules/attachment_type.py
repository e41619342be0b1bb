"""Attachments of a kind that is not allowed, or that are not what they are called.

The content decides. Then the declared type and every candidate name must agree with it.
The policy says which kinds may go alone. By default those that mail programs add by themselves (a signature, a card, a
calendar alternative); any other has no remedy then, and ``strip`` refuses the mail.
Not here: images shown in the HTML (``image_type``), programs and active documents (``active_content``).
Source: clause ``amazon:attachments``; adversary cases M13 to M18, M23, M26 to M28, O18, O23.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.documents.names import declared_agrees, extension, names_agree
from gateway.documents.packed import packed_blocks
from gateway.mail.message import Part
from gateway.rules.attached import Parts
from gateway.rules.context import Attachment, Context, Surface, Where
from gateway.rules.places import text_target
from gateway.rules.rule import Finding, Remedy, Rule, Target, shorten

NAME = "attachment_type"

_WORDS = frozenset({"text/plain", "text/html"})
"""What readers show as the words of a mail; other text types are programs, cards or another reader's own format."""


@dataclass(frozen=True, slots=True)
class Params:
    """What may be attached.

    Attributes:
        allowed: Media types of content, lower case.
        droppable: Media types, of content or declared, whose loss changes nothing that the seller wrote; ``"*"`` for
            all.
    """

    allowed: tuple[str, ...] = (
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "image/png",
        "image/jpeg",
    )
    droppable: tuple[str, ...] = (
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
        "application/x-empty",
        "text/calendar",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "text/css",
        "text/enriched",
        "text/richtext",
        "text/rtf",
        "text/x-amp-html",
        "text/watch-html",
    )


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports attachments, strange text parts, and files packed into text."""
    for part in context.message.leaves():
        if part.is_body_text and part.media_type not in _WORDS:
            yield _finding(part, part.media_type, {part.media_type}, params)
    for attachment in Parts(context).owned(NAME):
        fault = _fault(attachment, params)
        if fault:
            types = {attachment.part.media_type, attachment.sniffed.media_type}
            yield _finding(attachment.part, fault, types, params)
    for surface in context.surfaces:
        if surface.where is Where.TEXT:
            yield from _packed(surface)


def _fault(attachment: Attachment, params: Params) -> str:
    """What is wrong with an attachment, ``""`` for nothing. The content is never quoted."""
    part, seen = attachment.part, attachment.sniffed
    what = f"{seen.media_type}: {seen.reason}" if seen.reason else seen.media_type
    if seen.family in {"encrypted", "unknown"} or seen.media_type not in params.allowed:
        return what
    if not names_agree(part.filenames, seen):
        endings = {extension(name) for name in part.filenames} - {""}
        return f"{what} named {', '.join(f'.{e}' for e in sorted(endings)) or 'strangely'}"
    if not declared_agrees(part.media_type, seen):
        return f"{what} declared as {part.media_type}"
    return ""


def _finding(part: Part, evidence: str, types: set[str], params: Params) -> Finding:
    may_go = "*" in params.droppable or not types.isdisjoint(params.droppable)
    return Finding(
        rule=NAME,
        target=Target(part=part.number),
        evidence=shorten(evidence),
        remedy=Remedy.DROP_PART if may_go else Remedy.NONE,
    )


def _packed(surface: Surface) -> Iterator[Finding]:
    """Old readers would show these as attachments that nobody has looked at."""
    for start, end in packed_blocks(surface.text):
        yield Finding(
            rule=NAME,
            target=text_target(surface, start, end),
            evidence="file packed into the text (uuencode or yEnc)",
            remedy=Remedy.REDACT_TEXT,
        )


RULE = Rule(
    name=NAME,
    sentence="Attachments of this kind are not allowed.",
    advice="Attach a PDF, PNG, JPEG or Word document (.docx) that is not encrypted, under a name that fits its kind.",
    label="attachment",
    params=Params,
    check=check,
)
