"""CSS that runs code."""

import pytest

from gateway.rules.styles import is_executable_css


@pytest.mark.parametrize(
    "style",
    [
        "width: expression(alert(1))",
        "width:expr/**/ession(alert(1))",
        "width:expr\\65ssion(1)",
        "width:e\\xpression(1)",
        "color:red;BEHAVIOR:url(x.htc)",
        "-moz-binding : url(x)",
        "background:url( java\nscript:x )",
        "p{color:red}div{behavior:url(#x)}",
    ],
)
def test_runs(style):
    """Expressions, bindings and script URLs run, in whatever spelling."""
    assert is_executable_css(style)


@pytest.mark.parametrize(
    "style",
    [
        "",
        "color:red",
        "scroll-behavior:smooth",
        "font-family:'expression'",
        "content:'\\110000'",
        "color:red /* open comment behavior:x",
        "/* behavior:x */color:red",
    ],
)
def test_does_not_run(style):
    """Ordinary styles and comments do not."""
    assert not is_executable_css(style)
