"""Text by how it begins."""

import pytest

from gateway.documents.markup import sniff_text

KINDS = {
    "words": ("Dear customer,\nthank you.", "text/plain", False),
    "words with a colon": ("Note: this is fine\nOrder: 5\n", "text/plain", False),
    "html": ("<html><body>", "text/html", False),
    "html in capitals": ("<HTML>", "text/html", False),
    "html behind a mark and blanks": ("\ufeff \n\t<p>", "text/html", False),
    "html behind comments": ("<!-- a --><!-- > b --><div>", "text/html", False),
    "html behind a strange comment": ("<!--><script>alert(1)</script>", "text/html", True),
    "html behind a declaration": ('<?xml version="1.0"?><!DOCTYPE html><html>', "text/html", False),
    "html by its doctype": ("<!doctype HTML>", "text/html", False),
    "html by its root": ('<x:html xmlns:x="http://www.w3.org/1999/xhtml">', "text/html", False),
    "open comment": ("<!-- never closed <p>", "text/html", False),
    "script": ("<script>alert(1)</script>", "text/html", True),
    "handler": ("<p onclick = 'x'>", "text/html", True),
    "form": ("<div><form action=x>", "text/html", True),
    "refresh": ('<html><meta http-equiv="refresh" content="0">', "text/html", True),
    "svg": ("<svg width='1'/>", "image/svg+xml", False),
    "svg with a doctype": ("<!DOCTYPE svg PUBLIC 'a' 'b'><svg/>", "image/svg+xml", False),
    "svg with entities": ("<!DOCTYPE x [<!ENTITY a 'b'>]><svg/>", "image/svg+xml", False),
    "svg with an open subset": ("<!DOCTYPE x [<!ENTITY a 'b'>", "text/html", False),
    "svg with a subset cut off": ("<!DOCTYPE x [ > ] ", "text/html", False),
    "svg in a namespace": ("<s:svg><s:script/></s:svg>", "image/svg+xml", False),
    "svg that runs": ("<svg onload='x'/>", "image/svg+xml", True),
    "svg script": ("<svg><script>1</script></svg>", "image/svg+xml", True),
    "xml": ("<?xml version='1.0'?><invoice/>", "text/xml", False),
    "no tag": ("<3 thank you", "text/xml", False),
    "office xml": (
        '<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:doc/>',
        "application/xml",
        True,
    ),
    "hta": ("<hta:application id=x>", "application/hta", True),
    "hta in a page": ("<html><HTA:APPLICATION id=x>", "application/hta", True),
    "rtf": ("{\\rtf1\\ansi hello}", "application/rtf", False),
    "rtf with an object": ("{\\rtf1{\\object\\objemb\\objdata 00}}", "application/rtf", True),
    "vcard": ("BEGIN:VCARD\nVERSION:3.0", "text/vcard", False),
    "calendar": ("BEGIN:VCALENDAR\n", "text/calendar", False),
    "pgp": ("-----BEGIN PGP MESSAGE-----\n", "application/pgp-encrypted", False),
    "pgp signature": ("-----BEGIN PGP SIGNATURE-----\n", "application/pgp-signature", False),
    "url file": ("[InternetShortcut]\nURL=x", "application/x-mswinurl", True),
    "shell": ("#!/bin/sh\n", "text/x-script", True),
    "batch": ("@echo off\n", "text/x-bat", True),
    "php": ("<?php echo 1;", "text/x-php", True),
    "postscript": ("%!PS-Adobe-3.0\n", "application/postscript", True),
    "mail": ("From: a@b\nSubject: c\n\nhello", "message/rfc822", False),
    "mailbox": ("From a@b Mon\nReceived: by x\n\tfor y\nDate: z\n", "message/rfc822", False),
    "web archive": ("MIME-Version: 1.0\nContent-Type: multipart/related\n", "message/rfc822", False),
    "header section alone": ("From: a\nSubject: b", "message/rfc822", False),
    "one field": ("Subject: c\n\nhello", "text/plain", False),
    "uuencode": ("see\nbegin 644 a.html\n#0V%T\n`\nend\n", "application/x-uuencode", False),
    "binhex": ("(This file must be converted with BinHex 4.0)\n:abc", "application/x-uuencode", False),
}


@pytest.mark.parametrize("text, media_type, is_active", KINDS.values(), ids=KINDS)
def test_kinds(text, media_type, is_active):
    """Text is told by its beginning, comments and declarations not counted."""
    found = sniff_text(text.encode())
    assert found is not None
    assert (media_type, is_active) == (found.media_type, found.is_active)


def test_encodings_of_html():
    """HTML in UTF-16 is HTML, as browsers see it."""
    found = sniff_text("<script>".encode("utf-16"))
    assert found is not None
    assert found.media_type == "text/html"


@pytest.mark.parametrize("content", [b"a\0b", b"\x1b[31m", b"a\x7f"], ids=["nul", "escape", "delete"])
def test_control_characters_are_no_text(content):
    """Text has no control characters."""
    assert sniff_text(content) is None


def test_endless_declarations():
    """Declarations without end are looked through in time, and then taken for markup."""
    found = sniff_text(b"<!x>" * 100_000)
    assert found is not None
    assert found.media_type == "text/html"
