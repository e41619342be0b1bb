"""The one argument of a rule beside its params: the mail, and each view of it, computed once.

Not here: where the views come from (``filter.py`` gives lexbor's when judging, the rewriter's when mending).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from urllib.parse import unquote

from gateway.detect.contacts import find_addresses, find_phones
from gateway.detect.emoji import find_emoticons
from gateway.detect.fold import Folded, Span, fold
from gateway.detect.links import find_links
from gateway.detect.phrases import find_opt_outs
from gateway.detect.protected import protected_spans
from gateway.documents.sniff import Sniffed, sniff
from gateway.html.view import Comment, Element, Rendering, Segment, View
from gateway.mail.address import Address, mailboxes
from gateway.mail.message import Message, Part
from gateway.rules.readings import Readings


class Where(Enum):
    """Where a person or a program at the other end meets a text."""

    SUBJECT = "subject"
    DISPLAY_NAME = "display name"
    TEXT = "text part"
    HTML_VISIBLE = "HTML as shown"
    HTML_FULL = "HTML with its hidden text"
    HTML_ATTRIBUTE = "HTML attribute"
    HTML_COMMENT = "HTML comment"
    FILENAME = "file name"
    DESCRIPTION = "description of a part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What is known of the seller once AUTH and RCPT are done.

    Attributes:
        seller: Name of the seller, or ``None`` where nobody said (``gateway check`` without ``--seller``).
        senders: Addresses that the marketplace has approved for this seller.
        links: Hosts or https URLs needed to complete an order, as the seller registered them.
        hostname: The gateway's own name, for a Message-ID that the mail lacks.
    """

    seller: str | None = None
    senders: tuple[Address, ...] = ()
    links: tuple[str, ...] = ()
    hostname: str = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One run of text as somebody meets it.

    Attributes:
        where: What kind of place.
        part: Part number, ``""`` for the header section.
        text: The characters, decoded.
        field: Header field name, for ``SUBJECT`` and ``DISPLAY_NAME``.
        node: Node index in the part's view, for ``HTML_ATTRIBUTE`` and ``HTML_COMMENT``; which mailbox of the field,
            for ``DISPLAY_NAME``; which of the candidate names, for ``FILENAME``.
        attribute: Attribute name, for ``HTML_ATTRIBUTE``.
        rendering: Where the characters come from, for ``HTML_VISIBLE`` and ``HTML_FULL``.
    """

    where: Where
    part: str
    text: str
    field: str | None = None
    node: int | None = None
    attribute: str | None = None
    rendering: Rendering | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A leaf that is not shown as the words of the mail.

    Attributes:
        part: The part.
        sniffed: What its content is, whatever it is called.
        is_referenced: Whether an HTML part shows it by ``cid:``.
    """

    part: Part
    sniffed: Sniffed
    is_referenced: bool


READ_ATTRIBUTES = frozenset(
    {"alt", "title", "summary", "label", "placeholder", "value", "aria-label", "abbr", "content"}
)
"""Attributes whose text a person can come to read or hear."""


