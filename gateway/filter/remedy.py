"""Takes out of a message what was found, and keeps the rest.

Remedies act on the very reading of the mail on which the finding was made: pieces of text in the coordinates of the
text that was judged, elements by their index in the rebuilt tree's view.
Not here: who decides that something is taken out (``filter``), how HTML is rebuilt (``html/rewrite``).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from gateway.html.edit import DropAttribute, DropElement, Edit, ReplaceText, UnwrapElement
from gateway.html.rewrite import Rebuilt
from gateway.html.settle import settled
from gateway.html.view import Element, Purpose
from gateway.mail.address import mailboxes
from gateway.mail.message import HeaderField, Message, Part
from gateway.rules.context import content_id
from gateway.rules.rule import Finding, Remedy

PLAIN_WORD = "removed"
"""What stands in a file name for redacted text: brackets and colons are not safe there."""


class Cut(NamedTuple):
    """Code points ``start`` to ``end`` are replaced by ``words``."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """One finding that is taken out, with the words that stand in its place."""

    finding: Finding
    words: str


@dataclass
class _Plan:
    """All remedies of one mail, sorted by the place where they act."""

    fields: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    headers: defaultdict[tuple[str, int | None], list[Cut]] = field(default_factory=lambda: defaultdict(list))
    names: defaultdict[tuple[str, str, int | None], list[Cut]] = field(
        default_factory=lambda: defaultdict(list)
    )
    texts: defaultdict[str, list[Cut]] = field(default_factory=lambda: defaultdict(list))
    edits: defaultdict[str, list[Edit]] = field(default_factory=lambda: defaultdict(list))
    html_cuts: defaultdict[tuple[str, int, str | None], list[Cut]] = field(
        default_factory=lambda: defaultdict(list)
    )


def mend(message: Message, removals: Iterable[Removal], rebuilt: Mapping[str, Rebuilt]) -> Message:
    """The message without what the removals name.

    Args:
        message: The message on which the findings were made.
        removals: What goes. Findings in HTML speak of the views of ``rebuilt``.
        rebuilt: By part number, every HTML part that is to leave through the rewriter, with or without removals.

    Returns:
        A message whose rewritten HTML parts are the rebuilt ones; the same object when there is nothing to do.
    """
    wanted = tuple(removals)
    if not wanted and not rebuilt:
        return message
    plan = _sorted_by_place(wanted)
    for number, tree in rebuilt.items():
        plan.edits[number].extend(_orphans(message, plan.parts, tree))
    for (number, node, attribute), cuts in plan.html_cuts.items():
        plan.edits[number].extend(ReplaceText(node, attribute, *cut) for cut in merged(cuts))
    root = _mend_part(message.root, plan, rebuilt)
    return replace(
        message,
        fields=_mend_fields(message.fields, plan),
        root=root or Part(number="1", media_type="text/plain", text=""),
    )


def dropped_content_ids(message: Message, findings: Iterable[Finding]) -> frozenset[str]:
    """Content-IDs of the parts that the findings would drop: whatever shows them must be rewritten too."""
    numbers = {finding.target.part for finding in findings if finding.remedy is Remedy.DROP_PART}
    return frozenset(
        leaf.content_id for leaf in message.leaves() if leaf.number in numbers and leaf.content_id
    )


def merged(cuts: Sequence[Cut]) -> list[Cut]:
    """The cuts in order, overlapping ones joined: two rules may have seen the same characters.

    The words of a joint cut are those of its first member that has any.
    """
    joined: list[Cut] = []
    for cut in sorted(set(cuts)):
        if joined and cut.start < joined[-1].end:
            last = joined[-1]
            joined[-1] = Cut(last.start, max(last.end, cut.end), last.words or cut.words)
        else:
            joined.append(cut)
    return joined


def redact(text: str, cuts: Sequence[Cut]) -> str:
    """The text with every cut carried out, and no gap where a cut leaves nothing behind."""
    pieces = [""]
    position = 0
    for cut in merged(cuts):
        pieces += filter(None, [text[position : cut.start], cut.words])
        position = cut.end
        if not cut.words and pieces[-1].endswith(" "):
            position = _close_gap(pieces, text, position)
    pieces.append(text[position:])
    return "".join(pieces)


def _close_gap(pieces: list[str], text: str, position: int) -> int:
    """Of two blanks one goes, and so does a blank before punctuation, a line end or the end."""
    following = text[position : position + 1]
    if following == " ":
        return position + 1
    if following in {"", "\n", ".", ",", ";", ":", "!", "?"}:
        pieces[-1] = pieces[-1].removesuffix(" ")
    return position


def _sorted_by_place(removals: Iterable[Removal]) -> _Plan:
    plan = _Plan()
    for removal in removals:
        target = removal.finding.target
        match removal.finding.remedy:
            case Remedy.DROP_FIELD:
                plan.fields.add((target.field or "").lower())
            case Remedy.DROP_PART:
                plan.parts.add(target.part)
            case Remedy.DROP_ELEMENT if target.node is not None:
                plan.edits[target.part].append(DropElement(target.node))
            case Remedy.UNWRAP_ELEMENT if target.node is not None:
                plan.edits[target.part].append(UnwrapElement(target.node))
            case Remedy.DROP_ATTRIBUTE if target.node is not None:
                plan.edits[target.part].append(DropAttribute(target.node, target.attribute or ""))
            case Remedy.REDACT_TEXT:
                _plan_redaction(plan, removal)
            case _:
                raise ValueError(
                    f"rule {removal.finding.rule}: remedy {removal.finding.remedy} has no place to act"
                )
    return plan


def _plan_redaction(plan: _Plan, removal: Removal) -> None:
    target = removal.finding.target
    for index, piece in enumerate(target.pieces):
        # A span over several nodes is replaced once, where it begins.
        words = removal.words if index == 0 else ""
        cut = Cut(piece.start, piece.end, words)
        if target.field is not None:
            plan.headers[target.field.lower(), target.node].append(cut)
        elif target.attribute in {"filename", "description"}:
            name_cut = cut._replace(words=PLAIN_WORD if words else "")
            plan.names[target.part, target.attribute, target.node].append(name_cut)
        elif piece.node >= 0:
            plan.html_cuts[target.part, piece.node, None].append(cut)
        elif target.node is not None:
            plan.html_cuts[target.part, target.node, target.attribute].append(cut)
        else:
            plan.texts[target.part].append(cut)


def _orphans(message: Message, dropped: set[str], tree: Rebuilt) -> list[Edit]:
    """Elements that show a part which goes: a broken image is no better than the image."""
    gone = {leaf.content_id for leaf in message.leaves() if leaf.number in dropped and leaf.content_id}
    return [
        DropElement(reference.element)
        for reference in tree.view.references
        if reference.purpose is Purpose.FETCH
        and content_id(reference.url) in gone
        and isinstance(tree.view.nodes[reference.element], Element)
    ]


def _mend_fields(fields: tuple[HeaderField, ...], plan: _Plan) -> tuple[HeaderField, ...]:
    kept = (entry for entry in fields if entry.name.lower() not in plan.fields)
    return tuple(_mend_field(entry, plan) for entry in kept)


def _mend_field(entry: HeaderField, plan: _Plan) -> HeaderField:
    name = entry.name.lower()
    places = {node: cuts for (field_name, node), cuts in plan.headers.items() if field_name == name}
    if not places:
        return entry
    if None in places:
        words = redact(entry.text, places[None])
        return replace(entry, body=words, text=words)
    boxes = mailboxes(entry.body)
    names = [redact(box.display_name, places.get(index, [])) for index, box in enumerate(boxes)]
    body = ", ".join(
        f"{_quoted(words)} <{box.address or box.text}>" for words, box in zip(names, boxes, strict=True)
    )
    return replace(entry, body=body, text=body)


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _mend_part(root: Part, plan: _Plan, rebuilt: Mapping[str, Rebuilt]) -> Part | None:
    """The tree without dropped parts, bottom up; parts nest at most ten deep, which the parser sees to."""
    if root.number in plan.parts:
        return None
    if root.is_multipart:
        children = [_mend_part(child, plan, rebuilt) for child in root.children]
        kept = tuple(child for child in children if child is not None)
        return replace(root, children=kept) if kept else None
    return _mend_leaf(root, plan, rebuilt)


def _mend_leaf(leaf: Part, plan: _Plan, rebuilt: Mapping[str, Rebuilt]) -> Part:
    leaf = _mend_names(leaf, plan)
    if leaf.number in rebuilt:
        text = settled(rebuilt[leaf.number], plan.edits[leaf.number])
    elif leaf.number in plan.texts and leaf.text is not None:
        text = redact(leaf.text, plan.texts[leaf.number])
    else:
        return leaf
    return replace(leaf, text=text, content=text.encode())


def _mend_names(leaf: Part, plan: _Plan) -> Part:
    for (number, attribute, index), cuts in plan.names.items():
        if number != leaf.number:
            continue
        if attribute == "description":
            leaf = replace(leaf, description=redact(leaf.description or "", cuts))
        else:
            names = tuple(
                redact(name, cuts) if position == index else name
                for position, name in enumerate(leaf.filenames)
            )
            leaf = replace(leaf, filenames=names)
    return leaf
