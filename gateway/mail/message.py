"""One mail, read in exactly one way.

Not here: how it is read (``parse``), how it is written (``compose``).
Parts are numbered as in IMAP: the children of the outermost multipart are ``"1"``, ``"2"``, theirs ``"1.1"``;
a mail of one part has part ``"1"``; the outermost multipart itself is ``""``.
Source: RFC 5322, RFC 2045, RFC 3501 section 6.4.5 (numbering).
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderField:
    """One header field of the message's own header section.

    Attributes:
        name: Field name as written.
        body: Field body, unfolded, encoded words not decoded.
        text: Field body with encoded words decoded (RFC 2047) and control characters made blanks.
    """

    name: str
    body: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    r"""One MIME entity.

    Attributes:
        number: ``"1.2"``; ``""`` for the outermost multipart.
        media_type: Declared type, lower case, ``"text/html"``.
        parameters: Content-Type parameters except boundary and name, names in lower case; the charset only
            where ``text`` is ``None``, since there it still tells how to read ``content``.
        disposition: ``"inline"``, ``"attachment"`` or ``None`` where the field is absent or unknown.
        filenames: Every candidate name, decoded, the preferred first, without repeats.
        content_id: Content-ID without its angle brackets, or ``None``.
        description: Content-Description, decoded, or ``None``.
        content: Octets decoded from the transfer encoding; ``b""`` for a multipart.
        text: Decoded characters with ``\n`` line ends for a ``text/*`` leaf that is no attachment, else
            ``None``. Where it is set it is what counts: ``compose`` writes it and not ``content``.
        children: Parts of a multipart, in order; empty for a leaf.
    """

    number: str
    media_type: str
    parameters: tuple[tuple[str, str], ...] = ()
    disposition: str | None = None
    filenames: tuple[str, ...] = ()
    content_id: str | None = None
    description: str | None = None
    content: bytes = b""
    text: str | None = None
    children: tuple["Part", ...] = ()

    @property
    def is_multipart(self) -> bool:
        """Whether this is an inner node of the tree."""
        return self.media_type.startswith("multipart/")

    @property
    def is_body_text(self) -> bool:
        """Whether a mail reader shows this as the words of the mail: decoded text, plain or HTML."""
        return self.text is not None

    @property
    def is_html(self) -> bool:
        """Whether this is shown as HTML."""
        return self.text is not None and self.media_type == "text/html"

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in order of appearance."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A whole mail.

    Attributes:
        fields: The header section, in order, without the MIME fields of the root part.
        root: The outermost part.
        normalised: What reading put right without a policy meaning, a sentence each.
    """

    fields: tuple[HeaderField, ...]
    root: Part
    normalised: tuple[str, ...] = ()

    def leaves(self) -> Iterator[Part]:
        """All parts that hold content, in order of appearance."""
        return (part for part in self.root.walk() if not part.is_multipart)

    def field(self, name: str) -> HeaderField | None:
        """The first field of that name, compared without regard to case."""
        lowered = name.lower()
        return next((field for field in self.fields if field.name.lower() == lowered), None)
