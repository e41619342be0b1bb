"""What a detector found in the texts of a mail, as findings, each once.

Shared by the rules that look for something in any text; no rule of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from gateway.rules.context import Context, Surface, Where
from gateway.rules.owners import is_conditional
from gateway.rules.places import text_remedy, text_target
from gateway.rules.rule import Finding, Piece, Target, shorten


class Seen(NamedTuple):
    """One thing in a surface.

    Attributes:
        start: First code point of the surface's original text.
        end: Code point after the last.
        evidence: What to tell the operator, already masked.
    """

    start: int
    end: int
    evidence: str


def text_findings(
    context: Context,
    rule: str,
    look: Callable[[Surface], Iterable[Seen]],
    replacement: str | None = None,
    *,
    is_apart: bool = False,
) -> Iterator[Finding]:
    """Findings on every text of the mail.

    Args:
        context: The mail.
        rule: Name of the rule.
        look: What is in one surface.
        replacement: As in ``Finding``.
        is_apart: Whether ``Context.apart`` is looked at, too.
    """
    taken: set[tuple[str, Piece]] = set()
    for surface in (*context.surfaces, *(context.apart if is_apart else ())):
        if not is_read(surface):
            continue
        for seen in look(surface):
            target = text_target(surface, seen.start, seen.end)
            if surface.where is Where.HTML_COMMENT:
                # It goes whole, so one finding says it all.
                yield _finding(surface, rule, seen, Target(part=surface.part, node=surface.node), None)
                break
            if surface.rendering is not None:
                # What is shown stands in the text with its hidden runs, too.
                pieces = {(surface.part, piece) for piece in target.pieces}
                if pieces <= taken:
                    continue
                taken |= pieces
            yield _finding(surface, rule, seen, target, replacement)


def is_read(surface: Surface) -> bool:
    """Whether somebody comes to read the surface: comments reach nobody but Outlook, and only conditional ones."""
    return surface.where is not Where.HTML_COMMENT or is_conditional(surface.text)


def masked(text: str, keep_start: int, keep_end: int) -> str:
    """The text with its middle hidden: enough to find the place, too little to use."""
    middle = len(text) - keep_start - keep_end
    return text if middle <= 0 else f"{text[:keep_start]}{'*' * middle}{text[len(text) - keep_end :]}"


def _finding(surface: Surface, rule: str, seen: Seen, target: Target, replacement: str | None) -> Finding:
    return Finding(
        rule=rule,
        target=target,
        evidence=shorten(seen.evidence),
        remedy=text_remedy(surface),
        replacement=replacement,
    )
