"""Words that say what a number is, in the twelve languages that sellers write most.

Not here: how they are used (``protected`` shields numbers that are none to call, ``phones`` finds those that are).
Languages: English, German, French, Italian, Spanish, Portuguese, Dutch, Swedish, Polish, Turkish, Japanese, Arabic.
"""

REFERENCE_WORDS = (
    # English
    *("order", "purchase order", "po", "invoice", "customer", "client", "account", "article", "item", "product"),
    *("part", "model", "serial", "sn", "s/n", "sku", "mpn", "asin", "ean", "upc", "gtin", "isbn", "imei", "lot"),
    *("batch", "tracking", "shipment", "parcel", "consignment", "package", "reference", "ref", "case", "ticket"),
    *("rma", "return", "claim", "transaction", "booking", "confirmation", "receipt", "credit note", "delivery note"),
    *("id", "waybill", "awb", "license", "registration", "reg", "contract", "policy", "warranty", "token", "code"),
    # German
    *("bestellung", "bestellnummer", "bestellnr", "bestell-nr", "auftrag", "auftragsnummer", "auftragsnr", "rechnung"),
    *("rechnungsnummer", "rechnungsnr", "rechnungs-nr", "kundennummer", "kundennr", "kunden-nr", "kunde"),
    *("artikel", "artikelnummer", "artikelnr", "artikel-nr", "art-nr", "art.-nr", "seriennummer", "seriennr"),
    *("modell", "modellnummer", "typ", "teilenummer", "charge", "sendung", "sendungsnummer", "sendungsnr"),
    *("paketnummer", "paket", "lieferschein", "lieferscheinnummer", "gutschrift", "vorgang", "vorgangsnummer"),
    *("vertragsnummer", "referenz", "aktenzeichen", "handelsregister", "hrb", "hra", "weee-reg", "lucid", "verwendungszweck"),
    # French
    *("commande", "facture", "client", "article", "référence", "réf", "modèle", "série", "suivi", "colis", "expédition"),
    *("numéro de commande", "numéro de suivi", "dossier", "siret", "siren", "rcs", "naf", "bon de livraison", "avoir"),
    # Italian
    *("ordine", "fattura", "cliente", "articolo", "codice", "modello", "matricola", "spedizione", "tracciamento"),
    *("riferimento", "rif", "pratica", "reso", "p.iva", "partita iva", "rea", "bolla", "ddt"),
    # Spanish and Portuguese
    *("pedido", "factura", "fatura", "artículo", "artigo", "referencia", "referência", "modelo", "serie", "série"),
    *("seguimiento", "envío", "envio", "rastreio", "rastreamento", "encomenda", "cif", "nif", "nipc", "cnpj", "albarán"),
    # Dutch
    *("bestelling", "bestelnummer", "ordernummer", "factuur", "factuurnummer", "klantnummer", "artikelnummer"),
    *("serienummer", "zending", "zendingsnummer", "pakket", "track & trace", "kvk", "btw", "retour"),
    # Swedish
    *("beställning", "beställningsnummer", "faktura", "fakturanummer", "kundnummer", "spårning", "kolli"),
    *("kollinummer", "försändelse", "sändning", "org.nr", "orgnr", "organisationsnummer", "ärende"),
    # Polish
    *("zamówienie", "zamówienia", "faktury", "klienta", "artykuł", "artykułu", "seryjny", "przesyłka", "przesyłki"),
    *("paczka", "paczki", "śledzenia", "nip", "regon", "krs", "zwrot"),
    # Turkish
    *("sipariş", "fatura", "müşteri", "ürün", "kargo", "takip", "seri", "model", "referans", "vergi", "mersis"),
    # tax and trade, everywhere
    *("vat", "ust-id", "ust-idnr", "ustid", "uid", "steuernummer", "st-nr", "st.-nr", "tva", "iva", "eori", "duns"),
    *("iban", "bic", "konto", "kto", "blz", "konto-nr", "hs code", "hs", "taric", "cas", "tarif"),
)

NUMBER_WORDS = (
    *("no", "nr", "num", "number", "nummer", "id", "idnr", "code", "numéro", "numero", "número", "nº", "n°", "n", "n.o"),
    *("de", "di", "van", "ref", "numer", "numarası", "no'su", "numarasi", "is", "ist", "lautet", "est", "è", "es", "é"),
    *("lookup", "confirmation", "reference", "id-nr"),
)

