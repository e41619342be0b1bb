"""Nobody relays through the gateway what its operator has not allowed (adversary cases S08, S09)."""

import pytest

SENDER = "orders@harbour-tea.example"
BUYER = "k3j9x0example1@marketplace.amazon.com"

# S09. What would make an open relay: forms that one server reads as ours and the next one as somebody else's, domains
# that only look like a marketplace's, and plain strangers.
NEVER = {
    "percent": "<u%evil.example@marketplace.amazon.com>",
    "quoted at": '<"u@evil.example"@marketplace.amazon.com>',
    "two at": "<u@evil.example@marketplace.amazon.com>",
    "source route": "<@marketplace.amazon.com:u@evil.example>",
    "two source routes": "<@marketplace.amazon.com,@evil.example:u@evil.example>",
    "bang": "<evil.example!u@marketplace.amazon.com>",
    "bang alone": "<marketplace.amazon.com!u>",
    "literal": "<u@[127.0.0.1]>",
    "IPv6 literal": "<u@[IPv6:::1]>",
    "address without brackets": "<u@127.0.0.1>",
    "full-width dot": "<u@marketplace.amazon．com>",
    "ideographic dot": "<u@marketplace.amazon。com>",
    "Kelvin sign": "<u@mar\u212aetplace.amazon.com>",
    "long s": "<u@marketplace.amazon.com\u017f>",
    "below the marketplace": "<u@mail.marketplace.amazon.com>",
    "percent to the marketplace": "<u%marketplace.amazon.com@evil.example>",
    "quoted percent": '<"u%marketplace.amazon.com"@evil.example>',
    "local name": "<postmaster>",
    "top-level domain": "<u@localhost>",
    "empty": "<>",
    "no brackets": "u@marketplace.amazon.com",
    "not closed": "<u@marketplace.amazon.com",
    "comment": "<u(x)@marketplace.amazon.com>",
    "blank": "<u @marketplace.amazon.com>",
    "two paths": "<u@marketplace.amazon.com><u@evil.example>",
    "underscore": "<u@evil_.example>",
    "NUL": "<u\0@marketplace.amazon.com>",
    "tab": "<u\t@marketplace.amazon.com>",
    "long local part": f"<{'u' * 65}@marketplace.amazon.com>",
    "long domain": f"<u@{'a.' * 130}example>",
    "dead alias": "<no-reply-amazon-iba-buyer@marketplace.amazon.com>",
}
OTHERS = {
    "a stranger": "<u@evil.example>",
    "the marketplace in front": "<u@marketplace.amazon.com.evil.example>",
    "the marketplace behind a hyphen": "<u@my-marketplace.amazon.com.example>",
    "capital i for l": "<u@marketpIace.amazon.com>",
    "mixed scripts": "<u@m\u0430rketplace.amazon.com>",
    "punycode of it": "<u@xn--mrketplace-zqi.amazon.com>",
    "ourselves": "<postmaster@gw.example>",
    "the seller": f"<{SENDER}>",
}
TAKEN = {
    "plain": f"<{BUYER}>",
    "capitals": "<k3j9x0example1@MarketPlace.Amazon.COM>",
    "trailing dot": "<k3j9x0example1@marketplace.amazon.com.>",
    "quoted": '<"k3j9x0example1"@marketplace.amazon.com>',
}


async def transaction(client, sender=SENDER, parameters=""):
    assert (await client.say(f"MAIL FROM:<{sender}>{parameters}")).startswith("250")


@pytest.mark.parametrize("path", {**NEVER, **OTHERS, **TAKEN}.values(), ids={**NEVER, **OTHERS, **TAKEN})
@pytest.mark.parametrize("relays_others", [False, True], ids=["reject", "relay"])
async def test_strangers_send_nothing(path, relays_others, open_door):
    """Without a login there is no transaction at all, whoever it is for and whether or not others are relayed."""
    door = await open_door(relays_others=relays_others)
    async with door.client() as client:
        assert await client.say(f"MAIL FROM:<{SENDER}>") == "530 5.7.0 Log in first."
        assert (await client.say(f"RCPT TO:{path}"))[:3] in {"500", "530"}
        assert await client.say("DATA") == "530 5.7.0 Log in first."


@pytest.mark.parametrize("path", NEVER.values(), ids=NEVER)
@pytest.mark.parametrize("relays_others", [False, True], ids=["reject", "relay"])
@pytest.mark.parametrize("username", [None, "tea"], ids=["loopback", "login"])
@pytest.mark.parametrize("parameters", ["", " SMTPUTF8"], ids=["ascii", "smtputf8"])
async def test_never(path, relays_others, username, parameters, open_door):
    """These recipients are refused for good, from everybody."""
    door = await open_door(auth="required" if username else "none", relays_others=relays_others)
    async with door.client(username) as client:
        await transaction(client, parameters=parameters)
        assert (await client.say(f"RCPT TO:{path}"))[:3] in {"500", "501", "550"}
        assert (await client.say("DATA")).startswith("554 5.5.1 No valid recipients")


