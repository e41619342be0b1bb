"""Every rule, one file each, in the order in which findings are reported.

To add one: write its file here, put it into ``ALL``, and follow ``tests/test_rules_complete.py`` for the rest.
Helpers that are no rules: ``rule`` (what a rule is), ``context`` (what it looks at), ``places`` (where it found it),
``owners`` (which rule speaks of what), ``hosts``, ``styles``, ``written``.
"""

from gateway.rules import (
    active_content,
    attachment_type,
    email_address,
    emoji,
    emoticon,
    external_link,
    image_type,
    insecure_link,
    linked_logo,
    mime_ambiguity,
    opt_out_link,
    phone_number,
    read_receipt,
    remote_content,
    tracking_pixel,
)
from gateway.rules.rule import Rule

ALL: tuple[Rule, ...] = (
    external_link.RULE,
    insecure_link.RULE,
    opt_out_link.RULE,
    linked_logo.RULE,
    tracking_pixel.RULE,
    remote_content.RULE,
    read_receipt.RULE,
    active_content.RULE,
    attachment_type.RULE,
    image_type.RULE,
    phone_number.RULE,
    email_address.RULE,
    emoji.RULE,
    emoticon.RULE,
    mime_ambiguity.RULE,
)
BY_NAME: dict[str, Rule] = {rule.name: rule for rule in ALL}

__all__ = ["ALL", "BY_NAME"]
