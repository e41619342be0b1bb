"""What a decision about held mail does: on a real record, with the examination in this process."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from gateway.filter.decide import Facts, decide
from gateway.filter.examine import examine
from gateway.filter.verdict import Hold
from gateway.intake import deadline_of, finding_records
from gateway.mail.address import parse_path
from gateway.mail.dsn import parse_report
from gateway.mail.envelope import Envelope, Recipient
from gateway.notices import Notices
from gateway.policy.load import override
from gateway.policy.model import HoldTerms, OnMatch
from gateway.review import Review, StillRefusedError
from gateway.rules.context import Profile
from gateway.store.records import MessageQuery, NewMessage, StateError
from gateway.store.rulings import Decision, HeldMessage
from gateway.store.store import Store

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=19)
SELLER = parse_path("orders@harbour-tea.example")
BUYER = parse_path("abc@marketplace.amazon.com")
SMILE = "Thank you :-) The tin is on its way.\n"
CALL = "Thank you :-) Call +44 20 7946 0958.\n"


class Workers:
    """Examines without a process."""

    def __init__(self, policies):
        self.policies = policies

    async def examine(self, octets, policy, profile, received_at, *, hold_as=None):
        chosen = self.policies[policy]
        return examine(octets, chosen.with_hold_as(hold_as) if hold_as else chosen, profile, received_at)


def mail(text=SMILE, *, attachment=None, author=str(SELLER)):
    message = EmailMessage()
    message["From"] = author
    message["To"] = str(BUYER)
    message["Subject"] = "Your order"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0000"
    message["Message-ID"] = "<1@harbour-tea.example>"
    message.set_content(text)
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="a.exe")
    return bytes(message)


PROGRAM = mail("Hello.\n", attachment=b"MZ" + bytes(200))


class Desk:
    """A record with held mail, and a review on it."""

    def __init__(self, store, amazon):
        self.store = store
        self.amazon = amazon
        self.woken = []
        self.set_policy(emoticon="hold")

    def set_policy(self, *, terms=None, **words):
        """The policy of the day."""
        self.policy = override(self.amazon, words, source="test")
        if terms is not None:
            self.policy = replace(self.policy, hold=terms)
        policies = {"amazon": self.policy}
        self.review = Review(
            store=self.store,
            workers=Workers(policies),
            policies=policies,
            notices=Notices(self.store, "postmaster@gateway.example", "gateway.example"),
            hostname="gateway.example",
            clock=lambda: LATER,
        )
        self.review.wake = lambda: self.woken.append(True)

    async def hold(self, octets, *, seller="local", verdict="hold", reverse_path=SELLER, route="amazon"):
        """A mail in the record as the gateway would have put it there under the policy of now."""
        examination = examine(octets, self.policy, Profile(hostname="gateway.example"), NOW)
        outcome = decide(examination, Facts(), NOW)
        await self.store.accept(
            NewMessage(
                id="m1",
                received_at=NOW,
                seller=seller,
                peer="127.0.0.1:1",
                envelope=Envelope(reverse_path=reverse_path, recipients=(Recipient(address=BUYER),)),
                policy=self.policy.stamp,
                verdict=verdict,
                reply="250 2.0.0 m1 held: emoticon",
                message_id="<1@harbour-tea.example>",
                subject="Your order",
                order_ids=(),
                original=octets,
                sent=None if verdict == "hold" else outcome.octets,
                route=route,
                findings=finding_records(examination),
                normalised=(),
                due_at=NOW,
                hold=deadline_of(self.policy, NOW) if verdict == "hold" else None,
            )
        )

    async def detail(self):
        return await self.store.message("m1")

    async def verdict(self):
        """Verdict, whether it is held, and whether something is queued."""
        summary = (await self.detail()).summary
        return summary.verdict, summary.held_until is not None, dict(summary.states)

    async def notices(self):
        """Reasons that sellers were told."""
        found = [
            await self.store.message(each.id)
            for each in await self.store.messages(MessageQuery(text="failure notice"))
        ]
        return [parse_report(each.sent).recipients[0].diagnostic for each in found]

    def due(self):
        return HeldMessage(id="m1", seller="local", route="amazon", is_warned=True, until=LATER)


@pytest.fixture
async def desk(tmp_path, amazon, log_lines):
    store = await Store.open(f"sqlite:///{tmp_path}/gateway.db", instance="test")
    yield Desk(store, amazon)
    await store.close()


STRIP = HoldTerms(at_deadline=OnMatch.STRIP)


async def test_release_takes_out_what_was_held(desk):
    """Without an override, what the policy wants held is taken out and the rest is due at once."""
    await desk.hold(mail())
    assert await desk.review.release("m1", who="anna", reason="a regular") == "strip"
    assert await desk.verdict() == ("strip", False, {"queued": 1})
    assert desk.woken == [True]
    detail = await desk.detail()
    assert b":-)" not in detail.sent
    assert b"The tin is on its way." in detail.sent
    assert [(each.on_match, each.examination) for each in detail.findings] == [("hold", 1), ("strip", 2)]
    assert [(each.who, each.what, each.reason, each.at) for each in detail.decisions] == [
        ("anna", "release", "a regular", LATER)
    ]
    assert [item.first_at for item in await desk.store.claim(9, LATER, 60)] == [LATER]


async def test_override_lets_pass_what_was_held(desk):
    """With a reason, what the policy wants held stays in; it is recorded as warned of."""
    await desk.hold(mail())
    assert await desk.review.release("m1", who="anna", reason="harmless", override=True) == "accept"
    detail = await desk.detail()
    assert b":-)" in detail.sent
    assert [(each.on_match, each.examination) for each in detail.findings] == [("hold", 1), ("warn", 2)]
    assert [(each.what, each.reason) for each in detail.decisions] == [("override", "harmless")]


async def test_override_lets_pass_nothing_else(desk):
    """What the policy strips is taken out of a mail released by override too."""
    await desk.hold(mail(CALL))
    assert await desk.review.release("m1", who="anna", reason="harmless", override=True) == "strip"
    sent = (await desk.detail()).sent
    assert b":-)" in sent
    assert b"7946" not in sent


async def test_the_policy_of_today_judges(desk):
    """What was held yesterday and is allowed today goes out as it is."""
    await desk.hold(mail())
    desk.set_policy(emoticon="off")
    assert await desk.review.release("m1", who="anna") == "accept"
    assert b":-)" in (await desk.detail()).sent


REFUSED = {
    "no remedy": ({"active_content": "hold"}, {}, PROGRAM, False),
    "refused today": ({"emoticon": "hold"}, {"emoticon": "reject"}, mail(), False),
    "refused today, override": ({"emoticon": "hold"}, {"emoticon": "reject"}, mail(), True),
}


@pytest.mark.parametrize("then, today, octets, is_override", REFUSED.values(), ids=REFUSED)
async def test_still_refused(desk, then, today, octets, is_override):
    """What cannot be taken out, or is refused today, stays held and nothing changes."""
    desk.set_policy(**then)
    await desk.hold(octets)
    desk.set_policy(**{**then, **today})
    with pytest.raises(StillRefusedError) as refused:
        await desk.review.release("m1", who="anna", reason="please", override=is_override)
    assert all(sentence.endswith(".") for sentence in refused.value.sentences)
    assert await desk.verdict() == ("hold", True, {})
    assert (await desk.detail()).decisions == ()
    assert desk.woken == []


async def test_no_remedy_goes_by_override_only(desk):
    """A held attachment that nothing can mend is released by an override, whole."""
    desk.set_policy(active_content="hold", attachment_type="hold")
    await desk.hold(PROGRAM)
    assert await desk.review.release("m1", who="anna", reason="is a firmware", override=True) == "accept"


async def test_two_readings_never_leave(desk):
    """No override makes a mail of two readings pass."""
    octets = mail().replace(b"Subject:", b"Subject: first\r\nSubject:", 1)
    await desk.hold(octets)
    with pytest.raises(StillRefusedError):
        await desk.review.release("m1", who="anna", reason="please", override=True)
    assert await desk.verdict() == ("hold", True, {})


async def test_a_sender_that_is_approved_no_more(desk):
    """The seller is judged as of today, too: an override does not replace an approval."""
    await desk.store.add_seller("tea", [SELLER])
    await desk.hold(mail(author="other@harbour-tea.example"), seller="tea")
    with pytest.raises(StillRefusedError, match="not approved"):
        await desk.review.release("m1", who="anna", reason="please", override=True)


async def test_not_held(desk):
    """Who decides about what is decided, or what nobody knows, is told so."""
    await desk.hold(mail())
    await desk.review.release("m1", who="anna")
    told = "m1 is not held any more: released by anna at 2026-11-24 07:00:00 UTC"
    with pytest.raises(StateError, match=told):
        await desk.review.release("m1", who="bob")
    with pytest.raises(StateError, match=told):
        await desk.review.reject("m1", who="bob", reason="no")
    with pytest.raises(StateError, match=told):
        await desk.review.at_deadline(desk.due())
    with pytest.raises(StateError, match="no message has the id"):
        await desk.review.release("nosuch", who="bob")


async def test_never_held(desk):
    """What was never held has nobody who released it, whoever had it tried again."""
    await desk.hold(mail("Hello.\n"), verdict="accept")
    retry = Decision(at=LATER, who="anna", what="retry", reason="")
    await desk.store.retry("m1", retry)
    with pytest.raises(StateError, match="m1 is not held; see"):
        await desk.review.release("m1", who="bob")


async def test_reject(desk):
    """The seller is told the operator's reason."""
    await desk.hold(mail())
    assert await desk.review.reject("m1", who="anna", reason="Please write without the joke.")
    assert await desk.verdict() == ("reject", False, {})
    assert await desk.notices() == ["550 5.7.1 Please write without the joke."]