REFERENCE_WORDS_UNSPACED = (
    *("注文番号", "注文", "追跡番号", "伝票番号", "お問い合わせ番号", "問い合わせ番号", "品番", "型番", "製造番号", "登録番号"),
    *("請求書番号", "会員番号", "رقم الطلب", "الطلب", "رقم التتبع", "رقم الشحنة", "رقم الفاتورة", "الفاتورة", "رقم المنتج"),
)

PHONE_WORDS = (
    # English
    *("tel", "phone", "telephone", "call", "call us", "mobile", "cell", "cellphone", "cell phone", "fax", "hotline"),
    *("helpline", "whatsapp", "whats app", "text", "text us", "sms", "dial", "ring", "ring us", "toll free", "toll-free"),
    *("landline", "signal", "viber", "wechat", "ph", "contact number", "phone number", "reach us", "contact us"),
    # German
    *("telefon", "fon", "handy", "mobil", "telefax", "anrufen", "rufen", "ruf", "rufnummer", "telefonnummer"),
    *("handynummer", "mobilnummer", "durchwahl", "servicenummer", "erreichbar", "erreichen", "festnetz"),
    # French
    *("tél", "télé", "téléphone", "appelez", "appeler", "portable", "mob", "joignable", "télécopie", "gsm"),
    # Italian
    *("telefono", "cellulare", "cell", "chiamate", "chiamateci", "chiamare", "chiama", "telefonare", "numero verde"),
    # Spanish and Portuguese
    *("teléfono", "telf", "tfno", "tlf", "móvil", "llame", "llámenos", "llamar", "llama", "telefone", "telemóvel"),
    *("celular", "ligue", "ligar", "zap", "wpp", "contacto", "contato"),
    # Dutch
    *("telefoon", "telefoonnummer", "bel", "bel ons", "bellen", "mobiel", "gsm-nummer"),
    # Swedish
    *("telefonnummer", "ring oss", "mobilnummer", "tfn", "växel"),
    # Polish
    *("telefonu", "telefoniczny", "zadzwoń", "dzwoń", "dzwonić", "kom", "komórka", "infolinia", "numer telefonu"),
    # Turkish
    *("telefon", "cep", "arayın", "ara", "arayınız", "gsm", "müşteri hattı", "çağrı merkezi"),
)

PHONE_WORDS_UNSPACED = (
    *("電話番号", "電話", "携帯", "お電話", "ファックス", "フリーダイヤル", "هاتف", "الهاتف", "جوال", "موبايل", "اتصل", "واتساب", "واتس"),
    *("☎", "☏", "📞", "📱", "📲", "✆", "📠", "℡"),
)

CURRENCIES = (
    *("€", "$", "£", "¥", "₺", "₹", "zł", "円", "元", "eur", "euro", "euros", "usd", "gbp", "pln", "sek", "kr", "chf"),
    *("try", "tl", "inr", "rs", "jpy", "aed", "sar", "egp", "cad", "aud", "sgd", "mxn", "brl", "r$", "us$", "c$", "a$"),
    *("dollars", "pounds", "yen", "rupees", "pence", "cents", "dkk", "nok", "czk", "kč", "huf", "ft", "ron", "lei"),
)

UNITS = (
    *("mm", "cm", "m", "km", "in", "inch", "inches", "zoll", "ft", "feet", "yd", "m2", "qm", "mg", "g", "kg", "lb", "lbs"),
    *("oz", "ml", "cl", "l", "liter", "litre", "litres", "w", "kw", "kwh", "wh", "v", "kv", "a", "ma", "mah", "ah", "hz"),
    *("khz", "mhz", "ghz", "kb", "mb", "gb", "tb", "mbit", "gbit", "dpi", "px", "mp", "lm", "lumen", "db", "bar", "psi"),
    *("nm", "rpm", "pcs", "pieces", "stk", "stück", "st", "pièces", "pezzi", "piezas", "stuks", "szt", "adet", "個", "枚"),
    *("°", "°c", "°f", "%", "years", "jahre", "days", "tage", "jours", "hours", "stunden", "minutes", "min", "k"),
)
