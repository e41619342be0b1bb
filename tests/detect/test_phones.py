"""Tests of gateway/detect/phones.py."""

import pytest

from gateway.detect import phones
from gateway.detect.contacts import find_phones
from gateway.detect.fold import fold
from gateway.detect.protected import protected_spans


def _found(text: str, region: str | None = None) -> list[str]:
    folded = fold(text)
    return [span.text for span in find_phones(folded, protected_spans(folded), region)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("+49 151 23456789", "+4915123456789", id="international"),
        pytest.param("+4915123456789", "+4915123456789", id="no-gaps"),
        pytest.param("[+49]15123456789", "+4915123456789", id="prefix-in-brackets"),
        pytest.param("+49 151 • 23456789", "+4915123456789", id="bullet"),
        pytest.param("+49=151=23456789", "+4915123456789", id="equals"),
        pytest.param("+\t4\t9\t1\t5\t1\t2\t3\t4\t5", "+49151234" + "5", id="digit-a-cell"),
        pytest.param("[0151] 23456789", "015123456789", id="area-code-in-square-brackets"),
        pytest.param("电话 015123456789", "015123456789", id="chinese-word"),
        pytest.param("０１５１ー２３４５６７８９", "015123456789", id="kana-long-sign"),
        pytest.param("+49 (0) 151 23456789", "+4915123456789", id="trunk-zero-in-brackets"),
        pytest.param("+49‐151‐23456789", "+4915123456789", id="unicode-hyphens"),
        pytest.param("+1 (555) 123-4567", "+15551234567", id="north-america"),
        pytest.param("+1.212.555.0100", "+12125550100", id="dots"),
        pytest.param("+33 1 23 45 67 89", "+33123456789", id="pairs"),
        pytest.param("+44\u00a020\u00a07946\u00a00958", "+442079460958", id="no-break-blanks"),
        pytest.param("＋４９ １５１ ２３４５６７８９", "+4915123456789", id="fullwidth"),
        pytest.param("+49\u200b151\u200b23456789", "+4915123456789", id="zero-width"),
        pytest.param("0049 151 23456789", "004915123456789", id="double-zero"),
        pytest.param("0049 (0)151 23456789", "004915123456789", id="double-zero-trunk"),
        pytest.param("011 49 151 23456789", "0114915123456789", id="dialled-from-america"),
        pytest.param("004915123456789", "004915123456789", id="double-zero-no-gaps"),
        pytest.param("order +49 151 23456789", "+4915123456789", id="word-order-before-plus"),
        pytest.param("order 0049 151 23456789", "004915123456789", id="word-order-before-zeros"),
        pytest.param("order no. 0151 23456789", "015123456789", id="word-order-before-trunk-zero"),
        pytest.param("order 555-123-4567", "5551234567", id="word-order-before-american"),
        pytest.param("call+4915123456789", "+4915123456789", id="glued-to-a-word"),
        pytest.param("+49 151\n23456789", "+4915123456789", id="across-a-line-break"),
        pytest.param("(555) 123-4567", "5551234567", id="brackets"),
        pytest.param("555-123-4567", "5551234567", id="dashes"),
        pytest.param("555.123.4567", "5551234567", id="american-dots"),
        pytest.param("212 555 0100", "2125550100", id="american-blanks"),
        pytest.param("1-555-123-4567", "15551234567", id="one-first"),
        pytest.param("030/1234567", "0301234567", id="slash"),
        pytest.param("(030) 1234567", "0301234567", id="area-code-in-brackets"),
        pytest.param("0151 23456789", "015123456789", id="mobile"),
        pytest.param("0151-23456789", "015123456789", id="mobile-dash"),
        pytest.param("01 23 45 67 89", "0123456789", id="french-pairs"),
        pytest.param("01 51 23 45 67 89", "015123456789", id="german-mobile-in-pairs"),
        pytest.param("01.23.45.67.89", "0123456789", id="french-dots"),
        pytest.param("020 7946 0958", "02079460958", id="london"),
        pytest.param("07700 900123", "07700900123", id="british-mobile"),
        pytest.param("03-1234-5678", "0312345678", id="tokyo"),
        pytest.param("0532 123 45 67", "05321234567", id="turkish"),
        pytest.param("08-123 456 78", "0812345678", id="stockholm"),
        pytest.param("02 123 45 67", "021234567", id="brussels"),
        pytest.param("612 345 678", "612345678", id="spanish-mobile"),
        pytest.param("(11) 91234-5678", "11912345678", id="brazil"),
        pytest.param("0800 123 4567", "08001234567", id="freephone"),
        pytest.param("030 12345678 Berlin", "03012345678", id="before-a-town"),
        pytest.param("030 1234567 g", "0301234567", id="before-a-unit"),
        pytest.param("612 345 678 try", "612345678", id="before-a-word-that-is-a-currency"),
        pytest.param("Call us at 5551234567", "5551234567", id="call"),
        pytest.param("Tel: 123456", "123456", id="short-with-a-word"),
        pytest.param("Tel. 0151\n23456789", "015123456789", id="word-and-line-break"),
        pytest.param("Telefon:\n030 1234567", "0301234567", id="word-in-the-line-before"),
        pytest.param("WhatsApp: 4915123456789", "4915123456789", id="whatsapp"),
        pytest.param("Handy 0151-2345678", "01512345678", id="german"),
        pytest.param("Tél : 12 34 56 78", "12345678", id="french"),
        pytest.param("chiamateci 347 1234567", "3471234567", id="italian"),
        pytest.param("llámenos al 91 123 45 67", "911234567", id="spanish"),
        pytest.param("ligue 21 123 4567", "211234567", id="portuguese"),
        pytest.param("bel ons: 20 123 4567", "201234567", id="dutch"),
        pytest.param("ring oss på 70 123 45 67", "701234567", id="swedish"),
        pytest.param("zadzwoń: 501 234 567", "501234567", id="polish"),
        pytest.param("cep: 5321234567", "5321234567", id="turkish-word"),
        pytest.param("電話番号：12345678", "12345678", id="japanese"),
        pytest.param("هاتف: ٠٥٠١٢٣٤٥٦٧", "0501234567", id="arabic"),
        pytest.param("☎ 123456", "123456", id="sign"),
        pytest.param("📞12345678", "12345678", id="emoji"),
        pytest.param("T: 123456", "123456", id="letter-head"),
        pytest.param("phone number of our team: 5551234", "5551234", id="a-few-words-between"),
        pytest.param("12345678 (WhatsApp)", "12345678", id="word-behind"),
        pytest.param("12345678 via WhatsApp", "12345678", id="word-behind-without-brackets"),
        pytest.param("Tel. 4006381333931", "4006381333931", id="word-before-a-valid-ean"),
        pytest.param("0 1 5 1 2 3 4 5 6 7 8", "01512345678", id="digit-by-digit"),
        pytest.param("0-1-5-1-2-3-4-5-6-7-8", "01512345678", id="digit-by-digit-with-dashes"),
        pytest.param("5️⃣5️⃣5️⃣-1️⃣2️⃣3️⃣-4️⃣5️⃣6️⃣7️⃣", "5551234567", id="keycaps"),
        pytest.param("٠١٥١ ٢٣٤٥٦٧٨٩", "015123456789", id="arabic-indic-digits"),
        pytest.param("०१५१ २३४५६७८९", "015123456789", id="devanagari-digits"),
        pytest.param("1-800-FLOWERS", "1800FLOWERS", id="vanity"),
        pytest.param("1-800-GO-FEDEX", "1800GOFEDEX", id="vanity-in-groups"),
        pytest.param("null eins fünf eins zwei drei vier fünf sechs", "015123456", id="german-words"),
        pytest.param("oh one five one two three four five six", "015123456", id="english-words"),
        pytest.param("zéro six un deux 34 cinq six sept huit", "0612345678", id="french-words"),
        pytest.param("plus four nine one five one two three four", "+491512", id="plus-as-a-word"),
    ],
)
def test_hits(text, number):
    """Every notation of a telephone number is found, and its digits are told."""
    assert [found[: len(number)] for found in _found(text)] == [number]