async def test_reject_of_a_null_reverse_path(desk):
    """A null reverse-path never causes a DSN."""
    await desk.hold(mail(), reverse_path=None)
    assert not await desk.review.reject("m1", who="anna", reason="no")
    assert await desk.verdict() == ("reject", False, {})
    assert await desk.notices() == []


async def test_deadline_rejects(desk, amazon):
    """By default a mail that nobody released is refused, with the rules it was held for."""
    await desk.hold(mail())
    assert await desk.review.at_deadline(desk.due()) == "reject"
    assert await desk.verdict() == ("reject", False, {})
    (reason,) = await desk.notices()
    assert reason.startswith("550 5.7.1 Nobody has released this mail in time. ")
    assert "moticon" in reason
    assert [each.who for each in (await desk.detail()).decisions] == ["deadline"]


async def test_deadline_strips(desk):
    """Where the policy says so it is sent, without what it was held for."""
    desk.set_policy(terms=STRIP, emoticon="hold")
    await desk.hold(mail(CALL))
    assert await desk.review.at_deadline(desk.due()) == "strip"
    assert await desk.verdict() == ("strip", False, {"queued": 1})
    sent = (await desk.detail()).sent
    assert b":-)" not in sent
    assert b"7946" not in sent
    assert [(each.who, each.what) for each in (await desk.detail()).decisions] == [("deadline", "release")]
    assert desk.woken == [True]


