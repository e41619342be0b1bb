"""Images that are shown in the mail and are not of an allowed kind, and images that no reader could open.

What shows a dropped image goes with it (``remedy``). An image that nothing shows is an attachment
(``attachment_type``), but for its number of pixels.
Source: clause ``amazon:gif``; adversary cases M20, M27, R10, T06, T07.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.documents.image import read_image
from gateway.documents.names import declared_agrees, names_agree
from gateway.rules.attached import Parts
from gateway.rules.context import Attachment, Context
from gateway.rules.owners import fetch_remedy, fetches
from gateway.rules.rule import Finding, Remedy, Rule, Target, shorten

NAME = "image_type"


@dataclass(frozen=True, slots=True)
class Params:
    """What may be shown.

    Attributes:
        allowed: Media types of content, lower case.
    """

    allowed: tuple[str, ...] = ("image/png", "image/jpeg")


def check(context: Context, params: Params) -> Iterator[Finding]:
    """Reports images in URLs, shown parts of other kinds, and image bombs wherever they are."""
    for number, view, reference in fetches(context, NAME):
        target, remedy = fetch_remedy(number, view, reference)
        yield Finding(rule=NAME, target=target, evidence="image inside a data: URL", remedy=remedy)
    parts = Parts(context)
    for attachment in context.attachments:
        is_shown = parts.owner(attachment) == NAME
        fault = (_fault(attachment, params) if is_shown else "") or _bomb(attachment)
        if fault:
            yield Finding(
                rule=NAME,
                target=Target(part=attachment.part.number),
                evidence=shorten(fault),
                remedy=Remedy.DROP_PART,
            )


def _fault(attachment: Attachment, params: Params) -> str:
    """What is wrong with a shown part, ``""`` for nothing."""
    part, seen = attachment.part, attachment.sniffed
    facts = read_image(part.content) if seen.family == "image" else None
    what = f"animated {seen.media_type}" if facts is not None and facts.is_animated else seen.media_type
    if seen.family != "image" or seen.media_type not in params.allowed:
        return f"{what}: {seen.reason}" if seen.reason else what
    if facts is None:
        return f"{what} that cannot be read"
    if facts.is_animated and "image/gif" not in params.allowed:
        return what
    if not names_agree(part.filenames, seen):
        return f"{what} under another kind's name"
    if not declared_agrees(part.media_type, seen):
        return f"{what} declared as {part.media_type}"
    return ""


def _bomb(attachment: Attachment) -> str:
    if attachment.sniffed.family != "image":
        return ""
    facts = read_image(attachment.part.content)
    return "image of too many pixels" if facts is not None and facts.is_bomb else ""


RULE = Rule(
    name=NAME,
    sentence="Images shown in the mail must be still PNG or JPEG images.",
    advice="Save the image as PNG or JPEG and attach it anew; animations and GIF are not allowed.",
    label="image",
    params=Params,
    check=check,
)
