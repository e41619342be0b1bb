"""Sellers and their logins."""

import pytest

from gateway.store.accounts import CredentialRecord
from gateway.store.records import StoreError


async def test_add(store, address):
    """A seller is found by name with everything it has, sorted, each once."""
    await store.add_seller("shop", [address("b@shop.example"), address("a@shop.example")])
    await store.add_senders("shop", [address("c@shop.example"), address("a@shop.example")])
    await store.add_links("shop", ["help.example", "help.example", "b.example/x"])
    await store.add_credential("shop", "shop-erp", "hash")
    seller = await store.seller("shop")
    assert seller.senders == (address("a@shop.example"), address("b@shop.example"), address("c@shop.example"))
    assert seller.links == ("b.example/x", "help.example")
    assert (seller.name, seller.usernames, seller.is_disabled) == ("shop", ("shop-erp",), False)


async def test_remove(store, address):
    """A sender is removed in every case it was written in, a link as it was written; what is not there is a fault."""
    await store.add_seller("shop", [address("A@shop.example"), address("b@shop.example")])
    await store.add_links("shop", ["help.example", "b.example/x"])
    await store.remove_senders("shop", [address("a@shop.example")])
    await store.remove_links("shop", ["help.example"])
    seller = await store.seller("shop")
    assert (seller.senders, seller.links) == ((address("b@shop.example"),), ("b.example/x",))
    with pytest.raises(
        StoreError, match=r"shop: a@shop\.example is not approved; `gateway seller show shop`"
    ):
        await store.remove_senders("shop", [address("b@shop.example"), address("a@shop.example")])
    with pytest.raises(StoreError, match=r"shop: help\.example is not allowed; `gateway seller show shop`"):
        await store.remove_links("shop", ["b.example/x", "help.example"])
    assert await store.seller("shop") == seller


async def test_add_with_login(store, address):
    """A seller comes with its first login, or not at all."""
    await store.add_seller("shop", [address("a@shop.example")], "hash")
    assert (await store.credential("shop")).seller == "shop"
    await store.add_credential("shop", "second", "hash")
    with pytest.raises(StoreError, match="username second: is taken"):
        await store.add_seller("second", [], "hash")
    assert await store.seller("second") is None


async def test_list(store, address):
    """Sellers are listed by name."""
    assert await store.sellers() == []
    await store.add_seller("zeta", [])
    await store.add_seller("alpha", [address("a@alpha.example")])
    assert [seller.name for seller in await store.sellers()] == ["alpha", "zeta"]


async def test_same_name(store, address):
    """A second seller of the same name is refused and changes nothing."""
    await store.add_seller("shop", [])
    with pytest.raises(StoreError, match="seller shop: exists already"):
        await store.add_seller("shop", [address("evil@other.example")])
    assert (await store.seller("shop")).senders == ()


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda store: store.add_senders("nobody", []), id="senders"),
        pytest.param(lambda store: store.add_links("nobody", []), id="links"),
        pytest.param(lambda store: store.remove_senders("nobody", []), id="senders-removed"),
        pytest.param(lambda store: store.remove_links("nobody", []), id="links-removed"),
        pytest.param(lambda store: store.add_credential("nobody", "u", "h"), id="credential"),
        pytest.param(lambda store: store.disable("nobody"), id="disable"),
        pytest.param(lambda store: store.enable("nobody"), id="enable"),
    ],
)
async def test_unknown(store, act):
    """What is done to a seller that does not exist is refused with the command that helps."""
    with pytest.raises(StoreError, match="seller nobody: is unknown; `gateway seller list`"):
        await act(store)
    assert await store.seller("nobody") is None


async def test_credential(store):
    """A login knows its seller, its hash, and whether the seller is disabled."""
    await store.add_seller("shop", [])
    await store.add_credential("shop", "erp", "hash 1")
    await store.set_password("erp", "hash 2")
    expected = CredentialRecord(username="erp", seller="shop", password_hash="hash 2", is_disabled=False)
    assert await store.credential("erp") == expected
    await store.disable("shop")
    await store.disable("shop")
    assert (await store.credential("erp")).is_disabled
    assert (await store.seller("shop")).is_disabled
    await store.enable("shop")
    assert await store.credential("erp") == expected
    assert await store.credential("ERP") is None


async def test_revoke(store):
    """A revoked login lets nobody in, is shown, and its name is not used again; the other logins stay."""
    await store.add_seller("shop", [], "hash")
    await store.add_credential("shop", "erp", "hash")
    await store.revoke("erp")
    first = (await store.seller("shop")).logins[0]
    await store.revoke("erp")
    seller = await store.seller("shop")
    assert seller.logins[0] == first
    assert (first.username, first.revoked_at >= first.added_at) == ("erp", True)
    assert seller.usernames == ("shop",)
    assert [(await store.credential(name)).is_valid for name in ("erp", "shop")] == [False, True]
    with pytest.raises(StoreError, match="username erp: is taken"):
        await store.add_credential("shop", "erp", "hash")
    with pytest.raises(StoreError, match="username erp: is revoked; `gateway seller login add`"):
        await store.set_password("erp", "hash")
    with pytest.raises(StoreError, match="username ghost: is unknown"):
        await store.revoke("ghost")


async def test_account(store, address):
    """A login is found with its seller in one look."""
    await store.add_seller("shop", [address("a@shop.example")], "hash")
    account = await store.account("shop")
    assert account.credential == await store.credential("shop")
    assert account.seller == await store.seller("shop")
    assert await store.account("ghost") is None


async def test_credential_taken(store):
    """A username belongs to one seller."""
    await store.add_seller("shop", [])
    await store.add_seller("other", [])
    await store.add_credential("shop", "erp", "hash")
    with pytest.raises(StoreError, match="username erp: is taken"):
        await store.add_credential("other", "erp", "hash of other")
    assert (await store.credential("erp")).seller == "shop"


async def test_password_unknown(store):
    """A password for nobody is refused."""
    with pytest.raises(StoreError, match="username ghost: is unknown"):
        await store.set_password("ghost", "hash")
