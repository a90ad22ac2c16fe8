"""Whether a resource says, by an element that may change the meaning of all the rest, something that nobody here understands.

R4 marks such elements (`isModifier`). What the readers understand they read: a status, an intent, `doNotPerform`, a patient who died or
whose record was replaced. Of any other, and of one that could not be read, follows that the resource is not understood.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from msgspec import Struct
from msgspec.inspect import ListType, StructType, Type, UnionType, VarTupleType
from msgspec.structs import replace

from cds_service.fhir.decoding import repair, twice
from cds_service.fhir.decoding.decode import DecodedResource

EXTENSION, RULES = "modifierExtension", "implicitRules"
"""What any resource may have, an element of it too; there is none that we know."""
_EXTENSION, _RULES = EXTENSION.encode(), RULES.encode()
_VALUELESS = b'"_'
"""With what the name of an element begins that says something of a value, such as why there is none."""
ASSERTING = frozenset(
    (
        "active",
        "clinicalStatus",
        "deceasedBoolean",
        "deceasedDateTime",
        "doNotPerform",
        "link",
        "notDone",
        "notGiven",
        "notPerformed",
        "taken",
        "verificationStatus",
        "wasNotGiven",
        "wasNotTaken",
    )
)
"""The modifier elements without which a resource asserts something: one that could not be read may not count as absent. Without a
`status` readers assert less, and say so."""
_DEEPEST = 40
_LONGEST_ADDRESS = 100


def marked(item: DecodedResource) -> DecodedResource:
    """The resource, with what changes its meaning and is not understood, in words; nearly always the resource itself.

    An extension counts where it stands in what readers read: on the resource, or on an element of it.
    """
    modifier = _unknown(item)
    return replace(item, modifier=modifier) if modifier else item


def _unknown(item: DecodedResource) -> str:
    raw = bytes(item.part.raw)
    if _EXTENSION in raw or _RULES in raw or _VALUELESS in raw:
        value = twice.read(raw) or {}
        for words in _within(value, type(item.resource), 0):
            return words
        for name in sorted(ASSERTING):
            if value.get(f"_{name}") and value.get(name) is None:
                return f"its {name} has no value"
    for path in item.dropped:
        name = path.partition(".")[0].partition("[")[0]
        if name in ASSERTING:
            return f"its {name} could not be read"
    return ""


def _within(value: object, shape: type[Struct], depth: int) -> Iterator[str]:
    """The extensions and rules of a JSON object of a shape, and of the elements of it that the shape has."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    extensions = value.get(EXTENSION)
    for extension in extensions if isinstance(extensions, list) else [extensions] if extensions else ():
        yield f"it has the modifier extension {_address(extension)}"
    if value.get(RULES):
        yield "it follows implicit rules"
    for name, inner in parts(shape).items():
        held = value.get(name)
        for item in held if isinstance(held, list) else [held]:
            yield from _within(item, inner, depth + 1)


def _address(extension: object) -> str:
    address = extension.get("url") if isinstance(extension, dict) else None
    return address[:_LONGEST_ADDRESS] if isinstance(address, str) and address else "without an address"


@cache
def parts(shape: type[Struct]) -> Mapping[str, type[Struct]]:
    """The elements of a shape that have a shape of their own, by their names in JSON."""
    fields = ((field.encode_name, _shape(field.type)) for field in repair.fields(shape))
    return {name: inner for name, inner in fields if inner}


def _shape(kind: Type) -> type[Struct] | None:
    match kind:
        case StructType():
            return kind.cls
        case ListType() | VarTupleType():
            return _shape(kind.item_type)
        case UnionType():
            return next(filter(None, map(_shape, kind.types)), None)
    return None
