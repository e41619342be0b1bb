"""Numbered mails and what must become of them; see tests/README.md for how to add one.

A failing case writes what it got beside the case (``verdict.json.got``, ``out.eml.got``); accepting it is renaming.
"""

import json
import re
from pathlib import Path

import fast_mail_parser
import html5lib
import pytest

from gateway.filter.decide import Facts, decide
from gateway.filter.examine import examine
from gateway.filter.verdict import Accept, reply_to, verdict_name
from gateway.mail.parse import parse
from gateway.policy.load import override
from gateway.policy.model import OnMatch
from gateway.rules import BY_NAME
from gateway.rules.context import Profile

CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(
    path.parent for kind in ("accept", "strip", "reject") for path in CORPUS.glob(f"{kind}/*/message.eml")
)
SAMPLES = sorted((Path(__file__).parents[1] / "gateway" / "samples").glob("*.eml"))
PROFILE = Profile(hostname="gateway.example")
LINE_ENDS = {"LF": b"\n", "CRLF": b"\r\n"}
SENT = [case for case in CASES if case.parent.name != "reject"]


def name_of(path):
    return f"{path.parent.name}/{path.name}"


def _rules_of(case):
    """Rules that find something in it, but for the one that no policy can change."""
    findings = json.loads((case / "verdict.json").read_text("utf-8"))["findings"]
    return {each.split()[0] for each in findings} - {"mime_ambiguity"}


def with_line_ends(octets, line_end):
    return re.sub(rb"\r?\n", line_end, octets)


def outcome(octets, policy, received_at):
    """Verdict, reply and rules of one mail, and what would be sent."""
    examination = examine(octets, policy, PROFILE, received_at)
    verdict = decide(examination, Facts(), received_at)
    shape = {
        "verdict": verdict_name(verdict),
        "reply": str(reply_to(verdict, "id")),
        "findings": sorted({f"{each.finding.rule} {each.on_match}" for each in examination.judgements}),
    }
    return shape, verdict.octets if isinstance(verdict, Accept) else None


def hold(path, got):
    """Compares with what is written there; leaves what it got beside it when they differ."""
    left = path.with_name(path.name + ".got")
    if path.exists() and path.read_bytes() == got:
        left.unlink(missing_ok=True)
        return True
    left.write_bytes(got)
    return False


@pytest.mark.parametrize("line_end", LINE_ENDS)
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_fate(case, line_end, amazon, received_at):
    """Each mail of the corpus meets the fate that is written beside it, whatever its line ends are."""
    octets = with_line_ends((case / "message.eml").read_bytes(), LINE_ENDS[line_end])
    shape, sent = outcome(octets, amazon, received_at)
    assert shape["verdict"] == case.parent.name
    assert hold(case / "verdict.json", json.dumps(shape, indent=1, ensure_ascii=False).encode() + b"\n"), (
        shape
    )
    if sent is not None:
        assert hold(case / "out.eml", sent), f"see {case}/out.eml.got"


@pytest.mark.parametrize("case", SENT + SAMPLES, ids=name_of)
def test_own_output_is_accepted_unchanged(case, amazon, received_at):
    """Filtering what was sent finds nothing and changes nothing (invariant 5)."""
    octets = case.read_bytes() if case.is_file() else (case / "message.eml").read_bytes()
    _, sent = outcome(octets, amazon, received_at)
    if sent is None:
        return
    again, sent_again = outcome(sent, amazon, received_at)
    assert again["verdict"] == "accept"
    assert sent_again == sent


@pytest.mark.parametrize("case", SENT, ids=name_of)
def test_a_second_mime_parser_reads_the_same(case):
    """An unrelated MIME parser finds the texts and attachments in our output that we put there."""
    sent = (case / "out.eml").read_bytes()
    ours = parse(sent)
    theirs = fast_mail_parser.parse_email(sent)
    texts = [leaf.text for leaf in ours.leaves() if leaf.is_body_text]
    assert [tidy(text) for text in theirs.text_plain + theirs.text_html if tidy(text)] == [
        tidy(text)
        for text in [
            *(leaf.text for leaf in ours.leaves() if leaf.is_body_text and not leaf.is_html),
            *(leaf.text for leaf in ours.leaves() if leaf.is_html),
        ]
        if tidy(text)
    ], texts
    files = [leaf.content for leaf in ours.leaves() if not leaf.is_body_text]
    assert [attachment.content for attachment in theirs.attachments] == files


def tidy(text):
    return text.replace("\r\n", "\n").strip()


@pytest.mark.parametrize("case", SENT, ids=name_of)
def test_a_browser_fetches_nothing(case):
    """html5lib, which reads as browsers do, finds no element in our HTML that loads anything but ``cid:``."""
    for leaf in parse((case / "out.eml").read_bytes()).leaves():
        if not leaf.is_html:
            continue
        tree = html5lib.parse(leaf.text, namespaceHTMLElements=False)
        for element in tree.iter():
            if not isinstance(element.tag, str):
                raise AssertionError("a comment is left")  # noqa: TRY004 - a finding, not a type error
            assert element.tag not in {"script", "iframe", "object", "embed", "link", "base", "form", "svg"}
            for attribute in ("src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc"):
                value = element.get(attribute)
                assert value is None or value.startswith("cid:"), value
            assert "url(" not in (element.get("style") or "").lower()
            assert not [key for key in element.attrib if key.startswith("on")]


ONE_EACH = {
    rule: case
    # The last one stays: of a rule that finds something alone.
    for case in sorted(CASES, key=lambda case: -len(_rules_of(case)))
    for rule in _rules_of(case)
}


@pytest.mark.parametrize("rule, case", sorted(ONE_EACH.items()), ids=sorted(ONE_EACH))
def test_any_rule_can_hold(rule, case, amazon, received_at):
    """Whatever rule says `hold`, nothing is sent, the reply is 250 and names it; and stripping does what it did."""
    others = {name: "off" for name in BY_NAME if name not in {rule, "mime_ambiguity"}}
    holding = override(amazon, {**others, rule: "hold"}, source="test")
    octets = (case / "message.eml").read_bytes()
    shape, sent = outcome(octets, holding, received_at)
    assert (shape["verdict"], sent) == ("hold", None)
    assert shape["reply"] == f"250 2.0.0 id held: {rule}"
    released, _ = outcome(octets, holding.with_hold_as(OnMatch.STRIP), received_at)
    stripped, _ = outcome(octets, override(amazon, {**others, rule: "strip"}, source="test"), received_at)
    assert released == stripped
