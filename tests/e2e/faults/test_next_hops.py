"""What happens when a next hop, or DNS, does not do as it should: the rows of the table, all in one gateway."""

import asyncio
from contextlib import AsyncExitStack

from faults.name_server import NameServer
from faults.next_hop import NextHop
from faults.served import Served, free_port, mail
from faults.table import NAMES, NEXT_HOP

MX_ADDRESS = "127.0.0.2"


async def test_faults_of_next_hops_and_names(tmp_path):
    """Every mail arrives, or its seller is told; nothing arrives twice but what the record calls unknown."""
    rows = {f"r{number}": row for number, row in enumerate([*NEXT_HOP.values(), *NAMES.values()])}
    async with AsyncExitStack() as stack:
        town = await _Town.built(rows, stack)
        served = Served(tmp_path, town.notices, town.routes(), delivery=town.delivery(), mx_port=town.mx.port)
        stack.push_async_callback(served.stop)
        await served.start()
        answers = {
            name: [await served.submit(mail(name, _to(name, row)), _to(name, row))]
            for name, row in rows.items()
        }
        await town.mend()
        await served.quiet()
        arrived, told = town.arrived(), town.notices.arrived
        seen = {
            row.what: await served.outcome(name, answers[name], arrived, told) for name, row in rows.items()
        }
    assert seen == {row.what: row.outcome for row in rows.values()}


def _to(name, row):
    """One recipient, or two where each is to have a history of its own."""
    return [f"{local}@{name}.example" for local, _ in zip(("one", "two"), row.outcome.attempts, strict=False)]


class _Town:
    """Everybody that the gateway sends to: a next hop a row, those that DNS names, the seller's."""

    @classmethod
    async def built(cls, rows, stack):
        """Listens, but where nothing is to listen."""
        town = cls()
        town.rows = rows
        town.notices, town.mx = NextHop(), NextHop()
        town.hops = {
            name: NextHop(row.word, times=row.times) for name, row in rows.items() if row in NEXT_HOP.values()
        }
        for each in (town.notices, town.mx, *town.hops.values()):
            stack.push_async_callback(each.stop)
        await town.notices.start()
        await town.mx.start(MX_ADDRESS)
        town.ports = {}
        for name, hop in town.hops.items():
            listens = rows[name].word is not None
            town.ports[name] = (await hop.start()).port if listens else free_port()
        town.names = await NameServer(MX_ADDRESS).start()
        stack.callback(town.names.stop)
        town.names.faults = {
            f"{name}.example": row.word for name, row in rows.items() if name not in town.hops
        }
        return town

    def routes(self):
        """Marketplace → next hop."""
        return {
            name: f"smtp://127.0.0.1:{self.ports[name]}" if name in self.hops else "mx" for name in self.rows
        }

    def delivery(self):
        """Whom to ask for names."""
        return f'dns = ["127.0.0.1:{self.names.port}"]'

    def arrived(self):
        """All that was taken."""
        return [each for hop in (*self.hops.values(), self.mx) for each in hop.arrived]

    async def mend(self):
        """Once DNS was asked for everything: names that are to be mended are, and who did not listen listens."""
        async with asyncio.timeout(30):
            while self.names.faults.keys() - self.names.asked:
                await asyncio.sleep(0.05)
        for name, row in self.rows.items():
            if name in self.hops and row.word is None:
                await self.hops[name].start(port=self.ports[name])
            elif name not in self.hops and row.times is not None:
                del self.names.faults[f"{name}.example"]
