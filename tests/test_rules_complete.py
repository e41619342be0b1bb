"""A rule is complete when it has its file, its tests, its place in a policy and its row in the table."""

import ast
import sys
from pathlib import Path

import pytest

from gateway.rules import ALL, BY_NAME
from gateway.rules.rule import MAX_EVIDENCE

ROOT = Path(__file__).parents[1]
RULES = ROOT / "gateway" / "rules"
HELPERS = {
    "rule",
    "context",
    "places",
    "owners",
    "attached",
    "hosts",
    "styles",
    "written",
    "texts",
    "readings",
}
NAMES = [rule.name for rule in ALL]
KINDS = ("test_hit", "test_near_miss", "test_evasion")


def imports(path: Path) -> set[str]:
    """Every module that a file names in an import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def test_every_file_is_in_all():
    """A rule that nobody runs is no rule: every file here is a rule of ALL or a known helper."""
    files = {path.stem for path in RULES.glob("*.py")} - {"__init__"}
    assert files - HELPERS == set(NAMES)
    assert len(NAMES) == len(BY_NAME)


@pytest.mark.parametrize("name", NAMES)
def test_file(name):
    """The file is called as the rule, says what it sees, and speaks to the seller in whole sentences."""
    rule = BY_NAME[name]
    module = sys.modules[rule.check.__module__]
    assert (name, RULES / f"{name}.py") == (module.NAME, Path(str(module.__file__)))
    assert module.__doc__
    assert rule.params()
    for sentence in (rule.sentence, rule.advice):
        assert sentence[:1].isupper()
        assert sentence.endswith(".")
    assert 0 < len(rule.label) <= MAX_EVIDENCE


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_tests(name, kind):
    """There is a test of a hit, of a near miss and of an evasion."""
    tree = ast.parse((ROOT / "tests" / "rules" / f"test_{name}.py").read_text())
    names = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert any(found.startswith(kind) for found in names)


@pytest.mark.parametrize("name", NAMES)
def test_block(name):
    """A bundled policy speaks about the rule."""
    texts = [path.read_text() for path in (ROOT / "policies").glob("*.toml")]
    assert any(f"[rule.{name}]" in text for text in texts)


@pytest.mark.parametrize("name", NAMES)
def test_row(name):
    """The table of rules has a row for it, in the order of ALL."""
    rows = [
        line for line in (ROOT / "policies" / "README.md").read_text().splitlines() if line.startswith("| `")
    ]
    listed = [row.split("`")[1] for row in rows if row.split("`")[1] in BY_NAME]
    assert listed == NAMES
    assert name in listed


@pytest.mark.parametrize("path", sorted(RULES.glob("*.py")), ids=lambda path: path.stem)
def test_imports(path):
    """A rule imports no package from outside, and no other rule."""
    found = imports(path)
    outside = {name.split(".")[0] for name in found} - {"gateway"} - sys.stdlib_module_names
    assert outside == set()
    if path.stem != "__init__":
        assert {f"gateway.rules.{name}" for name in NAMES} & found == set()
