"""Tests of gateway/detect/protected.py and the shapes behind it."""

from itertools import pairwise

import pytest

from gateway.detect.fold import fold
from gateway.detect.protected import protected_spans


def _covered(text: str) -> str:
    folded = fold(text)
    return "|".join(folded.text[start:end] for start, end in protected_spans(folded))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("order 114-1234567-7654321 shipped", "114-1234567-7654321"),
        ("D01-1234567-7654321", "D01-1234567-7654321"),
        ("eBay 12-34567-89012", "12-34567-89012"),
        ("123456-20240101-0123456789", "123456-20240101-0123456789"),
        ("12345678-A", "12345678-A"),
        ("29738e61-7f6a-11e8-ac45-09db60ede9d6", "29738e61-7f6a-11e8-ac45-09db60ede9d6"),
        ("B07XJ8C8F5", "B07XJ8C8F5"),
        ("4006381333931", "4006381333931"),
        ("4 006381 333931", "4 006381 333931"),
        ("036000291452", "036000291452"),
        ("978-3-16-148410-0", "978-3-16-148410-0"),
        ("1Z999AA10123456784", "1Z999AA10123456784"),
        ("1Z 999 AA1 01 2345 6784", "1Z 999 AA1 01 2345 6784"),
        ("JJD000390007882823468", "JJD000390007882823468"),
        ("9400 1000 0000 0000 0000 00", "9400 1000 0000 0000 0000 00"),
        ("00340434161094042557", "00340434161094042557"),
        ("RR 123 456 785 DE", "RR 123 456 785 DE"),
        ("DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00"),
        ("GB29NWBK60161331926819", "GB29NWBK60161331926819"),
        ("DE 123 456 789", "DE 123 456 789"),
        ("ATU12345678", "ATU12345678"),
        ("CHE-123.456.789 MWST", "CHE-123.456.789"),
        ("GB 123 4567 89", "GB 123 4567 89"),
        ("133/8150/8159", "133/8150/8159"),
        ("SIRET : 123 456 789 00012", "SIRET : 123 456 789 00012"),
        ("€ 1.234.567,89", "€ 1.234.567,89"),
        ("1 234 567,89 EUR", "1 234 567,89 EUR"),
        ("12.03.2024", "12.03.2024"),
        ("2024-03-12T10:30:00", "2024-03-12"),
        ("20240312", "20240312"),
        ("12. März 2024", "12. März 2024"),
        ("March 12th, 2024", "March 12th, 2024"),
        ("10:30:15", "10:30:15"),
        ("10.30 Uhr", "10.30 Uhr"),
        ("09.00-17.00", "09.00-17.00"),
        ("2023/2024", "2023/2024"),
        ("10x20x30", "10x20x30"),
        ("1500 mAh", "1500 mAh"),
        ("v1.2.3", "v1.2.3"),
        ("Windows 10.0.19041.1", "Windows 10.0.19041.1"),
        ("DIN EN 71", "EN 71"),
        ("ISO 9001:2015", "ISO 9001:2015"),
        ("2011/65/EU", "2011/65/EU"),
        ("10115 Berlin", "10115 Berlin"),
        ("TX 75001-1234", "TX 75001-1234"),
        ("00-950 Warszawa", "00-950 Warszawa"),
        ("Bestellnummer: 4711-0815", "4711-0815"),
        ("Rechnung Nr. RE2024-00123", "RE2024-00123"),
        ("tracking number\n123456789012", "123456789012"),
        ("Kundennr. 12 345 678", "12 345 678"),
        ("注文番号：123456789", "123456789"),
        ("رقم الطلب: 123456789", "123456789"),
        ("numéro de suivi : 6A12345678901", "6A12345678901"),
        ("zamówienie nr 123456789", "123456789"),
        ("sipariş no: 123456789", "123456789"),
        ("part no. B/1000/2000", "1000/2000"),
        ("ISSN 0317-8471", "0317-8471"),
        ("issn: 0000-006x", "0000-006x"),
        ("49 015420 323751 8", "49 015420 323751 8"),
    ],
)
def test_numbers_that_are_none_to_call(text, number):
    """Numbers of trade, tax, post, time and measure are kept apart."""
    assert number in _covered(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no digits here", id="no-digit"),
        pytest.param("order +49 151 23456789", id="plus-beats-a-word"),
        pytest.param("order 0049 151 23456789", id="double-zero-beats-a-word"),
        pytest.param("order 0151 23456789", id="trunk-zero-beats-a-word"),
        pytest.param("order A/0151 23456789", id="trunk-zero-in-a-later-piece"),
        pytest.param("order 555-123-4567", id="north-american-beats-a-word"),
        pytest.param("order 212 555 0100", id="groups-that-go-on"),
        pytest.param("Tel. 12-34567-89012", id="word-for-telephone-beats-a-shape"),
        pytest.param("Telefon: 4006381333931", id="word-for-telephone-beats-a-check-digit"),
        pytest.param("4006381333932", id="wrong-check-digit"),
        pytest.param("DE89 3704 0044 0532 0130 01", id="wrong-iban"),
        pytest.param("01.02.03.04.05", id="pairs-are-no-date"),
        pytest.param("44.13.2024", id="no-such-day"),
        pytest.param("20249912", id="no-such-compact-day"),
        pytest.param("030 12345 Hallo", id="no-postcode-inside-a-number"),
        pytest.param("0151 2345 h", id="no-time-inside-a-number"),
        pytest.param("+4006381333931", id="plus-beats-a-check-digit"),
        pytest.param("ISSN 0317-8472", id="wrong-issn"),
        pytest.param("49 015420 323751 7", id="wrong-imei"),
        pytest.param("1.234/500 kg", id="measure-that-goes-on"),
    ],
)
def test_what_does_not_shield(text):
    """What could be dialled as it stands is not kept apart, whatever stands beside it."""
    covered = _covered(text)
    assert covered == "" or all(len([c for c in piece if c.isdigit()]) < 5 for piece in covered.split("|"))


def test_spans_are_merged():
    """Overlapping stretches come as one, in order."""
    folded = fold("12.03.2024 and order 2024/03/12345 of 5 kg")
    spans = protected_spans(folded)
    assert list(spans) == sorted(spans)
    assert all(a[1] < b[0] for a, b in pairwise(spans))
    assert len(spans) == 3