@dataclass
class Context:
    """One mail and all views of it.

    Attributes:
        message: The mail as parsed.
        views: HTML views by part number.
        profile: What is known of the seller.
        readings: What has been read in this mail before, in this reading or an earlier one: of texts and links.
        here: What has been read in these very views: of nodes and references.
    """

    message: Message
    views: Mapping[str, View]
    profile: Profile = field(default_factory=Profile)
    readings: Readings = field(default_factory=Readings)
    here: Readings = field(default_factory=Readings, init=False)

    def folded(self, surface: Surface) -> Folded:
        """The surface's text after Unicode folding, with the way back."""
        text = surface.text
        return self.readings.once(("folded", text), lambda: fold(text))

    def protected(self, surface: Surface) -> tuple[tuple[int, int], ...]:
        """Spans, in folded coordinates, of order numbers and the like that no rule may take for something else."""
        return self.readings.once(("protected", surface.text), lambda: protected_spans(self.folded(surface)))

    def links(self, surface: Surface) -> tuple[Span, ...]:
        """Web addresses, in folded coordinates."""
        return self.readings.once(
            ("links", surface.text), lambda: find_links(self.folded(surface), self.protected(surface))
        )

    def phones(self, surface: Surface, region: str | None) -> tuple[Span, ...]:
        """Telephone numbers in the notation of a region, in folded coordinates."""
        return self.readings.once(
            ("phones", surface.text, region),
            lambda: find_phones(self.folded(surface), self.protected(surface), region),
        )

    def addresses(self, surface: Surface) -> tuple[Span, ...]:
        """E-mail addresses, in folded coordinates."""
        return self.readings.once(("addresses", surface.text), lambda: find_addresses(self.folded(surface)))

    def opt_outs(self, surface: Surface) -> tuple[Span, ...]:
        """Sentences about unsubscribing, in folded coordinates."""
        return self.readings.once(("opt-outs", surface.text), lambda: find_opt_outs(self.folded(surface)))

    def emoticons(self, text: str) -> tuple[Span, ...]:
        """Emoticons, in coordinates of this text."""
        return self.readings.once(("emoticons", text), lambda: find_emoticons(text))

    @cached_property
    def surfaces(self) -> tuple[Surface, ...]:
        """Every text of the mail, the header section first."""
        found = [*self._header_surfaces()]
        for part in self.message.leaves():
            found.extend(self._part_surfaces(part))
        return tuple(surface for surface in found if surface.text)

    @cached_property
    def apart(self) -> tuple[Surface, ...]:
        """HTML texts with a blank where the letters of one element run into those of the next.

        Colour, weight or a frame set apart what the characters join: ``<b>shop.com</b>now`` is read as a domain. Only
        texts that hold such a place.
        """
        return tuple(apart for surface in self.surfaces if (apart := _apart(surface)) is not None)

    @cached_property
    def attachments(self) -> tuple[Attachment, ...]:
        """Every leaf that is not body text, its content sniffed."""
        shown = self._referenced_ids
        return tuple(
            Attachment(part=part, sniffed=sniff(part.content), is_referenced=part.content_id in shown)
            for part in self.message.leaves()
            if not part.is_body_text
        )

    @cached_property
    def _referenced_ids(self) -> frozenset[str]:
        return frozenset(
            shown
            for view in self.views.values()
            for reference in view.references
            if (shown := content_id(reference.url)) is not None
        )

    def _header_surfaces(self) -> list[Surface]:
        found = []
        for field_ in self.message.fields:
            name = field_.name.lower()
            if name == "subject":
                found.append(Surface(where=Where.SUBJECT, part="", text=field_.text, field="Subject"))
            elif name in {"from", "to"}:
                found.extend(
                    Surface(
                        where=Where.DISPLAY_NAME,
                        part="",
                        text=box.display_name,
                        field=name.capitalize(),
                        node=index,
                    )
                    for index, box in enumerate(mailboxes(field_.body))
                )
        return found

    def _part_surfaces(self, part: Part) -> list[Surface]:
        found = [
            Surface(where=Where.FILENAME, part=part.number, text=name, attribute="filename", node=index)
            for index, name in enumerate(part.filenames)
        ]
        if part.description:
            found.append(
                Surface(
                    where=Where.DESCRIPTION, part=part.number, text=part.description, attribute="description"
                )
            )
        if part.number in self.views:
            found.extend(_html_surfaces(part.number, self.views[part.number]))
        elif part.text is not None:
            found.append(Surface(where=Where.TEXT, part=part.number, text=part.text))
        return found


def content_id(url: str) -> str | None:
    """The Content-ID that a ``cid:`` URL names, percent-encoding taken off (RFC 2392), or ``None``."""
    return unquote(url[4:]) if url[:4].lower() == "cid:" else None


def _apart(surface: Surface) -> Surface | None:
    if surface.rendering is None:
        return None
    parts: list[str] = []
    segments: list[Segment] = []
    end = blanks = 0
    for segment in surface.rendering.segments:
        start = segment.start
        if (
            start == end
            and surface.text[end - 1 : end].isalnum()
            and surface.text[start : start + 1].isalnum()
        ):
            parts.append(" ")
            blanks += 1
        segments.append(segment._replace(start=start + blanks))
        parts.append(surface.text[end : start + segment.length])
        end = start + segment.length
    if not blanks:
        return None
    text = "".join(parts)
    return replace(surface, text=text, rendering=Rendering(text=text, segments=tuple(segments)))


def _html_surfaces(number: str, view: View) -> list[Surface]:
    found = [Surface(where=Where.HTML_VISIBLE, part=number, text=view.visible.text, rendering=view.visible)]
    if view.full is not view.visible:
        found.append(Surface(where=Where.HTML_FULL, part=number, text=view.full.text, rendering=view.full))
    for node in view.nodes:
        if isinstance(node, Element):
            found.extend(
                Surface(where=Where.HTML_ATTRIBUTE, part=number, text=value, node=node.index, attribute=key)
                for key, value in node.attributes
                if key in READ_ATTRIBUTES
            )
        elif isinstance(node, Comment):
            found.append(Surface(where=Where.HTML_COMMENT, part=number, text=node.text, node=node.index))
    return found
