"""Says where a table does not fit its schema, and why, in the words of whoever edits the file."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import ValidationError, convert, inspect

_MESSAGE = re.compile(r"(?P<problem>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_FIELD = re.compile(r"Object (missing required|contains unknown) field `(.*)`")
_KIND = re.compile(r"Expected `(.*)`, got `(.*)`")
_VALUE = re.compile(r"Invalid enum value (.*)")
_LIMIT = re.compile(r"Expected `(?:int|float)` ([<>]=?) (.*)")
_FEW = 20
_NAMES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "date": "a date",
    "datetime": "a time",
}

Hook = Callable[[type[Any], Any], object]
Step = str | int


def explained(table: Mapping[str, Any], schema: Any, hook: Hook) -> tuple[str, str]:
    """The key at fault, such as `parameters.window.value`, and what is wrong with it. `hook` converts what msgspec does not know."""

    def refusal(tried: Any) -> str:
        try:
            convert(tried, schema, str_keys=True, dec_hook=hook)
        except ValidationError as error:
            return str(error)
        return ""

    found = _MESSAGE.fullmatch(refusal(table))
    problem, path, is_key = (found["problem"], found["path"] or "", bool(found["key"])) if found else ("", "", False)
    steps: list[Step] = []
    kinds = [inspect.type_info(schema)]
    for name, place in _STEP.findall(path + ("[...]" if is_key else "")):
        steps.append(_at_fault(table, steps, refusal) if place == "..." else int(place) if place else name)
        kinds.append(_below(kinds[-1], steps[-1]))
    if is_key:
        return _written(steps), f"is not a known key{hint(str(steps[-1]), _keys(kinds[-2]))}"
    if field := _FIELD.fullmatch(problem):
        steps.append(field[2])
        is_missing = field[1].startswith("missing")
        return _written(steps), "is missing" if is_missing else f"is not a known key{hint(field[2], _keys(kinds[-1]))}"
    return _written(steps), _in_words(problem, kinds[-1])


def hint(name: str, known: Iterable[str]) -> str:
    """The known name that is meant, if one is near; else all of them, if they are few."""
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known are {', '.join(names)}" if 0 < len(names) < _FEW else ""


def _at_fault(table: Any, above: list[Step], refusal: Callable[[Any], str]) -> str:
    """The key of a table with free keys, which msgspec does not name: the one that alone is refused for the same reason."""
    here = table
    for step in above:
        here = here[step]
    whole = refusal(table)
    return next((key for key in here if refusal(_alone(table, above, key)) == whole), "?")


def _alone(table: Any, above: list[Step], key: str) -> Any:
    """The table in which the table below `above` has one key only."""
    if not above:
        return {key: table[key]}
    changed: Any = dict(table) if isinstance(table, dict) else list(table)
    changed[above[0]] = _alone(table[above[0]], above[1:], key)
    return changed


def _below(kind: inspect.Type, step: Step) -> inspect.Type:
    for option in _options(kind):
        match option:
            case inspect.StructType(fields=fields):
                for field in fields:
                    if field.encode_name == step:
                        return field.type
            case inspect.DictType(value_type=below):
                return below
            case inspect.VarTupleType(item_type=below):
                return below
            case inspect.TupleType(item_types=items) if isinstance(step, int):
                return items[step]
    return inspect.AnyType()


def _options(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.UnionType):
        for option in kind.types:
            yield from _options(option)
    elif isinstance(kind, inspect.Metadata):
        yield from _options(kind.type)
    else:
        yield kind


def _keys(kind: inspect.Type) -> Iterator[str]:
    """The keys that a table may have."""
    for option in _options(kind):
        if isinstance(option, inspect.StructType):
            yield from (field.encode_name for field in option.fields)
        elif isinstance(option, inspect.DictType):
            yield from _choices(option.key_type)


def _choices(kind: inspect.Type) -> Iterator[str]:
    """The words that a text may be, where they are few."""
    for option in _options(kind):
        if isinstance(option, inspect.EnumType):
            yield from (str(member.value) for member in option.cls)
        elif isinstance(option, inspect.LiteralType):
            yield from (str(value) for value in option.values)


def _written(steps: Iterable[Step]) -> str:
    """The key as a person writes it; entries of a list count from 1."""
    return "".join(f" (entry {step + 1})" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _in_words(problem: str, kind: inspect.Type) -> str:
    if found := _VALUE.fullmatch(problem):
        return f"{found[1]} is none of {', '.join(_choices(kind))}"
    if found := _KIND.fullmatch(problem):
        wanted = " or ".join(_NAMES.get(name, name) for name in found[1].split(" | ") if name != "null")
        return f"is {_NAMES.get(found[2], found[2])}, where {wanted} belongs"
    if found := _LIMIT.fullmatch(problem):
        return f"must be {found[1]} {float(found[2]):g}"
    if "RFC3339" in problem:
        return "is no date"
    if "`str` of length >= 1" in problem or "matching regex" in problem:
        return "is blank"
    return "is empty, or has too few or too many entries" if "of length" in problem else problem
