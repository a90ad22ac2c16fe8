"""The antibiotic that is usual before the puncture, and what is left of its alternatives for this patient's allergies."""

from msgspec import Struct

from cds_service.chart import Allergy, Chart, Reading, Severity, ValueSets
from cds_service.facts.bleeding.renal import current
from cds_service.facts.safety.allergies import allergies, evidence
from cds_service.facts.shared.labs import at_least
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge, Parameter

_NUMBERS = "shared/prophylaxis"
_BETA_LACTAM = ValueSets.ALLERGY_BETA_LACTAM
_ALTERNATIVES = ("clindamycin", "vancomycin")


class Prophylaxis(Struct, frozen=True):
    """The usual dose of cefazolin, and the doses of the alternatives to which no allergy is on record, by name.

    `allergy` is the one to a beta-lactam, the severe one of several, None if none is on record.
    """

    usual: Parameter
    alternatives: dict[str, Parameter]
    allergy: Allergy | None
    evidence: tuple[Evidence, ...]

    @property
    def allergy_is_severe(self) -> bool:
        """Whether the allergy to beta-lactams is recorded as severe."""
        return self.allergy is not None and self.allergy.severity is Severity.SEVERE


def prophylaxis(chart: Chart, know: Knowledge) -> Reading[Prophylaxis]:
    """What is usual for this patient, and the gaps in the allergies. Source: SIR antibiotic guideline, 2010 and 2018."""
    known, gaps = allergies(chart, _BETA_LACTAM, *(ValueSets(f"allergy-{name}") for name in _ALTERNATIVES))
    to_beta_lactam = [item for item in known if _BETA_LACTAM in item.concept.sets]
    barred = {name for item in known for name in item.concept.sets}
    weights = current(chart, ValueSets.BODY_WEIGHT, know.parameter("shared/renal.weight_window"), chart.as_of).values
    is_heavy = any(at_least(item, know.parameter(f"{_NUMBERS}.heavy").value) for item in weights)
    found = Prophylaxis(
        usual=know.parameter(f"{_NUMBERS}.cefazolin{'_heavy' if is_heavy else ''}"),
        alternatives={
            name: know.parameter(f"{_NUMBERS}.{name}") for name in _ALTERNATIVES if f"allergy-{name}" not in barred
        },
        allergy=max(to_beta_lactam, key=lambda item: item.severity, default=None),
        evidence=(*map(evidence, known), *(item.evidence for item in weights)),
    )
    return Reading((found,), gaps)
