"""The record may not be this patient's, or not the one to go by."""

from collections.abc import Iterator

from cds_service.chart import Chart, Patient, Section, Unknown, ValueSets
from cds_service.facts.safety.pregnancy import pregnancies
from cds_service.facts.shared import person
from cds_service.facts.shared.phrasing import recorded
from cds_service.findings import Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_DATED = (Section.CONDITIONS, Section.PROCEDURES)
"""The sections of events of which only the date may tell what they mean today."""
_FHIR = ("fhir-r4",)
_POLICY = ("site-policy",)


@rule(
    title="Record in doubt",
    judges="patient's record",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.PATIENT, *_DATED),
    steps=("Confirm that this is the right record of the right patient",),
    settle="Ask for the patient's record",
)
def record_in_doubt(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the record says that the patient has died, is marked as not in use, or was replaced by another record; whether something in
    it or in the order changes its meaning and is not understood; whether the date of birth is missing, still to come or longer ago
    than people live, or a pregnancy stands in the record of a man; and whether a date is masked or cannot be, on which depends what
    an infection, a fracture or another event means today.

    ## Why it matters
    Each of these often means a wrong or outdated record: what the other rules read may be about somebody else. FHIR marks these
    elements of a Patient as ones that may not be passed over.

    ## When it stays silent
    When the record is in use and its date of birth is possible; a year of birth alone will do. A death or an end that is still to
    come says nothing. A record that only refers to another one for the main data counts as information.
    """
    if chart.order.modifier:
        yield _order_not_understood(chart.order.modifier)
    if chart.intake.undated:
        yield _dates_not_understood(chart)
    yield from chart.gap_unless_whole("dates of earlier events", *_DATED)
    patient = chart.patient
    if patient is None:
        chart.require("patient's record", Section.PATIENT)
        yield _without_birth_date("No date of birth on record")
        return
    yield from _out_of_use(patient, chart)
    yield from _birth(patient, chart, know)
    if patient.sex == "male":
        yield from _pregnant(patient, chart, know)


def _order_not_understood(modifier: str) -> Finding:
    return Finding(
        says="Something that changes the meaning of the order was not understood",
        short="order not fully understood",
        cites=_FHIR,
        effect=Kind.INSUFFICIENT_DATA,
        explains=f"Of the order: {modifier}.",
        steps=("Confirm what is ordered",),
    )


def _dates_not_understood(chart: Chart) -> Finding:
    undated = chart.intake.undated
    is_grave = any(item.about is Section.CONDITIONS for item in undated)
    return Finding(
        says="A date on which the answer depends is masked or cannot be",
        short="a date not understood",
        cites=_FHIR,
        effect=Kind.INSUFFICIENT_DATA if is_grave else Kind.RELATIVE,
        explains=f"{'; '.join(dict.fromkeys(item.says for item in undated))}.",
        steps=("Look up the date in the record",),
    )


def _out_of_use(patient: Patient, chart: Chart) -> Iterator[Finding]:
    when = patient.died_on
    if patient.died and not (when and chart.is_ahead(when)):
        yield Finding(
            says=f"The record says that the patient died on {when}"
            if when
            else "The record says that the patient has died",
            short="recorded as deceased",
            evidence=(Evidence(patient.source, "deceased", when, str(when or "")),),
            cites=_FHIR,
            effect=Kind.ABSOLUTE,
        )
    if not patient.active:
        yield Finding(
            says="The patient's record is marked as not in use",
            short="record not in use",
            evidence=(Evidence(patient.source, "active", value="false"),),
            cites=_FHIR,
        )
    if patient.replaced_by:
        yield Finding(
            says="Another record of this patient has replaced this one",
            short="record replaced by another",
            evidence=(Evidence(patient.source, "link", value=patient.replaced_by),),
            cites=_FHIR,
            explains=f"The other record is {patient.replaced_by}. Use it instead of this one.",
        )
    if patient.main_record:
        yield Finding(
            says="Another record of this patient holds the main data",
            short="main data in another record",
            evidence=(Evidence(patient.source, "link", value=patient.main_record),),
            cites=_FHIR,
            effect=Kind.INFORMATION,
            explains=f"The other record is {patient.main_record}.",
            steps=("Look in the other record for what is missing here",),
        )
    if patient.modifier:
        yield Finding(
            says="Something that changes the meaning of the patient's record was not understood",
            short="record not fully understood",
            cites=_FHIR,
            explains=f"Of the record: {patient.modifier}. What it means for the other entries is not known here.",
        )


def _birth(patient: Patient, chart: Chart, know: Knowledge) -> Iterator[Finding]:
    if patient.born is None:
        yield _BIRTH_UNREAD if patient.birth_unread else _without_birth_date("No date of birth on record")
    elif chart.is_ahead(patient.born):
        yield Finding(
            says=f"The date of birth, {patient.born}, is still to come",
            short="date of birth still ahead",
            evidence=person.birth(chart),
            cites=_POLICY,
            steps=_COMPLETE,
        )
    else:
        (limit,) = know.parameters("record_in_doubt", "oldest")
        years = person.age(chart).one()
        if years.least > limit.value:
            yield Finding(
                says=f"Age {years} by the date of birth, more than {limit.value:g}",
                short=f"age {years}",
                headline=f"age {years} by the date of birth",
                evidence=person.birth(chart),
                uses=(limit,),
                steps=_COMPLETE,
            )


_COMPLETE = ("Confirm the date of birth",)


def _without_birth_date(says: str, effect: Kind | None = None) -> Finding:
    return Finding(
        says=says,
        short="no date of birth",
        cites=_POLICY,
        effect=effect,
        explains="Without it neither the age nor the creatinine clearance is known, and the record is harder to tell from another's.",
        steps=_COMPLETE,
    )


_BIRTH_UNREAD = _without_birth_date("The date of birth on record is masked or cannot be", Kind.INSUFFICIENT_DATA)


def _pregnant(patient: Patient, chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(ValueSets.PREGNANCY, ValueSets.PREGNANCY_ENDED)
    for problem in pregnancies(chart, know, problems):
        yield Finding(
            says="A pregnancy is on record, and the patient is recorded as male",
            short="pregnancy, recorded as male",
            evidence=(recorded(problem), Evidence(patient.source, "gender", value=patient.sex)),
            cites=_POLICY,
            basis=problem.concept.basis,
            certainty=problem.certainty,
            explains="One of the two belongs to another patient, or was entered wrongly.",
        )
        break
    yield from gaps
