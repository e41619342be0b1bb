"""Which rule judges an attachment: exactly one, so that nothing is reported twice.

Shared by the rules that judge parts; no rule of its own. The table of all rules is in ``owners``.
Source: RFC 2392 (``cid:``); adversary case T08.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from gateway.documents.image import read_image
from gateway.html.view import Purpose
from gateway.rules.context import Attachment, Context
from gateway.rules.owners import TINY_PX


@dataclass
class Parts:
    """The attachments of a mail, each with the rule that speaks of it."""

    context: Context

    @cached_property
    def shown(self) -> frozenset[str]:
        """Content-IDs that an HTML part loads as an image, percent-encoding taken off (RFC 2392)."""
        return frozenset(
            unquote(reference.url[4:])
            for view in self.context.views.values()
            for reference in view.references
            if reference.purpose is Purpose.FETCH and reference.url[:4].lower() == "cid:"
        )

    def owner(self, attachment: Attachment) -> str:
        """Name of the one rule that judges this attachment's type."""
        if attachment.sniffed.is_active:
            return "active_content"
        if attachment.part.content_id not in self.shown:
            return "attachment_type"
        return "tracking_pixel" if self._is_dot(attachment) else "image_type"

    def owned(self, rule: str) -> Iterator[Attachment]:
        """The attachments that a rule judges."""
        return (attachment for attachment in self.context.attachments if self.owner(attachment) == rule)

    def _is_dot(self, attachment: Attachment) -> bool:
        facts = read_image(attachment.part.content) if attachment.sniffed.family == "image" else None
        return facts is not None and max(facts.width, facts.height) <= TINY_PX
