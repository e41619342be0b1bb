"""How much of a mail is read at all. Each cap is tried on octets before anything structured is built."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps; above any of them a mail ends in ``LimitError``.

    Attributes:
        octets: Wire octets of the whole mail; 25 MiB holds a 18 MB attachment, and no marketplace takes more.
        header_octets: Octets of one header section; Postfix takes 100 KiB, honest mail stays under 64 KiB.
        field_octets: Octets of one header field: 50,000 encoded words in a Subject are 83 s in the standard
            library (case R01).
        fields: Header fields of one header section; Haraka's number.
        parts: MIME entities below the root: 20,000 empty parts are a bomb (case R06), 100 a lot.
        depth: Multiparts inside one another (case R05); parsing and writing recurse only this deep.
        line_octets: Octets of one line; a generous cap, since ERP systems do not wrap. What is written is.
        parameters: Parameters of one field: 50,000 are 19 s in the standard library (case R02).
    """

    octets: int = 26_214_400
    header_octets: int = 262_144
    field_octets: int = 65_536
    fields: int = 1_000
    parts: int = 100
    depth: int = 10
    line_octets: int = 65_536
    parameters: int = 20
