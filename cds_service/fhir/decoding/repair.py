"""Reads what the strict reader refuses: each element that does not fit its shape is mended or left out and named.

Real payloads write null for a list, one object for a list of one or the other way round, a number as string and a string as number.
"""

from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct
from msgspec.inspect import (
    BoolType,
    Field,
    FloatType,
    ListType,
    NoneType,
    RawType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from cds_service.fhir.decoding import resources

_DEEPEST = 40
_SAME_SHAPE: dict[type, type[Type]] = {list: ListType, dict: StructType, str: StrType}
_FIELDS: dict[type, tuple[Field, ...]] = {}


class Losses(Struct):
    """The paths of the elements that had to be left out, and each text that was read in part, by its path."""

    dropped: list[str] = []
    cut: dict[str, str] = {}


def read(value: dict[str, Any], shape: type[resources.Resource]) -> tuple[resources.Resource, Losses]:
    """A resource in the shape given, and what of it was lost. Never raises."""
    losses = Losses()
    return _struct(value, shape, "", losses, 0), losses


def fields(shape: type) -> tuple[Field, ...]:
    """The elements of a shape, with their types and their names in JSON."""
    if shape not in _FIELDS:
        _FIELDS[shape] = cast(StructType, type_info(shape)).fields
    return _FIELDS[shape]


def _struct(value: dict[str, Any], shape: type, path: str, losses: Losses, depth: int) -> Any:
    members = {}
    for field in fields(shape):
        raw = value.get(field.encode_name)
        if raw is None:
            continue
        here = f"{path}.{field.encode_name}" if path else field.encode_name
        mended = _mend(raw, field.type, here, losses, depth + 1)
        if mended is not UNSET:
            members[field.name] = mended
    return shape(**members)


def _mend(value: Any, kind: Type, path: str, losses: Losses, depth: int) -> Any:
    """The value as the kind asks, or UNSET (and its path noted) if nothing can be made of it."""
    mended = _fit(value, kind, path, losses, depth) if depth < _DEEPEST else UNSET
    if mended is UNSET:
        losses.dropped.append(path)
    return mended


def _fit(value: Any, kind: Type, path: str, losses: Losses, depth: int) -> Any:
    if isinstance(kind, UnionType):
        return _first_fit(value, kind, path, losses, depth)
    if isinstance(kind, ListType):
        return _list(value, kind, path, losses, depth)
    if isinstance(kind, VarTupleType):
        return tuple(_list(value, kind, path, losses, depth))
    if isinstance(kind, RawType):
        return msgspec.Raw(msgspec.json.encode(value))
    if isinstance(kind, StructType):
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        return _struct(value, kind.cls, path, losses, depth) if isinstance(value, dict) else UNSET
    if isinstance(kind, StrType) and kind.max_length and isinstance(value, str) and len(value) > kind.max_length:
        losses.cut[path] = value
        return value[: kind.max_length]
    return _primitive(value, kind)


def _first_fit(value: Any, kind: UnionType, path: str, losses: Losses, depth: int) -> Any:
    """A list goes to a list, an object to an object; else whatever the value can be mended to."""
    choices = [choice for choice in kind.types if not isinstance(choice, NoneType)]
    choices.sort(key=lambda choice: not isinstance(choice, _SAME_SHAPE.get(type(value), ())))
    for choice in choices:
        fitted = _fit(value, choice, path, losses, depth)
        if fitted is not UNSET:
            return fitted
    return UNSET


def _list(value: Any, kind: ListType | VarTupleType, path: str, losses: Losses, depth: int) -> Any:
    items = value if isinstance(value, list) else [value]
    there = [(n, item) for n, item in enumerate(items) if item is not None]
    if items and not there:
        losses.dropped.append(path)  # a list that has places alone held something
    fitted = [_mend(item, kind.item_type, f"{path}[{n}]", losses, depth + 1) for n, item in there]
    return [item for item in fitted if item is not UNSET]


def _primitive(value: Any, kind: Type) -> Any:
    if isinstance(value, dict | list):
        return UNSET
    if isinstance(kind, StrType):
        return str(value) if not isinstance(value, bool) else UNSET
    if isinstance(kind, BoolType):
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value).lower(), UNSET)
    if isinstance(kind, FloatType):
        number = as_number(value)
        return UNSET if number is None else number
    return UNSET


def as_number(value: object) -> float | None:
    """A number, or the one that a text states; None for anything else, also for what only Python takes as one (`4_1`)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or (isinstance(value, str) and "_" in value):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def as_object(raw: bytes | msgspec.Raw) -> dict[str, Any] | None:
    """The JSON object in `raw`, or None if it is not JSON or not an object."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) else None


Shape = TypeVar("Shape", bound=msgspec.Struct)


def fitted(value: Any, shape: type[Shape]) -> Shape:
    """The value as far as it fits the shape; an empty one if it is no object. Never raises."""
    made: Shape = _struct(value if isinstance(value, dict) else {}, shape, "", Losses(), 0)
    return made
