"""What a search of the record imports: it answers at once because it leaves out what it does not need."""

import subprocess
import sys

import pytest

HEAVY = {
    *("pydantic", "lxml", "bs4", "selectolax", "re2", "phonenumbers", "PIL", "tinycss2"),
    *("starlette", "uvicorn", "aiosmtpd", "aiosmtplib", "dns", "structlog", "prometheus_client", "argon2"),
    *(
        "gateway.rules",
        "gateway.policy",
        "gateway.filter",
        "gateway.html",
        "gateway.detect",
        "gateway.worker",
    ),
    *("gateway.smtp", "gateway.relay", "gateway.ops", "gateway.config.model", "gateway.intake"),
}
"""Half a second of imports, and more: settings and policies as models, readers of mail, servers."""

COMMANDS = {
    "messages": (["messages"], set()),
    "messages --json": (["messages", "--json"], {"rich"}),
    "messages show": (["messages", "show", "no-such-id"], {"rich"}),
    "queue list": (["queue", "list"], set()),
    "queue list --json": (["queue", "list", "--json"], {"rich"}),
    "help": (["--help"], {"rich", "asyncio", "apsw"}),
}

PROBE = """
import sys
from gateway.cli.main import command
try:
    command(sys.argv[1:], prog_name="gateway")
except SystemExit:
    pass
print("imported:", *sys.modules)
"""


@pytest.mark.parametrize("arguments, also", COMMANDS.values(), ids=COMMANDS)
def test_a_search_imports_no_more_than_it_needs(tmp_path, arguments, also):
    """No command that only reads the record loads models, readers of mail or servers."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    imported = set(done.stdout.partition("imported: ")[2].split())
    assert "gateway.cli.main" in imported
    assert not imported & (HEAVY | also)
