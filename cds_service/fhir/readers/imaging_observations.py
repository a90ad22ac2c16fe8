"""Reads Observations that record what images showed: a coded finding or a plain label, with its value."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Assertion, Basis, ImagingFinding, ImagingSign, Level, Source, ValueSets
from cds_service.fhir import concepts, dates, numbers
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Component, Quantity, Term, terms_of
from cds_service.fhir.readers.coded_conclusions import stated_by
from cds_service.fhir.readers.imaging_findings import Findings
from cds_service.fhir.readers.imaging_studies import Examination, Region, modality, region
from cds_service.fhir.readers.observations import is_withheld
from cds_service.report_text.reader import Statement, read_report

_WITHDRAWN = frozenset(("entered-in-error", "cancelled"))
_OTHER_KINDS = frozenset(("laboratory", "vital-signs", "social-history", "survey", "activity", "therapy"))
_OF_BONE = re.compile(
    r"marrow|vertebr|\bstir\b|\btirm\b|tracer|uptake|end-?plate|height loss|retropuls|\bcleft|k(?:u|ü|ue)mmell|posterior wall",
    re.IGNORECASE,
)
_YES = re.compile(r"(?:yes|true|seen|identified|confirmed|evident|ja|oui|s[ií])", re.IGNORECASE)
_NO = re.compile(
    r"(?:no|none|nil|false|not (?:seen|identified|evident)|absent|excluded|ruled out|nein|non|kein\w*)", re.IGNORECASE
)
_UNSURE = re.compile(
    r"\b(?:possibl[ey]|probabl[ey]|equivocal|indeterminate|uncertain|suspected|questionable|cannot|borderline)\b|\?",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"(?:unknown|not (?:assessed|evaluated|applicable|known|stated|performed|available|reported)|n/?a|pending|see (?:report|text)|-+|\.+)?",
    re.IGNORECASE,
)
_PERCENT = frozenset(("%", "percent", "per cent", "pct"))
_MEASURED = (ImagingSign.HEIGHT_LOSS, ImagingSign.CANAL_COMPROMISE)
_LONGEST_LABEL = 3  # words; a longer string is a sentence, which proves less than an answer does


class _Value(Struct, frozen=True):
    """What the value of an observation or component says of the sign that its label names."""

    assertion: Assertion | None = None
    percent: tuple[float, float] | None = None
    words: str = ""
    coded: Term | None = None


def findings_of_observation(
    resource: resources.Observation, source: Source, shown: Examination | None, context: Context
) -> tuple[ImagingFinding, ...]:
    """The findings of an imaging Observation and its components; none if it is about something else.

    `shown` is the study or report that it belongs to, if any. A label without any value, or with one that is withheld, is an uncertain
    finding.
    """
    if (resource.status or "").strip().lower() in _WITHDRAWN or resource.code is None:
        return ()
    categories = terms_of(resource.category)
    if is_of_another_kind(categories):
        return ()
    parts = list(_parts(resource, context))
    if not parts:
        return ()
    sites = [resource.code, *terms_of(resource.bodySite)]
    place = region(sites, context)
    is_imaging = shown is not None or "imaging" in [term.plain_code for term in categories]
    if not (is_imaging or place is Region.SPINE or any(_OF_BONE.search(text) for text in resource.code.texts)):
        return ()
    study = shown or Examination(modality=modality([term for term in (resource.method, *sites) if term], context))
    stated = dates.first(context.zone, resource.effectiveDateTime, resource.effectiveInstant)
    when = stated or dates.period(resource.effectivePeriod, context.zone)
    when = when or dates.timing(resource.effectiveTiming, context.zone)
    where = place if study.region is Region.UNSTATED or place is Region.SPINE else study.region
    when = study.when or when or dates.read(resource.issued, context.zone)
    found = Findings(source, replace(study, region=where, when=when), resource.status)
    levels = concepts.levels(resource.code, context, also=terms_of(resource.bodySite))
    for basis, statement in parts:
        found.add([replace(statement, levels=statement.levels or levels)], basis)
    return found.listed()


def is_of_another_kind(categories: Iterable[Term]) -> bool:
    """Whether the categories of an Observation say that it is a laboratory's, a vital sign or such, so no image's."""
    return not _OTHER_KINDS.isdisjoint([term.plain_code for term in categories])


def _parts(resource: resources.Observation, context: Context) -> Iterator[tuple[Basis, Statement]]:
    """The statements of an observation and its components. A component that names only a level speaks of the observation's sign."""
    whole = stated_by(resource.code, context) if resource.code else ()
    if not resource.component or _has_value(resource):
        yield from _statements(resource, whole, concepts.levels(resource.code, context), context)
    for part in resource.component:
        own = stated_by(part.code, context) if part.code else ()
        yield from _statements(part, own or whole, concepts.levels(part.code, context), context)


