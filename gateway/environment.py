"""Settings from the environment: ``GATEWAY_`` and the path of the key, joined by ``_``.

Keys hold underscores themselves, so a name is read against the model: ``GATEWAY_ROUTE_0_NEXT_HOP`` is
``route[0].next_hop``. A name that fits no key is a fault: a misspelt setting must not be a setting ignored.
Not here: what the settings are (``config``).
"""

from collections.abc import Iterator, Mapping
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
                f"environment: {name}: fits no key; see README.md for the keys there are, or unset it"
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
    if not name:
        if not _is_model(bare):
            yield (), kind
        return
    if _is_model(bare):
        for field_name, field in bare.model_fields.items():
            key = field.alias or field_name
            if name == key or name.startswith(f"{key}_"):
                for path, found in _places(field.annotation, name[len(key) + 1 :]):
                    yield (key, *path), found
    elif get_origin(bare) is tuple:
        index, _, rest = name.partition("_")
        if index.isdigit():
            for path, found in _places(get_args(bare)[0], rest):
                yield (int(index), *path), found
    elif get_origin(bare) is dict:
        head, _, rest = name.partition("_")
        for path, found in _places(get_args(bare)[1], rest) if rest else ():
            yield (head, *path), found
        if get_origin(_bare(get_args(bare)[1])) is not dict:
            yield (name,), get_args(bare)[1]


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
    for step, following in zip(path[:-1], path[1:], strict=True):
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
