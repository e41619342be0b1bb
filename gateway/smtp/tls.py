"""The certificate we show to clients, read again when its files change.

TLS 1.2 with forward secrecy and AEAD, and TLS 1.3: what any mail client of the last ten years speaks. A recorded
session stays secret when the key is stolen later, and no cipher of it has a padding to guess at.

*Not here:* the handshake (``session``, ``entrance``), how next hops prove who they are (``relay``).
*Source:* RFC 8446, RFC 8314 (TLS for submission), RFC 9325 (recommended suites, no renegotiation).
"""

import ssl
from pathlib import Path
from typing import Literal, TypeAlias

from gateway.ops import events

Minimum: TypeAlias = Literal["1.2", "1.3"]

SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Suites of TLS 1.2 (RFC 9325 section 4.2); those of TLS 1.3 are all of this kind and need no list."""

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

_Stamp: TypeAlias = tuple[tuple[int, int, int], ...] | None


class Certificate:
    """A certificate and its key, as listeners use them.

    Each handshake looks at the files: two ``stat`` calls beside some milliseconds of cryptography. A pair that cannot
    be used (half written, or the key of another certificate) is told to the log once, and the old one stays.

    Attributes:
        context: For listeners, with STARTTLS and with implicit TLS; whatever it shows follows the files.
    """

    def __init__(self, certificate: Path, key: Path, *, minimum: Minimum = "1.2") -> None:
        """Read the pair.

        Args:
            certificate: PEM, our certificate first, then the chain.
            key: PEM, without a passphrase.
            minimum: Oldest TLS that is spoken.

        Raises:
            OSError: A file cannot be read (``ssl.SSLError``, an OSError too: no certificate, or not of that key).
        """
        self._files = (certificate, key)
        self._minimum = _VERSIONS[minimum]
        self._stamp = self._read_stamp()
        self.context = self._current = self._load()
        self.context.sni_callback = self._choose

    def reload(self) -> bool:
        """Read the pair now, changed or not; whether it is good. A faulty one changes nothing but the log."""
        self._stamp = (
            self._read_stamp()
        )  # before the files: what changes after it is seen at the next handshake
        try:
            self._current = self._load()
        except OSError as error:
            reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
            events.certificate_kept(reason=reason or type(error).__name__)
            return False
        events.certificate_loaded()
        return True

    def take_over(self, fresh: "Certificate") -> None:
        """Have listeners that were given :attr:`context` show another pair, from the next handshake on."""
        self.context.minimum_version = fresh.context.minimum_version  # read before the certificate is chosen
        self.context.sni_callback = fresh.context.sni_callback

    def _choose(
        self, connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        """Called by ``ssl`` for every ClientHello, with a server name or without."""
        if self._read_stamp() != self._stamp:
            self.reload()
        connection.context = self._current

    def _read_stamp(self) -> _Stamp:
        """What tells one state of the files from another; ``None`` while one of them is missing.

        Renewal tools swap a symbolic link to a file or to a folder: ``stat`` follows it, and the inode tells.
        """
        try:
            stats = [file.stat() for file in self._files]
        except OSError:
            return None
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self._minimum
        context.set_ciphers(SUITES)
        context.options |= ssl.OP_NO_RENEGOTIATION  # a client could make us compute for ever
        certificate, key = self._files
        # An empty passphrase: without one OpenSSL would ask on the terminal, and wait.
        context.load_cert_chain(certificate, key, password="")
        return context
