"""What reading and judging one mail has shown, and the record that gathers it pass by pass.

Not here: the passes (``examine``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.filter.digest import Digest
from gateway.filter.verdict import Judgement, Reject
from gateway.policy.model import OnMatch, Policy
from gateway.rules import BY_NAME

MAX_JUDGEMENTS = 200
"""Findings reported of one mail. All are acted upon, the rest is only counted: a mail of a hundred thousand links
must not fill the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """All that reading and judging a mail has shown.

    Attributes:
        policy: Stamp of the policy, ``"amazon@2020-11-03"``.
        judgements: Findings with their consequences, in order of appearance, at most ``MAX_JUDGEMENTS``.
        omitted: Findings beyond that.
        normalised: What was or would be changed without a policy meaning, a phrase each.
        digest: What the mail is about.
        stripped: Rules whose findings were taken out.
        held: Rules that ask for a person; nothing was taken out then.
        refusal: Why nothing can be sent; ``None`` when something can or a person is to say.
        octets: What would be sent; ``None`` for a mail that is refused or held as it is.
    """

    policy: str
    judgements: tuple[Judgement, ...] = ()
    omitted: int = 0
    normalised: tuple[str, ...] = ()
    digest: Digest = field(default_factory=Digest)
    stripped: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    refusal: Reject | None = None
    octets: bytes | None = None


@dataclass(kw_only=True)
class Record:
    """What has been seen of one mail so far, over all passes."""

    policy: Policy
    digest: Digest = field(default_factory=Digest)
    changes: dict[str, None] = field(default_factory=dict)
    judgements: dict[tuple[str, str, str], Judgement] = field(default_factory=dict)

    def note(self, changes: Iterable[str]) -> None:
        """Something changed without a policy meaning."""
        self.changes.update(dict.fromkeys(changes))

    def add(self, *judgements: Judgement) -> None:
        """A later pass sees again what an earlier one saw elsewhere in the tree; it is told once."""
        for judgement in judgements:
            finding = judgement.finding
            self.judgements.setdefault((finding.rule, finding.target.part, finding.evidence), judgement)

    def rules_at(self, on_match: OnMatch) -> tuple[str, ...]:
        """Rules with a finding of that consequence."""
        matching = (each.finding.rule for each in self.judgements.values() if each.on_match is on_match)
        return tuple(dict.fromkeys(matching))

    @property
    def stops(self) -> bool:
        """Whether the mail goes no further, so that nothing needs to be rewritten."""
        return bool(self.rules_at(OnMatch.REJECT) or self.rules_at(OnMatch.HOLD))

    def stopped(self) -> Examination:
        """Refused by the policy, or held."""
        rejects = self.rules_at(OnMatch.REJECT)
        if rejects:
            return self.refused(550, "5.7.1", *(BY_NAME[name].sentence for name in rejects))
        return self._report(held=self.rules_at(OnMatch.HOLD))

    def refused(self, code: int, status: str, *sentences: str) -> Examination:
        """Nothing can be sent."""
        return self._report(refusal=Reject(code=code, status=status, sentences=sentences))

    def passed(self, octets: bytes) -> Examination:
        """These octets can be sent, unless the marketplace takes none of that size."""
        limit = self.policy.max_message_octets
        if len(octets) > limit:
            size = f"{len(octets) / 1e6:.1f} MB with its attachments encoded"
            return self.refused(
                552, "5.3.4", f"This mail has {size}; the marketplace takes {limit / 1e6:.1f} MB."
            )
        return self._report(octets=octets, stripped=self.rules_at(OnMatch.STRIP))

    def _report(
        self,
        *,
        octets: bytes | None = None,
        stripped: tuple[str, ...] = (),
        held: tuple[str, ...] = (),
        refusal: Reject | None = None,
    ) -> Examination:
        judgements = tuple(self.judgements.values())
        return Examination(
            policy=self.policy.stamp,
            judgements=judgements[:MAX_JUDGEMENTS],
            omitted=max(0, len(judgements) - MAX_JUDGEMENTS),
            normalised=tuple(self.changes),
            digest=self.digest,
            stripped=stripped,
            held=held,
            refusal=refusal,
            octets=octets,
        )
