"""How a drug is taken, as people say it: `5 mg twice daily`."""

from cds_service.chart import Dosage
from cds_service.facts.bleeding.drug_courses import DrugCourse

_OFTEN: dict[float, str] = {
    6: "four times daily",
    8: "three times daily",
    12: "twice daily",
    24: "once daily",
    168: "once weekly",
}
_UNITS = {"[iU]": "IU", "[IU]": "IU", "ug": "micrograms"}


def dosage(drug: DrugCourse) -> str:
    """The dose and how often, if all that tells of the drug agrees; else nothing."""
    stated = {_stated(use.dosage) for use in drug.uses} - {""}
    return stated.pop() if len(stated) == 1 else ""


def _stated(dosage: Dosage) -> str:
    often = _OFTEN.get(dosage.interval_hours or 0, "")
    how = "as needed" if dosage.as_needed else often
    amount = f"{dosage.amount:g} {_UNITS.get(dosage.unit, dosage.unit)}" if dosage.amount else ""
    return f"{amount} {how}".strip() if how else ""
