"""Words that say what a number is, in the twelve languages that sellers write most.

Not here: how they are used (``protected`` shields numbers that are none to call, ``phones`` finds those that are).
Languages: English, German, French, Italian, Spanish, Portuguese, Dutch, Swedish, Polish, Turkish, Japanese, Arabic.
Words are spelled as folded text spells them: the Turkish dotless i is an i there.
"""

from gateway.detect.words import listed

REFERENCE_WORDS = listed(
    # English
    "order, purchase order, po, invoice, customer, client, account, article, item, product, part, model, "
    "serial, sn, s/n, sku, mpn, asin, ean, upc, gtin, isbn, imei, lot, batch, tracking, shipment, parcel, "
    "consignment, package, reference, ref, case, ticket, rma, return, claim, transaction, booking, "
    "confirmation, receipt, credit note, delivery note, id, waybill, awb, license, registration, reg, "
    "contract, policy, warranty, token, code",
    # German
    "bestellung, bestellnummer, bestellnr, bestell-nr, auftrag, auftragsnummer, auftragsnr, rechnung, "
    "rechnungsnummer, rechnungsnr, rechnungs-nr, kundennummer, kundennr, kunden-nr, kunde, artikel, "
    "artikelnummer, artikelnr, artikel-nr, art-nr, art.-nr, seriennummer, seriennr, modell, modellnummer, "
    "typ, teilenummer, charge, sendung, sendungsnummer, sendungsnr, paketnummer, paket, lieferschein, "
    "lieferscheinnummer, gutschrift, vorgang, vorgangsnummer, vertragsnummer, referenz, aktenzeichen, "
    "handelsregister, hrb, hra, weee-reg, lucid, verwendungszweck",
    # French
    "commande, facture, client, article, référence, réf, modèle, série, suivi, colis, expédition, numéro "
    "de commande, numéro de suivi, dossier, siret, siren, rcs, naf, bon de livraison, avoir",
    # Italian
    "ordine, fattura, cliente, articolo, codice, modello, matricola, spedizione, tracciamento, "
    "riferimento, rif, pratica, reso, p.iva, partita iva, rea, bolla, ddt",
    # Spanish and Portuguese
    "pedido, factura, fatura, artículo, artigo, referencia, referência, modelo, serie, série, "
    "seguimiento, envío, envio, rastreio, rastreamento, encomenda, cif, nif, nipc, cnpj, albarán",
    # Dutch
    "bestelling, bestelnummer, ordernummer, factuur, factuurnummer, klantnummer, artikelnummer, "
    "serienummer, zending, zendingsnummer, pakket, track & trace, kvk, btw, retour",
    # Swedish
    "beställning, beställningsnummer, faktura, fakturanummer, kundnummer, spårning, kolli, kollinummer, "
    "försändelse, sändning, org.nr, orgnr, organisationsnummer, ärende",
    # Polish
    "zamówienie, zamówienia, faktury, klienta, artykuł, artykułu, seryjny, przesyłka, przesyłki, paczka, "
    "paczki, śledzenia, nip, regon, krs, zwrot",
    # Turkish
    "sipariş, fatura, müşteri, ürün, kargo, takip, seri, model, referans, vergi, mersis",
    # tax and trade, everywhere
    "vat, ust-id, ust-idnr, ustid, uid, steuernummer, st-nr, st.-nr, tva, iva, eori, duns, iban, bic, "
    "konto, kto, blz, konto-nr, hs code, hs, taric, cas, tarif",
)

NUMBER_WORDS = listed(
    "no, nr, num, number, nummer, id, idnr, code, numéro, numero, número, nº, n°, n, n.o, de, di, van, "
    "ref, numer, numarasi, no'su, numarasi, is, ist, lautet, est, è, es, é, lookup, confirmation, "
    "reference, id-nr",
)

REFERENCE_WORDS_UNSPACED = listed(
    # Japanese
    "注文番号, 注文, 追跡番号, 伝票番号, お問い合わせ番号, 問い合わせ番号, 品番, 型番, 製造番号, 登録番号, ",
    "請求書番号, 会員番号",
    # Arabic
    "رقم الطلب, الطلب, رقم التتبع, رقم الشحنة, رقم الفاتورة, الفاتورة, رقم المنتج",
)

