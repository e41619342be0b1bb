r"""File names of a part: every name that some reader would show.

One type for all readers: where two readings end in different extensions, one of them is hiding the other
(``filename=a.pdf; filename*=utf-8''a.html``, CVE-2024-39929, adversary case M26), and the mail is refused.
Not here: whether the name fits the content (``documents/sniff``), or is allowed (``rules/``).
Source: RFC 2183 section 2.3, RFC 2231 section 4, RFC 2047 section 5 (which forbids what Outlook does).
"""

import re
from collections.abc import Iterable
from typing import Final

from gateway.mail.errors import AmbiguityError
from gateway.mail.notes import Notes
from gateway.mail.parameters import Parameter
from gateway.mail.words import decode_words

MAX_FILENAME_OCTETS: Final = 200
"""UTF-8 octets of one name: in percent form still one line of 998. Longer names lose their middle."""

_ENCODED: Final = re.compile(r"=\?[^?]*\?[bBqQ]\?[^?]*\?=")
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_FALLBACK: Final = re.compile(r"[^ !#-\[\]-~]")
_APOSTROPHES: Final = re.compile(r"'[^']+'")
_CUTS: Final = re.compile(r"[ \t(,;:=<>@?]")


def read_filenames(parameters: Iterable[Parameter], notes: Notes, part: str) -> tuple[str, ...]:
    """Every candidate name of a part, the preferred first, without repeats.

    Args:
        parameters: ``filename`` in its extended and plain form, then ``name`` likewise.
        notes: What was put right goes here.
        part: Number of the part.

    Raises:
        AmbiguityError: A name holds a control character or turns the writing direction, or two names differ in
            their extension.
    """
    found: dict[str, None] = {}
    extensions: set[str] = set()
    for parameter in parameters:
        if not parameter.value.strip():
            continue
        readings = _readings(parameter, notes, part)
        extensions.update(extension(reading) for reading in readings if extension(reading))
        found[shortened(_plain_name(readings[0], notes, part))] = None
    if len(extensions) > 1:
        raise AmbiguityError("The file has names of different types: give it one name.", part=part)
    names = [name for name in found if name]
    return tuple(name for name in names if name == names[0] or name != fallback(names[0]))


def extension(name: str) -> str:
    """What follows the last dot, lower case; ``""`` where there is none."""
    return name.rstrip(" .\t").rpartition(".")[2].lower() if "." in name.rstrip(" .\t") else ""


def fallback(name: str) -> str:
    """The name as a reader without RFC 2231 gets it: what is not plain ASCII is ``_``."""
    plain = _FALLBACK.sub("_", name)
    return plain.replace("?", "_") if "=?" in plain else plain


def shortened(name: str) -> str:
    """The name cut in its middle to ``MAX_FILENAME_OCTETS``, the extension kept."""
    if len(name.encode()) <= MAX_FILENAME_OCTETS:
        return name
    stem, dot, end = name.rpartition(".")
    tail = (dot + end).encode()[: MAX_FILENAME_OCTETS // 4] if dot else b""
    head = (stem or end).encode()[: MAX_FILENAME_OCTETS - len(tail)]
    return (head.decode("utf-8", "ignore") + tail.decode("utf-8", "ignore")).rstrip(" .")


def _readings(parameter: Parameter, notes: Notes, part: str) -> tuple[str, ...]:
    """The name as most readers see it, then as others do."""
    value = parameter.value
    if parameter.is_extended:
        return (value,)
    if not parameter.is_quoted and _APOSTROPHES.fullmatch(value):
        # Written by hand in PHP and shell: quotes that are none. They belong to the name by the letter only.
        notes.add("apostrophes around a file name removed", part)
        value = value[1:-1]
    if "=?" in value:
        remainder = _ENCODED.sub("", value)
        if remainder.strip() and remainder != value:
            raise AmbiguityError("A file name is encoded in part only: encode the whole name.", part=part)
        notes.add("file name in encoded words, which belong elsewhere, decoded", part)
        return (decode_words(value),)
    if parameter.is_quoted:
        return (parameter.literal, value)
    cut = _CUTS.search(value)
    if cut is None:
        return (value,)
    notes.add("file name put in quotes", part)
    return (value, value[: cut.start()])


def _plain_name(name: str, notes: Notes, part: str) -> str:
    if _FORBIDDEN.search(name):
        raise AmbiguityError("A file name holds characters that cannot be shown: rename the file.", part=part)
    plain = re.split(r"[/\\]", name.replace("\t", " "))[-1].strip(" ").rstrip(" .")
    if plain != name:
        notes.add("folders, blanks or dots around a file name removed", part)
    return plain