def _has_value(part: resources.Observation | Component) -> bool:
    given = (part.valueQuantity, part.valueInteger, part.valueBoolean, part.valueString, part.valueCodeableConcept)
    return any(value is not None for value in given)


def _statements(
    part: resources.Observation | Component, labelled: tuple[Statement, ...], levels: frozenset[Level], context: Context
) -> Iterator[tuple[Basis, Statement]]:
    value = _value(part, context)
    if not labelled:  # the value itself is the finding
        sentence = len(value.words.split()) > _LONGEST_LABEL and value.coded is None
        said: Iterable[Statement] = stated_by(value.coded, context) if value.coded else read_report(value.words)
        yield from ((Basis.TEXT if sentence else Basis.CODE, item) for item in said)
        return
    special = [item for item in labelled if item.sign is not ImagingSign.FRACTURE]
    for item in special or labelled:
        judged = _judged(item, value)
        if judged is not None:
            yield Basis.CODE, replace(judged, levels=judged.levels or levels)


def _judged(label: Statement, value: _Value) -> Statement | None:
    """The label's statement as its value has it; None where the value says nothing, or denies a denial."""
    read = next((item for item in read_report(f"{label.sentence}: {value.words}") if item.sign is label.sign), None)
    percent = value.percent if label.sign in _MEASURED else None
    levels = label.levels or (read.levels if read and value.words else frozenset[Level]())
    assertion = value.assertion
    if assertion is None and value.words and read:
        assertion, percent = read.assertion, percent or read.percent
    if assertion is None or (value.percent and not percent):
        return None
    if label.assertion is not Assertion.PRESENT:
        if assertion is not Assertion.PRESENT:
            return None
        assertion = label.assertion
    shown = f"{label.sentence}: {value.words}" if value.words else label.sentence
    return Statement(label.sign, assertion, levels, percent, shown)


def _value(part: resources.Observation | Component, context: Context) -> _Value:
    if part.valueBoolean is not None:
        return _stated("yes" if part.valueBoolean else "no", context)
    if part.valueQuantity is not None and part.valueQuantity.value is not None:
        return _measured(part.valueQuantity)
    coded = part.valueCodeableConcept
    words = next((text for text in (part.valueString, *(coded.texts if coded else ())) if text), "")
    if words.strip():
        return replace(_stated(words.strip(), context), coded=coded)
    for term in terms_of(part.interpretation):
        if term.plain_code in ("pos", "neg"):
            return _stated("present" if term.plain_code == "pos" else "absent", context)
    if is_withheld(part.dataAbsentReason):
        return _Value(Assertion.UNCERTAIN)
    given = (part.dataAbsentReason, part.valueInteger, part.valueString, coded)  # a quantity without a number is none
    return _Value(Assertion.UNCERTAIN) if all(item is None for item in given) else _Value()


def _measured(given: Quantity) -> _Value:
    """A height loss or narrowing in per cent; a number in any other unit cannot be compared, so nobody can tell what was found."""
    unit = (given.code or given.unit or "").strip().lower()
    number = given.value
    if number is None or unit not in _PERCENT or not 0 <= number <= 100:
        return _Value(Assertion.UNCERTAIN)
    comparator = (given.comparator or "").strip()
    low, high = (0.0 if "<" in comparator else number), (100.0 if ">" in comparator else number)
    return _Value(Assertion.PRESENT if high > 0 else Assertion.ABSENT, (low, high), f"{comparator}{number:g} %")


def _stated(words: str, context: Context) -> _Value:
    if _NOTHING.fullmatch(words):
        return _Value()
    number = numbers.read(words)
    if number and (number.unit.lower() in _PERCENT or not number.unit):
        return _measured(Quantity(number.value, number.comparator, number.unit and "%"))
    if _UNSURE.search(words):
        return _Value(Assertion.UNCERTAIN, words=words)
    if len(words.split()) <= _LONGEST_LABEL:
        sets = context.know.index.of_text(words)
        if _NO.fullmatch(words) or ValueSets.RESULT_NEGATIVE in sets:
            return _Value(Assertion.ABSENT, words=words)
        if _YES.fullmatch(words) or ValueSets.RESULT_POSITIVE in sets:
            return _Value(Assertion.PRESENT, words=words)
    return _Value(words=words)
