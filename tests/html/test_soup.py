"""The lean tree is beautifulsoup4's own."""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html.soup import read_tree

MARKUP = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<a href=x href=y>",
            "</a>",
            "<table><tr><td>",
            "</td></table>",
            "<br/>",
        ),
        *(
            "<!-- c -->",
            "<?pi x?>",
            "<!doctype html>",
            "<style>p{}</style>",
            "<script>x</script>",
            "<pre>",
            "</pre>",
        ),
        *(
            "<o:p>",
            "</o:p>",
            "<svg viewBox=1><g/></svg>",
            "<x n:a=1 xml:lang=b>",
            "</x>",
            "<html lang=a>",
            "<body b>",
        ),
        *(
            "word",
            " ",
            "\n",
            "&amp;",
            "&nbsp;",
            "<textarea>",
            "<li>",
            "<p",
            "</",
            "<title>t</title>",
            "<meta charset=x>",
        ),
    ]
)
CASES = {
    "mail": "<html><head><title>t</title><style>p{}</style></head><body><p class='a b'>x<br>y</p><!--c--></body></html>",
    "unclosed": "<p>a<b>b<p>c<table><td>d",
    "end-tags-alone": "</p></b>x</body></html></i>y",
    "nothing": "",
    "words": "only words",
    "prefixes": "<v:rect href=x xmlns:v=y><o:p>z</o:p></v:rect>",
    "nested": "<div>" * 199 + "x",
}


def outline(tag: Tag, depth: int = 0) -> Iterator[tuple[object, ...]]:
    """Names, attributes and texts in order; blanks between elements are beautifulsoup4's to collapse."""
    for node in tag.contents:
        if isinstance(node, Tag):
            yield depth, node.name, {name: str(value) for name, value in node.attrs.items()}
            yield from outline(node, depth + 1)
        elif str(node).strip(" \t\n\f\r"):
            yield depth, type(node).__name__ in {"Comment", "Doctype"}, str(node)


def check(html: str) -> None:
    stock = BeautifulSoup(html, "lxml", multi_valued_attributes=None)
    assert list(outline(read_tree(html))) == list(outline(stock))


@pytest.mark.parametrize("html", CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore")
def test_the_same_tree(html: str) -> None:
    """Names, attributes, comments and texts stand where beautifulsoup4 puts them."""
    check(html)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300, deadline=None)
@given(st.lists(MARKUP, max_size=14).map("".join))
def test_the_same_tree_of_mixtures(html: str) -> None:
    """However the markup is mixed."""
    check(html)


def test_a_brace_is_no_namespace() -> None:
    """An attribute ``{x}href`` stays what it is called: beautifulsoup4 would read it as ``href``."""
    assert list(outline(read_tree("<p {x}href=y>")))[-1] == (2, "p", {"{x}href": "y"})
