"""No request leaves: hundreds of ways to make a reader fetch, each rebuilt and read again by three parsers.

The vectors are made here, from elements, attributes and notations, in the manner of Cure53's HTTPLeaks (T03, T04).
"""

import contextlib
import re

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.html.inspect import inspect
from gateway.html.rewrite import rebuild
from gateway.html.settle import settled
from gateway.html.view import Comment, Purpose
from gateway.mail.errors import LimitError

TOKEN = "leak.test"

URLS = (
    "https://leak.test/x",
    "//leak.test/x",
    "&#104;ttps://leak.test",
    "\\\\leak.test\\x",
    "ht\ntps:leak.test",
    ",,,https://leak.test",
)

ATTRIBUTES = {
    "img": ("src", "srcset", "lowsrc", "dynsrc", "longdesc", "usemap", "data-src", "xlink:href"),
    "body": ("background", "onload"),
    "table": ("background", "style"),
    "td": ("background",),
    "link rel=stylesheet": ("href",),
    "link rel=preload as=image": ("href", "imagesrcset"),
    "link rel=dns-prefetch": ("href",),
    "base": ("href",),
    "iframe": ("src", "longdesc", "data"),
    "frame": ("src",),
    "object": ("data", "codebase", "classid", "archive"),
    "embed": ("src", "code", "pluginspage"),
    "applet": ("code", "codebase", "archive"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "input type=image": ("src",),
    "bgsound": ("src",),
    "script": ("src",),
    "html": ("manifest",),
    "head": ("profile",),
    "a href=#": ("ping",),
    "blockquote": ("foo", "data-x"),
    "portal": ("src",),
    "svg><image": ("href", "xlink:href"),
    "svg><use": ("href", "xlink:href"),
    "svg><feImage": ("xlink:href",),
    "svg><animate attributeName=href": ("to", "values", "from"),
    "math><mi": ("href", "xlink:href"),
    "v:fill": ("src",),
    "v:imagedata": ("src", "o:href"),
    "xml": ("src",),
    "isindex": ("src", "action"),
    "param name=src": ("value",),
    "menuitem": ("icon",),
}

PLACES = (
    "<meta http-equiv=refresh content='0; url={u}'>",
    "<meta http-equiv=refresh content='0;{u}'>",
    "<meta http-equiv=Link content='<{u}>; rel=stylesheet'>",
    "<meta property=og:image content='{u}'>",
    "<!--[if mso]><v:image src='{u}'/><![endif]-->",
    "<!--[if gte mso 9]><!--><img src='{u}'><!--<![endif]-->",
    "<!--><img src='{u}'>-->",
    "<!---><img src='{u}'>-->",
    "<!-- --!><img src='{u}'>",
    "<!-- -- ><img src='{u}'>-->",
    "<![if !mso]><img src='{u}'><![endif]>",
    "<?xml-stylesheet href='{u}'?>",
    "<!DOCTYPE html SYSTEM '{u}'>",
    "<![CDATA[<img src='{u}'>]]>",
    "<svg><![CDATA[><img src='{u}'>]]></svg>",
    "<svg><style><img src='{u}'></style></svg>",
    "<svg><style>@import '{u}'</style></svg>",
    "<math><style><img src='{u}'></style></math>",
    "<svg></p><style><a id='</style><img src={u}>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src={u}&gt;'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src={u}>",
    "<noscript><p title='</noscript><img src={u}>'>",
    "<title><a title='</title><img src={u}>'>",
    "<textarea><a title='</textarea><img src={u}>'>",
    "<xmp><a title='</xmp><img src={u}>'>",
    "<noembed><a title='</noembed><img src={u}>'>",
    "<noframes><a title='</noframes><img src={u}>'>",
    "<iframe><a title='</iframe><img src={u}>'>",
    "<style><a title='</style><img src={u}>'>",
    "<template><img src='{u}'></template>",
    "<select><template><style><!--</style><a rel='--></style></template></select><img src={u}>'>",
    "<table><img src='{u}'><tr><td>",
    "<p><svg><p><img src='{u}'>",
    "<img src=cid:a src='{u}'>",
    "<img alt='`><img src={u}>'>",
    "<img/src='{u}'>",
    "<img\fsrc='{u}'>",
    '<img """><img src=\'{u}\'>',
    "<<img src='{u}'>",
    "<sc<script>ript>document.write('<img src={u}>')</script>",
    "<iframe srcdoc='&lt;img src={u}&gt;'>",
    "<plaintext><img src='{u}'>",
    "<image src='{u}'>",
    "<frameset><frame src='{u}'></frameset>",
    "<img src='{u}",
    "<style>@import '{u}",
)

CSS = (
    "background:url({u})",
    "background:url('{u}')",
    "background:\\75\\72\\6C({u})",
    "background:u\\72l({u})",
    "background:URL({u})",
    "background:url(/**/{u})",
    "background:image('{u}')",
    "background:image-set('{u}' 1x)",
    "background:-webkit-image-set(url({u}) 1x)",
    "background:cross-fade(url({u}),red)",
    "background:src('{u}')",
    "background:linear-gradient(red,url({u}))",
    "list-style:url({u})",
    "list-style-image:url({u})",
    "cursor:url({u}),auto",
    "content:url({u})",
    "border-image:url({u}) 30",
    "mask:url({u})",
    "-webkit-mask-image:url({u})",
    "filter:url({u}#x)",
    "filter:progid:DXImageTransform.Microsoft.AlphaImageLoader(src='{u}')",
    "behavior:url({u})",
    "-moz-binding:url({u}#x)",
    "shape-outside:url({u})",
    "clip-path:url({u}#x)",
    "--x:url({u});background:var(--x)",
    "background:attr(x url)",
    "width:expression(new Image().src='{u}')",
    "width:exp/**/ression(a.src='{u}')",
    "src:url({u})",
    "background:url({u} x",
    "background:url('{u}\n",
    "a{b;background:url({u})}",
    "{};background:url({u})",
    "offset-path:url({u})",
    "cue:url({u})",
)

SHEETS = (
    "@import '{u}';",
    "@import url({u});",
    "@\\69mport '{u}';",
    "<!-- @import '{u}' -->",
    "@font-face{{font-family:x;src:url({u})}} *{{font-family:x}}",
    "@media all{{*{{background:url({u})}}}}",
    "@media all{{@import '{u}';}}",
    "@supports (a:b){{*{{background:url({u})}}}}",
    "@namespace url({u});",
    "@document url({u}){{*{{color:red}}}}",
    "@page{{background:url({u})}}",
    "@keyframes x{{from{{background:url({u})}}}}",
    "@counter-style x{{symbols:url({u})}}",
    "a[href='{u}']{{color:red}}",
    "*{{background:url({u}",
    "</style ><img src='{u}'>",
    "</sty<!-- -->le><img src='{u}'>",
)


def vectors() -> list[str]:
    """All vectors, in a fixed order."""
    found = []
    for tag, attributes in ATTRIBUTES.items():
        for attribute in attributes:
            found += [f'<{tag} {attribute}="{url}">x' for url in URLS[:3]]
    found += [place.replace("{u}", url) for place in PLACES for url in URLS[:2]]
    found += [f'<p style="{css.replace("{u}", url)}">x' for css in CSS for url in URLS[:2]]
    found += [f"<style>p{{{css.replace('{u}', URLS[0])}}}</style>" for css in CSS]
    found += [f"<style>{sheet.format(u=url)}</style>x" for sheet in SHEETS for url in URLS[:2]]
    found += [f'<img src="{url}"><td background={url!r}>' for url in URLS]
    return list(dict.fromkeys(found))


VECTORS = vectors()


def fetches(text: str) -> list[str]:
    """Places where html5lib finds the token anywhere but in words."""
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    found = []
    for element in tree.iter():
        if not isinstance(element.tag, str):
            found.append("comment")
            continue
        if element.tag in {"style", "script"} and TOKEN in (element.text or ""):
            found.append(element.tag)
        for name, value in element.attrib.items():
            if TOKEN in re.sub(r"[\s\\]", "", value) and (element.tag, name) not in READ:
                found.append(f"{element.tag}[{name}]")
    return found


READ = {("a", "href"), ("a", "title"), ("img", "alt"), ("img", "title"), ("p", "title")}


def check(text: str) -> None:
    result = settled(rebuild(text))
    view = inspect(result)
    assert fetches(result) == []
    assert view.extras == ()
    assert [
        r.url for r in view.references if r.purpose is Purpose.FETCH and not r.url.lower().startswith("cid:")
    ] == []
    assert not any(isinstance(node, Comment) for node in view.nodes)
    assert settled(rebuild(result)) == result


def test_there_are_many_vectors() -> None:
    """The table is as large as Cure53's."""
    assert len(VECTORS) > 300


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{i:03}-{ascii(v)[1:50]}" for i, v in enumerate(VECTORS)])
def test_nothing_is_fetched(vector: str) -> None:
    """What comes out of a vector fetches nothing, is inside the allow-list, and comes out of itself."""
    check(vector)


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{i:03}-{ascii(v)[1:50]}" for i, v in enumerate(VECTORS)])
def test_nothing_passes_unseen(vector: str) -> None:
    """A vector is never taken for HTML that may leave as it is, unless it is only words or a link."""
    view = inspect(vector)
    assert view.extras or any(r.purpose is Purpose.LINK for r in view.references) or not fetches(vector)


TAGS = (
    "<p> </p> <b> </b> <i> <a href=x> </a> <table> </table> <tr> <td> </td> </tr> <svg> </svg> <math> </math> <style>"
    " </style> <title> </title> <textarea> </textarea> <xmp> </xmp> <template> </template> <!-- --> <select> <option>"
    " </select> <pre> </pre> <div> </div> <ul> <li> </ul> <font> <nobr> <center> <form> <mtext> <mglyph> <desc> <br>"
    " <foreignObject> <hr> <img> </br> <head> <body> <html> </body> </html> <h1> <h2> <button> <marquee> <object>"
    " <plaintext> <noscript> <frameset> <caption> <col> <colgroup> <dd>"
)
CHARACTERS = "&lt; &amp;lt; < > \" ' = ]]> <![CDATA[ x \0 \x0b \u00e9 \ud800 &#1; &nbsp;"
PIECES = st.sampled_from(
    [
        *VECTORS,
        *TAGS.split(" "),
        *CHARACTERS.split(" "),
        *(" ", "\n", "\t", " style='color:red;background:url(x)'", " class='a b'"),
    ]
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.lists(PIECES, min_size=1, max_size=9).map("".join))
def test_nothing_is_fetched_by_mixtures(text: str) -> None:
    """What holds for a vector holds for pieces of vectors in any order."""
    with contextlib.suppress(LimitError):
        check(text)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(alphabet="<>/!-= \"'&;abpstyle[]?\n", max_size=60))
def test_nothing_is_fetched_by_noise(text: str) -> None:
    """Any characters give a fixed point inside the allow-list."""
    check(text)
