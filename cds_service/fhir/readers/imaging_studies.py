"""Reads ImagingStudies of any FHIR version: what kind of picture, of which part of the body, and when."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from enum import StrEnum

from msgspec import Struct

from cds_service.chart import ImagingStudy, Level, Modality, Source, ValueSets, When
from cds_service.digest_cache import digest_cached
from cds_service.fhir import concepts, dates
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Reference, Term, terms_of
from cds_service.fhir.decoding.references import Neighbours
from cds_service.knowledge import Knowledge

_WITHDRAWN = frozenset(("entered-in-error", "cancelled"))
_MODALITIES = {
    ValueSets.MODALITY_MRI: Modality.MRI,
    ValueSets.MODALITY_NUCLEAR: Modality.NUCLEAR,
    ValueSets.MODALITY_CT: Modality.CT,
    ValueSets.MODALITY_RADIOGRAPH: Modality.RADIOGRAPH,
    ValueSets.MODALITY_DXA: Modality.DXA,
}
"""In the order of what a study proves: a SPECT-CT is both, and counts as SPECT."""
_SPINE = ValueSets.SPINE_REGION
VALUE_SETS = (*_MODALITIES, _SPINE)
"""By which a study is known for what it is."""
_BONE_SCAN = re.compile(r"\bbone\b|\bskelet|whole[ -]?body", re.IGNORECASE)
_FAT_SUPPRESSED = re.compile(
    r"\b(?:stir|tirm|spair|spir|fat[ -]?(?:sat|sup)\w*|fs|dixon[ -]*w\w*|ideal[ -]*w\w*|turbo inversion)\b",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(?:brain|head|skull|cranial|crane|neck|cervical|orbit\w*|face|facial|sinus\w*|jaw|chest|thorax|lung|rib|ribs|heart|cardiac"
    r"|breast|mamm\w+|abdom\w+|pelvi\w+|hip|femur|leg|knee|tibia|ankle|foot|feet|toe|shoulder|clavicle|humerus|arm|elbow|forearm"
    r"|wrist|hand|finger|thumb|liver|renal|kidney|prostate|uterus|thyroid|aort\w+|angiogra\w+|carotid|echocardiogra\w+|upper trunk"
    r"|thoracic structure|extremit\w+|limb)\b",
    re.IGNORECASE,
)


class Region(StrEnum):
    """What part of the body a study or report shows, as far as it matters to a vertebra."""

    SPINE = "spine"
    ELSEWHERE = "elsewhere"
    UNSTATED = "unstated"


class Examination(Struct, frozen=True):
    """How, where and when pictures were taken; what a study, a report's code or an observation's method says of it."""

    modality: Modality = Modality.OTHER
    region: Region = Region.UNSTATED
    when: When | None = None
    levels: frozenset[Level] = frozenset()
    fat_suppressed: bool = False


def examination(resource: resources.ImagingStudy, context: Context) -> Examination | None:
    """What an ImagingStudy is of, or None if it was cancelled or entered in error."""
    if (resource.status or "").strip().lower() in _WITHDRAWN:
        return None
    lines = (resource.description, *(item.description for item in resource.series))
    described = [Term(text=line.replace("_", " ")) for line in lines if line]
    kinds = [
        *terms_of(resource.modality),
        *resource.modalityList,
        *(item.modality for item in resource.series if item.modality),
    ]
    done = [
        *terms_of(resource.procedureCode),
        *terms_of(resource.procedure),
        *terms_of(resource.code),
    ]
    sites = [
        *terms_of(resource.bodySite),
        *(item.bodySite for item in resource.series if item.bodySite),
    ]
    return Examination(
        modality=modality((*kinds, *done, *described), context),
        region=region((*sites, *done, *described), context),
        when=dates.read(resource.started, context.zone),
        levels=concepts.levels(None, context, also=(*sites, *done, *described)),
        fat_suppressed=any(_FAT_SUPPRESSED.search(text) for text in _texts(described)),
    )


def study(resource: resources.ImagingStudy, source: Source, context: Context) -> ImagingStudy | None:
    """The entry of the chart for a study, or None if it was withdrawn or does not show the spine."""
    item = examination(resource, context)
    if item is None or item.region is not Region.SPINE:
        return None
    return ImagingStudy(source, item.modality, item.when, item.levels, item.fat_suppressed)


def modality(terms: Iterable[Term], context: Context) -> Modality:
    """The modality that proves most among those that codes name; where no code names one, among those that texts name."""
    return _modality(tuple(terms), context.know)


@digest_cached(4096)
def _modality(terms: tuple[Term, ...], know: Knowledge) -> Modality:
    coded = frozenset().union(*(_coded(term, know) for term in terms))
    written = frozenset().union(*(know.index.of_text(text) for text in _texts(terms)))
    for sets in (coded, written):
        for name, kind in _MODALITIES.items():
            if name in sets:
                return kind
    return Modality.OTHER


def region(terms: Iterable[Term], context: Context) -> Region:
    """Whether terms name the spine, some other part only, or none. A procedure's code of ours names the spine or the skeleton."""
    return _region(tuple(terms), context.know)


@digest_cached(4096)
def _region(terms: tuple[Term, ...], know: Knowledge) -> Region:
    texts = tuple(_texts(terms))
    sets = frozenset().union(*(_coded(term, know) for term in terms), *map(know.index.of_text, texts))
    if _SPINE in sets or any(_names_a_procedure(term, know) for term in terms):
        return Region.SPINE
    if any(level[0] != "C" for level in concepts.levels(None, Context(know, UTC), also=terms)):
        return Region.SPINE
    if ValueSets.MODALITY_NUCLEAR in sets and any(_BONE_SCAN.search(text) for text in texts):
        return Region.SPINE
    return Region.ELSEWHERE if any(_ELSEWHERE.search(text) for text in texts) else Region.UNSTATED


Examinations = Neighbours[Examination]
"""How pictures were taken, as the references of one resource lead to it: from a study, or from a report that lists an Observation."""


def joined(references: Iterable[Reference], known: Examinations) -> Examination | None:
    """The first examination that the references lead to, or None."""
    for reference in references:
        found = known.find(reference, "ImagingStudy")
        if found:
            return found
    return None


def _texts(terms: Iterable[Term]) -> Iterator[str]:
    return (text for term in terms for text in term.texts)


def _coded(term: Term, know: Knowledge) -> frozenset[str]:
    """The value sets of a term's codes. A modality's code is DICOM's, whatever address is given for it."""
    index = know.index
    return frozenset().union(*(index.of_code(index.system(address) or "dicom", code) for address, code in term.codes))


def _names_a_procedure(term: Term, know: Knowledge) -> bool:
    """Whether a code other than DICOM's is in a modality's list: but for DXA those lists hold the spine and the skeleton alone."""
    index = know.index
    return any(
        not (_MODALITIES.keys() - {ValueSets.MODALITY_DXA}).isdisjoint(index.of_code(system, code))
        for address, code in term.codes
        if (system := index.system(address)) not in ("", "dicom")
    )
