"""What can be wrong with a mail before anybody judges what it says.

The text of every error here is a public sentence: it names the place, the fault and the mend, and holds none
of the mail's own words, so that it may stand in an SMTP reply and in a log.
"""


class MessageError(Exception):
    """This mail cannot be taken.

    Attributes:
        sentence: What is wrong and what to do about it, fit for the seller.
        part: Number of the part at fault (``"1.2"``), or ``""`` for the message as a whole.
    """

    def __init__(self, sentence: str, *, part: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.part = part

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword arguments survive pickling; the default drops them."""
        return (_rebuild, (type(self), self.sentence, self.part))


class AmbiguityError(MessageError):
    """Two readers of this mail could see different things; no policy can allow it."""


class LimitError(MessageError):
    """Over one of the named limits on size, number or depth."""


class AddressError(ValueError):
    """Not an address in the grammar of RFC 5321 section 4.1.2."""


def _rebuild(kind: type[MessageError], sentence: str, part: str) -> MessageError:
    return kind(sentence, part=part)
