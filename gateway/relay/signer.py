"""Signs what goes out with the key of its author's domain, and keeps the keys as the folder has them.

House rules: no key for the domain, no signature; a key that cannot be used, no mail: it waits in the queue, since
a DMARC-strict domain that is read without its signature loses the mail for good. A folder that becomes faulty
leaves in use what was read before, and an event says so.
Not here: the signature (``dkim``), the folder (``keys``).
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from gateway.mail.cause import Cause
from gateway.mail.delivery import TemporaryFailure
from gateway.ops import events
from gateway.relay.dkim import DomainKeys, author_domain, signatures
from gateway.relay.keys import KeyFault, KeyFolder
from gateway.relay.outgoing import as_on_the_wire

WATCH_S = 5.0
"""Seconds between looks at the folder: `gateway dkim use` is done when its reader has had a sip of coffee."""

INLINE_OCTETS = 262_144
"""Mails up to this size are signed at once, in about a millisecond; bigger ones in a thread, lest they hold up
every other connection."""

_Ring: TypeAlias = dict[str, DomainKeys | KeyFault]
"""By domain: its keys, or why they cannot be used."""


class Signer:
    """Signs mail, as long as there are keys."""

    def __init__(
        self, folder: KeyFolder, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Reads the folder.

        Args:
            folder: The keys.
            clock: For ``t=``.

        Raises:
            KeyFault: The folder is there and cannot be read, so that nobody knows whose mail has to be signed.
        """
        self._folder = folder
        self._clock = clock
        self._state = self._look()
        self._ring: _Ring = {}
        self._take(folder.in_use())

    async def signed(self, octets: bytes) -> bytes | TemporaryFailure:
        """The mail with its signatures before it.

        Args:
            octets: As composed.

        Returns:
            The same octets where there is no key for the domain of the From field; a failure where there is one
            that cannot be used.
        """
        if not self._ring:
            return octets
        try:
            if len(octets) <= INLINE_OCTETS:
                return self._signed(octets)
            return await asyncio.to_thread(self._signed, octets)
        except KeyFault as fault:
            return TemporaryFailure(next_hop="", reply=fault.sentence, cause=Cause.OUR_FAULT)
        except Exception as fault:  # noqa: BLE001 - whatever it was, unsigned it must not go
            incident = secrets.token_hex(4)
            events.fault(incident=incident, where="relay", exception=fault)
            words = f"cannot be signed: our own fault, incident {incident}"
            return TemporaryFailure(next_hop="", reply=words, cause=Cause.OUR_FAULT)

    def reload(self) -> None:
        """Reads the folder anew. Raises nothing: what is faulty is an event, and what was in use stays so."""
        self._state = self._look()
        if self._ring and not self._folder.is_there():
            # Unmounted, most likely. Who wants no signatures says so with `gateway dkim retire`.
            sentence = f"{self._folder.path}: is gone; put it back, or restart to sign nothing"
            events.dkim_keys_refused(domain="", fault=sentence)
            return
        try:
            self._take(self._folder.in_use())
        except KeyFault as fault:
            events.dkim_keys_refused(domain="", fault=fault.sentence)

    def reload_if_changed(self) -> None:
        """Reads the folder anew when a file in it is another than before."""
        if self._look() != self._state:
            self.reload()

    async def watch(self) -> None:
        """Follows the folder until cancelled."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await asyncio.to_thread(self.reload_if_changed)
            except Exception as fault:  # noqa: BLE001 - keys of tomorrow must not depend on a bug of today
                events.fault(incident=secrets.token_hex(4), where="reload", exception=fault)

    def _look(self) -> object:
        """What is equal as long as nothing changes; a fault too, lest it be told every few seconds."""
        try:
            return self._folder.state()
        except KeyFault as fault:
            return fault.sentence

    def _signed(self, octets: bytes) -> bytes:
        whole = as_on_the_wire(octets)  # since that is what is verified
        domain = author_domain(whole)
        keys = self._ring.get(domain or "")
        if keys is None:
            return octets
        if isinstance(keys, KeyFault):
            events.signature_failed(domain=domain or "", fault=keys.sentence)
            raise KeyFault(keys.sentence)
        return signatures(whole, keys, self._clock()) + whole

    def _take(self, found: _Ring) -> None:
        kept: _Ring = {}
        for domain, keys in found.items():
            if isinstance(keys, KeyFault):
                events.dkim_keys_refused(domain=domain, fault=keys.sentence)
                kept[domain] = self._ring.get(domain, keys)
        self._ring = {**found, **kept}
        events.dkim_keys_loaded(domains=sum(isinstance(keys, DomainKeys) for keys in found.values()))
