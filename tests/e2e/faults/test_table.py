"""The table of faults as an operator reads it."""

from pathlib import Path

from faults.table import page

PAGE = Path(__file__).parents[3] / "deploy" / "faults.md"


def test_the_page_is_the_table():
    """deploy/faults.md says what the rows say; where it does not, faults.md.got beside it does."""
    if PAGE.read_text("utf-8") != page():
        PAGE.with_suffix(".md.got").write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page()