@pytest.mark.parametrize("path", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("username", [None, "tea"], ids=["loopback", "login"])
async def test_others(path, username, open_door):
    """Recipients at no marketplace are refused for good, or taken where the operator has said so."""
    for relays_others, expected in ((False, "550 5.1.2"), (True, "250 2.1.5")):
        door = await open_door(auth="required" if username else "none", relays_others=relays_others)
        async with door.client(username) as client:
            await transaction(client, parameters=" SMTPUTF8")
            assert (await client.say(f"RCPT TO:{path}")).startswith(expected)


@pytest.mark.parametrize("path", TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("relays_others", [False, True], ids=["reject", "relay"])
async def test_taken(path, relays_others, open_door):
    """A marketplace's address is one in each of its spellings, also where others are relayed."""
    door = await open_door(relays_others=relays_others)
    async with door.client("tea") as client:
        await transaction(client)
        assert (await client.say(f"RCPT TO:{path}")).startswith("250")
        # It counts as the marketplace's: nobody else may stand beside it.
        reply = await client.say("RCPT TO:<u@elsewhere.example>")
        assert reply.startswith("452 4.5.3" if relays_others else "550 5.1.2")


@pytest.mark.parametrize("first, second", [(BUYER, "u@elsewhere.example"), ("u@elsewhere.example", BUYER)])
async def test_not_in_one_transaction(first, second, open_door):
    """A marketplace's recipient and another are not taken together; the client sends the second anew."""
    door = await open_door(relays_others=True)
    async with door.client("tea") as client:
        await transaction(client)
        assert (await client.say(f"RCPT TO:<{first}>")).startswith("250")
        assert await client.say(f"RCPT TO:<{second}>") == (
            "452 4.5.3 Recipients at a marketplace and others do not go in one transaction; "
            "send this one a mail of its own"
        )
        await client.say("RSET")
        await transaction(client)
        assert (await client.say(f"RCPT TO:<{second}>")).startswith("250")


# S08. What stands behind MAIL FROM is one plain address that is approved for the login, or nothing is sent.
REVERSE_PATHS = {
    "approved": (f"<{SENDER}>", "250 2.1.0"),
    "capitals": ("<Orders@Harbour-Tea.EXAMPLE>", "250 2.1.0"),
    "null": ("<>", "550 5.7.1"),
    "another seller's": ("<shop@coffee.example>", "550 5.7.1"),
    "a stranger's": ("<ceo@evil.example>", "550 5.7.1"),
    "the marketplace's": (f"<{BUYER}>", "550 5.7.1"),
    "below the seller's domain": ("<orders@mail.harbour-tea.example>", "550 5.7.1"),
    "with a tag": ("<orders+x@harbour-tea.example>", "550 5.7.1"),
    "not closed": (f"<{SENDER}", "501 5.1.7"),
    "no brackets": (SENDER, "501 5.1.7"),
    "no address": ("<postmaster>", "501 5.1.7"),
    "quoted nothing": ('<"">', "501 5.1.7"),
    "quoted nothing at": ('<""@harbour-tea.example>', "501 5.1.7"),
    "percent": ("<orders%evil.example@harbour-tea.example>", "501 5.1.7"),
    "bang": ("<evil.example!orders@harbour-tea.example>", "501 5.1.7"),
    "source route": (f"<@evil.example,@b.example:{SENDER}>", "501 5.1.7"),
    "comment": ("<orders(x)@harbour-tea.example>", "501 5.1.7"),
    "quoted at": ('<"orders@evil.example"@harbour-tea.example>', "501 5.1.7"),
    "literal": ("<orders@[192.0.2.1]>", "501 5.1.7"),
    "300 characters": (f"<{'o' * 300}@harbour-tea.example>", "501 5.1.7"),
    "domain of 300 characters": (f"<orders@{'a.' * 150}example>", "501 5.1.7"),
    "bare CR": ("<orders\r@harbour-tea.example>", "500 5.5.2"),
    "NUL": ("<orders\0@harbour-tea.example>", "500 5.5.2"),
    "non-ASCII": ("<\u00f6rders@harbour-tea.example>", "501 5.1.7"),
    "non-ASCII, as asked for": ("<\u00f6rders@harbour-tea.example> SMTPUTF8", "550 5.7.1"),
    "two paths": (f"<{SENDER}><ceo@evil.example>", "501 5.5.4"),
    "what follows": (f"<{SENDER}>x", "501 5.5.4"),
    "AUTH= of another": (f"<{SENDER}> AUTH=<ceo@evil.example>", "250 2.1.0"),
    "too large": (f"<{SENDER}> SIZE=99999999999", "552 5.3.4"),
    "8-bit": (f"<{SENDER}> BODY=8BITMIME SIZE=0", "250 2.1.0"),
    "binary": (f"<{SENDER}> BODY=BINARYMIME", "501 5.5.4"),
    "DSN": (f"<{SENDER}> RET=HDRS ENVID=QQ314159", "250 2.1.0"),
    "unknown parameter": (f"<{SENDER}> XFOO=1", "555 5.5.4"),
}


@pytest.mark.parametrize("path, expected", REVERSE_PATHS.values(), ids=REVERSE_PATHS)
@pytest.mark.parametrize("relays_others", [False, True], ids=["reject", "relay"])
async def test_reverse_path(path, expected, relays_others, open_door):
    """A login sends from its approved addresses, each in its one plain form, whoever the mail is for."""
    door = await open_door(relays_others=relays_others)
    async with door.client("tea") as client:
        reply = await client.say(f"MAIL FROM:{path}")
        assert reply.startswith(expected), reply
