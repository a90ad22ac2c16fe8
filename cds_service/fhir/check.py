"""Checks a resource against the FHIR R4B models, and says which elements do not fit, never what they hold."""

from collections.abc import Mapping
from typing import Any


def faults(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The elements of a resource that R4B refuses, such as `Task.intent: missing`; empty if it is valid. Never raises.

    The models are loaded at the first call: a service that checks nothing starts without them.
    """
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    kind = str(resource.get("resourceType"))
    try:
        model = get_fhir_model_class(kind)
    except (ImportError, ValueError):
        return ("resourceType: none of R4B",)
    try:
        model.model_validate(resource)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(f"{kind}.{'.'.join(map(str, detail['loc']))}: {detail['type']}" for detail in details)
    except (TypeError, ValueError, RecursionError) as error:
        return (f"{kind}: {type(error).__name__}",)
    return ()