async def test_deadline_cannot_strip(desk):
    """What nothing can take out is refused at the deadline, whatever the policy says."""
    desk.set_policy(terms=STRIP, active_content="hold")
    await desk.hold(PROGRAM)
    assert await desk.review.at_deadline(desk.due()) == "reject"
    assert await desk.verdict() == ("reject", False, {})
    assert len(await desk.notices()) == 1


async def test_deadline_of_a_policy_that_is_gone(desk):
    """Without its policy a mail can be neither examined nor put on hold: it is refused."""
    await desk.hold(mail())
    desk.review._policies = {}
    with pytest.raises(StateError, match='no policy is called "amazon"'):
        await desk.review.release("m1", who="anna")
    assert await desk.review.at_deadline(desk.due()) == "reject"


async def test_hold_what_is_queued(desk):
    """A queued mail is put on hold for as long as its policy says, and examined again on release."""
    await desk.hold(mail("Hello.\n"), verdict="accept")
    until = await desk.review.hold("m1", who="anna", reason="wait")
    assert until == LATER + timedelta(hours=20)
    assert await desk.verdict() == ("hold", True, {"held": 1})
    assert await desk.review.release("m1", who="anna") == "accept"
    assert await desk.verdict() == ("accept", False, {"queued": 1})


@pytest.mark.parametrize("route", ["other", "notices"])
async def test_hold_what_no_policy_judges(desk, route):
    """Mail that is not for a marketplace could never be released, so it is not put on hold; the mend is named."""
    await desk.hold(mail("Hello.\n"), verdict="accept", route=route)
    with pytest.raises(StateError, match=r"not for a marketplace.*`gateway queue delete`"):
        await desk.review.hold("m1", who="anna", reason="wait")
    assert (await desk.verdict())[2] == {"queued": 1}


async def test_without_workers(desk):
    """Whoever was given no workers must not be asked to release: that is our own fault."""
    await desk.hold(mail())
    desk.review._workers = None
    with pytest.raises(LookupError, match="m1"):
        await desk.review.release("m1", who="anna")


async def test_a_later_rule_may_ask_for_a_person_again(desk, monkeypatch):
    """A verdict that is neither accept nor reject leaves the mail where it is."""
    await desk.hold(mail())
    monkeypatch.setattr("gateway.review.decide", lambda *_: Hold(rules=("contact_window",)))
    with pytest.raises(StillRefusedError, match="A person must look at it"):
        await desk.review.release("m1", who="anna")
    assert await desk.verdict() == ("hold", True, {})


@pytest.mark.parametrize("first", ["release", "reject", "deadline"])
async def test_a_person_and_the_deadline_at_once(desk, first):
    """Of a person and the deadline one decides; the other is told, and the mail has one fate."""
    await desk.hold(mail())
    deeds = {
        "release": lambda: desk.review.release("m1", who="anna"),
        "reject": lambda: desk.review.reject("m1", who="bert", reason="No."),
        "deadline": lambda: desk.review.at_deadline(desk.due()),
    }
    order = [first, *(name for name in deeds if name != first)]
    done = await asyncio.gather(*(deeds[name]() for name in order), return_exceptions=True)
    late = [each for each in done if isinstance(each, StateError)]
    assert (len(late), [each for each in done if isinstance(each, Exception)]) == (2, late)
    detail = await desk.detail()
    assert len(detail.decisions) == 1
    released = detail.decisions[0].what == "release"
    assert await desk.verdict() == (("strip", False, {"queued": 1}) if released else ("reject", False, {}))
    assert len(await desk.notices()) == (0 if released else 1)
