"""Values with parameters: the grammar of Content-Type and Content-Disposition.

House rule: a form that one reader takes for the value and another cuts short is refused: comments, half quotes,
repeats, text after a closing quote, gaps in continuations (adversary cases M01 to M03, M26; CVE-2024-39929).
Not here: what a parameter means (``declared``), which file names a part has (``filename``).
Source: RFC 2045 section 5.1, RFC 2183 section 2, RFC 2231.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from gateway.mail.charset import decode_charset
from gateway.mail.errors import AmbiguityError, LimitError

TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|{}~0-9A-Za-z-]+")
# Linear: one class per piece, no two of which begin alike.
_NAME: Final = re.compile(r"[ \t]*([!#$%&'*+.^_`|{}~0-9A-Za-z-]+)[ \t]*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t]*')
_PERCENT: Final = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")


class Parameter(NamedTuple):
    r"""One parameter.

    Attributes:
        name: Lower case; without the asterisks of RFC 2231.
        value: Its characters.
        literal: The same with ``\`` taken for itself, as readers on Windows do.
        is_extended: Whether it was written in a form of RFC 2231.
        is_quoted: Whether it stood in quotes.
        is_spaced: Whether blanks stood around the ``=``.
    """

    name: str
    value: str
    literal: str
    is_extended: bool = False
    is_quoted: bool = False
    is_spaced: bool = False


class Value(NamedTuple):
    """A field body taken apart.

    Attributes:
        value: What stands before the first ``;``, blanks around it removed.
        parameters: In order, continuations joined.
    """

    value: str
    parameters: tuple[Parameter, ...]


def read_value(body: str, max_parameters: int, part: str = "") -> Value:
    """Value and parameters of a field body.

    Args:
        body: Unfolded field body.
        max_parameters: Cap on their number.
        part: Number of the part, for errors.

    Raises:
        AmbiguityError: A form that readers take apart in different ways.
        LimitError: Too many parameters.
    """
    value, semicolon, _ = body.partition(";")
    written: dict[str, Parameter] = {}
    position = len(value) + len(semicolon)
    while position < len(body):
        parameter, position = _read_one(body, position, part)
        if parameter is None:
            continue
        if parameter.name in written:
            raise AmbiguityError("A parameter is given twice: give it once.", part=part)
        written[parameter.name] = parameter
        if len(written) > max_parameters:
            raise LimitError(f"A header field has over {max_parameters} parameters: remove some.", part=part)
    return Value(value.strip(" \t"), _joined(written, part))


def _read_one(body: str, position: int, part: str) -> tuple[Parameter | None, int]:
    """The parameter at a position, ``None`` for an empty or valueless one, and the position after its ``;``."""
    name = _NAME.match(body, position)
    if name is None or not body.startswith("=", name.end()):
        end = _next_semicolon(body, position)
        if '"' in body[position:end] or "=" in body[position:end]:
            raise AmbiguityError("A parameter has no readable name: write name=value.", part=part)
        return None, end + 1
    start = name.end() + 1
    blanks = len(body) - start - len(body[start:].lstrip(" \t"))
    is_spaced = name.end() > name.end(1) or blanks > 0
    start += blanks
    if body.startswith('"', start):
        quoted = _QUOTED.match(body, start)
        if quoted is None or not (quoted.end() == len(body) or body.startswith(";", quoted.end())):
            raise AmbiguityError(
                "A parameter's quotes do not enclose the whole value: close them.", part=part
            )
        value = re.sub(r"\\(.)", r"\1", quoted[1])
        literal = re.sub(r"\\([\\\"])", r"\1", quoted[1])
        return Parameter(name[1].lower(), value, literal, False, True, is_spaced), quoted.end() + 1
    end = _next_semicolon(body, start)
    value = body[start:end].rstrip(" \t")
    if '"' in value:
        raise AmbiguityError("A parameter has a quote inside its value: quote the whole value.", part=part)
    return Parameter(name[1].lower(), value, value, False, False, is_spaced), end + 1


def _next_semicolon(body: str, position: int) -> int:
    end = body.find(";", position)
    return len(body) if end < 0 else end


def _joined(written: dict[str, Parameter], part: str) -> tuple[Parameter, ...]:
    """The parameters with RFC 2231 forms decoded, and continuations put together."""
    found: list[Parameter] = []
    series: dict[str, list[tuple[str, str]]] = {}
    for name, parameter in written.items():
        base, asterisk, suffix = name.partition("*")
        if asterisk:
            series.setdefault(base, []).append((suffix, parameter.value))
        else:
            found.append(parameter)
    for base, pieces in series.items():
        value = _extended(pieces, part)
        found.append(Parameter(base, value, value, is_extended=True))
    return tuple(found)


def _extended(pieces: list[tuple[str, str]], part: str) -> str:
    """The characters of one extended parameter.

    Args:
        pieces: What follows the first asterisk of the name (``""``, ``"0"``, ``"0*"``, ...), and the value.
        part: Number of the part, for errors.
    """
    if len(pieces) == 1 and pieces[0][0] == "":
        pieces = [("0*", pieces[0][1])]
    if [suffix.removesuffix("*") for suffix, _ in pieces] != [str(index) for index in range(len(pieces))]:
        # A reader that skips the gap, and one that stops at it, see two different names.
        raise AmbiguityError(
            "A parameter's continuations have a gap or a repeat: number them from 0.", part=part
        )
    charset = "us-ascii"
    octets = b""
    for suffix, value in pieces:
        text = value
        if suffix == "0*":
            charset, text = _without_label(value, part)
        octets += _percent(text, part) if suffix.endswith("*") else text.encode()
    try:
        return decode_charset(octets, charset or "us-ascii")
    except (LookupError, UnicodeDecodeError):
        raise AmbiguityError("A parameter's characters cannot be read: use utf-8.", part=part) from None


def _without_label(value: str, part: str) -> tuple[str, str]:
    """Charset and text of ``charset'language'text``."""
    pieces = value.split("'", 2)
    if len(pieces) != 3:  # noqa: PLR2004 - RFC 2231 section 4
        raise AmbiguityError("An extended parameter names no charset: write utf-8''text.", part=part)
    return pieces[0], pieces[2]


def _percent(text: str, part: str) -> bytes:
    if not text.isascii() or not _PERCENT.fullmatch(text):
        raise AmbiguityError("An extended parameter holds a broken percent sequence: write %XX.", part=part)
    return unquote_to_bytes(text)
