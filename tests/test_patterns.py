"""Regular expressions that mean the same under every Python that the project runs on.

Before 3.11.5 a possessive quantifier on a group, and an atomic group, do not go back to where they stood when an
iteration fails midway (CPython issue 106052): they match what they must not. On one class of characters a possessive
quantifier is sound.
"""

import importlib
import pkgutil
import re
import re._constants as op  # the parser that re itself uses
import re._parser as parser
import sys

import pytest

import gateway

ONE_CHARACTER = {op.IN, op.LITERAL, op.NOT_LITERAL, op.ANY}


def patterns() -> dict[str, re.Pattern[str] | re.Pattern[bytes]]:
    """Every pattern that a module of ours keeps under a name."""
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {
        f"{module}.{name}": value
        for module, loaded in sorted(sys.modules.items())
        if module.startswith("gateway")
        for name, value in vars(loaded).items()
        if isinstance(value, re.Pattern)
    }


def unsound(parts) -> list[str]:
    """Kinds of constructs in a parsed pattern that old interpreters misread."""
    found = []
    for kind, operand in parts:
        if kind is op.ATOMIC_GROUP:
            found.append("atomic group")
        elif kind is op.POSSESSIVE_REPEAT and not is_one_character(operand[2]):
            found.append("possessive group")
        for inner in within(kind, operand):
            found += unsound(inner)
    return found


def is_one_character(parts) -> bool:
    return len(parts) == 1 and parts[0][0] in ONE_CHARACTER


def within(kind, operand):
    """The patterns inside a construct."""
    if kind in {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}:
        return [operand[2]]
    if kind is op.BRANCH:
        return operand[1]
    if kind is op.SUBPATTERN:
        return [operand[3]]
    if kind in {op.ASSERT, op.ASSERT_NOT}:
        return [operand[1]]
    return [operand] if kind is op.ATOMIC_GROUP else []


def test_no_pattern_needs_a_newer_python():
    """No pattern of ours uses a possessive or atomic group; there are some hundred patterns to look at."""
    found = {name: unsound(parser.parse(each.pattern, each.flags)) for name, each in patterns().items()}
    assert len(found) > 100
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    "pattern, faults",
    [
        (r"(?:ab)*+c", ["possessive group"]),
        (r"(?:a|bc)?+", ["possessive group"]),
        (r"x(?>ab|a)c", ["atomic group"]),
        (r"(?=(?:ab){2,3}+)", ["possessive group"]),
        (r"[ab]*+.?+x{1,3}+", []),
        (r"(?:ab)*c", []),
    ],
)
def test_what_is_unsound(pattern, faults):
    """Groups are; single characters and classes are not."""
    assert unsound(parser.parse(pattern)) == faults
