"""Phrases by subject, in the languages that sellers write most, and the sentences that they stand in.

Not here: what a rule makes of them.
Languages: English, German, French, Italian, Spanish, Portuguese, Dutch, Swedish, Polish, Turkish, Japanese, Arabic.
"""

from gateway.detect.fold import Folded, Span
from gateway.detect.phrase_tables import OPT_OUT, OPT_OUT_PATHS
from gateway.detect.scan import compile_pattern, found, spans

MAX_SENTENCE = 240
"""Code points on each side of a phrase that are searched for the ends of its sentence; a longer one is cut there."""


def find_opt_outs(folded: Folded) -> tuple[Span, ...]:
    """Find sentences about unsubscribing, opting out or newsletter settings.

    Returns:
        Spans of whole sentences in folded coordinates, sorted, apart from each other; text is the phrase.
    """
    text = folded.text
    apart: list[Span] = []
    for start, end in spans(_OPT_OUT, text):
        if apart and start < apart[-1].end:
            continue
        phrase = text[start:end].strip(_EDGES)
        before = text[max(start - MAX_SENTENCE, apart[-1].end if apart else 0) : start]
        after = text[end : end + MAX_SENTENCE]
        first = start - len(before) + max((stop for _, stop in spans(_SENTENCE_END, before)), default=0)
        last = end + next((stop for _, stop in spans(_SENTENCE_END, after)), len(after))
        apart.append(Span(first, last - (len(text[first:last]) - len(text[first:last].rstrip())), phrase))
    return tuple(apart)


def is_opt_out(text: str) -> bool:
    """Whether a folded text holds such a phrase."""
    return found(_OPT_OUT, text)


def is_opt_out_url(url: str) -> bool:
    """Whether a URL leads to a page for unsubscribing, by its words."""
    return found(_OPT_OUT_URL, url)


_EDGES = " \t\n.,;:!?()[]"
_OPT_OUT = compile_pattern(rf"(?i)(?:{'|'.join(OPT_OUT)})")
_OPT_OUT_URL = compile_pattern(rf"(?i)(?:^|[/?&=._+-])(?:{'|'.join(OPT_OUT_PATHS)})(?:[/?&=._0-9+-]|$)")
_SENTENCE_END = compile_pattern(r"[.!?](?:[\s)\"]|$)|\n|[\x{3002}\x{FF01}\x{FF1F}\x{061F}]")
