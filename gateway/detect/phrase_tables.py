"""Phrases by subject as re2 expressions, for folded text, in any case; a blank stands for any white space.

Not here: how they are searched (``phrases``).
Each expression needs its object where the verb alone is honest business: one cancels an order, unsubscribes a list.
Words are spelled as folded text spells them: the Turkish dotless i is an i there.
"""

_LIST = r"(?:newsletters?|mailings?|mailing lists?|e-?mails?|messages?|notifications?|updates?|list|communications?)"
_LISTE = r"(?:newsletters?|e-?mails?|mails?|mailingliste|verteiler|benachrichtigungen|nachrichten|info-?mails?|werbung)"
_POSTA = r"(?:newsletter|e-?mail|mail|posta|comunicazioni|messaggi|mailing list|notifiche)"
_CORREO = (
    r"(?:bolet[ií]n(?:es)?|newsletter|correos?(?: electr[oó]nicos?)?|e-?mails?|lista(?: de correo)?|notificaciones"
    r"|comunicaciones|mensajes)"
)
_COURRIER = (
    r"(?:newsletters?|e-?mails?|mails?|courriels?|lettre d'information|liste(?: de diffusion)?|notifications|messages"
    r"|communications)"
)

OPT_OUT = (
    # English
    r"\bunsubscrib(?:e|ing)\b",
    r"\bun-subscribe\b",
    r"\bunsubscribed (?:from|to)\b",
    r"\bunsubscription\b",
    rf"\bopt(?:ing|ed)?[ -]?out (?:of|from) (?:(?:our|these|this|future|further|all|any|receiving|the|such) )*{_LIST}",
    r"\bopt-?out (?:link|here|page|form|now)\b",
    r"\b(?:to|wish to|want to|can|may|please) opt[ -]?out\b(?: *[.,:;!]| here| at| by| click|$)",
    (
        r"\b(?:stop|no longer (?:wish to |want to )?) ?(?:receiv(?:e|ing)|getting) "
        rf"(?:(?:our|these|this|future|further|such|any|more|from us) )*{_LIST}"
    ),
    (
        r"\b(?:manage|update|change|edit) (?:your |my )?(?:e-?mail|newsletter|subscription|communication|notification"
        r"|mailing) (?:preferences|settings|subscriptions?)"
    ),
    r"\b(?:e-?mail|newsletter|subscription|communication) preferences\b",
    r"\bremove (?:me|yourself|your (?:e-?mail )?address) from (?:our |this |the )?(?:mailing )?list\b",
    r"\bcancel (?:your |the |this )?(?:newsletter|subscription to (?:our |the )?newsletter)",
    # German
    rf"\b{_LISTE}[^.!?\n]{{0,40}}\b(?:abbestell|abmeld|austrag)(?:en|ung|e)\b",
    (
        rf"\b(?:vom|von (?:unserem|der|unseren|diesen|weiteren)) {_LISTE}[^.!?\n]{{0,30}}"
        r"(?:abmelden|austragen|abbestellen|abzumelden|auszutragen)"
    ),
    # Not "keine E-Mail erhalten": that is said of a confirmation that did not come.
    (
        rf"\b(?:keine (?:weiteren )?{_LISTE} mehr|nicht mehr[^.!?\n]{{0,30}}\b{_LISTE})[^.!?\n]{{0,20}}"
        r"(?:erhalten|bekommen|empfangen)"
    ),
    rf"\b(?:möcht|wünsch|woll)[a-z]+ [^.!?\n]{{0,20}}\bkeine (?:weiteren )?{_LISTE}",
    r"\babmelde-?link\b",
    r"\b(?:jetzt|hier) (?:abmelden|abbestellen|austragen)\b",
    r"\b(?:abmelden|abbestellen|austragen)\b(?: sie sich)? (?:hier|unter|klicken)",
    r"\bnewsletter-?(?:abmeldung|abbestellung|einstellungen|kündigung)\b",
    r"\be-?mail-?(?:einstellungen|präferenzen)\b",
    r"\baustragelink\b",
    # French
    r"\b(?:se |vous |me |te )?d[ée]sinscri(?:re|vez|ption|s)\b",
    r"\bd[ée]sabonn(?:er|ez|ement)\b",
    rf"\bne (?:plus|souhaitez plus|voulez plus|d[ée]sirez plus) recevoir[^.!?\n]{{0,30}}{_COURRIER}",
    r"\bg[ée]rer (?:vos|mes) (?:pr[ée]f[ée]rences|abonnements)\b",
    # Italian
    r"\bdisiscri(?:vi|versi|viti|vermi|zione|vetevi)\b",
    r"\bcancell(?:a|ati|arsi|azione|are)[^.!?\n]{0,20}(?:iscrizione|newsletter|mailing)",
    rf"\bnon (?:desider|vuoi|vuole|vogli)[a-z]* (?:più )?ricevere[^.!?\n]{{0,30}}{_POSTA}",
    r"\bannulla(?:re)? l'iscrizione\b",
    # Spanish
    r"\bdar(?:se|te|me)? de baja\b",
    r"\bd[ée](?:se)? de baja\b",
    r"\bdesuscri(?:b|p)[a-zéí]*\b",
    r"\bcancelar (?:la |su |tu )?suscripci[oó]n\b",
    rf"\b(?:no desea|no quiere|dejar de)[^.!?\n]{{0,20}}recibir[^.!?\n]{{0,30}}{_CORREO}",
    rf"\bdejar de recibir[^.!?\n]{{0,30}}{_CORREO}",
    # Portuguese
    r"\bcancelar (?:a |sua |tua )?(?:subscri[cç][aã]o|inscri[cç][aã]o)\b",
    r"\bdescadastr[a-z]*\b",
    r"\bdesinscrev[a-z-]*\b",
    r"\bremover (?:a |sua )?subscri[cç][aã]o\b",
    (
        r"\b(?:n[aã]o (?:deseja|quer) (?:mais )?|deixar de )receber[^.!?\n]{0,30}"
        r"(?:e-?mails?|newsletter|mensagens|boletim|comunica[cç][oõ]es)"
    ),
    # Dutch
    r"\b(?:nieuwsbrief|nieuwsbrieven|e-?mails?|mailinglijst)[^.!?\n]{0,30}(?:afmelden|uitschrijven|opzeggen)\b",
    r"\b(?:afmelden|uitschrijven)\b[^.!?\n]{0,30}(?:nieuwsbrief|e-?mails?|mailing|mailinglijst|lijst|hier)",
    r"\b(?:hier|nu) (?:af te melden|uit te schrijven|afmelden|uitschrijven)\b",
    r"\bmeld (?:u|je) (?:hier )?af\b",
    r"\bschrijf (?:u|je) (?:hier )?uit\b",
    r"\buitschrijflink\b",
    r"\bafmeldlink\b",
    # Swedish
    r"\bavprenumerera\b",
    r"\bavregistrera (?:dig|mig|er)\b",
    r"\bavsluta (?:din )?prenumeration",
    r"\bavanmäl(?:a|an)\b[^.!?\n]{0,30}(?:nyhetsbrev|utskick|e-?post|här)",
    r"\binte längre (?:vill )?(?:få|ta emot)[^.!?\n]{0,30}(?:nyhetsbrev|e-?post|utskick|mejl)",
    # Polish
    r"\bwypisa(?:ć|c|nie|nia) (?:si[ęe])?",
    r"\bwypisz si[ęe]",
    r"\bzrezygnowa(?:ć|c) z (?:subskrypcji|newslettera|otrzymywania)",
    r"\banulowa(?:ć|c|nie) subskrypcj",
    r"\bwyrejestrowa(?:ć|c|nie)",
    r"\brezygnacj[ai] z (?:newslettera|subskrypcji|otrzymywania)",
    # Turkish
    r"\babonelik(?:ten|ten çik|i iptal|iptali)[^.!?\n]{0,20}",
    r"\baboneliği(?:nizi|mi)? (?:iptal|sonlandir)",
    r"\blisteden (?:çik|ayril)",
    r"\bbülten(?:den|i)[^.!?\n]{0,20}(?:çik|iptal|ayril)",
    r"\be-?posta almak istemiyor",
    # Japanese
    "配信停止",
    "配信を停止",
    "配信解除",
    "購読を?解除",
    "登録を?解除",
    "メルマガ(?:の)?(?:解除|退会|停止)",
    "配信(?:の)?設定",
    "メールの受信を(?:停止|希望され?ない)",
    # Arabic
    "إلغاء (?:ال)?اشتراك",
    "الغاء (?:ال)?اشتراك",
    "إلغاء الاشتراك",
    "الغاء الاشتراك",
    "لإلغاء اشتراكك",
    "إيقاف (?:استلام|تلقي) (?:ال)?(?:رسائل|بريد)",
    "عدم (?:استلام|تلقي) (?:ال)?(?:رسائل|بريد|نشرة)",
)

OPT_OUT_PATHS = (
    *(
        "unsubscribe",
        "unsubscribed",
        "unsub",
        "unsubscription",
        "opt-?out",
        "optout",
        "opt_out",
        "abmelden",
        "abmeldung",
    ),
    *(
        "abbestellen",
        "austragen",
        "d[ée]sinscription",
        "d[ée]sinscrire",
        "d[ée]sabonnement",
        "d[ée]sabonner",
        "disiscriviti",
    ),
    *(
        "disiscrizione",
        "cancella-iscrizione",
        "darse-?de-?baja",
        "baja",
        "desuscribir",
        "desinscrever",
        "descadastrar",
    ),
    *(
        "uitschrijven",
        "afmelden",
        "avprenumerera",
        "avregistrera",
        "wypisz",
        "rezygnacja",
        "abonelikten-?cik",
        "list-manage",
    ),
    *(
        "email-?preferences",
        "email_preferences",
        "newsletter-?preferences",
        "mail-?preferences",
        "manage-?subscriptions?",
    ),
    *("subscription-?preferences", "communication-?preferences", "haishin-?teishi", "manage_subscription"),
)
"""Words of a path, query or host that name such a page."""
