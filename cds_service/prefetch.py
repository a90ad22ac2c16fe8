"""What discovery asks the EHR to send, and what we ask for ourselves: derived from the rules' needs and the codes they read."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import quote

from cds_service.chart import Section
from cds_service.chart.sections import MEASURES, MEDICATION_LISTS, RESOURCE_TYPE
from cds_service.findings import Rule
from cds_service.knowledge import Knowledge, load

_PATIENT = "{{context.patientId}}"
_LOINC = "http://loinc.org"
_SIGNS = re.compile(r"[\\$,|]")
"""What FHIR gives a meaning in the value of a search parameter."""
_QUERIES: dict[Section, str] = {
    Section.PATIENT: f"Patient/{_PATIENT}",
    Section.ENCOUNTER: "Encounter/{{context.encounterId}}",
    Section.CONDITIONS: f"Condition?patient={_PATIENT}",
    Section.MEDICATION_STATEMENTS: f"MedicationStatement?patient={_PATIENT}",
    Section.MEDICATION_REQUESTS: f"MedicationRequest?patient={_PATIENT}",
    Section.MEDICATION_ADMINISTRATIONS: f"MedicationAdministration?patient={_PATIENT}",
    Section.MEDICATION_DISPENSES: f"MedicationDispense?patient={_PATIENT}",
    Section.ALLERGIES: f"AllergyIntolerance?patient={_PATIENT}",
    Section.IMAGING_STUDIES: f"ImagingStudy?patient={_PATIENT}&_sort=-started",
    Section.IMAGING_REPORTS: f"DiagnosticReport?patient={_PATIENT}&_sort=-date",
    Section.IMAGING_FINDINGS: f"Observation?patient={_PATIENT}&category=imaging,exam&_sort=-date",
    Section.PROCEDURES: f"Procedure?patient={_PATIENT}&_sort=-date",
    Section.DEVICES: f"Device?patient={_PATIENT}",
    Section.SERVICE_REQUESTS: f"ServiceRequest?patient={_PATIENT}&_sort=-authored",
    Section.TASKS: f"Task?patient={_PATIENT}&_sort=-authored-on",
    Section.COVERAGE: f"Coverage?patient={_PATIENT}",
}
_ALWAYS = (Section.PATIENT, Section.CONDITIONS, Section.PROCEDURES, Section.SERVICE_REQUESTS, Section.TASKS)
"""Who it is about and what was found, done or ordered already: read beside the rules to see whether there is anything to say."""
_COUNT = 200
"""Entries on a page: servers send as few as ten if not asked for more, and many EHRs prefetch the first page only."""
_FEWER = {Section.IMAGING_REPORTS: 50}  # each may hold a whole document


@lru_cache(maxsize=256)
def sections(rules: tuple[Rule, ...], lists: tuple[Section, ...] = MEDICATION_LISTS) -> tuple[Section, ...]:
    """The sections that the rules need, in the order in which sections are declared; of the medication lists, those that are kept."""
    needed = {section for rule in rules for section in rule.needs} | set(_ALWAYS)
    needed -= set(MEDICATION_LISTS).difference(lists)
    return tuple(section for section in Section if section in needed)


@lru_cache(maxsize=256)
def templates(
    rules: tuple[Rule, ...], know: Knowledge, lists: tuple[Section, ...] = MEDICATION_LISTS
) -> Mapping[Section, str]:
    """The template of each prefetch key. Only legal tokens, each parameter once, the newest first (R-TOK-02, R-QRY-01, R-QRY-03).

    `lists` are the medication lists that the site keeps: no other is asked for.
    """
    return MappingProxyType({section: _template(section, know) for section in sections(rules, lists)})


def counts(asked: Mapping[Section, str]) -> dict[Section, int]:
    """The page size that each search asks for: a list exactly that long may have been cut."""
    return {section: _FEWER.get(section, _COUNT) for section, template in asked.items() if "?" in template}


def searches(asked: Mapping[Section, str]) -> dict[Section, str]:
    """What we ask a FHIR server ourselves: the same, with the drugs that orders only refer to.

    Prefetch templates must do without `_include`, which clients need not know (R-QRY-02).
    """
    return {
        section: f"{template}&_include={RESOURCE_TYPE[section]}:medication"
        if RESOURCE_TYPE[section].startswith("Medication")
        else template
        for section, template in asked.items()
    }


def scopes(asked: Mapping[Section, str]) -> tuple[str, ...]:
    """The SMART scopes, version 2, that suffice for our own searches: `r` for what is read by its id, `rs` for what is searched."""
    may: dict[str, str] = {}
    for query in searches(asked).values():
        resource_type = query.partition("?")[0].partition("/")[0]
        may[resource_type] = "rs" if "?" in query or may.get(resource_type) == "rs" else "r"
        if "_include=" in query:
            may.setdefault("Medication", "r")
    return tuple(f"patient/{resource_type}.{permission}" for resource_type, permission in may.items())


def _template(section: Section, know: Knowledge) -> str:
    query = _QUERIES.get(section) or _by_code(section, know)
    return f"{query}&_count={_FEWER.get(section, _COUNT)}" if "?" in query else query


def _by_code(section: Section, know: Knowledge) -> str:
    """Observations by the codes of the section's measures, the site's own among them: the client need not send all the others."""
    systems = know.index.systems.keys
    coded: dict[str, set[str]] = {_LOINC: set()}
    for measure in MEASURES[section]:
        for system, codes in know.index.value_sets[measure].codes.items():
            for address in _addresses(system, systems):
                coded.setdefault(address, set()).update(codes)
    tokens = (f"{_token(address)}|{_token(code)}" for address, codes in coded.items() for code in sorted(codes))
    return f"Observation?patient={_PATIENT}&code={','.join(tokens)}&_sort=-date"


def _addresses(system: str, keys: Mapping[str, str]) -> tuple[str, ...]:
    """What a server may call a code system: its first address, and those that the site gives it."""
    usual = load().index.systems.keys
    own = [address for address, key in keys.items() if key == system]
    return (*own[:1], *(address for address in own[1:] if address not in usual))


def _token(part: str) -> str:
    """A part of a search token: FHIR's signs escaped as FHIR asks, the others as an address does."""
    return quote(_SIGNS.sub(r"\\\g<0>", part), safe="/:")
