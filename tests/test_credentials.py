"""Passwords."""

import pytest

from gateway.credentials import MAX_REMEMBERED, PasswordChecker, generate_password, hash_password


@pytest.fixture
def checker():
    checker = PasswordChecker()
    yield checker
    checker.close()


HASH = hash_password("correct horse")


async def test_right_and_wrong(checker):
    """A right password is right, also the second time; a wrong one is wrong after a right one, too."""
    assert await checker.is_right("correct horse", HASH)
    assert await checker.is_right("correct horse", HASH)
    assert not await checker.is_right("correct horse ", HASH)


async def test_nobody_has_no_password(checker):
    """A user who does not exist is wrong with any password."""
    assert not await checker.is_right("", None)
    assert not await checker.is_right("None", None)


async def test_a_changed_password_is_forgotten(checker):
    """What was right for one hash says nothing about another."""
    assert await checker.is_right("correct horse", HASH)
    assert not await checker.is_right("correct horse", hash_password("another"))


async def test_a_broken_hash_is_wrong(checker):
    """A hash that is none lets nobody in."""
    assert not await checker.is_right("correct horse", "no hash")


async def test_surrogates_are_no_crash(checker):
    """Octets that are no UTF-8 arrive as surrogates and are wrong, not an error."""
    assert not await checker.is_right("\udcff", HASH)


async def test_what_is_remembered_is_bounded(checker):
    """The memory of right passwords is emptied before it grows without end."""
    checker._remembered = {bytes([number % 256, number // 256]): 0.0 for number in range(MAX_REMEMBERED)}
    assert await checker.is_right("correct horse", HASH)
    assert len(checker._remembered) == 1


def test_generated_passwords_differ():
    """Each generated password is new, and long."""
    assert len({generate_password() for _ in range(100)}) == 100
    assert len(generate_password()) >= 27
