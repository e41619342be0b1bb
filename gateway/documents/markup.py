"""What text is by how it begins: HTML, SVG, XML, RTF, scripts, cards, calendars, mails, packed blocks, plain words.

Not here: HTML that is shown as the words of a mail (``html/``); this looks at attachments only.
Source: WHATWG MIME Sniffing section 7.1 (tags that make a document HTML), RFC 6350 and 5545 (first lines),
RFC 5322 section 2.2, POSIX uuencode, RFC 1991 and 4880 (armour).
"""

import re

from gateway.documents.kinds import Family, Sniffed
from gateway.documents.packed import packed_blocks

_HEAD = 4_096
"""Characters in which a file must show what it is, its leading blanks, comments and declarations not counted."""

_HTML_TAGS = re.compile(
    r"(?i)<(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|meta|base|link"
    r"|img|form|frameset|object|embed|center|span|ul)(?=[\s/>]|$)"
)
_ACTIVE_MARKUP = re.compile(
    r"(?i)<(script|iframe|object|embed|applet|form|foreignobject|hta:application)"
    r"|\son[a-z]{3,30}\s*=|javascript:|http-equiv\s*=\s*[\"']?\s*refresh"
)
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?([\w.-]{1,80})")
_MAIL_FIELD = re.compile(
    r"(?i)(?:received|return-path|delivered-to|from|to|subject|date|message-id|mime-version|content-type|x-[\w-]{1,60}):"
)
_MIN_MAIL_FIELDS = 2
_BINHEX = "(This file must be converted with BinHex"
_RTF_OBJECT = re.compile(r"\\obj(?:data|ocx|emb|autlink|link)|\\dde")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")

_BEGINNINGS: tuple[tuple[str, str, Family, bool, str], ...] = (
    ("begin:vcard", "text/vcard", "text", False, "contact card"),
    ("begin:vcalendar", "text/calendar", "text", False, "calendar entry"),
    ("-----begin pgp message", "application/pgp-encrypted", "encrypted", False, "PGP encrypted"),
    ("-----begin pgp signature", "application/pgp-signature", "text", False, "PGP signature"),
    ("-----begin pgp public key", "application/pgp-keys", "text", False, "PGP key"),
    ("-----begin pkcs7", "application/pkcs7-mime", "encrypted", False, "S/MIME packed"),
    ("[internetshortcut]", "application/x-mswinurl", "script", True, "shortcut"),
    ("[desktop entry]", "application/x-desktop", "script", True, "shortcut"),
    ("[autorun]", "text/x-autorun", "script", True, "autorun file"),
    ("#!", "text/x-script", "script", True, "script"),
    ("@echo ", "text/x-bat", "script", True, "script"),
    ("<?php", "text/x-php", "script", True, "script"),
    ("<%", "text/x-asp", "script", True, "script"),
    ("<job", "text/x-wsf", "script", True, "script"),
    ("<package", "text/x-wsf", "script", True, "script"),
    ("<scriptlet", "text/x-sct", "script", True, "script"),
    ("<hta:application", "application/hta", "script", True, "script"),
    ("windows registry editor", "text/x-reg", "script", True, "registry file"),
    ("regedit4", "text/x-reg", "script", True, "registry file"),
    ("%!ps", "application/postscript", "script", True, "PostScript program"),
)


def sniff_text(content: bytes) -> Sniffed | None:
    """What this is, if it is text at all: decodable, and without control characters."""
    text = decode_text(content)
    if text is None:
        return None
    if text.lstrip().startswith("{\\rtf"):
        is_active = _RTF_OBJECT.search(text) is not None
        return Sniffed("application/rtf", "word", is_active, "embedded object" if is_active else "")
    bare = _past_prolog(text)
    head = bare[:_HEAD].lower()
    for start, media_type, family, is_active, reason in _BEGINNINGS:
        if head.startswith(start):
            return Sniffed(media_type, family, is_active, reason)
    if head.startswith("<") or text.lstrip().startswith("<"):
        return _sniff_markup(text, bare)
    return _sniff_lines(text, head)


def _sniff_lines(text: str, head: str) -> Sniffed:
    if _is_mail(head):
        return Sniffed("message/rfc822", "mail", reason="mail within a mail")
    if packed_blocks(text) or _BINHEX in text[:_HEAD]:
        return Sniffed("application/x-uuencode", "archive", reason="file packed as text")
    return Sniffed("text/plain", "text")


def decode_text(content: bytes) -> str | None:
    """The characters, or ``None`` where this is no text: UTF-8, UTF-16 with its mark, or Windows-1252."""
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if _CONTROLS.search(text) else text
    return None


def _past_prolog(text: str) -> str:
    """The text after blanks, comments, processing instructions and declarations other than HTML's."""
    at = 0
    for _ in range(_HEAD):
        while at < len(text) and text[at].isspace():
            at += 1
        if text.startswith("<!--", at):
            end = text.find("-->", at + 2)
        elif text.startswith("<?", at) and text[at : at + 5].lower() != "<?php":
            end = text.find(">", at)
        elif text.startswith("<!", at) and not _HTML_TAGS.match(text, at):
            end = _past_declaration(text, at)
        else:
            break
        close = text.find(">", end) if end >= 0 else -1
        if close < 0:
            break
        at = close + 1
    return text[at:]


def _past_declaration(text: str, at: int) -> int:
    """Index of a declaration's end: with an internal subset in brackets, the end of that."""
    end = text.find(">", at)
    subset = text.find("[", at, max(at, end))
    return text.find("]", subset) if subset >= 0 else end


def _sniff_markup(text: str, bare: str) -> Sniffed:
    active = _ACTIVE_MARKUP.search(text) is not None
    reason = "script or form inside" if active else ""
    if _HTML_TAGS.match(bare) or bare.startswith("<!"):
        if "<hta:application" in text.lower():
            return Sniffed("application/hta", "script", is_active=True, reason="script")
        return Sniffed("text/html", "html", active, reason)
    root = _ROOT.match(bare)
    if root and root[1].lower() == "svg":
        return Sniffed("image/svg+xml", "image", active, reason)
    if "<?mso-application" in text[:_HEAD]:
        return Sniffed("application/xml", "word", is_active=True, reason="Office document as XML")
    if root and root[1].lower() == "html":
        return Sniffed("text/html", "html", active, reason)
    return Sniffed("text/xml", "text", active, reason)


def _is_mail(head: str) -> bool:
    """Whether the first lines are header fields of a mail (MHTML is one, too)."""
    fields = 0
    for number, line in enumerate(head.split("\n")):
        if number == 0 and line.startswith("from "):
            continue
        if not line.strip():
            break
        if _MAIL_FIELD.match(line):
            fields += 1
        elif not line.startswith((" ", "\t")) and ":" not in line:
            return False
    return fields >= _MIN_MAIL_FIELDS
