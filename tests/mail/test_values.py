"""The small values of mail/: errors, replies, envelopes, delivery results."""

import pickle

import pytest

from gateway.mail.address import Address
from gateway.mail.delivery import Delivered, PermanentFailure, TemporaryFailure
from gateway.mail.envelope import Envelope, Recipient, from_xtext
from gateway.mail.errors import AmbiguityError, LimitError
from gateway.mail.reply import MAX_TEXT_OCTETS, Reply


@pytest.mark.parametrize("kind", [AmbiguityError, LimitError])
def test_errors_cross_processes(kind):
    """A MessageError keeps its sentence and part when a worker process hands it over."""
    error = pickle.loads(pickle.dumps(kind("No.", part="1.2")))
    assert (type(error), error.sentence, error.part, str(error)) == (kind, "No.", "1.2", "No.")


@pytest.mark.parametrize(
    "reply, line",
    [
        pytest.param(Reply(code=250, status="2.0.0", text="ok"), "250 2.0.0 ok", id="with-status"),
        pytest.param(Reply(code=354, status="", text="go on"), "354 go on", id="without-status"),
        pytest.param(
            Reply(code=550, status="5.7.1", text="no\r\n250 ok"), "550 5.7.1 no  250 ok", id="one-line"
        ),
    ],
)
def test_a_reply_is_one_line(reply, line):
    """A reply is written on one line, whatever its text holds."""
    assert str(reply) == line


def test_a_long_reply_is_cut():
    """The text of a reply is cut to what fits a line, between characters."""
    line = str(Reply(code=550, status="5.7.1", text="ü" * 400))
    assert line == "550 5.7.1 " + "ü" * (MAX_TEXT_OCTETS // 2)


def test_a_reply_tells_its_class():
    """2yz is positive, 5yz permanent, and the status has to agree with the code."""
    replies = [Reply(code=code, status="", text="") for code in (250, 451, 550)]
    assert [reply.is_positive for reply in replies] == [True, False, False]
    assert [reply.is_permanent for reply in replies] == [False, False, True]
    with pytest.raises(ValueError, match="does not belong"):
        Reply(code=451, status="5.7.1", text="")


def test_envelope_and_results_are_values():
    """Equal fields make equal values."""
    recipient = Recipient(address=Address("a", "b.example"))
    assert Envelope(reverse_path=None, recipients=(recipient,)) == Envelope(
        reverse_path=None, recipients=(recipient,)
    )
    assert Delivered(next_hop="h:25", reply="250 ok") == Delivered(next_hop="h:25", reply="250 ok")
    assert not TemporaryFailure(next_hop="h:25", reply="451 later").outcome_unknown
    assert PermanentFailure(next_hop="h:25", reply="550 no", status="5.1.1").status == "5.1.1"


@pytest.mark.parametrize(
    "given, plain",
    [
        pytest.param("QQ314159", "QQ314159", id="plain"),
        pytest.param("a+3Db+2B", "a=b+", id="decoded"),
        pytest.param("rfc822;a+40b.example", "rfc822;a@b.example", id="address"),
        pytest.param("a+0D+0AAction:+20delivered", "a+0D+0AAction:+20delivered", id="line-break"),
        pytest.param("a+C3+BC", "a+C3+BC", id="not-ascii"),
        pytest.param("a+3", "a+3", id="cut-short"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_notice_says_what_xtext_stands_for(given, plain):
    """ENVID and ORCPT are decoded for the reader of a notice, but never into a line of its own."""
    assert from_xtext(given) == plain
