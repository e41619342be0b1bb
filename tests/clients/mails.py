"""The mails that every client program is given, as the program composes them or as a file it sends."""

import random
import string
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import SMTP

from .site import SELLER, UTF8_SELLER

BUYER = "abc@marketplace.amazon.co.uk"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail.

    Attributes:
        token: A word of its subject that no other mail has.
        sender: Reverse-path and author.
        recipients: Forward-paths.
        text: The words.
        attachment: Name and octets, or nothing.
        dsn: Whether the client asks for NOTIFY, RET and ENVID.
        line_end: Of the file that is handed to the client.
        cte: Content-Transfer-Encoding of the text in that file.
    """

    token: str = ""
    sender: str = SELLER
    recipients: tuple[str, ...] = (BUYER,)
    text: str = "Dear customer,\n\n.your order 203-1234567-7654321 is on its way.\n.\n..\nKind regards\n"
    attachment: tuple[str, bytes] | None = None
    dsn: bool = False
    line_end: str = "\r\n"
    cte: str = "7bit"

    @property
    def subject(self) -> str:
        """With the token in it."""
        return f"Your order {self.token}"

    def octets(self) -> bytes:
        """The mail as a file, for clients that compose nothing themselves."""
        message = EmailMessage(policy=SMTP.clone(utf8=not self.sender.isascii(), linesep=self.line_end))
        message["From"] = f"Harbour Tea <{self.sender}>"
        message["To"] = ", ".join(self.recipients)
        message["Subject"] = self.subject
        message["Date"] = "Tue, 24 Nov 2026 09:00:00 +0000"
        message["Message-ID"] = f"<{self.token}@harbour-tea.example>"
        message.set_content(self.text, cte=self.cte)
        if self.attachment is not None:
            name, octets = self.attachment
            message.add_attachment(octets, maintype="application", subtype="octet-stream", filename=name)
        return bytes(message)

    def named(self) -> "Mail":
        """The same with a token of its own."""
        return replace(self, token="".join(random.choices(string.ascii_lowercase, k=16)))


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

ORDINARY = Mail()
EIGHT_BIT = Mail(
    text="Liebe Kundin,\n\nIhre Bestellung 203-1234567-7654321 ist unterwegs. Grüße aus Köln\n", cte="8bit"
)
UTF8 = Mail(sender=UTF8_SELLER, cte="8bit", text="Grüße\n")
SEVERAL = Mail(recipients=(BUYER, "def@marketplace.amazon.co.uk", "ghi@marketplace.amazon.de"))
DSN = Mail(dsn=True)
LONG_LINES = Mail(text="Your order is on its way and will come soon. " * 200 + "\n", cte="8bit")
LF_ONLY = Mail(line_end="\n")
LARGE = Mail(attachment=("invoice.pdf", PDF + bytes(7_000_000)))
FORBIDDEN = Mail(attachment=("setup.exe", b"MZ" + bytes(200)))
STRIPPED = Mail(text="Dear customer,\n\ncall us on +44 20 7946 0958.\n")
