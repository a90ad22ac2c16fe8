"""What a chart holds about images: that a study was done, and what was seen at which level."""

from enum import StrEnum

from msgspec import Struct

from cds_service.chart.entries import Basis, ResultStatus, Source
from cds_service.chart.levels import Level
from cds_service.chart.time import When


class Modality(StrEnum):
    """How an image was made, as far as it matters to dating a fracture."""

    MRI = "MRI"
    CT = "CT"
    NUCLEAR = "bone scan or SPECT"
    RADIOGRAPH = "radiograph"
    DXA = "DXA"
    OTHER = "imaging"

    @property
    def can_date_a_fracture(self) -> bool:
        """Whether the modality can show that a fracture is active (MRI, bone scan, SPECT)."""
        return self in (Modality.MRI, Modality.NUCLEAR)


class ImagingStudy(Struct, frozen=True):
    """That a study of the spine was done; it says nothing about what was seen."""

    source: Source
    modality: Modality
    when: When | None
    levels: frozenset[Level] = frozenset()
    fat_suppressed: bool = False


class ImagingSign(StrEnum):
    """What a report or an imaging observation can say about a vertebra."""

    OEDEMA = "oedema"
    UPTAKE = "uptake"
    HEALING = "healing"
    CLEFT = "cleft"
    FRACTURE = "fracture"
    ACUTE_FRACTURE = "acute-fracture"
    INTACT = "intact"
    HEIGHT_LOSS = "height-loss"
    RETROPULSION = "retropulsion"
    CANAL_COMPROMISE = "canal-compromise"
    POSTERIOR_WALL = "posterior-wall"
    CORD_COMPRESSION = "cord-compression"
    INSTABILITY = "instability"
    SPINAL_INFECTION = "spinal-infection"
    MALIGNANCY = "malignancy"
    EPIDURAL_TUMOUR = "epidural-tumour"


class Assertion(StrEnum):
    """What is said of a sign."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    HISTORICAL = "historical"


class ImagingFinding(Struct, frozen=True):
    """A sign at some levels, from a coded observation or a sentence of a report; `percent` bounds a height loss or narrowing."""

    source: Source
    sign: ImagingSign
    assertion: Assertion
    modality: Modality
    when: When | None
    levels: frozenset[Level] = frozenset()
    percent: tuple[float, float] | None = None
    basis: Basis = Basis.CODE
    sentence: str = ""
    status: ResultStatus = ResultStatus.FINAL
