"""Mails for measurements: four kinds, every one different, the same in every run.

Not here: what is measured (``stages``, ``path``).
"""

import random
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP

PROSE = """your order has been packed and will leave our warehouse today the parcel is insured and you can reply to this
message if the size does not fit we will exchange it free of charge within thirty days please keep the invoice for your
warranty the colour may differ slightly from the picture"""
WORDS = PROSE.split()


def make(kind: str, number: int) -> bytes:
    """Mail ``number`` of a kind, CRLF line ends.

    Args:
        kind: One of ``KINDS``.
        number: Chooses words, order number and Message-ID.
    """
    dice = random.Random(zlib.crc32(f"{kind} {number}".encode()))
    mail = EmailMessage(policy=SMTP)
    order = f"113-{dice.randrange(10**7):07}-{dice.randrange(10**7):07}"
    mail["From"] = "Acme Lamps <orders@seller.example>"
    mail["To"] = "k3j9x0example1@marketplace.amazon.com"
    mail["Subject"] = f"Your order {order}"
    mail["Date"] = "Fri, 06 Nov 2020 10:00:00 +0000"
    mail["Message-ID"] = f"<bench-{kind}-{number}@seller.example>"
    mail["In-Reply-To"] = "<0102017abc@eu-west-1.amazonses.com>"
    KINDS[kind](mail, order, dice)
    return mail.as_bytes()


def _words(dice: random.Random, count: int) -> str:
    return " ".join(dice.choice(WORDS) for _ in range(count))


def _paragraph(dice: random.Random) -> str:
    return f'<p style="margin:0 0 12px 0;padding:0">{_words(dice, 40)}</p>'


def _table(inner: str) -> str:
    return (
        '<table role="presentation" border="0" cellpadding="0" cellspacing="0" width="100%"><tbody><tr>'
        f'<td style="padding:12px 24px;vertical-align:top">{inner}</td></tr></tbody></table>'
    )


def _text(mail: EmailMessage, order: str, dice: random.Random) -> None:
    mail.set_content("\n\n".join(_words(dice, 60) for _ in range(5)) + f"\n\nOrder {order}\n")


def _order(mail: EmailMessage, order: str, dice: random.Random) -> None:
    body = "".join(_table(_paragraph(dice) + _paragraph(dice)) for _ in range(22))
    mail.set_content("\n\n".join(_words(dice, 60) for _ in range(6)))
    mail.add_alternative(
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Order</title></head><body>'
        f"<h1>Order {order}</h1>{body}</body></html>",
        subtype="html",
    )


def _promo(mail: EmailMessage, order: str, dice: random.Random) -> None:
    rows = []
    for row in range(70):
        item = dice.randrange(10**6)
        link = (
            f'<a href="https://shop.seller.example/p/{item}?utm_source=mail" style="text-decoration:none">'
            f'<img src="https://cdn.seller.example/i/{item}.jpg" width="180" height="120" alt="item {item}"></a>'
        )
        rows.append(_table(_paragraph(dice) + (_paragraph(dice) if row % 3 else link)))
    mail.set_content(
        "\n\n".join(_words(dice, 60) for _ in range(8)) + "\n\nVisit https://shop.seller.example/ today\n"
    )
    mail.add_alternative(
        '<!DOCTYPE html><html><head><meta charset="utf-8"><style>.a{color:#333}</style></head><body>'
        '<a href="https://www.seller.example/"><img src="https://cdn.seller.example/logo.png" alt="Acme"></a>'
        f"<p>Order {order}</p>{''.join(rows)}"
        f'<img src="https://t.seller.example/o.gif?u={dice.randrange(10**9)}" width="1" height="1"></body></html>',
        subtype="html",
    )


def _invoice(mail: EmailMessage, order: str, dice: random.Random) -> None:
    mail.set_content(f"Dear customer,\n\n{_words(dice, 80)}\n\nOrder {order}\n")
    mail.add_attachment(_pdf(order, dice.randbytes(120_000)), "application", "pdf", filename="invoice.pdf")


def _pdf(order: str, image: bytes) -> bytes:
    """A page with the word invoice, the order and a grey image."""
    side = int(len(image) ** 0.5)
    image = image[: side * side]
    text = f"BT /F1 14 Tf 40 780 Td (Invoice, order {order}) Tj ET q 300 0 0 300 40 400 cm /I Do Q".encode()
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>/XObject<</I 6 0 R>>>>>>"
    )
    head = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Length %d>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        head % (side, side, len(image)) + b"stream\n%s\nendstream" % image,
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + start + table + tail


KINDS: dict[str, Callable[[EmailMessage, str, random.Random], None]] = {
    "text": _text,
    "order": _order,
    "promo": _promo,
    "invoice": _invoice,
}
"""How a mail of each kind is filled."""
