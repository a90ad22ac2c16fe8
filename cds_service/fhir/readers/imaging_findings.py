"""Reads what images showed: coded findings first, then plain labels, then the sentences of a report."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from cds_service.chart import (
    Basis,
    ImagingFinding,
    Level,
    Modality,
    ResultStatus,
    Source,
)
from cds_service.fhir import dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import terms_of
from cds_service.fhir.decoding.decode import DecodedResource
from cds_service.fhir.decoding.references import Directory
from cds_service.fhir.readers import report_texts
from cds_service.fhir.readers.coded_conclusions import stated_by
from cds_service.fhir.readers.imaging_studies import (
    Examination,
    Examinations,
    Region,
    examination,
    joined,
    modality,
    region,
)
from cds_service.report_text.legibility import legibility
from cds_service.report_text.levels import read_levels
from cds_service.report_text.reader import Statement, Unread, read_report

_WITHDRAWN = frozenset(("entered-in-error", "cancelled"))
_FINAL = frozenset(("final", "amended", "corrected", "appended"))
_NO_LEVELS: frozenset[Level] = frozenset()
_OF_SPINE = re.compile(r"\bspin(?:e|al)\b|vertebr|\bmarrow\b|end-?plate|dis[ck]itis|spondyl", re.IGNORECASE)


def findings_of_report(
    resource: resources.DiagnosticReport, source: Source, studies: Examinations, context: Context
) -> tuple[ImagingFinding, ...]:
    """All findings of an imaging report: by code (`conclusionCode`, coded or as a plain label), then by its sentences.

    A report of another part of the body, or one that never speaks of the spine, counts only where it names a vertebra. A cancelled or
    erroneous one gives nothing.
    """
    if (resource.status or "").strip().lower() in _WITHDRAWN or report_texts.is_no_imaging(resource):
        return ()
    shown = examination_of_report(resource, studies, context)
    texts = tuple(report_texts.of(resource))
    of_spine = shown.region is not Region.UNSTATED or any(_OF_SPINE.search(text) for text in texts)
    report = Findings(source, shown, resource.status)
    for term in (*resource.conclusionCode, *resource.codedDiagnosis):
        report.add(stated_by(term, context), Basis.CODE)
    for text in texts:
        report.add((said for said in read_report(text) if of_spine or said.levels), Basis.TEXT)
    return report.listed()


def examination_of_report(resource: resources.DiagnosticReport, studies: Examinations, context: Context) -> Examination:
    """How, where and when the reported pictures were taken: the study's word, else the report's own code and category."""
    study = joined((*resource.imagingStudy, *resource.study), studies) or Examination()
    named = [term for term in (resource.code,) if term]
    own = modality(named, context)
    if own is Modality.OTHER:
        own = modality(terms_of(resource.category), context)
    where = region((*named, *terms_of(resource.bodySite)), context)
    effective = dates.read(resource.effectiveDateTime, context.zone) or dates.period(
        resource.effectivePeriod, context.zone
    )
    return replace(
        study,
        modality=own if study.modality is Modality.OTHER else study.modality,
        region=where if study.region is Region.UNSTATED else study.region,
        when=study.when or effective or dates.read(resource.issued, context.zone),
    )


def examinations(items: Iterable[DecodedResource], context: Context) -> Directory[Examination]:
    """How pictures were taken, by what a reference may say: the study's id or address, and the observations that a report lists."""
    known: Directory[Examination] = Directory()
    reports = []
    for item in items:
        if isinstance(item.resource, resources.DiagnosticReport):
            reports.append((item.resource, item.part.full_url))
        elif isinstance(item.resource, resources.ImagingStudy):
            study = examination(item.resource, context)
            if study is not None:
                known.add(study, "ImagingStudy", item.resource.id, item.part.full_url)
    for report, full_url in reports:
        seen = examination_of_report(report, known.beside(full_url), context) if report.result else Examination()
        for result in report.result:
            known.refer(seen, result, "Observation", full_url)
    return known


def unread(resource: resources.Resource, studies: Examinations, context: Context) -> Unread | None:
    """Why an imaging report could not be read, or not whole; None if it was, or if it is of another part of the body than the spine.

    Of another part it is only if its words do not name the spine: a fracture or an infection is often found on a CT of the chest.
    """
    if not isinstance(resource, resources.DiagnosticReport) or (resource.status or "").strip().lower() in _WITHDRAWN:
        return None
    texts = tuple(report_texts.of(resource))
    why = report_texts.unread(resource, texts)
    if why is None or (texts and report_texts.is_no_imaging(resource)):
        return None
    shown = examination_of_report(resource, studies, context)
    if shown.region is Region.SPINE:
        return why
    named = shown.modality is not Modality.DXA and _name_spine(texts)
    return why if named or (shown.region is Region.UNSTATED and _may_show_spine(resource, shown)) else None


def _may_show_spine(resource: resources.DiagnosticReport, shown: Examination) -> bool:
    """Whether a report that names no part of the body is of an image that may show the spine."""
    if shown.modality is not Modality.OTHER:
        return shown.modality is not Modality.DXA
    return report_texts.is_imaging(resource)


def _name_spine(texts: Iterable[str]) -> bool:
    return any(_OF_SPINE.search(text) or legibility().names_spine(text) or read_levels(text) for text in texts)


class Findings:
    """Collects the findings of one resource, each statement once."""

    def __init__(self, source: Source, shown: Examination, status: str | None) -> None:
        final = (status or "").strip().lower() in _FINAL
        self._status = ResultStatus.FINAL if final else ResultStatus.PRELIMINARY
        self._source = source if final else replace(source, notes=(*source.notes, "preliminary"))
        self._shown = shown
        self._found: dict[tuple[object, ...], ImagingFinding] = {}

    def add(self, statements: Iterable[Statement], basis: Basis) -> None:
        """Add what was said; a statement without a level is about the study's level if that has only one."""
        alone = self._shown.levels if len(self._shown.levels) == 1 else _NO_LEVELS
        for said in statements:
            levels = said.levels or alone
            if self._shown.region is Region.ELSEWHERE and not levels:
                continue
            finding = ImagingFinding(
                source=self._source,
                sign=said.sign,
                assertion=said.assertion,
                modality=self._shown.modality,
                when=self._shown.when,
                levels=levels,
                percent=said.percent,
                basis=basis,
                sentence=said.sentence,
                status=self._status,
            )
            self._found.setdefault((said.sign, said.assertion, levels, said.percent), finding)

    def listed(self) -> tuple[ImagingFinding, ...]:
        """All that was added, in that order."""
        return tuple(self._found.values())