PHONE_WORDS = listed(
    # English
    "tel, phone, telephone, call, call us, mobile, cell, cellphone, cell phone, fax, hotline, helpline, "
    "whatsapp, whats app, text, text us, sms, dial, ring, ring us, toll free, toll-free, landline, "
    "signal, viber, wechat, telegram, ph, contact number, phone number, reach us, contact us",
    # German
    "telefon, fon, handy, mobil, telefax, anrufen, rufen, ruf, rufnummer, telefonnummer, handynummer, "
    "mobilnummer, durchwahl, servicenummer, erreichbar, erreichen, festnetz",
    # French
    "tél, télé, téléphone, appelez, appeler, portable, mob, joignable, télécopie, gsm",
    # Italian
    "telefono, cellulare, cell, chiamate, chiamateci, chiamare, chiama, telefonare, numero verde",
    # Spanish and Portuguese
    "teléfono, telf, tfno, tlf, móvil, llame, llámenos, llamar, llama, telefone, telemóvel, celular, "
    "ligue, ligar, zap, wpp, contacto, contato",
    # Dutch
    "telefoon, telefoonnummer, bel, bel ons, bellen, mobiel, gsm-nummer",
    # Swedish
    "telefonnummer, ring oss, mobilnummer, tfn, växel",
    # Polish
    "telefonu, telefoniczny, zadzwoń, dzwoń, dzwonić, kom, komórka, infolinia, numer telefonu",
    # Turkish
    "telefon, cep, arayin, ara, arayiniz, gsm, müşteri hatti, çağri merkezi",
)

PHONE_WORDS_UNSPACED = listed(
    # Japanese
    "電話番号, 電話, 携帯, お電話, 电话, 手机, 手機, ファックス, フリーダイヤル",
    # Arabic
    "هاتف, الهاتف, جوال, موبايل, اتصل, واتساب, واتس",
    # signs
    "☎, ☏, 📞, 📱, 📲, ✆, 📠, ℡",
)

PHONE_WORDS_PLAIN = listed(
    "tel, phone, telephone, mobile number, cell phone, fax, hotline, helpline, whatsapp, whats app, toll "
    "free, landline, contact number, phone number, telefon, telefax, rufnummer, telefonnummer, "
    "handynummer, mobilnummer, durchwahl, servicenummer, festnetz, anrufen, tél, téléphone, appelez, "
    "appeler, telefono, cellulare, chiamateci, chiamare, numero verde, teléfono, llámenos, llamar, "
    "telefone, telemóvel, celular, ligue, telefoon, telefoonnummer, telefonu, zadzwoń, infolinia, numer "
    "telefonu, müşteri hatti, çağri merkezi, call us, ring us, dial, ring oss, bel ons",
)
"""Those that mean nothing but a telephone, so that a few words may stand between them and the number."""

SMALL_WORDS = listed(
    "us, me, uns, now, today, at, unter, on, number, no, nr, num, au, al, ao, a, en, op, på, pod, is, "
    "ist, to, the, number is, via, per, or, oder, mich, nous, ci, nos, number:, hier, under, n°, nº, "
    "numero, número, numéro, nummer, support, service, numer",
)
"""What may stand between any word for telephone and its number."""

DIGIT_WORDS = {
    entry[:-1].rstrip(): entry[-1]
    for entry in listed(
        "zero 0, oh 0, o 0, nought 0, one 1, two 2, three 3, four 4, five 5, six 6, seven 7, eight "
        "8, nine 9, null 0, eins 1, zwei 2, zwo 2, drei 3, vier 4, fünf 5, fuenf 5, sechs 6, sieben "
        "7, acht 8, neun 9, zéro 0, un 1, deux 2, trois 3, quatre 4, cinq 5, sept 7, huit 8, neuf "
        "9, cero 0, uno 1, dos 2, tres 3, cuatro 4, cinco 5, seis 6, siete 7, ocho 8, nueve 9, due "
        "2, tre 3, quattro 4, cinque 5, sei 6, sette 7, otto 8, nove 9, plus +",
    )
}
"""Digits as they are dictated: English, German, French, Spanish, Italian."""

CURRENCY_SIGNS = listed("€, $, £, ¥, ₺, ₹, zł, 円, 元, R$, US$, C$, A$, Kč, TL, Rs, kr, Ft, lei")

CURRENCY_CODES = listed(
    "eur, euro, euros, usd, gbp, pln, sek, chf, inr, jpy, aed, sar, egp, cad, aud, sgd, mxn, brl, dollars, pounds, "
    "yen, rupees, pence, dkk, nok, czk, huf, ron",
)

UNITS = listed(
    "mm, cm, m, km, inch, inches, zoll, ft, feet, yd, m2, qm, mg, g, kg, lb, lbs, oz, ml, cl, l, "
    "liter, litre, litres, w, kw, kwh, wh, v, kv, ma, mah, ah, hz, khz, mhz, ghz, kb, mb, gb, tb, "
    "mbit, gbit, dpi, px, mp, lm, lumen, db, bar, psi, nm, rpm, pcs, pieces, stk, stück, pièces, "
    "pezzi, piezas, stuks, szt, adet, 個, 枚, °, °c, °f, %, years, jahre, days, tage, jours, hours, "
    "stunden, minutes, min",
)
