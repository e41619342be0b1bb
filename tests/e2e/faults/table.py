"""The table of faults: what happens when, as data.

Each row is played against a real ``gateway serve`` and compared with what came of it; ``deploy/faults.md`` is this
table as an operator reads it, and a test compares the two.
"""

from dataclasses import dataclass

LOST = "lost"
"""Instead of a reply: the connection is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a fault.

    Attributes:
        answers: What the client got, try after try: the reply code that decided (``"250"``, ``"4yz"``), or
            :data:`LOST`.
        arrivals: How often the mail was at its destination in the end.
        attempts: The history of each recipient in the record: outcomes of its attempts, and its state where that is not
            delivered.
        notices: Failure notices that reached the seller.
    """

    answers: tuple[str, ...] = ("250",)
    arrivals: int = 1
    attempts: tuple[str, ...] = ("delivered",)
    notices: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row.

    Attributes:
        what: As an operator would put it, after "what happens when".
        outcome: Expected.
        word: What is ordered, for the test of the group.
        times: How often it happens before all is well again; ``None`` for ever.
    """

    what: str
    outcome: Outcome
    word: object = None
    times: int | None = 1


AGAIN = Outcome(attempts=("temporary, delivered",))
MAY_BE_TWICE = Outcome(arrivals=2, attempts=("unknown, delivered",))
IN_HAND = Outcome(attempts=("unknown, delivered",))
GIVEN_UP = Outcome(arrivals=0, attempts=("permanent: failed",), notices=1)
SENT_AGAIN = Outcome(answers=(LOST, "250"))
TWO_COPIES = Outcome(answers=(LOST, "250"), arrivals=2, attempts=("delivered", "delivered"))
TAKEN_ONCE = Outcome(answers=("250",))
DEFERRED = Outcome(answers=("4yz", "250"))

_GIBBERISH = "\x00\x1b[2J what is this?"

NEXT_HOP = {
    "refused-connection": Fault(what="nothing listens at the next hop", word=None, outcome=AGAIN),
    "greeting-4yz": Fault(what="it greets with 4yz", word={"greeting": "421 4.3.2 busy"}, outcome=AGAIN),
    "greeting-5yz": Fault(what="it greets with 5yz", word={"greeting": "554 5.3.2 no"}, outcome=AGAIN),
    "mail-4yz": Fault(what="it answers 4yz to MAIL", word={"MAIL": "451 4.3.0 later"}, outcome=AGAIN),
    "rcpt-4yz": Fault(
        what="it answers 4yz to RCPT (greylisting, full mailbox)",
        word={"RCPT": "450 4.2.0 greylisted"},
        outcome=AGAIN,
    ),
    "data-4yz": Fault(what="it answers 4yz to DATA", word={"DATA": "451 4.3.0 later"}, outcome=AGAIN),
    "dot-4yz": Fault(what="it answers 4yz to the final dot", word={".": "452 4.3.1 full"}, outcome=AGAIN),
    "mail-421": Fault(what="it closes with 421 at MAIL", word={"MAIL": "421 4.7.0 bye"}, outcome=AGAIN),
    "mail-5yz": Fault(what="it answers 5yz to MAIL", word={"MAIL": "550 5.7.1 no"}, outcome=GIVEN_UP),
    "rcpt-5yz": Fault(what="it answers 5yz to RCPT", word={"RCPT": "550 5.1.1 who?"}, outcome=GIVEN_UP),
    "data-5yz": Fault(what="it answers 5yz to DATA", word={"DATA": "554 5.7.1 no"}, outcome=GIVEN_UP),
    "dot-5yz": Fault(what="it answers 5yz to the final dot", word={".": "554 5.6.0 no"}, outcome=GIVEN_UP),
    "greeting-hangs": Fault(what="it says nothing", word={"greeting": "hang"}, outcome=AGAIN),
    "mail-hangs": Fault(what="it hangs after MAIL", word={"MAIL": "hang"}, outcome=AGAIN),
    "rcpt-hangs": Fault(what="it hangs after RCPT", word={"RCPT": "hang"}, outcome=AGAIN),
    "data-hangs": Fault(what="it hangs after DATA", word={"DATA": "hang"}, outcome=AGAIN),
    "dot-hangs": Fault(
        what="it takes the mail and hangs after the final dot", word={".": "hang"}, outcome=MAY_BE_TWICE
    ),
    "greeting-reset": Fault(
        what="it resets the connection at once", word={"greeting": "reset"}, outcome=AGAIN
    ),
    "rcpt-reset": Fault(what="it resets the connection after RCPT", word={"RCPT": "reset"}, outcome=AGAIN),
    "content-reset": Fault(
        what="it resets the connection amid the content",
        word={"content": "reset"},
        outcome=IN_HAND,
    ),
    "dot-closes": Fault(
        what="it takes the mail and closes after the final dot", word={".": "close"}, outcome=MAY_BE_TWICE
    ),
    "dot-reset": Fault(
        what="it takes the mail and resets the connection after the final dot",
        word={".": "reset"},
        outcome=MAY_BE_TWICE,
    ),
    "greeting-garbage": Fault(what="it greets with gibberish", word={"greeting": _GIBBERISH}, outcome=AGAIN),
    "rcpt-garbage": Fault(what="it answers gibberish to RCPT", word={"RCPT": _GIBBERISH}, outcome=AGAIN),
    "dot-garbage": Fault(
        what="it takes the mail and answers gibberish to the final dot",
        word={".": _GIBBERISH},
        outcome=MAY_BE_TWICE,
    ),
    "rcpt-endless": Fault(
        what="it answers RCPT with a line that never ends", word={"RCPT": "endless"}, outcome=AGAIN
    ),
    "some-5yz": Fault(
        what="it takes one of two recipients and answers 5yz to the other",
        word={"RCPT two": "550 5.1.1 who?"},
        outcome=Outcome(attempts=("delivered", "permanent: failed"), notices=1),
    ),
    "some-4yz": Fault(
        what="it takes one of two recipients and answers 4yz to the other",
        word={"RCPT two": "450 4.2.0 later"},
        outcome=Outcome(arrivals=2, attempts=("delivered", "temporary, delivered")),
    ),
}

NAMES = {
    "dns-silent": Fault(what="DNS does not answer", word="silent", outcome=AGAIN),
    "dns-servfail": Fault(what="DNS answers SERVFAIL", word="SERVFAIL", outcome=AGAIN),
    "dns-refused": Fault(what="DNS answers REFUSED", word="REFUSED", outcome=AGAIN),
    "dns-nxdomain": Fault(
        what="DNS says that there is no such domain", word="NXDOMAIN", outcome=GIVEN_UP, times=None
    ),
}

TAKING = {
    "mail": Fault(what="before MAIL is answered", outcome=SENT_AGAIN),
    "rcpt": Fault(what="before RCPT is answered", outcome=SENT_AGAIN),
    "data": Fault(what="when the final dot is read", outcome=SENT_AGAIN),
    "examined": Fault(what="when the mail is examined", outcome=SENT_AGAIN),
    "accept: commit": Fault(what="right before the commit", outcome=SENT_AGAIN),
    "accept: log": Fault(what="when the commit begins to be written", outcome=SENT_AGAIN),
    "accept: sync": Fault(what="when the commit is written and not synchronised yet", outcome=TWO_COPIES),
    "accept: committed": Fault(what="after the commit, before the final dot is answered", outcome=TWO_COPIES),
}

SENDING = {
    "claimed": Fault(what="right after the final dot is answered", outcome=IN_HAND),
    "next hop: greeting": Fault(what="while it connects to the next hop", outcome=IN_HAND),
    "next hop: MAIL": Fault(what="after MAIL to the next hop", outcome=IN_HAND),
    "next hop: RCPT": Fault(what="after RCPT to the next hop", outcome=IN_HAND),
    "next hop: DATA": Fault(what="after DATA to the next hop", outcome=IN_HAND),
    "next hop: content": Fault(what="amid the content", outcome=IN_HAND),
    "next hop: .": Fault(what="after the final dot to the next hop, before its reply", outcome=MAY_BE_TWICE),
    "answered": Fault(what="after its reply, before the delivery is recorded", outcome=MAY_BE_TWICE),
    "settle: commit": Fault(what="right before that commit", outcome=MAY_BE_TWICE),
    "settle: committed": Fault(what="right after that commit", outcome=TAKEN_ONCE),
}

TELLING = {
    "notice: commit": Fault(
        what="while a failure notice is written",
        outcome=Outcome(arrivals=0, attempts=("unknown, permanent: failed",), notices=1),
    ),
    "notice: committed": Fault(what="when the notice and the failure are on disk", outcome=GIVEN_UP),
}

RELEASING = {
    "release: commit": Fault(
        what="`gateway queue release`, right before its commit",
        outcome=Outcome(answers=("250", "held", "released")),
    ),
    "release: committed": Fault(
        what="`gateway queue release`, right after its commit", outcome=Outcome(answers=("250", "released"))
    ),
}

DISK = {
    "full": Fault(what="the disk is full when a mail is taken", word="full", outcome=DEFERRED),
    "read-only": Fault(
        what="the file system has become read-only when a mail is taken", word="read-only", outcome=DEFERRED
    ),
    "failing": Fault(
        what="the disk fails to synchronise when a mail is taken", word="failing", outcome=DEFERRED
    ),
    "full, sending": Fault(
        what="the disk is full when a delivery is recorded", word="full", outcome=TAKEN_ONCE
    ),
    "full, restart": Fault(
        what="the same, and the gateway is killed before there is room",
        word="full",
        outcome=MAY_BE_TWICE,
    ),
}

CLOCK = {
    "forward": Fault(
        what="the clock jumps three hours forward while a mail waits to be tried again",
        word=10_800,
        outcome=AGAIN,
    ),
    "days forward": Fault(
        what="the clock jumps ten days forward while a mail waits to be tried again",
        word=864_000,
        outcome=AGAIN,
    ),
    "back": Fault(
        what="the clock jumps three hours back while a mail waits to be tried again",
        word=-10_800,
        outcome=AGAIN,
    ),
}

SECTIONS = (
    (
        "… a next hop does not do as it should",
        "A next hop is an MX host of the marketplace, or the one a route names.",
        NEXT_HOP,
    ),
    ("… DNS does not", "", NAMES),
    (
        "… the gateway is killed while it takes a mail",
        "By SIGKILL, a crash or a power cut; it is started again, and the client sends again what was not answered 250.",
        TAKING,
    ),
    (
        "… the gateway is killed while it sends a mail",
        "The mail was answered 250. What the gateway had in hand is `unknown` when it is started again.",
        SENDING,
    ),
    ("… the gateway is killed while it tells of a failure", "", TELLING),
    ("… a command is killed", "It is given again.", RELEASING),
    ("… the disk fails", "It is mended while the gateway runs, but in the last row.", DISK),
    ("… the clock jumps", "", CLOCK),
)

HEAD = """# What happens when …

