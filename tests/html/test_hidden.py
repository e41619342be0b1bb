"""What a browser would not paint is called hidden, and nothing else is."""

import pytest

from gateway.html.inspect import inspect
from gateway.html.rewrite import rebuild

HIDDEN = [
    "display:none",
    "DISPLAY : None !important",
    "visibility:hidden",
    "visibility:collapse",
    "opacity:0",
    "opacity:.01",
    "font-size:0",
    "font-size:0px",
    "font-size:1px",
    "font-size:.01em",
    "font:0/0 a",
    "font:bold 1px/1 Arial",
    "color:transparent",
    "color:rgba(0,0,0,0)",
    "color:rgba(1,2,3,.0)",
    "position:absolute;left:-9999px",
    "position:fixed;top:-100em",
    "position:relative;left:-9999px",
    "position:absolute;margin-left:-9999px",
    "position:absolute;width:0;overflow:hidden",
    "float:left;height:1px;overflow:hidden",
    "display:inline-block;width:0;overflow:hidden",
    "display:block;max-height:0;overflow-y:hidden",
    "display:block;line-height:0;overflow:clip",
]
PAINTED = [
    "",
    "color:red",
    "display:inline",
    "visibility:visible",
    "opacity:1",
    "opacity:inherit",
    "font-size:12px",
    "font-size:small",
    "font-size:inherit",
    "font:bold 12px/1 Arial",
    "font:caption",
    "color:rgba(0,0,0,.5)",
    "width:0;overflow:hidden",
    "display:inline;width:0;overflow:hidden",
    "max-height:0",
    "display:block;max-height:20px;overflow:hidden",
    "display:block;width:auto;overflow:hidden",
    "left:-9999px",
    "position:static;left:-9999px",
    "position:absolute;left:10px",
    "mso-hide:all",
    "display:var(--x)",
]


@pytest.mark.parametrize("style", [*HIDDEN, *PAINTED])
def test_inline_style(style: str) -> None:
    """A style hides a span, or does not."""
    view = inspect(f'my<span style="{style}">decoy</span>shop')
    assert ("myshop" if style in HIDDEN else "mydecoyshop") == view.visible.text
    assert view.full.text == "mydecoyshop"


CASES = [
    ("<p hidden>x</p>y", "y"),
    ("<p hidden style='display:block'>x</p>y", "x\ny"),
    ("<div style='width:0;overflow:hidden'>x</div>y", "y"),
    ("<td><table><tr><td style='width:0;overflow:hidden'>x</td></tr></table>", "x"),
    ("<div style='display:none'><p style='display:block'>x</p></div>y", "y"),
    ("<div style='opacity:0'><p style='opacity:1'>x</p></div>y", "y"),
    ("<div style='visibility:hidden'>a<b style='visibility:visible'>x</b></div>y", "x\ny"),
    ("<div style='font-size:0'>a<b style='font-size:14px'>x</b><i>b</i></div>y", "x\ny"),
    ("<div style='font-size:0'><b style='font-size:200%'>x</b></div>y", "y"),
    ("<div style='font-size:0'><b style='font-size:inherit'>x</b></div>y", "y"),
    ("<div style='font-size:0'><b style='font-size:larger'>x</b></div>y", "y"),
    ("<div style='font-size:0'><b style='font:12px a'>x</b></div>y", "x\ny"),
    (
        "<div style='color:transparent'><b style='color:red'>x</b><i style='color:inherit'>z</i></div>y",
        "x\ny",
    ),
    ("<style>.a{display:none}</style><p class='b a'>x</p>y", "y"),
    ("<style>.a{display:none}</style><p class=A>x</p>y", "y"),
    ("<!doctype html><style>.a{display:none}</style><p class=A>x</p>y", "x\ny"),
    ("<style>#a{display:none}</style><p id=a>x</p><p id=b>y</p>", "y"),
    ("<style>p{display:none}</style><p>x</p>y", "y"),
    ("<style>*{visibility:hidden}</style><p>x</p>y", ""),
    ("<style>p.a#b{display:none}</style><p class=a>x</p><p class=a id=b>y</p><p id=b>z</p>", "x\nz"),
    ("<style>.a b{display:none}</style><p class=a><i><b>x</b></i></p><b>y</b>", "y"),
    ("<style>.a>b{display:none}</style><p class=a><b>x</b><i><b>y</b></i></p>", "y"),
    (
        "<style>.a>.b .c{display:none}</style><p class=a><i class=b><i class=b><b class=c>x</b></i></i></p>y",
        "y",
    ),
    ("<style>.a .b>.c{display:none}</style><i class=b><b class=c>x</b></i>y", "xy"),
    ("<style>.a{display:none}.a{display:block}</style><p class=a>x</p>y", "x\ny"),
    ("<style>.a{display:none!important}.a{display:block}</style><p class=a>x</p>y", "y"),
    ("<style>p.a{display:none}.a{display:block}</style><p class=a>x</p>y", "y"),
    ("<style>.a{display:none}</style><p class=a style='display:block'>x</p>y", "x\ny"),
    ("<style>.a{display:none!important}</style><p class=a style='display:block'>x</p>y", "y"),
    ("<style>.a{display:block!important}</style><p class=a style='display:none'>x</p>y", "x\ny"),
    ("<style>.a{font-size:14px}</style><div style='font-size:0'>x<b class=a>y</b></div>", "y"),
    ("<style>.a{display:none}</style><!--c--><p>x</p>", "x"),
    ("<style>@media print{.a{display:none}}</style><p class=a>x</p>", "x"),
    ("<style>.a[x]{display:none}</style><p class=a>x</p>", "x"),
    ("<style>td.a{display:none}</style><p class=a>x</p>", "x"),
    ("<style>#b .c{display:none}</style><p id=z><i class=c>x</i></p>", "x"),
    ("<title>t</title><p>x</p>", "t\nx"),
    ("<script>t</script><noscript>n</noscript><p>x</p>", "n\nx"),
    ("<style style='display:block'>p{color:red}</style>x", "p{color:red}\nx"),
    ("<template><p>t</p></template>x", "x"),
]


@pytest.mark.parametrize(("html", "visible"), CASES, ids=[case[0][:70] for case in CASES])
def test_cascade(html: str, visible: str) -> None:
    """Attributes, rules, weight and inheritance decide together."""
    assert visible == inspect(html).visible.text


@pytest.mark.parametrize("html", [case[0] for case in CASES])
def test_both_engines_agree(html: str) -> None:
    """The rewriting engine hides the same."""
    assert inspect(html).visible.text == rebuild(html).view.visible.text


def test_elements_are_marked() -> None:
    """An image inside a hidden block is hidden itself."""
    view = inspect("<div style='display:none'><img src=cid:a></div><img src=cid:b>")
    assert [node.hidden for node in view.nodes if getattr(node, "name", "") == "img"] == [True, False]
