"""Drugs that add a little to bleeding: NSAIDs, SSRIs, SNRIs, cilostazol, pentosan."""

from collections.abc import Iterator

from cds_service.chart import Chart, DrugUse, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.shared.drugs import taken
from cds_service.facts.shared.fitting import begun
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings import Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge, Parameter

_NSAID, _ANTIDEPRESSANT = "nsaid", "serotonergic-antidepressant"
_CLASSES = (_NSAID, _ANTIDEPRESSANT, "minor-bleeding-agent")
_NO_EFFECT_ON_PLATELETS = frozenset(("celecoxib", "etoricoxib", "parecoxib"))
_INFUSED = frozenset(("epoprostenol", "iloprost", "treprostinil"))
_PROSTACYCLINS = _INFUSED | {"beraprost", "selexipag"}
_NO_INTERVAL = "no interval in SIR 2019"
_AGREE = "Agree the plan for {name} with the prescriber"
_CONTINUES = "Plan the procedure with the infusion running: it must not be interrupted"


@rule(
    title="Drugs with a minor effect on bleeding",
    kind=Kind.INFORMATION,
    card=Topic.ANTITHROMBOTICS,
    needs=DRUG_SECTIONS,
    judges="drugs that add to bleeding",
    settle="Ask about painkillers and antidepressants",
)
def minor_bleeding_agents(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an NSAID, an SSRI or SNRI, cilostazol, pentosan, a prostacyclin, anagrelide or a similar drug is taken, and what guidelines
    say of it. A drug for which no guideline seen gives an interval is a caution: prostacyclins, selexipag, anagrelide.

    ## Why it matters
    Alone they matter little and SIR 2019 asks for no interval. ASRA 2018 names some. Antidepressants are not ended abruptly. An
    infusion of a prostacyclin must not be interrupted for the procedure: pulmonary hypertension can rebound.

    ## When it stays silent
    When none is taken, or it acts only locally, as an inhaled prostacyclin does.
    """
    drugs, gaps = taken(chart, "whether a drug with a minor effect on bleeding is taken", *_CLASSES)
    for use in drugs:
        interval = _interval(use, know)
        name = know.drugs.ingredients[use.ingredient].name
        untabulated = interval is None and use.drug_class != _NSAID
        yield Finding(
            says=f"{begun(name)}{_unknown_interval(use) if untabulated else _known_interval(use, interval)}",
            short=shortened(name, f", {'running' if _is_infused(use) else 'taken'}"),
            evidence=(Evidence(use.source, "medication", use.stated, use.name),),
            uses=(interval,) if interval else (),
            cites=_sources(use, untabulated),
            effect=Kind.RELATIVE if untabulated else None,
            basis=use.basis,
            headline=f"{begun(name)} {'runs, must not be interrupted' if _is_infused(use) else 'is taken'}; {_NO_INTERVAL}"
            if untabulated
            else "",
            explains=_explained(use, interval, untabulated),
            steps=_steps(use, name, untabulated),
        )
    yield from gaps


def _interval(use: DrugUse, know: Knowledge) -> Parameter | None:
    """The interval of the drug itself, else that of antidepressants; None for others, such as an NSAID that is not listed."""
    parameters = know.rules["minor_bleeding_agents"].parameters
    return parameters.get(use.ingredient) or (
        parameters["antidepressant"] if use.drug_class == _ANTIDEPRESSANT else None
    )


def _known_interval(use: DrugUse, interval: Parameter | None) -> str:
    """What follows the name of a drug of which guidelines say something."""
    if use.ingredient in _NO_EFFECT_ON_PLATELETS:
        return ", taken; selective for COX-2, no effect on platelets"
    if use.drug_class == _ANTIDEPRESSANT:
        return ", taken; not routinely interrupted"
    return f", taken; no interval (SIR 2019), or {interval.text if interval else 'five half-lives'} (ASRA 2018)"


def _unknown_interval(use: DrugUse) -> str:
    """What follows the name of a drug without an interval."""
    if _is_infused(use):
        return f" infusion, running, must not be interrupted; can inhibit platelets, {_NO_INTERVAL}"
    if use.ingredient in _PROSTACYCLINS:
        return f", taken{', route not stated' if _may_be_infused(use) else ''}; can inhibit platelets, {_NO_INTERVAL}"
    return f", taken; lowers the platelet count, {_NO_INTERVAL}"


def _explained(use: DrugUse, interval: Parameter | None, untabulated: bool) -> str:
    if untabulated:
        rebound = "An infusion must not be interrupted for this procedure: pulmonary hypertension can rebound. "
        prostacyclin = rebound if _is_infused(use) or _may_be_infused(use) else ""
        return f"{prostacyclin}No guideline seen gives an interval."
    if use.drug_class == _ANTIDEPRESSANT and interval:
        return (
            "Antidepressants are not ended abruptly. With other bleeding risks ASRA 2018 considers a gradual change"
            f" {interval.text} before."
        )
    return ""


def _steps(use: DrugUse, name: str, untabulated: bool) -> tuple[str, ...]:
    if use.ingredient in _NO_EFFECT_ON_PLATELETS or use.drug_class == _ANTIDEPRESSANT:
        return ()
    agree = _AGREE.format(name=name)
    if not untabulated:
        return (agree,)
    if _is_infused(use):
        return _CONTINUES, agree
    return (
        (f"Check how {name} is given: an infusion must not be interrupted", agree) if _may_be_infused(use) else (agree,)
    )


def _may_be_infused(use: DrugUse) -> bool:
    return use.ingredient in _INFUSED and not use.dosage.route


def _is_infused(use: DrugUse) -> bool:
    """Epoprostenol comes as nothing else; iloprost and treprostinil are inhaled or swallowed as well."""
    by_route = use.ingredient in _INFUSED and use.dosage.route in ("intravenous", "subcutaneous")
    return by_route or use.ingredient == "epoprostenol"


def _sources(use: DrugUse, untabulated: bool) -> tuple[str, ...]:
    if not untabulated:
        return "sir-2019", "asra-2018"
    return ("sir-2019", "treprostinil-label") if use.ingredient in _PROSTACYCLINS else ("sir-2019",)