@pytest.mark.parametrize(
    "text",
    [
        *("Order 114-1234567-7654321", "114-1234567-7654321", "eBay order 12-34567-89012", "12-34567-89012"),
        *("EAN 4006381333931", "4006381333931", "UPC 036000291452", "GTIN: 04006381333931", "ISBN 978-3-16-148410-0"),
        *("ASIN B07XJ8C8F5", "1Z999AA10123456784", "1Z 999 AA1 01 2345 6784", "RR123456785DE", "JJD000390007882823468"),
        *("00340434161094042557", "9400 1000 0000 0000 0000 00", "Tracking: 123456789012", "DPD 01505012345678"),
        *("IBAN DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00", "VAT DE123456789", "USt-IdNr. DE 123 456 789"),
        *("SIRET 123 456 789 00012", "Steuernummer 133/8150/8159", "HRB 123456 B", "NIP 123-456-32-18"),
        *("12.03.2024", "2024-03-12 10:30", "2024-03-12T10:30:00+01:00", "10:30-12:00", "Mo-Fr 09.00-17.00 Uhr", "2023/2024"),
        *("01.02.2024 - 05.02.2024", "between 01.02. and 05.02.", "€ 1.234.567,89", "1 234 567,89 EUR", "$1,234,567.89"),
        *("10x20x30 cm", "36 38 40 42 44 46", "1500 mAh", "v1.2.3.4", "version 10.0.19041.1", "192.168.100.200"),
        *("Bestellnummer 4711-0815", "Rechnung Nr. 2024-001234", "Kundennr. 12 345 678", "Invoice 2024/10/000123456"),
        *("order 12345678 and 87654321", "order 0012345678", "article no. 2345678901", "CAS 7732-18-5", "LOT 2123 4567 89"),
        *("0 1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9 10", "0 0 1 0 1 1 0 1 0", "01 02 03 04 05 06 07", "05 10 15 20 25", "one two three"),
        *("one two three four five six seven", "12345678", "1.000.000.000", "5+5 = 10000000", "+5 %", "+10.000.000 JPY"),
        *("10115 Berlin 2024", "call within 14 days", "Call 24 hours 7 days", "Tel Aviv 2024", "phone case 4711", "phone case, iPhone 12 13 14 15", "Handyhülle iPhone 13/14/15", "TX 75001-1234"),
        *("iPhone 12345678", "Handyhülle 12345678", "serial 1234567890123", "SN: 0201456A789", "0,5 - 1,25 - 2,75", "100+20000000"),
        *("A0049151234567", "1.0049 151 23456789", "0010000000000", "x12345678 (WhatsApp)", "1-800", "ABC 800-12", "+999 12 34 56 78"),
        *("+1234567", "seven eight nine", "0123456789012345678 0123", "$555-123-4567", "0151 2345678x9", "x0151 23456789"),
        *("12 555-123-4567-89", "555-123-4567/8", "+10000000", "+49 1", "612 345 678 901", "12 612 345 678"),
    ],
)  # fmt: skip
def test_near_misses(text):
    """Numbers of trade, post, time and measure, counts and scales are no telephone numbers."""
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Tel. 030 1234567 / 0151 23456789", ["0301234567", "015123456789"], id="two-in-a-run"),
        pytest.param(
            "+49 30 1234567, +49 30 7654321", ["+49301234567", "+49307654321"], id="two-international"
        ),
        pytest.param("+49 30 12345678\n2024", ["+493012345678"], id="complete-before-the-line-break"),
        pytest.param("Tel. 030 1234567\n10115", ["0301234567"], id="word-complete-before-the-line-break"),
        pytest.param("+49 151 23456789 12345678", ["+4915123456789"], id="longer-than-any-number"),
        pytest.param("Tel. 030 1234567 / 12", ["0301234567"], id="rest-too-short"),
        pytest.param("0151 23456789 and order 12345678", ["015123456789"], id="beside-an-order"),
    ],
)
def test_runs(text, expected):
    """A run of digits is cut where a number ends."""
    assert _found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+44 20 7946 0958 ext. 12, please", "+44 20 7946 0958 ext. 12"),
        ("(030) 1234567 Durchwahl 99", "(030) 1234567 Durchwahl 99"),
        ("030 1234567 x", "030 1234567"),
    ],
)
def test_extension(text, expected):
    """An extension belongs to the span."""
    folded = fold(text)
    (span,) = find_phones(folded, protected_spans(folded))
    assert folded.text[span.start : span.end] == expected


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("12 34 56 78", None, []),
        ("20 12 34 56", "DK", ["20123456"]),
        ("02 12 34 56", "DK", []),
        ("Order 20 12 34 56", "DK", []),
        ("20 12 34 56/7", "DK", []),
        ("11 11 11 11", "XX", []),
    ],
)
def test_region(text, region, expected):
    """A country makes its own plain groupings count."""
    assert _found(text, region) == expected


def test_flood_is_not_validated_one_by_one(monkeypatch):
    """After MAX_VALIDATIONS doubtful numbers all further ones count, so that a flood costs no look-ups."""
    monkeypatch.setattr(phones, "MAX_VALIDATIONS", 1)
    folded = fold("0012345678901 0012345678901, 0012345678901")
    assert len(find_phones(folded, ())) == 2
    folded = fold("02 12 34 56, 02 12 34 56")
    assert len(find_phones(folded, (), "DK")) == 1


def test_nothing_to_find():
    """A text without digits holds no numbers."""
    assert _found("") == []
    assert _found("Thank you for your order.") == []
