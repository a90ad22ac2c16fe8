"""The outermost JSON of a hook call: its members, and how each prefetch key was answered."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from cds_service.chart import Section
from cds_service.errors import RequestError
from cds_service.fhir.decoding.bundle import Answered, Bundle, OperationOutcome, open_answer, opened

# A member that is not of the type that the specification names is read as it is and judged on its own.
_Scalar = str | float | bool | None


class Envelope(Struct, gc=False, rename="camel"):
    """The members of a call, each still to be judged."""

    hook: dict[str, Raw] | list[Raw] | _Scalar = None
    hook_instance: dict[str, Raw] | list[Raw] | _Scalar = None
    fhir_server: dict[str, Raw] | list[Raw] | _Scalar = None
    fhir_authorization: dict[str, Any] | list[Raw] | _Scalar = None
    context: dict[str, Raw] | list[Raw] | _Scalar = None
    prefetch: dict[str, Raw] | list[Raw] | _Scalar = None
    extension: dict[str, Raw] | list[Raw] | _Scalar = None


_SECTIONS = {section.value: section for section in Section}
_FIELDS = {section: section.name.lower() for section in Section}
_READ_BY_ID = (Section.PATIENT, Section.ENCOUNTER)
_Usual = msgspec.defstruct(
    "_Usual",
    [
        (name, Raw, Raw(b"")) if section in _READ_BY_ID else (name, Bundle | OperationOutcome | None | UnsetType, UNSET)
        for section, name in _FIELDS.items()
    ],
    rename={name: section.value for section, name in _FIELDS.items()},
    gc=False,
)
"""The prefetch as most clients send it, read in one go: Bundles, except for what is read by its id."""


class _UsualEnvelope(Envelope, gc=False, rename="camel"):
    prefetch: _Usual | None = None  # type: ignore[valid-type]


_ENVELOPE = msgspec.json.Decoder(Envelope)
_USUAL_ENVELOPE = msgspec.json.Decoder(_UsualEnvelope)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def refused(element: str, problem: str) -> RequestError:
    """The error for a member of the call that cannot be used as it was sent."""
    return RequestError(f"{element} {problem}", expression=element)


def read_envelope(body: bytes) -> Envelope:
    """The members of the call in `body`. Raises RequestError (400) for what is no JSON object."""
    text = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        return _USUAL_ENVELOPE.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass  # what is unusual about it is looked at part by part
    try:
        return _ENVELOPE.decode(text)
    except msgspec.ValidationError:
        object_ = text.lstrip().startswith(b"{")
        says = "The body holds a number out of range" if object_ else "The body is JSON, but not an object"
        raise RequestError(says, code="structure") from None
    except RecursionError:
        raise RequestError("The body is nested too deeply", code="structure") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The decoder's own text may quote the body.
        raise RequestError("The body is not JSON", code="structure") from None


def read_prefetch(value: object, counts: Mapping[Section, int]) -> dict[Section, Answered]:
    """The sections that were answered, of an envelope's `prefetch`; see `read_request`."""
    if value is None:
        return {}
    if isinstance(value, _Usual):
        return dict(_opened(value, counts))
    if not isinstance(value, dict):
        raise refused("prefetch", "is not an object")
    return {
        section: open_answer(raw, counts.get(section))
        for key, raw in value.items()
        if (section := _SECTIONS.get(key)) is not None
    }


def _opened(usual: object, counts: Mapping[Section, int]) -> Iterator[tuple[Section, Answered]]:
    for section, name in _FIELDS.items():
        sent = getattr(usual, name)
        if not isinstance(sent, Raw | UnsetType):
            yield section, opened(sent, counts.get(section))
        elif sent:
            yield section, open_answer(sent)
