"""Settings from the environment: ``GATEWAY_`` and the path of the key, joined by ``_``.

Keys hold underscores themselves, so a name is read against the model: ``GATEWAY_ROUTE_0_NEXT_HOP`` is
``route[0].next_hop``. A name that fits no key is a fault: a misspelt setting must not be a setting ignored.
Not here: what the settings are (``config``).
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

PREFIX = "GATEWAY_"

Path = tuple[str | int, ...]


def overlay(values: dict[str, Any], model: type[BaseModel], environment: Mapping[str, str]) -> list[str]:
    """Writes the environment's settings over those of the file.

    Args:
        values: The file's, changed in place.
        model: The settings' shape.
        environment: All variables; those of other programs are passed over.

    Returns:
        Faults, a sentence each.
    """
    faults: list[str] = []
    for name in sorted(environment):
        if not name.startswith(PREFIX):
            continue
        place = next(_places(model, name.removeprefix(PREFIX).lower()), None)
        if place is None:
            faults.append(
                f"environment: {name}: fits no key; see deploy/gateway.toml for the keys there are, or unset it"
            )
            continue
        path, kind = place
        text = environment[name]
        is_list = get_origin(_bare(kind)) is tuple
        if not _put(values, path, [part.strip() for part in text.split(",")] if is_list else text):
            faults.append(f"environment: {name}: the list in the file is shorter; number entries from 0 on")
    return faults


def _places(kind: Any, name: str) -> Iterator[tuple[Path, Any]]:
    """Every way to read ``name`` as a key below ``kind``."""
    bare = _bare(kind)
    if _is_model(bare):
        yield from _in_section(bare, name)
    elif not name:
        yield (), kind
    elif get_origin(bare) is tuple:
        yield from _in_list(get_args(bare)[0], name)
    elif get_origin(bare) is dict:
        yield from _in_table(get_args(bare)[1], name)


def _in_section(model: Any, name: str) -> Iterator[tuple[Path, Any]]:
    for field_name, field in model.model_fields.items():
        key = field.alias or field_name
        if name == key or name.startswith(f"{key}_"):
            for path, found in _places(field.annotation, name[len(key) + 1 :]):
                yield (key, *path), found


def _in_list(kind: Any, name: str) -> Iterator[tuple[Path, Any]]:
    index, _, rest = name.partition("_")
    if index.isdigit():
        for path, found in _places(kind, rest):
            yield (int(index), *path), found


def _in_table(kind: Any, name: str) -> Iterator[tuple[Path, Any]]:
    """A table whose keys are names: the last one may hold underscores (rules do), others may not."""
    if get_origin(_bare(kind)) is not dict:
        yield (name,), kind
        return
    head, _, rest = name.partition("_")
    if rest:
        for path, found in _places(kind, rest):
            yield (head, *path), found


def _bare(kind: Any) -> Any:
    """Without ``Annotated`` and ``None``."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return _bare(next(each for each in get_args(kind) if each is not type(None)))
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _put(values: dict[str, Any], path: Path, value: Any) -> bool:
    node: Any = values
    for step, following in pairwise(path):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if step > len(node):
                return False
            if step == len(node):
                node.append(empty)
            node = node[step]
        else:
            node = node.setdefault(step, empty)
    last = path[-1]
    if isinstance(last, int):
        if last > len(node):
            return False
        node[last : last + 1] = [value]
    else:
        node[last] = value
    return True
