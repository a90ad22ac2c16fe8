"""Where the chart leaves open which antithrombotics the patient takes, or contradicts itself."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reading, Reason, Section, State, Unknown, UseStatus, ValueSets
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.facts.bleeding.liver import liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.knowledge import Knowledge
from cds_service.knowledge.holds import ANTICOAGULANTS, ANTIPLATELETS

_ANTICOAGULANT = "anticoagulant"


def unidentified(chart: Chart) -> Iterator[Unknown]:
    """One gap for each active drug that nothing identifies, with its name."""
    for name, use in {use.name: use for use in chart.unidentified_drugs()}.items():
        section = next((key for key, kind in RESOURCE_TYPE.items() if kind == use.source.type), None)
        says = f"what {name!r} is: no code or name identifies this active drug"
        yield Unknown(says, Missing(section or Section.MEDICATION_REQUESTS, Reason.UNREADABLE, says))


def unlisted(chart: Chart, know: Knowledge) -> Iterator[Unknown]:
    """Where the chart says anticoagulated, but a whole drug list has no such drug: a status code, or an INR without another reason."""
    classes = {use.drug_class for use in chart.drugs if use.status is not UseStatus.NOT_TAKEN}
    statuses = (
        (ValueSets.ANTICOAGULANT_STATUS, _ANTICOAGULANT, ANTICOAGULANTS),
        (ValueSets.ANTIPLATELET_STATUS, "platelet inhibitor", ANTIPLATELETS),
    )
    for value_set, drug, drugs in statuses:
        if classes.isdisjoint(drugs):
            problems, gaps = chart.conditions_in(value_set)
            for problem in problems:
                if problem.state is State.ACTIVE:
                    yield _contradiction(drug, problem.concept.text)
            if gaps:
                yield from gaps
                return
    if classes.isdisjoint(ANTICOAGULANTS):
        raised, gaps = _unexplained_inr(chart, know)
        for inr in raised:
            yield _contradiction(_ANTICOAGULANT, f"INR {inr}")
        yield from gaps


def _contradiction(drug: str, shown: str) -> Unknown:
    what = f"name of the {drug} (none listed in spite of {shown})"
    return Unknown(what, Missing(Section.MEDICATION_STATEMENTS, Reason.NOT_MEASURED))


def _unexplained_inr(chart: Chart, know: Knowledge) -> Reading[Lab]:
    """A recent raised INR that liver disease does not explain."""
    found, gaps = labs.latest(chart, ValueSets.INR, "INR")
    for inr in found:
        raised = labs.above(inr, know.parameter("shared/coagulation.inr_unexplained").value) is not False
        if inr.gaps and not raised:
            return Reading((), (Unknown("INR", *inr.gaps),))
        liver = liver_disease(chart)
        if (
            not raised
            or liver.values
            or not labs.within(inr, chart.as_of, know.parameter("shared/coagulation.lab_window"))
        ):
            return Reading()
        return Reading((), liver.gaps) if liver.gaps else Reading((inr,))
    return Reading((), tuple(gap for gap in gaps if not gap.never_measured))
