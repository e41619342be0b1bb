import pytest

from gateway.mail.address import Address
from gateway.smtp.parameters import MailCommand, parse_mail, parse_rcpt
from gateway.smtp.replies import Refused

A = Address("a", "b.example")


def mail(argument: str) -> MailCommand:
    return parse_mail(argument, message_octets=1_000)


@pytest.mark.parametrize(
    "argument, expected",
    [
        pytest.param("FROM:<a@b.example>", MailCommand(reverse_path=A), id="plain"),
        pytest.param("from:<a@b.example>", MailCommand(reverse_path=A), id="lower-case"),
        pytest.param("FROM: <a@b.example>", MailCommand(reverse_path=A), id="space-of-outlook"),
        pytest.param("FROM:<>", MailCommand(reverse_path=None), id="null"),
        pytest.param(
            "FROM:<> RET=HDRS", MailCommand(reverse_path=None, ret="HDRS"), id="null-with-parameter"
        ),
        pytest.param(
            "FROM:<a@b.example> SIZE=1000", MailCommand(reverse_path=A, size=1000), id="size-at-limit"
        ),
        pytest.param(
            "FROM:<a@b.example>  size=5  BODY=8bitmime", MailCommand(reverse_path=A, size=5), id="any-case"
        ),
        pytest.param("FROM:<a@b.example> BODY=7BIT AUTH=<>", MailCommand(reverse_path=A), id="postfix-relay"),
        pytest.param("FROM:<a@b.example> AUTH=a+2Bc@d", MailCommand(reverse_path=A), id="auth-xtext"),
        pytest.param(
            "FROM:<a@b.example> RET=full ENVID=QQ+2B1",
            MailCommand(reverse_path=A, ret="FULL", envid="QQ+2B1"),
            id="dsn",
        ),
        pytest.param(
            "FROM:<ä@b.example> SMTPUTF8",
            MailCommand(reverse_path=Address("ä", "b.example"), smtputf8=True),
            id="smtputf8",
        ),
        pytest.param(
            'FROM:<"a>b"@b.example>', MailCommand(reverse_path=Address("a>b", "b.example")), id="quoted"
        ),
        pytest.param(
            r'FROM:<"a\">b"@b.example>',
            MailCommand(reverse_path=Address('a">b', "b.example")),
            id="quoted-pair",
        ),
    ],
)
def test_mail(argument: str, expected: MailCommand) -> None:
    """What real clients write behind MAIL is read."""
    assert mail(argument) == expected


@pytest.mark.parametrize(
    "argument, code, status",
    [
        pytest.param("", 501, "5.5.4", id="nothing"),
        pytest.param("<a@b.example>", 501, "5.5.4", id="no-keyword"),
        pytest.param("TO:<a@b.example>", 501, "5.5.4", id="wrong-keyword"),
        pytest.param("FROM:", 501, "5.1.7", id="no-path"),
        pytest.param("FROM:a@b.example", 501, "5.1.7", id="no-brackets"),
        pytest.param("FROM:<a@b.example", 501, "5.1.7", id="unclosed"),
        pytest.param('FROM:<"a>@b.example', 501, "5.1.7", id="quote-swallows-bracket"),
        pytest.param("FROM:<a@b.example>SIZE=1", 501, "5.5.4", id="no-space"),
        pytest.param("FROM:<a>", 501, "5.1.7", id="no-domain"),
        pytest.param("FROM:<ä@b.example>", 501, "5.1.7", id="utf8-not-announced"),
        pytest.param("FROM:<@r.example:a@b.example>", 501, "5.1.7", id="source-route"),
        pytest.param("FROM:<a%c@b.example>", 501, "5.1.7", id="percent-hack"),
        pytest.param("FROM:<a@[127.0.0.1]>", 501, "5.1.7", id="literal"),
        pytest.param("FROM:<a@b.example> SIZE=1001", 552, "5.3.4", id="size-above"),
        pytest.param("FROM:<a@b.example> SIZE=" + "9" * 20, 552, "5.3.4", id="size-20-digits"),
        pytest.param("FROM:<a@b.example> SIZE=" + "9" * 21, 501, "5.5.4", id="size-21-digits"),
        pytest.param("FROM:<a@b.example> SIZE", 501, "5.5.4", id="size-without-value"),
        pytest.param("FROM:<a@b.example> SIZE=-1", 501, "5.5.4", id="size-negative"),
        pytest.param("FROM:<a@b.example> SIZE=١", 501, "5.5.4", id="size-arabic-digit"),
        pytest.param("FROM:<a@b.example> BODY=BINARYMIME", 501, "5.5.4", id="binarymime"),
        pytest.param("FROM:<a@b.example> BODY", 501, "5.5.4", id="body-without-value"),
        pytest.param("FROM:<a@b.example> SMTPUTF8=1", 501, "5.5.4", id="smtputf8-with-value"),
        pytest.param("FROM:<a@b.example> AUTH=", 501, "5.5.4", id="auth-empty"),
        pytest.param("FROM:<a@b.example> RET=SOME", 501, "5.5.4", id="ret"),
        pytest.param("FROM:<a@b.example> RET", 501, "5.5.4", id="ret-without-value"),
        pytest.param("FROM:<a@b.example> ENVID=a+b", 501, "5.5.4", id="envid-no-xtext"),
        pytest.param("FROM:<a@b.example> ENVID", 501, "5.5.4", id="envid-without-value"),
        pytest.param("FROM:<a@b.example> ENVID=" + "x" * 101, 501, "5.5.4", id="envid-long"),
        pytest.param("FROM:<a@b.example> RET=FULL RET=FULL", 501, "5.5.4", id="twice"),
        pytest.param("FROM:<a@b.example> =1", 501, "5.5.4", id="no-name"),
        pytest.param("FROM:<a@b.example> X_Y=1", 501, "5.5.4", id="name-with-underscore"),
        pytest.param("FROM:<a@b.example> HOLDFOR=1", 555, "5.5.4", id="unknown"),
        pytest.param("FROM:<a@b.example> NOTIFY=NEVER", 555, "5.5.4", id="of-rcpt"),
    ],
)
def test_mail_refused(argument: str, code: int, status: str) -> None:
    """What is wrong behind MAIL is answered with the reply code that tells where."""
    with pytest.raises(Refused) as caught:
        mail(argument)

    assert (caught.value.reply.code, caught.value.reply.status) == (code, status)


