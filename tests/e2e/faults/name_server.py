"""A DNS server on loopback that answers as a test has ordered."""

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SILENT, GONE = "silent", "gone"
"""Instead of an answer: none; the same, and then the domain is not there."""


class NameServer(asyncio.DatagramProtocol):
    """A running server: every domain has one mail host, with one address, but where something else is ordered.

    Args:
        address: Of the one mail host.

    Attributes:
        faults: Domain → :data:`SILENT`, or an rcode such as ``"SERVFAIL"``; taken away to mend it.
        asked: Domains that somebody has asked for, with a fault.
    """

    def __init__(self, address):
        self._address = address
        self.faults = {}
        self.asked = set()

    async def start(self):
        """Listens."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    def stop(self):
        """Listens no more."""
        self._transport.close()

    def datagram_received(self, data, addr):
        """Answers one question."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        fault = self.faults.get(name)
        if fault:
            self.asked.add(name)
        if fault == SILENT:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        records = {"MX": ["10 mail.hosts.example."], "A": [self._address]}.get(
            dns.rdatatype.to_text(question.rdtype)
        )
        if fault:
            response.set_rcode(dns.rcode.from_text(fault))
        elif records and (question.rdtype == dns.rdatatype.MX) != (name == "mail.hosts.example"):
            kind = dns.rdatatype.to_text(question.rdtype)
            response.answer.append(dns.rrset.from_text_list(question.name, 300, "IN", kind, records))
        self._transport.sendto(response.to_wire(), addr)
