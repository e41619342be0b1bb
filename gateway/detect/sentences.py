"""Dots that end a sentence or an abbreviation, though what stands round them reads as a domain.

House rule: a dot is given up only where the text on both sides says so. The words here are none that a shop would be
called alone, the next word must stand behind a blank, and a word that points somewhere (``visit blue.it now``)
right before beats them.

Not here: what a domain is (``domains``), tables that need no neighbours (``link_words``).
Words are spelled as folded text spells them: the Turkish dotless i is an i there.
"""

from gateway.detect.number_words import REFERENCE_WORDS
from gateway.detect.scan import any_of, compile_pattern, found
from gateway.detect.words import listed

BEFORE = 24
"""Code points before a domain that are searched for a word that points to it."""

AFTER = 16
"""Code points behind a domain that show how the sentence goes on."""


def runs_on(text: str, start: int, end: int) -> bool:
    """Whether the dot of ``text[start:end]``, a name and a top-level domain, ends a sentence: ``rot.in der Farbe``."""
    name, _, tld = text[start:end].lower().rpartition(".")
    after = text[end : end + AFTER]
    if tld in _NUMBER_TLDS and found(_NUMBER, after):
        return tld == "nr" or name in _COUNTED
    return (
        tld in OPENING_TLDS
        and (name in CLOSING_WORDS or name.endswith(_PARTICIPLES))
        and after[:1] == " "
        and after[1:2].isalpha()
        and not found(_POINTS, text[max(start - BEFORE, 0) : start])
    )


def is_framework(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is a word and the product ``.NET``: ``Runtime .NET 8``, ``and .NET Framework``."""
    word, _, tail = text[start:end].partition(" ")
    return tail.lstrip() == ".NET" and (word.lower() in _SMALL or found(_FRAMEWORK, text[end : end + AFTER]))


OPENING_TLDS = frozenset(
    listed(
        "in, is, it, so, to, am, an, as, at, be, by, do, es, la, my, no, us, de, im, me, se, si, il, al, na, va, ve, "
        "ist, und, our, now, one, all, you, with, like, how, day",
    )
)
"""Top-level domains that sentences begin with; a noun (``shop``) hardly begins one in lower case."""

CLOSING_WORDS = frozenset(
    listed(
        # English
        "red, blue, green, black, white, yellow, brown, grey, gray, small, big, large, medium, heavy, light, long, "
        "short, high, low, new, old, nice, great, good, bad, open, closed, empty, full, sold, bought, yesterday, "
        "monday, tuesday, wednesday, thursday, friday, saturday, sunday, month, year, morning, evening, afternoon, "
        "colour, color, size, quality, price, cost, euro, euros, pounds, dollars, box, bag, door, wait, have, need, "
        "know, see, look, check, say, said, happened, lost, found, stock, them, anymore, all, ones, pieces, cables, "
        "photo, picture, number, name, used, original, same, different, free, late, early, fast, slow",
        # German
        "rot, blau, grün, schwarz, weiß, weiss, gelb, braun, grau, klein, groß, gross, lang, kurz, hoch, schwer, "
        "leicht, neu, alt, schön, schnell, langsam, kaputt, defekt, leer, voll, alles, nichts, etwas, genau, gleich, "
        "gerne, leider, richtig, falsch, montag, dienstag, mittwoch, donnerstag, freitag, samstag, sonntag, tag, uhr, "
        "monat, jahr, euro, farbe, größe, grösse, qualität, preis, lager, karton, tür, nachbar, nachbarn, foto, bild, "
        "bilder, nummer, name, problem, fehler, teil, teile, garantie, rechnung, gutschrift, verfügung, sendung",
        # French
        "rouge, bleu, bleue, noir, noire, blanc, blanche, vert, verte, petit, petite, grand, grande, taille, couleur, "
        "prix, qualité, facture, lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche, semaine, mois, cassé",
        # Italian
        "rosso, rossa, nero, nera, bianco, bianca, blu, piccolo, piccola, grande, misura, colore, prezzo, qualità, "
        "fattura, lunedì, martedì, mercoledì, giovedì, venerdì, sabato, domenica, mese, rotto, rotta",
        # Spanish and Portuguese
        "rojo, roja, azul, negro, negra, blanco, blanca, verde, pequeño, pequeña, talla, tamaño, color, precio, "
        "calidad, lunes, martes, miércoles, jueves, viernes, mes, roto, rota, vermelho, preto, branco, tamanho, cor, "
        "preço, qualidade",
        # Dutch, Swedish, Polish, Turkish (the industry of San.ve Tic.)
        "rood, blauw, groen, zwart, wit, groot, maat, kleur, prijs, kwaliteit, maandag, dinsdag, woensdag, donderdag, "
        "vrijdag, röd, blå, grön, svart, vit, liten, stor, storlek, färg, pris, kvalitet, måndag, tisdag, onsdag, "
        "torsdag, fredag, czerwony, niebieski, czarny, duży, mały, rozmiar, kolor, cena, san",
    )
)
"""Words that sentences in sellers' mails end with before one of ``OPENING_TLDS``."""

_PARTICIPLES = ("ée", "ées", "és")
"""French, ``livrée.la suite``: endings that names of shops do not have."""

_NUMBER_TLDS = frozenset({"nr", "no"})
_COUNTED = frozenset(
    (*REFERENCE_WORDS, *listed("inv, cust, org, ord, acc, ser, cat, kat, doc, pos, mod, art"))
)
"""What stands before the abbreviation for number: ``Cust.no 12``. ``.nr`` follows any word, nobody shops in Nauru."""

_SMALL = frozenset(
    listed("and, or, und, oder, et, y, e, en, och, the, with, mit, for, für, need, needs, requires")
)
_NUMBER = compile_pattern(r"^[ .:#]{0,3}[A-Z]{0,4}[-/ ]?\d")
_FRAMEWORK = compile_pattern(
    r"^(?:[ -]?\d|[ -](?:Framework|Core|Runtime|Desktop|SDK|MAUI|Standard|Version)\b)"
)
_POINTS = compile_pattern(
    r"(?i)(?:^|[^\pL])"
    + any_of(
        listed(
            "visit, at, on, via, see, from, site, website, web, shop, store, online, page, link, url, domain, search, "
            "google, besuchen, besuche, unter, auf, bei, siehe, seite, webseite, von, über, sur, chez, visitez, su, "
            "visita, visitate, en, visite, op, bij, bezoek, på, hos, besök, na, odwiedź",
        )
    )
    + r"[^\pL\pN\n]{1,3}$"
)
