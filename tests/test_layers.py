"""The table of layers in gateway/ARCHITECTURE.md, read off the syntax trees."""

import ast
import sys
from pathlib import Path

import pytest

from gateway.rules import BY_NAME

ROOT = Path(__file__).parents[1] / "gateway"

LAYERS = {
    "mail": 0,
    "html": 1,
    "documents": 1,
    "detect": 1,
    "rules": 2,
    "policy": 3,
    "filter": 4,
    "queue.schedule": 4,
    "ops": 5,
    "store": 5,
    "credentials": 5,
    "smtp": 6,
    "relay": 6,
    "queue": 6,
    "worker": 6,
    "console": 6,
    "intake": 7,
    "accounts": 7,
    "recipients": 7,
    "notices": 7,
    "summaries": 7,
    "outbound": 7,
    "review": 7,
    "keeper": 7,
    "config": 7,
    "samples": 7,
    "life": 7,
    "app": 7,
    "reload": 7,
    "serve": 7,
    "cli": 7,
    "__main__": 7,
}
ALLOWED = {
    0: {0},
    1: {0},
    2: {0, 1},
    3: {0, 1, 2},
    4: {0, 1, 2, 3},
    5: {0, 2, 3, 4},
    6: {0, 2, 3, 4, 5},
    7: set(range(8)),
}
THIRD_PARTY = {
    "mail": {"idna", "pybase64", "re2"},
    "html": {"selectolax", "bs4", "tinycss2", "idna"},
    "documents": {"PIL"},
    "detect": {"re2", "publicsuffixlist", "idna", "phonenumbers"},
    "rules": set(),
    "policy": {"pydantic"},
    "filter": set(),
    "queue.schedule": set(),
    "ops": {"structlog", "prometheus_client"},
    "store": {"apsw"},
    "credentials": {"argon2"},
    "smtp": {"aiosmtpd"},
    "relay": {"aiosmtplib", "cryptography", "dns"},
    "queue": set(),
    "worker": set(),
    "console": {"starlette", "uvicorn", "prometheus_client"},
    "intake": set(),
    "accounts": set(),
    "recipients": set(),
    "notices": set(),
    "summaries": set(),
    "outbound": set(),
    "review": set(),
    "keeper": set(),
    "config": {"pydantic"},
    "samples": set(),
    "life": set(),
    "app": set(),
    "reload": set(),
    "serve": {"uvloop"},
    "cli": {"click", "rich", "aiosmtplib"},
    "__main__": set(),
}
SOLE_USERS = {
    "selectolax": {"html/inspect.py"},
    "bs4": {"html/soup.py", "html/rewrite.py"},
    "apsw": {"store/sqlite.py"},
    "dns": {"relay/hosts.py", "relay/name_servers.py", "relay/published.py"},
    "cryptography": {"relay/dkim.py", "relay/dkim_record.py", "relay/keys.py"},
    "aiosmtplib": {"relay/dialler.py", "cli/demo.py"},
    "aiosmtpd": {"smtp/session.py", "smtp/sink.py"},
    "structlog": {"ops/log.py", "ops/events.py"},
}
"""Libraries that one file alone may touch; ``bs4`` and ``selectolax`` are the two HTML engines."""

IMPURE_MODULES = {
    *("asyncio", "socket", "ssl", "os", "time", "random", "secrets", "logging", "subprocess", "threading"),
    *("multiprocessing", "signal", "tempfile", "shutil", "urllib.request", "http", "smtplib", "sqlite3"),
}
IMPURE_CALLS = {"open", "print", "input"}

FILES = sorted(path for path in ROOT.rglob("*.py") if path.name != "__init__.py" or path.parent != ROOT)


def room(path: Path) -> str:
    """The room of a file, as in the table."""
    inner = path.relative_to(ROOT)
    name = inner.parts[0].removesuffix(".py")
    if name == "queue" and inner.name == "schedule.py":
        return "queue.schedule"
    return name


def room_of_import(module: str) -> str:
    """The room that an imported module of ours belongs to."""
    parts = module.split(".")
    if parts[1:3] == ["queue", "schedule"]:
        return "queue.schedule"
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> set[str]:
    """All modules that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module)
            if node.module == "gateway":
                found |= {f"gateway.{alias.name}" for alias in node.names if alias.name[0] != "_"}
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_only_lower_layers(path):
    """A file imports its own room and what the table of layers allows, and never a room beside its own."""
    own = room(path)
    for module in imports(path):
        if module.split(".")[0] != "gateway" or module in {"gateway", "gateway.__version__"}:
            continue
        other = room_of_import(module)
        if other != own and {own, other} != {"queue", "queue.schedule"}:
            assert LAYERS[other] in ALLOWED[LAYERS[own]], f"{own} imports {module}"
            assert LAYERS[other] != LAYERS[own] or LAYERS[own] == 7, f"{own} imports its neighbour {module}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_third_party_packages_are_those_of_the_room(path):
    """Every third-party package is imported only where the table of layers names it."""
    ours = {module.split(".")[0] for module in imports(path)} - set(sys.stdlib_module_names) - {"gateway"}
    assert ours <= THIRD_PARTY[room(path)]


@pytest.mark.parametrize("package, users", SOLE_USERS.items(), ids=SOLE_USERS)
def test_sole_users(package, users):
    """Some packages are touched by one file alone, so that a change of theirs has one place."""
    found = {name_of(path) for path in FILES if package in {each.split(".")[0] for each in imports(path)}}
    assert found <= users


PURE = [path for path in FILES if LAYERS[room(path)] <= 4]


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_rooms_hold_no_io(path):
    """Layers 0 to 4 hold no async, file, socket, clock, chance, environment or logger."""
    tree = ast.parse(path.read_text("utf-8"))
    impure = {
        module
        for module in imports(path)
        if module in IMPURE_MODULES or module.split(".")[0] in IMPURE_MODULES
    }
    assert not impure
    for node in ast.walk(tree):
        assert not isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.Global, ast.Nonlocal)), node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE_CALLS, f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}, f"line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_fit_in_the_head(path):
    """A file has at most 400 lines."""
    assert len(path.read_text("utf-8").splitlines()) <= 400


def test_rules_do_not_know_each_other():
    """No rule imports a rule; only the list of all does."""
    for path in (ROOT / "rules").glob("*.py"):
        if path.name != "__init__.py":
            assert not {f"gateway.rules.{name}" for name in BY_NAME} & imports(path), path.name
