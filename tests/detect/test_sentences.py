"""Tests of gateway/detect/sentences.py."""

import pytest

from gateway.detect.fold import fold
from gateway.detect.links import find_links
from gateway.detect.sentences import is_framework, runs_on


@pytest.mark.parametrize(
    ("before", "host", "after"),
    [
        pytest.param("Die Farbe ist ", "rot.in", " der Größe M", id="german"),
        pytest.param("The box is ", "heavy.it", " is", id="english"),
        pytest.param("Artikel ist ", "blau.in", " Größe M", id="noun-behind"),
        pytest.param("Elle est ", "ambrée.la", " tasse reste", id="french"),
        pytest.param("El color es ", "rojo.es", " bonito", id="spanish"),
        pytest.param("Çınar ", "San.ve", " Tic. Ltd.", id="turkish-company"),
        pytest.param("", "Momsreg.nr", " SE556677889901", id="number-swedish"),
        pytest.param("", "kd.nr", ". 12", id="number-german"),
        pytest.param("", "Cust.no", " 12", id="number-english"),
        pytest.param("", "invoice.no", " A12", id="number-of-a-known-thing"),
    ],
)
def test_sentences_run_on(before, host, after):
    """A dot between a closing word and an opening one, or before a number, makes no domain."""
    assert runs_on(before + host + after, len(before), len(before + host))


@pytest.mark.parametrize(
    ("before", "host", "after"),
    [
        pytest.param("", "myshop.in", " der Stadt", id="no-closing-word"),
        pytest.param("", "rot.shop", " ist gut", id="no-opening-word"),
        pytest.param("", "rot.in", "", id="nothing-behind"),
        pytest.param("", "rot.in", ".", id="full-stop-behind"),
        pytest.param("", "rot.in", " 5", id="digit-behind"),
        pytest.param("visit ", "blue.it", " now", id="pointed-to"),
        pytest.param("Unter: ", "rot.de", " gibt es mehr", id="pointed-to-with-a-colon"),
        pytest.param("", "myshop.nr", " heute", id="nr-without-a-number"),
        pytest.param("", "shop.no", " 12", id="no-behind-another-word"),
        pytest.param("", "www.rot.in", " der", id="more-labels"),
    ],
)
def test_domains_stay_domains(before, host, after):
    """One side that does not fit, or a word that points there, and the dot is that of a domain."""
    text = before + host + after
    assert not runs_on(text, len(before), len(before + host))
    assert [span.text for span in find_links(fold(text), ())] == [host]


@pytest.mark.parametrize(
    ("name", "after", "expected"),
    [
        pytest.param("and .NET", "", True, id="small-word"),
        pytest.param("Runtime .NET", " 8", True, id="version"),
        pytest.param("Runtime  .NET", " Framework", True, id="wide-gap"),
        pytest.param("Runtime .NET", "-8", True, id="hyphen"),
        pytest.param("myshop .NET", "", False, id="shop"),
        pytest.param("myshop .net", " 8", False, id="lower-case"),
        pytest.param("and .com", "", False, id="other-domain"),
        pytest.param("and . NET", "", False, id="dot-apart"),
    ],
)
def test_framework(name, after, expected):
    """A word for joining before ``.NET``, or a version behind it, makes it the product."""
    assert is_framework(name + after, 0, len(name)) is expected
