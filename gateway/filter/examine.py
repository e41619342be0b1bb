"""The heart: octets and a policy in; findings, and the octets that may leave, out.

House rules of this file: the consequence of every finding is settled before anything is rewritten; what was
examined last is exactly what is queued; no clock, no chance, no IO, so that the same mail meets the same fate.
Not here: what a rule sees (``rules/``), what follows from it (``policies/``), how a remedy acts (``remedy``).
Source: invariants 2 to 7 and 10 of ARCHITECTURE.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from gateway.filter.digest import digest_of
from gateway.filter.examination import Examination, Record
from gateway.filter.header import LoopError, completed
from gateway.filter.remedy import Removal, dropped_content_ids, mend
from gateway.filter.verdict import Judgement
from gateway.html.agree import agree
from gateway.html.inspect import inspect
from gateway.html.judge import Known
from gateway.html.rewrite import Rebuilt, rebuild
from gateway.html.view import Purpose, View
from gateway.mail.compose import EMITTED_FIELDS, compose
from gateway.mail.errors import AmbiguityError, LimitError, MessageError
from gateway.mail.limits import Limits
from gateway.mail.message import Message, Part
from gateway.mail.parse import parse
from gateway.policy.model import OnMatch, Policy, RuleSetting
from gateway.rules import ALL, BY_NAME
from gateway.rules.context import Context, Profile, content_id
from gateway.rules.readings import Readings
from gateway.rules.rule import Finding, Remedy, Target

MAX_PASSES = 4
"""Times a mail is mended and read again. Taking text out can bring other text together, so one pass may not do; an
honest mail needs one or two, a mail that still changes after four is refused."""

MAX_TEXT_CHARS = 2_000_000
"""Code points of all texts of one mail that are judged: a novel has a million, a message to a buyer some thousands.
Above it a mail would not be refused but run into the deadline, again and again."""

MAX_FINDINGS = 5_000
"""Findings in one reading. No honest mail has a tenth; each costs 20 us and more, and a mail of a megabyte can hold
half a million."""

COMPOSED = Limits(octets=2 * Limits().octets)
"""Limits of what we have composed ourselves: base64 makes a third more of a large 8-bit mail."""

STILL_THERE = (
    "What the policy forbids is woven into this mail so that it cannot be taken out; please write it anew."
)
NOTHING_LEFT = "Nothing would be left of this mail without what the policy forbids."


def examine(octets: bytes, policy: Policy, profile: Profile, received_at: datetime) -> Examination:
    """Reads a mail, judges it, takes out what must go, and judges what is left.

    Args:
        octets: The content as received, wire octets.
        policy: The edition in force when the mail was received.
        profile: What is known of the seller.
        received_at: Aware UTC; becomes the Date of a mail that has none.

    Returns:
        An examination; nothing that a mail can be makes this raise. Whatever it raises is our own fault.
    """
    record = Record(policy=policy)
    try:
        received = parse(octets)
        _check_length(received)
        record.note(received.normalised)
        message, changes = completed(received, octets, policy, profile.hostname, received_at)
        record.note(changes)
        return _purify(message, profile, record)
    except AmbiguityError as error:
        record.add(_ambiguity(error, policy))
        return record.refused(554, "5.6.0", error.sentence)
    except LoopError as error:
        return record.refused(554, "5.4.6", error.sentence)
    except LimitError as error:
        return record.refused(552, "5.3.4", error.sentence)
    except MessageError as error:
        return record.refused(554, "5.6.0", error.sentence)


def judge(context: Context, policy: Policy) -> list[Judgement]:
    """What the rules see in one reading of a mail, with what follows from it.

    A finding that should be stripped, but that no remedy can take out, is a reject.

    Raises:
        LimitError: Over ``MAX_FINDINGS``.
    """
    settings = {setting.rule: setting for setting in policy.settings if setting.on_match is not OnMatch.OFF}
    found: list[Judgement] = []
    for rule in ALL:
        setting = settings.get(rule.name)
        if setting is not None:
            room = MAX_FINDINGS - len(found)
            seen = tuple(islice(rule.check(context, setting.params), room + 1))
            if len(seen) > room:
                raise LimitError("The mail is full of what the policy forbids; please write it anew.")
            found.extend(_judgement(finding, setting) for finding in seen)
    return found


def _check_length(message: Message) -> None:
    length = sum(len(leaf.text or "") for leaf in message.leaves())
    if length > MAX_TEXT_CHARS:
        raise LimitError(
            f"The text has {length:,} characters; at most {MAX_TEXT_CHARS:,} can be examined: shorten it."
        )


def _purify(message: Message, profile: Profile, record: Record) -> Examination:
    """Judge, mend, compose, read again, until what was composed reads exactly as what was judged."""
    readings, known = Readings(), Known()
    octets: bytes | None = None  # what the message at hand was read from, once it is our own
    for number in range(MAX_PASSES):
        views = {leaf.number: inspect(leaf.text or "", known) for leaf in message.leaves() if leaf.is_html}
        rebuilt = {
            leaf.number: rebuild(leaf.text or "", known)
            for leaf in message.leaves()
            if leaf.number in views and views[leaf.number].extras
        }
        # One judgement does for both readings of a part where they agree.
        alike = {part: tree.view for part, tree in rebuilt.items() if agree(views[part], tree.view)}
        context = Context(message=message, views={**views, **alike}, profile=profile, readings=readings)
        if number == 0:
            record.digest = digest_of(context)
        seen = judge(context, record.policy)
        record.add(*seen)
        rebuilt |= {
            leaf.number: rebuild(leaf.text or "", known)
            for leaf in _touched(message, views, seen)
            if leaf.number not in rebuilt
        }
        seen = _judge_rebuilt(context, seen, rebuilt, record)
        if record.stops:
            return record.stopped()
        mended = mend(message, _removals(seen, record.policy), rebuilt)
        if mended is message and octets is not None:
            return record.passed(octets)
        if mended is not message and _is_empty(mended):
            return record.refused(550, "5.7.1", NOTHING_LEFT)
        octets = compose(mended)
        again = parse(octets, COMPOSED)
        if mended is message and _judged_content(again) == _judged_content(message):
            return record.passed(octets)
        message = again
    return record.refused(550, "5.7.1", STILL_THERE)


def _judge_rebuilt(
    context: Context, seen: list[Judgement], rebuilt: Mapping[str, Rebuilt], record: Record
) -> list[Judgement]:
    """Findings in rewritten parts, made again on the rewriter's own tree: remedies act where they were found."""
    for number, tree in rebuilt.items():
        record.note(f"{number}: {phrase}" for phrase in tree.normalised)
    others = {number: tree.view for number, tree in rebuilt.items() if context.views[number] is not tree.view}
    if not others:
        return seen
    views = {**context.views, **others}
    again = judge(
        Context(message=context.message, views=views, profile=context.profile, readings=context.readings),
        record.policy,
    )
    fresh = [judgement for judgement in again if judgement.finding.target.part in others]
    record.add(*fresh)
    return [judgement for judgement in seen if judgement.finding.target.part not in others] + fresh


