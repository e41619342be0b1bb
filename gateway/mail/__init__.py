"""The words of RFC 5321, 5322, 2045, 3463 and 3464 as values.

Everything here is pure: octets and text in, frozen values out.
Three stages of content are never mixed: ``raw`` (octets as received), ``content`` (octets decoded from the
transfer encoding) and ``text`` (decoded characters).

Errors, drawn (see :mod:`gateway.mail.errors`)::

    MessageError          this mail cannot be taken; its text is a public sentence, fit for an SMTP reply
    ├── AmbiguityError    two readers could read it differently   → 554 5.6.0, finding mime_ambiguity
    └── LimitError        over a named limit                      → 552 5.3.4
    AddressError          not an address of RFC 5321 section 4.1.2 → 501 5.1.3 / 501 5.1.7
"""
