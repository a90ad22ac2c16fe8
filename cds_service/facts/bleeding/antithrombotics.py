"""Where the chart leaves open which antithrombotics the patient takes, or contradicts itself."""

from collections.abc import Iterator

from cds_service.chart import Chart, DrugUse, Missing, Reading, Reason, Section, State, Unknown, UseStatus, ValueSets
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.facts.bleeding.liver import liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.recency import lately
from cds_service.knowledge import Knowledge
from cds_service.knowledge.holds import ANTICOAGULANTS, ANTIPLATELETS

_ANTICOAGULANT = "anticoagulant"
_ENDED = "what {name!r} was: what should name this drug did not come, and it may have ended only lately"
_ACTIVE = "what {name!r} is: no code or name identifies this active drug"


def unidentified(chart: Chart, know: Knowledge) -> Iterator[Unknown]:
    """One gap for each drug that nothing identifies, with its name: it is active, or its name did not come and it ended only lately."""
    uses = [use for use in chart.unidentified_drugs() if not use.status.ends_exposure or _may_act(use, chart, know)]
    for name, use in {use.name: use for use in sorted(uses, key=_has_ended)}.items():
        section = next((key for key, kind in RESOURCE_TYPE.items() if kind == use.source.type), None)
        says = (_ENDED if use.status.ends_exposure else _ACTIVE).format(name=name)
        yield Unknown(says, Missing(section or Section.MEDICATION_REQUESTS, Reason.UNREADABLE, says))


def _may_act(use: DrugUse, chart: Chart, know: Knowledge) -> bool:
    """Whether an ended drug was taken so lately, or so undatedly, that it may matter which it was."""
    known_at = use.end or use.last_dose or use.stated or use.start
    return known_at is None or lately(known_at, chart, know.parameter("shared/antithrombotics.forgotten"))


def _has_ended(use: DrugUse) -> bool:
    return use.status.ends_exposure


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
