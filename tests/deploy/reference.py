"""The tables of deploy/signals.md, made from the code: `python tests/deploy/reference.py` writes them anew.

A test holds the document against this, so that a metric or an event without its row does not land.
"""

import ast
import inspect
import re
import sys
from pathlib import Path

from gateway.ops import events, metrics

DOCUMENT = Path(__file__).parents[2] / "deploy" / "signals.md"

OPEN_LISTS = {
    "policy": "names of the policies, other",
    "listener": "addresses of the listeners, other",
    "rule": "the rules of policies/README.md, other",
}
"""Labels whose values are too many to name, or known only from the configuration."""


def metric_rows() -> list[str]:
    """One row for each metric, in the order in which they are declared."""
    return [_metric_row(family) for family in metrics.REGISTRY.collect()]


def event_rows() -> list[str]:
    """One row for each event, in the order in which they stand."""
    tree = ast.parse(Path(events.__file__).read_text("utf-8"))
    return [
        _event_row(node) for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[0] != "_"
    ]


def _metric_row(family) -> str:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    values: dict[str, dict[str, None]] = {}
    for sample in family.samples:
        for label, value in sample.labels.items():
            if label != "le" and not sample.name.endswith("_created"):
                values.setdefault(label, {})[value or '`""`'] = None
    labels = "; ".join(
        f"`{label}`: {OPEN_LISTS.get(label, ', '.join(found))}" for label, found in values.items()
    )
    return f"| `{name}` | {family.type} | {labels or '-'} | {family.documentation} |"


def _event_row(node: ast.FunctionDef) -> str:
    levels = dict.fromkeys(
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "_log"
    )
    text = " ".join(inspect.cleandoc(ast.get_docstring(node) or "").split())
    meaning, _, fields = text.partition("Fields: ")
    written = [re.sub(r"``", "`", each.strip()) for each in (meaning, fields)]
    return f"| `{node.name}` | {', '.join(sorted(levels))} | {written[1] or '-'} | {written[0]} |"


def filled(document: str) -> str:
    """The document with its tables as they should be."""
    for name, head, rows in (
        ("metrics", "| metric | kind | labels and their values | meaning |", metric_rows()),
        ("events", "| event | level | fields | meaning |", event_rows()),
    ):
        table = "\n".join([head, "|---|---|---|---|", *rows, ""])
        document = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)",
            lambda found, table=table: found[1] + table + found[2],
            document,
            flags=re.DOTALL,
        )
    return document


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"{DOCUMENT}: written\n")