Each row is played against a running gateway by the tests (`tests/e2e/faults/`), and this page is written from what comes of it.

- What was answered 250 arrives, or the seller gets a failure notice; it is never lost.
- What was not answered 250 is the client's to send again. It arrives twice at most where the gateway had it on disk and could not say so any more.
- Two copies of a mail are the same to the letter and have the same Message-ID, by which mail systems know them.
- `unknown` in the record: the next hop may have the mail. It is sent again, since a second copy is better than none.
- Nothing that a policy forbids arrives, whatever fails.

Time-outs of next hops are those of RFC 5321: 5 minutes for a command, 10 for the reply to the final dot.
"""


def page():
    """``deploy/faults.md``."""
    parts = [HEAD]
    for title, words, rows in SECTIONS:
        parts.append(f"## {title}\n\n" + (f"{words}\n\n" if words else "") + _table(rows.values()))
    return "\n".join(parts)


def _table(rows):
    lines = [
        "| what happens | the client gets | the mail arrives | attempts in the record | failure notices |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        seen = row.outcome
        cells = (
            row.what,
            _answers(seen),
            _arrivals(seen),
            "; ".join(seen.attempts),
            str(seen.notices or "none"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _answers(seen):
    words = {LOST: "no answer", "held": "(still held)", "released": "(released)"}
    return ", then ".join(words.get(answer, f"`{answer}`") for answer in seen.answers)


def _arrivals(seen):
    times = ("never", "once", "twice")[seen.arrivals]
    return "once each" if seen.arrivals == len(seen.attempts) == 2 and len(seen.answers) == 1 else times
