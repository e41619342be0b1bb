"""What runs."""

import pytest

from gateway.rules.active_content import RULE
from gateway.rules.rule import Remedy

ENGINES = pytest.mark.parametrize("engine", ["inspect", "rebuild"])

HITS = {
    "script": ("<p>x</p><script>alert(1)</script>", Remedy.DROP_ELEMENT, "<script>"),
    "remote script": (
        '<script type="application/json" src="https://x.example"></script>',
        Remedy.DROP_ELEMENT,
        "<script>",
    ),
    "handler": ('<p onclick="x()">x</p>', Remedy.DROP_ATTRIBUTE, "onclick attribute"),
    "form": ('<form action="https://x.example"><p>x</p></form>', Remedy.UNWRAP_ELEMENT, "<form>"),
    "frame": ('<iframe src="https://x.example"></iframe>', Remedy.DROP_ELEMENT, "<iframe>"),
    "plug-in": ('<object data="https://x.example/a.swf"></object>', Remedy.DROP_ELEMENT, "<object>"),
    "base": ('<base href="https://x.example"><p>x</p>', Remedy.DROP_ELEMENT, "<base>"),
    "refresh": ('<meta http-equiv=" Refresh " content="0"><p>x</p>', Remedy.DROP_ELEMENT, "<meta>"),
    "script link": ('<a href="javascript:alert(1)">x</a>', Remedy.UNWRAP_ELEMENT, "script link"),
    "script image": ('<img src="vbscript:x">', Remedy.DROP_ATTRIBUTE, "script URL"),
    "button": ('<button formaction="https://x.example">x</button>', Remedy.DROP_ATTRIBUTE, "form target"),
    "binding": ('<p style="-moz-binding:none">x</p>', Remedy.DROP_ATTRIBUTE, "CSS that runs a script"),
    "style sheet": (
        "<style>p{width:expression(1)}</style>",
        Remedy.DROP_ELEMENT,
        "style sheet that runs a script",
    ),
    "for Outlook": (
        "<!--[if mso]><script>1</script><![endif]-->",
        Remedy.DROP_ELEMENT,
        "comment for Outlook",
    ),
}


@ENGINES
@pytest.mark.parametrize("html, remedy, evidence", HITS.values(), ids=HITS)
def test_hit(context_of, findings, html, remedy, evidence, engine):
    """Each active piece of HTML is reported once."""
    [finding] = findings(RULE, context_of(html, engine=engine))
    assert (remedy, evidence) == (finding.remedy, finding.evidence)


ATTACHMENTS = {
    "program": (b"MZ\x90\0\3", "application/x-executable: Windows program"),
    "script": (b"#!/bin/sh\n", "text/x-script: script"),
    "PDF": (b"%PDF-1.4 <</S/JavaScript>>", "application/pdf: script"),
    "page": (b"<html><script>", "text/html: script or form inside"),
}


@pytest.mark.parametrize("content, evidence", ATTACHMENTS.values(), ids=ATTACHMENTS)
def test_hit_in_an_attachment(context_of, findings, content, evidence):
    """An attachment that acts is reported, and nothing but its sender can mend it."""
    attachment = {"media_type": "application/pdf", "filenames": ("invoice.pdf",), "content": content}
    [finding] = findings(RULE, context_of("<p>x</p>", attachments=[attachment]))
    assert (Remedy.NONE, evidence, "2") == (finding.remedy, finding.evidence, finding.target.part)


NEAR_MISSES = {
    "order data": '<script type="application/ld+json">{"@type":"Order"}</script><p>x</p>',
    "words": "<p>script, form, javascript: and onclick</p>",
    "attribute that begins so": '<p on="x" on-click="x">x</p>',
    "target of links": '<base target="_blank"><p>x</p>',
    "link": '<a href="https://x.example">x</a>',
    "charset": '<meta http-equiv="Content-Type" content="text/html"><p>x</p>',
    "style": '<style>p{scroll-behavior:smooth}</style><p style="color:red">x</p>',
    "comment": "<!-- <script>alert(1)</script> <a href='javascript:x'> -->",
    "Outlook settings": "<!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->",
    "bare words": "expression(1)",
    "script torn apart": "<sc<script>ript>alert(1)</sc<script>ript>",
}


@ENGINES
@pytest.mark.parametrize("html", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_near_miss(context_of, findings, html, engine):
    """Data, words and what reaches nobody are not reported."""
    pdf = {"media_type": "application/pdf", "filenames": ("a.pdf",), "content": b"%PDF-1.4"}
    assert findings(RULE, context_of(html, attachments=[pdf], engine=engine)) == []


EVASIONS = {
    "tab in the scheme": '<a href="java&#9;script:alert(1)">x</a>',
    "capitals and blanks": '<a href=" JaVaScRiPt:alert(1)">x</a>',
    "escaped binding": '<p style="w:e\\78pression(1)">x</p>',
    "drawing": "<svg><script>1</script></svg>",
    "drawing with a handler": '<svg onload="x"></svg>',
    "broken handler": '<img src="cid:a"onerror="x">',
    "hidden": '<div style="display:none"><iframe></iframe></div>',
}


@pytest.mark.parametrize("html", EVASIONS.values(), ids=EVASIONS)
def test_evasion(context_of, findings, html):
    """Other spellings run as well, and are reported."""
    assert findings(RULE, context_of(html))
