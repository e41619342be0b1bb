"""TLS and login with next hops: opportunistic, required, verified; and every way that they go wrong."""

import base64
import hmac
import ssl

import pytest

from gateway.mail.cause import Cause
from gateway.mail.delivery import TemporaryFailure
from gateway.relay.route import NextHop

MAIL = b"Subject: one\r\n\r\ntext\r\n"


def kinds(results):
    return [type(result).__name__ for result in results.values()]


class TestTls:
    """TLS required and verified for configured next hops; opportunistic and unverified for MX hosts."""

    @pytest.mark.parametrize("kind", ["smtps", "smtp+starttls"])
    async def test_verified(self, listen, deliverer, server_context, seller, buyers, kind):
        """A next hop with the right certificate gets the mail, encrypted."""
        is_implicit = kind == "smtps"
        hop = await listen(tls=server_context("localhost"), is_implicit=is_implicit, extensions=("STARTTLS",))
        next_hop = NextHop(kind=kind, host="localhost", port=hop.port)
        assert kinds(await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)) == ["Delivered"]
        assert ("STARTTLS" in hop.seen) == (not is_implicit)

    @pytest.mark.parametrize("kind", ["smtps", "smtp+starttls"])
    async def test_wrong_name(self, listen, deliverer, server_context, seller, buyers, kind):
        """A certificate for another host gets no mail and no password."""
        hop = await listen(
            tls=server_context("other.test"), is_implicit=kind == "smtps", extensions=("STARTTLS",)
        )
        next_hop = NextHop(kind=kind, host="localhost", port=hop.port, username="u", password="secret")
        results = await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)
        assert isinstance(results[buyers[0]], TemporaryFailure)
        assert results[buyers[0]].reply.startswith("its certificate is not accepted: Hostname mismatch")
        assert not any(line.startswith(("AUTH", "MAIL")) for line in hop.seen)

    async def test_unknown_authority(self, listen, deliverer, server_context, seller, buyers):
        """A certificate of an unknown authority is not accepted."""
        hop = await listen(tls=server_context("localhost"), is_implicit=True)
        next_hop = NextHop(kind="smtps", host="localhost", port=hop.port)
        results = await deliverer(tls=ssl.create_default_context()).deliver(
            next_hop, seller, buyers[:1], MAIL
        )
        assert results[buyers[0]].reply.startswith("its certificate is not accepted")

    async def test_starttls_not_offered(self, listen, deliverer, seller, buyers):
        """A next hop that must encrypt and does not offer it gets nothing (a stripped offer is an attack)."""
        hop = await listen(extensions=("AUTH PLAIN",))
        next_hop = NextHop(
            kind="smtp+starttls", host="localhost", port=hop.port, username="u", password="secret"
        )
        results = await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)
        assert results[buyers[0]].reply == "TLS: SMTP STARTTLS extension not supported by server."
        assert hop.seen == ["EHLO gw.test"]

    async def test_starttls_refused(self, listen, deliverer, seller, buyers):
        """454 to STARTTLS is temporary."""
        hop = await listen(extensions=("STARTTLS",), replies={"STARTTLS": ["454 4.7.0 not now"]})
        next_hop = NextHop(kind="smtp+starttls", host="localhost", port=hop.port)
        results = await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)
        assert results[buyers[0]].reply == "454 4.7.0 not now"

    async def test_no_tls_behind_smtps(self, listen, deliverer, seller, buyers):
        """A next hop that speaks clear text on the TLS port is a temporary failure."""
        hop = await listen()
        next_hop = NextHop(kind="smtps", host="localhost", port=hop.port)
        results = await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)
        assert results[buyers[0]].reply.startswith("TLS failed: ")

    async def test_mx_is_opportunistic(self, listen, deliverer, server_context, host, seller, buyers):
        """An MX host with any certificate at all is talked to in TLS."""
        hop = await listen(tls=server_context("other.test"), extensions=("STARTTLS",))
        agent = deliverer(answer=(host(),), mx_port=hop.port)
        results = await agent.deliver(NextHop(kind="mx"), seller, buyers[:1], MAIL)
        assert results[buyers[0]].next_hop == f"mx.test:{hop.port}"
        assert hop.seen.count("STARTTLS") == 1
        assert hop.connections == 1

    async def test_mx_with_broken_tls_gets_clear_text(self, listen, deliverer, host, seller, buyers):
        """An MX host whose STARTTLS fails gets the mail without (RFC 7435)."""
        hop = await listen(extensions=("STARTTLS",), replies={"STARTTLS": ["454 4.7.0 no key"]})
        agent = deliverer(answer=(host(),), mx_port=hop.port)
        assert kinds(await agent.deliver(NextHop(kind="mx"), seller, buyers[:1], MAIL)) == ["Delivered"]
        assert hop.connections == 2

    async def test_login(self, listen, deliverer, server_context, seller, buyers):
        """User name and password go over TLS."""
        hop = await listen(tls=server_context("localhost"), is_implicit=True, extensions=("AUTH PLAIN",))
        next_hop = NextHop(kind="smtps", host="localhost", port=hop.port, username="u", password="p")
        assert kinds(await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)) == ["Delivered"]
        assert hop.seen[1] == "AUTH PLAIN AHUAcA=="

    @pytest.mark.parametrize(
        ("extensions", "reply"),
        [
            pytest.param(("AUTH PLAIN",), "535 5.7.8 wrong", id="refused"),
            pytest.param(
                (), "AUTH: The SMTP AUTH extension is not supported by this server.", id="not-offered"
            ),
        ],
    )
    async def test_login_fails(self, listen, deliverer, server_context, seller, buyers, extensions, reply):
        """A login that fails is our mistake: temporary."""
        hop = await listen(
            tls=server_context("localhost"),
            is_implicit=True,
            extensions=extensions,
            replies={"AUTH": ["535 5.7.8 wrong"]},
        )
        next_hop = NextHop(kind="smtps", host="localhost", port=hop.port, username="u", password="p")
        results = await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)
        assert results[buyers[0]] == TemporaryFailure(
            next_hop=f"localhost:{hop.port}", reply=reply, cause=Cause.LOGIN_REFUSED
        )


