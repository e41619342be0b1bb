"""What is written down, held against what exists."""

import ast
import re
from pathlib import Path

import pytest

from gateway.cli.main import _COMMANDS
from gateway.rules import BY_NAME

ROOT = Path(__file__).parents[1]
MARKDOWN = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not {".venv", ".venv-test", "corpus", "node_modules"} & set(path.parts)
)


def test_readme_shows_every_command():
    """Each command is in README.md, and README.md shows no other."""
    text = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"(?:^|`|/)gateway ([a-z]+)\b", text, re.MULTILINE))
    assert named <= set(_COMMANDS)
    assert {
        "demo",
        "serve",
        "check",
        "config",
        "policy",
        "seller",
        "dkim",
        "queue",
        "messages",
        "store",
    } <= named


def test_readme_has_the_test_command():
    """`.ci/run` finds the test command in README.md."""
    text = (ROOT / "README.md").read_text("utf-8")
    block = re.search(r"<!-- test command -->\n```\n(.+)\n```", text)
    assert "requirements.txt" in block[1]
    assert "pytest" in block[1]


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    """Every relative link in a document leads to a file."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


def anchors(path):
    """What GitHub makes of the headings of a document."""
    outside = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", outside, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_a_section(path):
    """Every link to a section of a document leads to a heading."""
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", path.read_text("utf-8")):
        assert anchor in anchors(path.parent / target if target else path), f"{target}#{anchor}"


def test_policies_readme_has_a_row_per_rule():
    """policies/README.md has a row for every rule, and names no other in its first column."""
    rows = re.findall(
        r"^\| `([a-z_]+)` \|", (ROOT / "policies" / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert set(BY_NAME) <= set(rows)


def test_tests_readme_has_every_folder():
    """tests/README.md names every folder of tests, and each script of tests/bench has its row there."""
    tests = ROOT / "tests"
    text = (tests / "README.md").read_text("utf-8")
    folders = {path.parent.relative_to(tests).parts[0] for path in tests.glob("*/**/*.py")}
    assert {folder for folder in folders if f"`{folder}/" not in text} == set()
    scripts = {path.name for path in (tests / "bench").glob("*.py")} - {"mails.py"}
    assert (
        set(re.findall(r"`python tests/bench/(\w+\.py)`", (tests / "bench" / "README.md").read_text()))
        == scripts
    )


def test_lock_file_names_no_package_host():
    """The lock file has hashes and no address."""
    text = (ROOT / "requirements.txt").read_text("utf-8")
    assert "://" not in text
    assert "--hash=sha256:" in text


def test_lock_file_has_every_dependency():
    """Every dependency of pyproject.toml is locked."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE))
    names = {re.match(r"[A-Za-z0-9-]+", each)[0].lower() for each in wanted}
    assert names <= locked


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda path: path.name)
def test_every_test_states_a_behaviour(path):
    """Each test function has a docstring that says what holds."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_top_level_has_only_what_belongs_there():
    """No other top-level folder or file than those agreed."""
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    tops = {line.split("/")[0] for line in listed.stdout.splitlines()}
    visible = {top for top in tops if not top.startswith(".")}
    assert visible <= {
        *("gateway", "tests", "deploy", "policies", "pyproject.toml"),
        *("README.md", "CHANGELOG.md", "LICENSE", "requirements.txt"),
    }
