"""Words that tell a domain from a sentence with a missing blank, a file name or an abbreviation.

Not here: how they are used (``links``); which names are top-level domains (the public suffix list).
Words are spelled as folded text spells them: the Turkish dotless i is an i there.
"""

from gateway.detect.words import listed

PLAIN_TLDS = frozenset(
    listed(
        "com, net, org, info, biz, eu, de, fr, uk, co, io, shop, store, online, site, nl, pl, ch, jp, ru, cn, "
        "ca, au, br, mx, tr, ae, us, ie, cz, dk, fi, app, xyz, website, web, tech, dev, cc, tv, ai, it, es, "
        "se, be, at, pt, in, me, ly, top, club, vip, link, page, gmbh, sale, market, ltd, pro, gg, to, hk, sg",
    )
)
"""Where a shop is likely to live: believed in any disguise that has no other reading."""

SPOKEN_TLDS = frozenset(
    listed(
        "com, net, org, de, eu, co, uk, fr, io, info, nl, pl, ch, jp, biz",
    )
)
"""Believed after the word for a dot: no sentence goes on like that. ``it``, ``in`` or ``shop`` may (polka dot shop)."""

SPACED_TLDS = PLAIN_TLDS - frozenset(
    listed("in, me, it, at, es, se, be, to, us, top, pro, sale, link, page, market, web")
)
"""Believed after a dot with blanks round it: no sentence begins with one in lower case."""

WORD_TLDS = frozenset(
    listed(
        "in, me, is, so, to, de, it, at, no, as, be, by, do, my, us, am, es, la, al, si, se, an, et, il, un, "
        "va, ve, id, pa, pe, tu, mu, ma, mo, ne, na, ni, re, sa, su, ta, te, ti, vi, ye, you, im, ba, bo, ki, "
        "ha, je, hm, ee, now, new, one, all, best, here, click, help, love, live, today, how, day, free, man, "
        "men, ist, our, open, save, sale, care, call, cheap, contact, support, review, reviews, plus, und, "
        "red, blue, black, pink, green, gold, cool, fit, fun, kids, box, buy, case, like, with, eat, got, "
        "hot, out, pay, read, safe, soy, spa, tax, tel, top, uno, vin, work, world, ai, pr, mas, bin, name, "
        "post, email, gift, gifts, deal, deals, store, shop, next",
    )
)
"""Top-level domains that are words: after a full stop without a blank they may begin a sentence."""

SENTENCE_ENDS = frozenset(
    listed(
        # English
        "you, us, it, me, them, him, her, that, this, there, here, again, soon, today, tomorrow, now, "
        "yet, too, also, well, fine, ok, okay, yes, no, thanks, thank, please, sorry, hello, hi, dear, "
        "regards, wishes, best, order, orders, ordered, shipped, sent, arrived, received, delivered, "
        "delivery, item, items, product, products, parcel, package, payment, paid, refund, refunded, "
        "returned, return, address, mail, message, reply, help, support, service, team, done, ready, "
        "possible, available, days, weeks, hours, time, day, week, date, working, broken, damaged, "
        "missing, wrong, correct, right, left, up, down, out, off, on, in, at, to, is, are, was",
        # German
        "danke, dank, bitte, hallo, gruß, grüße, gruss, gruesse, bestellt, versendet, verschickt, "
        "angekommen, erhalten, geliefert, lieferung, paket, bestellung, ware, artikel, produkt, zahlung, "
        "bezahlt, rücksendung, adresse, nachricht, antwort, hilfe, gut, heute, morgen, gestern, jetzt, "
        "da, hier, nicht, mehr, möglich, verfügbar, tage, wochen, stunden, zeit, sie, ihnen, uns, mir, "
        "ende",
        # French
        "merci, bonjour, cordialement, commande, colis, livraison, livré, reçu, envoyé, expédié, produit, "
        "paiement, retour, adresse, réponse, aide, jours, semaines, vous, nous, moi, ici, maintenant, "
        "demain, disponible, fin, salut",
        # Italian
        "grazie, ciao, saluti, ordine, pacco, consegna, consegnato, ricevuto, inviato, spedito, prodotto, "
        "pagamento, reso, indirizzo, risposta, giorni, settimane, lei, noi, qui, ora, domani, "
        "disponibile, fine",
        # Spanish
        "gracias, hola, saludos, pedido, paquete, entrega, entregado, recibido, enviado, producto, pago, "
        "devolución, dirección, respuesta, ayuda, días, semanas, usted, nosotros, aquí, ahora, mañana, "
        "disponible, fin",
        # Portuguese
        "obrigado, obrigada, olá, encomenda, entregue, recebido, produto, pagamento, morada, dias, você, "
        "nós, aqui, agora, amanhã",
        # Dutch
        "bedankt, dankjewel, groeten, bestelling, pakket, levering, geleverd, ontvangen, verzonden, "
        "betaling, retour, adres, dagen, weken, u, ons, hier, nu, morgen, klaar, einde",
        # Swedish
        "tack, hej, hälsningar, beställning, paket, leverans, levererad, mottagit, skickat, betalning, "
        "retur, adress, dagar, veckor, er, oss, här, nu, imorgon, klart",
        # Polish
        "dziękuję, dzięki, pozdrawiam, zamówienie, paczka, dostawa, wysłane, otrzymane, płatność, zwrot, "
        "adres, dni, tygodni, tutaj, teraz, jutro, gotowe, koniec",
        # Turkish
        "teşekkürler, merhaba, saygilar, sipariş, paket, teslimat, gönderildi, alindi, ödeme, iade, "
        "adres, gün, hafta, burada, şimdi, yarin, hazir, son",
    )
)
"""Words that sentences in sellers' mails end with; none is the name of a shop."""

COMPANY_FORMS = frozenset(
    listed(
        "co, corp, inc, ltd, gmbh, mbh, ag, kg, st, nr, no, art, tel, fig, vol",
    )
)
"""What stands before a dot in ``Co.KG``, ``Co.Ltd``, ``Nr.AB``."""

FILE_TLDS = frozenset({"zip", "mov", "md", "py", "sh", "ps"})
"""Top-level domains that are file name endings first."""

PATH_TLDS = FILE_TLDS | {"so", "rs", "pl", "cc", "ai", "app", "bin", "map"}
"""Top-level domains that end file names where a slash stands before the name."""

PACKAGE_ROOTS = frozenset({"com", "org", "net", "io", "java", "javax", "edu", "gov"})
"""First label of a reversed name, ``com.example.app``."""

SINGLE_LETTER_HOSTS = frozenset(
    listed(
        "t.me, m.me, t.co, g.co, a.co, x.com, g.page, z.com, v.gd, u.nu, b.link",
    )
)

NO_HOSTS = frozenset(
    {
        "asp.net",
        "ado.net",
        "vb.net",
        "ml.net",
        "paint.net",
        "node.js",
        "socket.io",
    }
)
"""Names of software that read as domains."""

TITLES = (".dr.med", ".dr.ing", ".dr.phil", ".prof.dr", ".dipl.ing")
"""Ends of a person's titles that read as domains."""

DOT_WORDS = (
    "dot",
    "punkt",
    "punto",
    "ponto",
    "point",
    "punt",
    "kropka",
    "nokta",
    "prick",
    "点",
    "ドット",
    "نقطة",
)
