"""The chart of a patient whom the procedure suits, to which a case adds its one fact."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cds_service import cases
from cds_service.cases import PATIENT_ID, Case

_REQUEST = cases.FIXTURES / "requests" / "suitable-acute-fracture.json"


def _resources() -> Iterator[Mapping[str, Any]]:
    prefetch = json.loads(_REQUEST.read_text().replace("Patient/vera", f"Patient/{PATIENT_ID}"))["prefetch"]
    for answer in prefetch.values():
        for entry in answer.get("entry", ()) if answer else ():
            yield entry["resource"]


SUITABLE = tuple(_resources())


def added_to_a_suitable_chart(case: Case) -> Case:
    """The same case, with its resources beside those of a chart that meets all criteria."""
    return replace(case, resources=(*SUITABLE, *case.resources))