@pytest.mark.parametrize(
    "argument, notify, original",
    [
        pytest.param("TO:<a@b.example>", (), None, id="plain"),
        pytest.param("to: <a@b.example>", (), None, id="space-and-case"),
        pytest.param("TO:<a@b.example> NOTIFY=never", ("NEVER",), None, id="never"),
        pytest.param(
            "TO:<a@b.example> NOTIFY=SUCCESS,Failure,DELAY", ("SUCCESS", "FAILURE", "DELAY"), None, id="all"
        ),
        pytest.param("TO:<a@b.example> ORCPT=rfc822;x+2B@y", (), "rfc822;x+2B@y", id="orcpt"),
        pytest.param("TO:<a@b.example> ORCPT=utf-8;ä@y", (), "utf-8;ä@y", id="orcpt-utf8"),
    ],
)
def test_rcpt(argument: str, notify: tuple[str, ...], original: str | None) -> None:
    """What real clients write behind RCPT is read."""
    recipient = parse_rcpt(argument, smtputf8=False)

    assert (recipient.address, recipient.notify, recipient.original) == (A, notify, original)


@pytest.mark.parametrize(
    "argument, code, status",
    [
        pytest.param("TO:<>", 501, "5.1.3", id="null"),
        pytest.param("TO:<ä@b.example>", 501, "5.1.3", id="utf8-not-announced"),
        pytest.param("FROM:<a@b.example>", 501, "5.5.4", id="wrong-keyword"),
        pytest.param("TO:a@b.example", 501, "5.1.3", id="no-brackets"),
        pytest.param("TO:<a@b.example> NOTIFY", 501, "5.5.4", id="notify-without-value"),
        pytest.param("TO:<a@b.example> NOTIFY=NEVER,DELAY", 501, "5.5.4", id="never-and-more"),
        pytest.param("TO:<a@b.example> NOTIFY=DELAY,DELAY", 501, "5.5.4", id="notify-twice"),
        pytest.param("TO:<a@b.example> ORCPT", 501, "5.5.4", id="orcpt-without-value"),
        pytest.param("TO:<a@b.example> ORCPT=x", 501, "5.5.4", id="orcpt-without-type"),
        pytest.param("TO:<a@b.example> ORCPT=r f;x", 501, "5.5.4", id="orcpt-space"),
        pytest.param("TO:<a@b.example> ORCPT=rfc822;" + "x" * 500, 501, "5.5.4", id="orcpt-long"),
        pytest.param("TO:<a@b.example> SIZE=1", 555, "5.5.4", id="of-mail"),
    ],
)
def test_rcpt_refused(argument: str, code: int, status: str) -> None:
    """What is wrong behind RCPT is answered with the reply code that tells where."""
    with pytest.raises(Refused) as caught:
        parse_rcpt(argument, smtputf8=False)

    assert (caught.value.reply.code, caught.value.reply.status) == (code, status)


def test_rcpt_smtputf8() -> None:
    """A non-ASCII recipient is taken in a transaction that announced SMTPUTF8."""
    assert parse_rcpt("TO:<ä@b.example>", smtputf8=True).address == Address("ä", "b.example")


def test_refusal_tells_the_mend() -> None:
    """A refused address says what is wrong with it and holds none of the client's words."""
    with pytest.raises(Refused) as caught:
        mail("FROM:<secret%word@b.example>")

    assert "routing through the local part" in caught.value.reply.text
    assert "secret" not in caught.value.reply.text
