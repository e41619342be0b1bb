"""The first look at a PDF."""

import pytest

from gateway.documents.pdf import sniff_pdf

ACTIVE = {
    "script": b"<</S/JavaScript/JS(app.alert(1))>>",
    "escaped script": b"<</S/J#61va#53cript/JS 5 0 R>>",
    "script name tree": b"<</Names<</JavaScript 7 0 R>>>>",
    "launch": b"<</S/Launch/F(a.exe)>>",
    "form": b"<</S /SubmitForm /F (x)>>",
    "another file": b"<</S/GoToR/F(x)>>",
    "dynamic form": b"<</XFA 3 0 R>>",
    "embedded file": b"<</Type/EmbeddedFile>>",
    "two embedded files, one an invoice": b"<</F(factur-x.xml)>> <</Type/EmbeddedFile>> <</Type/EmbeddedFile>>",
}


@pytest.mark.parametrize("body", ACTIVE.values(), ids=ACTIVE)
def test_active(body):
    """What runs, sends or carries something is active."""
    assert sniff_pdf(b"%PDF-1.4\n" + body).is_active


STILL = {
    "opens at a zoom": b"<</OpenAction [3 0 R /Fit]>>",
    "opens by a go-to": b"<</OpenAction <</S/GoTo/D[3 0 R /Fit]>>>>",
    "link": b"<</S/URI/URI(https://www.amazon.de)>>",
    "electronic invoice": b"<</Names<</EmbeddedFiles 2 0 R>>>> <</Type/EmbeddedFile>> <</F(factur-x.xml)>>",
    "longer name": b"<</JavaScriptFree true /EncryptMetadata false>>",
    "words": b"stream JavaScript and Launch endstream",
}


@pytest.mark.parametrize("body", STILL.values(), ids=STILL)
def test_still(body):
    """Ordinary invoices are not active, LaTeX's and electronic ones included."""
    found = sniff_pdf(b"%PDF-1.4\n" + body)
    assert (found.family, found.is_active) == ("pdf", False)


@pytest.mark.parametrize("body", [b"/Encrypt 5 0 R", b"/#45ncrypt<<>>"], ids=["plain", "escaped"])
def test_encrypted(body):
    """An encrypted PDF cannot be looked into."""
    assert sniff_pdf(b"%PDF-1.4\ntrailer<<" + body + b">>").family == "encrypted"