def _touched(message: Message, views: Mapping[str, View], seen: Iterable[Judgement]) -> Iterator[Part]:
    """Every HTML part that holds something that goes."""
    strips = [judgement.finding for judgement in seen if judgement.on_match is OnMatch.STRIP]
    touched = {finding.target.part for finding in strips}
    gone = dropped_content_ids(message, strips)
    return (
        leaf
        for leaf in message.leaves()
        if leaf.number in views and (leaf.number in touched or _shows(views[leaf.number], gone))
    )


def _shows(view: View, content_ids: frozenset[str]) -> bool:
    fetched = (reference.url for reference in view.references if reference.purpose is Purpose.FETCH)
    return any(content_id(url) in content_ids for url in fetched)


def _removals(seen: Iterable[Judgement], policy: Policy) -> Iterator[Removal]:
    for judgement in seen:
        if judgement.on_match is OnMatch.STRIP:
            finding = judgement.finding
            setting = policy.setting(finding.rule)
            words = setting.replacement if setting is not None else None
            if words is None:
                words = finding.replacement
            if words is None:
                words = f"[removed: {BY_NAME[finding.rule].label}]"
            yield Removal(finding=finding, words=words)


def _is_empty(message: Message) -> bool:
    return not any(
        (leaf.text or "").strip() if leaf.is_body_text else leaf.content for leaf in message.leaves()
    )


def _judged_content(message: Message) -> tuple[object, ...]:
    """All of a message that rules look at: two messages that agree here have the same findings."""
    emitted = frozenset(name.lower() for name in EMITTED_FIELDS)
    fields = tuple(
        (entry.name.lower(), entry.text) for entry in message.fields if entry.name.lower() in emitted
    )
    return (fields, message.root)


def _judgement(finding: Finding, setting: RuleSetting) -> Judgement:
    rule = BY_NAME[finding.rule]
    on_match = setting.on_match
    if on_match is OnMatch.STRIP and finding.remedy is Remedy.NONE:
        on_match = OnMatch.REJECT
    return Judgement(
        finding=finding, on_match=on_match, clause=setting.clause, sentence=rule.sentence, advice=rule.advice
    )


def _ambiguity(error: AmbiguityError, policy: Policy) -> Judgement:
    """No policy can allow a mail that two readers read differently, so none is asked."""
    rule = BY_NAME["mime_ambiguity"]
    setting = policy.setting(rule.name)
    finding = Finding(
        rule=rule.name, target=Target(part=error.part), evidence=error.sentence[:80], remedy=Remedy.NONE
    )
    return Judgement(
        finding=finding,
        on_match=OnMatch.REJECT,
        clause=setting.clause if setting is not None else "gateway:one-reading",
        sentence=rule.sentence,
        advice=rule.advice,
    )