class TestRequired:
    """TLS required of hosts that DNS names: certificate and name are verified, or the mail waits."""

    @pytest.fixture
    def required(self, listen, deliverer, host, seller, buyers):
        """Delivers to an MX host with TLS required."""

        async def deliver(name="mx.test", **changes):
            hop = await listen(**changes)
            agent = deliverer(answer=(host(name),), mx_port=hop.port)
            results = await agent.deliver(NextHop(kind="mx", tls="required"), seller, buyers[:1], MAIL)
            return hop, results[buyers[0]]

        return deliver

    async def test_verified(self, required, server_context):
        """A host with a certificate of its own MX name gets the mail, encrypted."""
        hop, result = await required(tls=server_context("mx.test"), extensions=("STARTTLS",))
        assert type(result).__name__ == "Delivered"
        assert "STARTTLS" in hop.seen

    @pytest.mark.parametrize(
        ("script", "words"),
        [
            pytest.param({"extensions": ()}, "extension not supported", id="not-offered"),
            pytest.param({"replies": {"STARTTLS": ["454 4.7.0 no key"]}}, "454 4.7.0 no key", id="refused"),
            pytest.param({"replies": {"STARTTLS": ["CLOSE"]}}, "connection lost (TLS)", id="closes"),
            pytest.param({"replies": {"STARTTLS": ["HANG"]}}, "no answer in time (TLS)", id="hangs"),
            pytest.param(
                {"replies": {"STARTTLS": [(b"220 go\r\nnonsense", "HANG")]}}, "(TLS)", id="no-handshake"
            ),
        ],
    )
    async def test_never_in_clear(self, listen, deliverer, host, seller, buyers, script, words):
        """A host whose TLS fails gets nothing, and the reason is told."""
        hop = await listen(**{"extensions": ("STARTTLS",), **script})
        agent = deliverer(answer=(host(),), mx_port=hop.port, patience=0.5)
        results = await agent.deliver(NextHop(kind="mx", tls="required"), seller, buyers[:1], MAIL)
        result = results[buyers[0]]
        assert (type(result), result.cause) == (TemporaryFailure, Cause.TLS_FAILED)
        assert words in result.reply
        assert not any(line.startswith("MAIL") for line in hop.seen)
        assert hop.connections == 1

    async def test_wrong_name(self, required, server_context):
        """A certificate for another name than that of the MX host gets nothing."""
        hop, result = await required(tls=server_context("other.test"), extensions=("STARTTLS",))
        assert result.cause is Cause.TLS_FAILED
        assert result.reply.startswith("its certificate is not accepted: Hostname mismatch")
        assert not any(line.startswith("MAIL") for line in hop.seen)

    async def test_none(self, listen, deliverer, server_context, seller, buyers):
        """With tls = "none", an offer is not taken up."""
        hop = await listen(tls=server_context("x.test"), extensions=("STARTTLS",))
        next_hop = NextHop(kind="smtp", host="127.0.0.1", port=hop.port, tls="none")
        assert kinds(await deliverer().deliver(next_hop, seller, buyers[:1], MAIL)) == ["Delivered"]
        assert "STARTTLS" not in hop.seen

    async def test_smtp_is_opportunistic(self, listen, deliverer, server_context, plain, seller, buyers):
        """A next hop of the plain form is talked to in TLS when it offers that."""
        hop = await listen(tls=server_context("x.test"), extensions=("STARTTLS",))
        assert kinds(await deliverer().deliver(plain(hop), seller, buyers[:1], MAIL)) == ["Delivered"]
        assert "STARTTLS" in hop.seen

    async def test_authority_of_its_own(
        self, listen, deliverer, server_context, authority, tmp_path, seller, buyers
    ):
        """A next hop's own authority is believed for it, and for it alone."""
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        hop = await listen(tls=server_context("localhost"), is_implicit=True)
        agent = deliverer(tls=ssl.create_default_context())
        plain = NextHop(kind="smtps", host="localhost", port=hop.port, tls="required")
        own = NextHop(
            kind="smtps", host="localhost", port=hop.port, tls="required", tls_ca=str(tmp_path / "ca.pem")
        )
        assert kinds(await agent.deliver(own, seller, buyers[:1], MAIL)) == ["Delivered"]
        assert kinds(await agent.deliver(plain, seller, buyers[:1], MAIL)) == ["TemporaryFailure"]

    async def test_authority_that_is_gone(self, deliverer, seller, buyers, tmp_path):
        """A file of authorities that cannot be read makes a temporary failure that names the setting."""
        missing = NextHop(
            kind="smtps", host="localhost", port=1, tls="required", tls_ca=str(tmp_path / "gone.pem")
        )
        result = (await deliverer().deliver(missing, seller, buyers[:1], MAIL))[buyers[0]]
        assert result.reply.startswith("tls_ca: ")


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class TestLogin:
    """The next hop chooses the mechanism; what it refuses is our mistake."""

    @pytest.fixture
    def smarthost(self, listen, deliverer, server_context, seller, buyers):
        """Delivers over a next hop with a login."""

        async def deliver(offered, **replies):
            hop = await listen(
                tls=server_context("localhost"), is_implicit=True, extensions=(offered,), replies=replies
            )
            next_hop = NextHop(
                kind="smtps", host="localhost", port=hop.port, username="u", password="p", tls="required"
            )
            agent = deliverer()
            return hop, [
                (await agent.deliver(next_hop, seller, buyers[:1], MAIL))[buyers[0]] for _ in range(2)
            ]

        return deliver

    async def test_login(self, smarthost):
        """AUTH LOGIN: name and password, one line each."""
        hop, results = await smarthost("AUTH LOGIN", AUTH=[f"334 {encoded('Password:')}"])
        assert kinds(dict(enumerate(results))) == ["Delivered"] * 2
        assert hop.seen[1:3] == [f"AUTH LOGIN {encoded('u')}", encoded("p")]

    async def test_cram_md5(self, smarthost):
        """AUTH CRAM-MD5: the password itself is not sent."""
        hop, results = await smarthost("AUTH PLAIN CRAM-MD5", AUTH=[f"334 {encoded('<1@relay.test>')}"])
        digest = hmac.new(b"p", b"<1@relay.test>", "md5").hexdigest()
        assert hop.seen[1:3] == ["AUTH CRAM-MD5", encoded(f"u {digest}")]
        assert kinds(dict(enumerate(results))) == ["Delivered"] * 2

    async def test_once_a_connection(self, smarthost):
        """The second mail over the connection logs in no second time."""
        hop, results = await smarthost("AUTH PLAIN")
        assert kinds(dict(enumerate(results))) == ["Delivered"] * 2
        assert [line for line in hop.seen if line.startswith("AUTH")] == ["AUTH PLAIN AHUAcA=="]

    @pytest.mark.parametrize(
        ("reply", "cause"),
        [
            pytest.param("535 5.7.8 wrong", Cause.LOGIN_REFUSED, id="refused"),
            pytest.param("534 5.7.9 too weak", Cause.LOGIN_REFUSED, id="too-weak"),
            pytest.param("454 4.7.0 not now", Cause.NEXT_HOP_BUSY, id="not-now"),
            pytest.param("CLOSE", Cause.CONNECTION_LOST, id="closes"),
        ],
    )
    async def test_refused(self, smarthost, reply, cause):
        """A login that fails is temporary, has its cause, and no mail is tried without it."""
        hop, results = await smarthost("AUTH PLAIN", AUTH=[reply] * 2)
        assert [(type(result), result.cause) for result in results] == [(TemporaryFailure, cause)] * 2
        assert not any(line.startswith("MAIL") for line in hop.seen)
