"""The certificate we show to clients, read again when its files change.

*Not here:* the handshake (``session``), how next hops prove who they are (``relay``).
*Source:* RFC 8446, RFC 8314 (TLS for submission), RFC 9325 (TLS 1.2 at least, no renegotiation).
"""

import ssl
from pathlib import Path

from gateway.smtp import replies


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A context for listeners, whose certificate follows its files.

    Args:
        certificate: PEM, our certificate first, then the chain.
        key: PEM, without a passphrase.

    Raises:
        OSError: A file cannot be read (``ssl.SSLError``, an OSError too: it holds no certificate, or not of that key).
    """
    renewal = _Renewal(certificate, key)
    renewal.context.sni_callback = renewal
    return renewal.context


def take_over(context: ssl.SSLContext, fresh: ssl.SSLContext) -> None:
    """Have listeners that were given ``context`` show the certificate of ``fresh`` from the next handshake on.

    Both come from :func:`server_context`, which chooses the certificate when a client says hello.
    """
    context.sni_callback = fresh.sni_callback


class _Renewal:
    """Looks at the files at each handshake: two ``stat`` calls beside some milliseconds of cryptography."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._stamp = self._read_stamp()
        self.context = self._load()

    def __call__(
        self, connection: ssl.SSLSocket | ssl.SSLObject, _name: str | None, _context: ssl.SSLContext
    ) -> None:
        """Called by ``ssl`` for every ClientHello, with a server name or without."""
        try:
            stamp = self._read_stamp()
            if stamp != self._stamp:
                self._stamp = stamp  # whatever comes of it, once per change
                self.context = self._load()
        except OSError as exception:
            replies.fault(exception)  # half written, perhaps: the old certificate still does
        connection.context = self.context

    def _read_stamp(self) -> tuple[tuple[int, int, int], ...]:
        # Renewal tools swap a symbolic link: stat follows it, and the inode tells.
        stats = [file.stat() for file in self._files]
        return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION  # a client could make us compute for ever
        certificate, key = self._files
        # An empty passphrase: without one OpenSSL would ask on the terminal, and wait.
        context.load_cert_chain(certificate, key, password="")
        return context
