"""The folder of the DKIM keys: how it is laid out, and every change of it.

::

    dkim/seller.example/active                    one line, the selector in use: gw20261124
    dkim/seller.example/gw20261124-rsa.pem        PKCS #8; its record is at gw20261124-rsa._domainkey.seller.example
    dkim/seller.example/gw20261124-ed25519.pem    beside it: two keys may not share a name in DNS (RFC 6376 3.6.2.2)

House rules: a domain may have several selectors, and one is in use; what is written is complete and 0600 before
it has its name, and ``active`` comes last, so that a running gateway never reads half a change. A sentence never holds
a library's words: they could hold the key.
Not here: signing (``dkim``), when the folder is read again (``signer``).
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.mail.address import parse_path
from gateway.mail.errors import AddressError
from gateway.relay.dkim import Algorithm, DomainKeys, SigningKey

ALGORITHMS: tuple[Algorithm, ...] = ("rsa", "ed25519")
RSA_BITS = 2048
"""Of keys made here: 1024 are too few, and the record of 4096 is more than some DNS panels take."""
MIN_RSA_BITS, MAX_RSA_BITS = 1024, 4096
"""What every verifier reads (RFC 8301 section 3.2)."""
MAX_NAME_CHARS = 253
"""Characters of a name in DNS (RFC 1035 section 2.3.4, without the root's dot)."""
MAX_FILE_OCTETS = 65_536
"""Of a key file; a bigger one is no key."""

_ACTIVE = "active"
_SELECTOR = re.compile(r"[a-z0-9]([a-z0-9-]{0,52}[a-z0-9])?")


class KeyFault(Exception):  # noqa: N818 - the field's word, as in policy/faults
    """A key cannot be used, made or given up.

    Attributes:
        sentence: File or name, fault and mend.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class KeyFolder:
    """The folder ``[dkim] keys``; nothing is kept between calls.

    Attributes:
        path: The folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_there(self) -> bool:
        """Whether the folder exists."""
        return os.path.isdir(self.path)  # noqa: PTH112 - unlike Path.is_dir, it raises nothing

    def domains(self) -> list[str]:
        """Every domain that has a folder.

        Raises:
            KeyFault: The folder is there and cannot be read.
        """
        return sorted(path.name for path in _entries(self.path) if _is_domain(path.name))

    def selectors(self, domain: str) -> list[str]:
        """The selectors of a domain, in use or not."""
        names = [path.name.removesuffix(".pem") for path in _entries(self.path / domain)]
        return sorted(
            {
                name.removesuffix(f"-{kind}")
                for name in names
                for kind in ALGORITHMS
                if name.endswith(f"-{kind}")
            }
        )

    def active(self, domain: str) -> str | None:
        """The selector in use; ``None`` where there is none, and mail of the domain is not signed.

        Raises:
            KeyFault: The file that names it cannot be read.
        """
        path = self.path / domain / _ACTIVE
        try:
            text = _read(path).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        if not _SELECTOR.fullmatch(text):
            raise KeyFault(f"{path}: names no selector; `gateway dkim use {domain} SELECTOR` writes it anew")
        return text

    def load(self, domain: str, selector: str) -> DomainKeys:
        """The keys of one selector.

        Raises:
            KeyFault: There are none, or one of them cannot be used.
        """
        _check_selector(selector)
        found = []
        for algorithm in ALGORITHMS:
            path = self._file(domain, selector, algorithm)
            with suppress(FileNotFoundError):
                found.append(SigningKey(selector=path.stem, private=_private(_read(path), path, algorithm)))
        if not found:
            raise KeyFault(
                f"{self.path / domain}: has no key for selector {selector}; put {selector}-rsa.pem back, or take "
                f"another with `gateway dkim use {domain} SELECTOR`"
            )
        return DomainKeys(domain=domain, keys=tuple(found))

    def in_use(self) -> dict[str, DomainKeys | KeyFault]:
        """What mail is to be signed with, by domain; where a key is there and cannot be used, why.

        Raises:
            KeyFault: The folder is there and cannot be read.
        """
        found: dict[str, DomainKeys | KeyFault] = {}
        for domain in self.domains():
            try:
                selector = self.active(domain)
                if selector is not None:
                    found[domain] = self.load(domain, selector)
            except KeyFault as fault:
                found[domain] = fault
        return found

    def add(self, domain: str, selector: str) -> DomainKeys:
        """New keys; the first ones of a domain are in use at once.

        Args:
            domain: As checked by :func:`checked_domain`.
            selector: Not used yet for this domain.

        Raises:
            KeyFault: The names are not to be had, or the folder cannot be written.
        """
        _check_names(domain, selector)
        if selector in self.selectors(domain):
            raise KeyFault(f"{domain}: selector {selector} exists already; choose another with --selector")
        private: dict[Algorithm, RSAPrivateKey | Ed25519PrivateKey] = {
            "rsa": rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS),
            "ed25519": Ed25519PrivateKey.generate(),
        }
        with _writing(self.path / domain):
            self._make_folder(domain)
            for algorithm, key in private.items():
                self._write(self._file(domain, selector, algorithm), _pem(key), is_new=True)
        if self.active(domain) is None:
            self.use(domain, selector)
        return self.load(domain, selector)

    def use(self, domain: str, selector: str) -> None:
        """Sign with this selector from now on.

        Raises:
            KeyFault: Its keys cannot be used, or the folder cannot be written.
        """
        self.load(domain, selector)
        with _writing(self.path / domain):
            self._write(self.path / domain / _ACTIVE, f"{selector}\n".encode("ascii"))

    def retire(self, domain: str, selector: str) -> None:
        """Delete the keys of a selector; with the one in use, signing for the domain ends.

        Raises:
            KeyFault: There is no such selector, or the folder cannot be written.
        """
        if selector not in self.selectors(domain):
            raise KeyFault(f"{domain}: has no selector {selector}; `gateway dkim list` shows those there are")
        with _writing(self.path / domain):
            if self.active(domain) == selector:
                (
                    self.path / domain / _ACTIVE
                ).unlink()  # first: no gateway may look for what is being deleted
            for algorithm in ALGORITHMS:
                self._file(domain, selector, algorithm).unlink(missing_ok=True)

    def open_to_others(self) -> list[Path]:
        """Key files that more than their owner may read."""
        files = [path for domain in self.domains() for path in _entries(self.path / domain)]
        keys = [path for path in files if path.suffix == ".pem"]
        return sorted(path for path in keys if path.stat().st_mode & 0o077)

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Changes with every change of a file; cheap enough to be asked for every few seconds.

        Raises:
            KeyFault: The folder is there and cannot be read.
        """
        found = []
        for domain in self.domains():
            for path in _entries(self.path / domain):
                with suppress(OSError):  # gone meanwhile, or not to be seen, which reading it will tell
                    about = path.stat()
                    found.append((str(path), about.st_ctime_ns, about.st_ino))  # ctime: permissions count too
        return tuple(sorted(found))

    def _file(self, domain: str, selector: str, algorithm: Algorithm) -> Path:
        return self.path / domain / f"{selector}-{algorithm}.pem"

    def _make_folder(self, domain: str) -> None:
        for folder in (self.path, self.path / domain):
            if not folder.is_dir():
                folder.mkdir(mode=0o700)
                _give_to_owner_of(folder.parent, folder)

    def _write(self, path: Path, octets: bytes, *, is_new: bool = False) -> None:
        """All of it or nothing, on disk, readable by its owner alone; what is new never takes the place of a key."""
        half = path.with_name(f".{path.name}.{os.getpid()}")
        half.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            _give_to_owner_of(path.parent, half)
            if is_new:
                path.hardlink_to(half)  # fails where there is one: a second command may be at it too
            else:
                half.replace(path)
        finally:
            half.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def checked_domain(text: str) -> str:
    """A domain as it stands in a From field that composing wrote: A-labels, lower case, no trailing dot.

    Raises:
        KeyFault: Not a domain.
    """
    try:
        return parse_path(f"postmaster@{text}").domain
    except AddressError as fault:
        raise KeyFault(f'"{text}": {fault}; write it as seller.example') from None


def _is_domain(name: str) -> bool:
    try:
        return checked_domain(name) == name
    except KeyFault:
        return False


def _check_names(domain: str, selector: str) -> None:
    _check_selector(selector)
    longest = max(len(f"{selector}-{algorithm}._domainkey.{domain}") for algorithm in ALGORITHMS)
    if longest > MAX_NAME_CHARS:
        raise KeyFault(
            f"selector {selector}: its name in DNS would be {longest} characters; choose a shorter one"
        )


def _check_selector(selector: str) -> None:
    if not _SELECTOR.fullmatch(selector):
        raise KeyFault(
            f'selector "{selector}": use small letters, digits and hyphens between them, at most 54 characters'
        )


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise KeyFault(_unreadable(folder, fault)) from None


def _read(path: Path) -> bytes:
    """The octets of a file.

    Raises:
        FileNotFoundError: It is not there.
        KeyFault: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_OCTETS)
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise KeyFault(_unreadable(path, fault)) from None


def _unreadable(path: Path, fault: OSError) -> str:
    return f"{path}: {os.strerror(fault.errno or 0)}; let the user that the gateway runs as read it"


def _private(pem: bytes, path: Path, algorithm: Algorithm) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise KeyFault(f"{path}: is encrypted; write it without a password, mode 0600") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFault(f"{path}: is no private key in PEM; put the right file there") from None
    if algorithm == "ed25519" and isinstance(key, Ed25519PrivateKey):
        return key
    if algorithm == "rsa" and isinstance(key, RSAPrivateKey):
        if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
            raise KeyFault(
                f"{path}: has {key.key_size} bits; verifiers take {MIN_RSA_BITS} to {MAX_RSA_BITS}"
            )
        return key
    raise KeyFault(f"{path}: is no {algorithm} key, as its name says; put the right file there")


def _pem(key: RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise KeyFault(
            f"{folder}: cannot be written ({os.strerror(fault.errno or 0)}); see [dkim] keys"
        ) from None


def _give_to_owner_of(folder: Path, path: Path) -> None:
    """Root making a key for a gateway that is not root: the file goes to whom the folder belongs to."""
    if os.geteuid() == 0:
        about = folder.stat()
        os.chown(path, about.st_uid, about.st_gid)
