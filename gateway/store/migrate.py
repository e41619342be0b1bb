"""Brings the schema to the newest version this gateway knows: numbered files, each run once, in order.

Not here: what the schema is (``migrations/NNNN_name.sql``).
"""

from importlib.resources import files
from string import Template

from gateway.store.driver import Dialect, Operation, Statement
from gateway.store.records import StoreError

_LEDGER = Statement("CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL)")


def _known() -> dict[int, tuple[str, str]]:
    """Version → file name and text."""
    folder = files("gateway.store") / "migrations"
    found = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return {int(file.name.partition("_")[0]): (file.name, file.read_text("utf-8")) for file in found}


def statements(text: str, dialect: Dialect) -> list[str]:
    """The statements of a migration file: each ends with a semicolon at the end of its line."""
    filled = Template(text).substitute(identity=dialect.identity, octets=dialect.octets)
    return [part for part in filled.split(";\n") if part.strip()]


def migrate(dialect: Dialect, place: str) -> Operation[int]:
    """Run what has not been run yet; two processes that start together do it once, the second one waits.

    Args:
        dialect: Of the driver.
        place: The database, as an operator knows it.

    Returns:
        Number of files run.

    Raises:
        StoreError: A newer gateway has written this database.
    """
    known = _known()
    yield _LEDGER
    rows = yield Statement("SELECT version FROM migration")
    done = {row[0] for row in rows}
    if newer := done - known.keys():
        raise StoreError(
            f"{place}: written by a newer gateway (schema {max(newer)}, this one knows {max(known)}); "
            "run that version, or restore a backup made before the upgrade"
        )
    for version in sorted(known.keys() - done):
        name, text = known[version]
        for sql in statements(text, dialect):
            yield Statement(sql)
        yield Statement("INSERT INTO migration (version, name) VALUES ($1, $2)", (version, name))
    return len(known.keys() - done)
