"""Passwords: hashed, verified, generated.

Not here: where the hashes lie (``store/sellers``), the AUTH dialogue (``smtp/auth``).
Source: RFC 9106 (argon2id); the parameters are OWASP's second choice, 23 ms of CPU a check.
"""

import asyncio
import hashlib
import hmac
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

REMEMBERED_S = 300.0
"""Seconds for which a password that was right is known without hashing again: a client that opens a connection for
each mail would otherwise cost 23 ms of CPU each time. A changed password has another hash and is not remembered."""

MAX_REMEMBERED = 10_000
"""Logins remembered at once."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """An argon2id hash in PHC form."""
    return _HASHER.hash(password)


def generate_password() -> str:
    """A password of 160 random bits that a person can copy."""
    return secrets.token_urlsafe(20)


class PasswordChecker:
    """Verifies passwords off the event loop, in the same time whether the user exists or not."""

    def __init__(self) -> None:
        # Two threads: a flood of guesses queues here instead of taking every core (adversary S22).
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
        self._key = os.urandom(32)
        self._remembered: dict[bytes, float] = {}
        self._nobody = hash_password(secrets.token_urlsafe(20))

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether the password has that hash.

        Args:
            password: As the client gave it.
            password_hash: PHC form; ``None`` for a user who does not exist, which takes as long and is wrong.
        """
        mark = hmac.digest(
            self._key, f"{password_hash}\0{password}".encode(errors="surrogatepass"), hashlib.sha256
        )
        if self._remembered.get(mark, 0.0) > monotonic():
            return True
        loop = asyncio.get_running_loop()
        known = password_hash if password_hash is not None else self._nobody
        if not await loop.run_in_executor(self._threads, _verify, password, known) or password_hash is None:
            return False
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[mark] = monotonic() + REMEMBERED_S
        return True

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password.encode(errors="surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
