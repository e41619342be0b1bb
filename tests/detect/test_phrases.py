"""Tests of gateway/detect/phrases.py."""

import pytest

from gateway.detect.fold import fold
from gateway.detect.phrases import MAX_SENTENCE, find_opt_outs, is_opt_out, is_opt_out_url


@pytest.mark.parametrize(
    "text",
    [
        *("Unsubscribe", "Click to unsubscribe", "You are unsubscribed from our list", "Opt out of our mailing list"),
        *("You may opt-out here", "To stop receiving these emails", "If you no longer wish to receive our messages"),
        *("Manage your email preferences", "Remove me from this list", "Cancel your newsletter", "ｕｎｓｕｂｓｃｒｉｂｅ"),
        *("unsub\u200bscribe", "unsubscrіbe"),
        *("Newsletter abbestellen", "Hier abmelden", "Vom Newsletter abmelden", "Abmeldelink", "Newsletter-Abmeldung"),
        *("Wenn Sie keine E-Mails mehr erhalten möchten", "Möchten Sie künftig keine Newsletter", "abmelden unter"),
        *("Se désabonner", "Vous désinscrire", "Pour ne plus recevoir nos e-mails", "Gérer vos préférences"),
        *("Disiscriviti", "Cancella l'iscrizione", "Se non desideri più ricevere la nostra newsletter"),
        *("Darse de baja", "Cancelar suscripción", "Para dejar de recibir correos"),
        *("Cancelar subscrição", "Descadastrar", "não deseja mais receber nossos e-mails"),
        *("Nieuwsbrief opzeggen", "Uitschrijven voor de nieuwsbrief", "Meld u af", "uitschrijflink"),
        *("Avprenumerera", "Avregistrera dig", "Avanmälan från nyhetsbrev"),
        *("Wypisz się", "Zrezygnować z newslettera", "rezygnacja z subskrypcji"),
        *("Abonelikten çık", "Bültenden çıkmak", "listeden çık"),
        *("配信停止はこちら", "メルマガ解除", "登録解除"),
        *("إلغاء الاشتراك", "لإلغاء اشتراكك"),
    ],
)  # fmt: skip
def test_opt_outs(text):
    """Words about unsubscribing are found in all twelve languages, disguised or not."""
    folded = fold(text)
    assert is_opt_out(folded.text)
    assert len(find_opt_outs(folded)) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("You can cancel your order", "subscribe & save", "an unsubscribed product", "newsletter", "your preferences"),
        *("the opt-out switch of the router", "cancel the subscription box order", "We could not opt for express"),
        *("Sie können die Bestellung kündigen", "Falls Sie keine E-Mail erhalten haben", "Melden Sie sich bei Fragen"),
        *("Ihre E-Mail zur Kündigung", "Abmessungen", "Bitte melden Sie den Schaden", "annuler la commande", "baja tensión"),
        *("cancelar el pedido", "annulla l'ordine", "bestelling annuleren", "avboka beställningen", "anulować zamówienie"),
        *("siparişi iptal", "注文をキャンセル", "配送を停止", "إلغاء الطلب"),
    ],
)  # fmt: skip
def test_near_misses(text):
    """Cancelling an order, and words near the subject, are honest business."""
    assert find_opt_outs(fold(text)) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thank you. To unsubscribe, click here. Bye.", ["To unsubscribe, click here."]),
        ("Hello\nunsubscribe here\nBye", ["unsubscribe here"]),
        ("unsubscribe", ["unsubscribe"]),
        (
            "unsubscribe or unsubscribe. Then unsubscribe!",
            ["unsubscribe or unsubscribe.", "Then unsubscribe!"],
        ),
        ("ご注文。配信停止はこちら。以上", ["配信停止はこちら。"]),
        (
            "x" * 2 * MAX_SENTENCE + " unsubscribe " + "y" * 2 * MAX_SENTENCE,
            ["x" * (MAX_SENTENCE - 1) + " unsubscribe " + "y" * (MAX_SENTENCE - 1)],
        ),
    ],
)
def test_sentences(text, expected):
    """A span is the sentence around the phrase, cut at MAX_SENTENCE."""
    folded = fold(text)
    assert [folded.text[span.start : span.end].strip() for span in find_opt_outs(folded)] == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.de/unsubscribe?u=1", True),
        ("https://x.de/newsletter/abmelden", True),
        ("https://unsub.x.de/", True),
        ("https://x.us1.list-manage.com/u", True),
        ("https://x.de/?action=opt-out", True),
        ("https://x.de/email-preferences", True),
        ("https://x.de/optoutdoor", False),
        ("https://x.de/bajaj", False),
        ("https://x.de/subscribe", False),
    ],
)
def test_urls(url, expected):
    """A URL is judged by the words of its host, path and query."""
    assert is_opt_out_url(url) is expected
