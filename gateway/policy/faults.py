"""A validator's faults in the words of the person who wrote the file.

Each names the file, the key, what is wrong and what would be right.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError

from gateway.policy.schema import HoldBlock, RuleBlock


def readable(error: ValidationError, source: str, model: type[BaseModel]) -> Iterator[str]:
    """One line per fault."""
    for fault in error.errors():
        path = [str(step) for step in fault["loc"]]
        key = ".".join(path) or "the whole file"
        if fault["type"] == "missing":
            yield f"{source}: {key}: is missing; add it"
        elif fault["type"] == "extra_forbidden":
            yield f"{source}: {key}: there is no such key; {nearest(path[-1], _keys(model, path[:-1]))}"
        else:
            yield f"{source}: {key}: {_lowered(fault['msg'])}"


def nearest(name: str, known: Iterable[str]) -> str:
    """What was probably meant, or all there is."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there is {', '.join(names)}" if names else "take it out, there is nothing to set here"


def _keys(model: type[BaseModel], path: list[str]) -> Iterable[str]:
    """Keys that the table at this path may have: a rule's block is two steps down."""
    if path[:1] == ["rule"]:
        return RuleBlock.model_fields
    if path[:1] == ["hold"]:
        return HoldBlock.model_fields
    return model.model_fields


def _lowered(message: str) -> str:
    """Pydantic's sentence without its capital and its prefix."""
    bare = message.removeprefix("Value error, ")
    return bare[:1].lower() + bare[1:]
