"""What a clinician may do with one press: each proposal of a finding as a suggestion, until it has been taken."""

from collections.abc import Iterable, Iterator

from cds_service.cards import gaps, markdown, wording
from cds_service.cards.actions import drafts, plan, services
from cds_service.cards.inputs import CardInputs
from cds_service.cards.model import Action, Suggestion
from cds_service.chart import Level, RequestedService
from cds_service.findings import Proposal, Result, Results, Role, Status
from cds_service.findings.hold_plan import HoldPlan, all_kept_from
from cds_service.knowledge.orderables import Orderable

NEEDED_ROLES = (Role.HOLD, Role.INTERRUPTION_HAZARD)
"""The roles that some rule must fill before a time to move an order to may be named."""
_SERVICES = {
    Proposal.ORDER_INR: ("inr",),
    Proposal.ORDER_PLATELETS: ("platelets",),
    Proposal.ORDER_CREATININE: ("creatinine",),
    Proposal.ORDER_INFECTION_MARKERS: ("crp", "white-cells"),
    Proposal.ORDER_PREGNANCY_TEST: ("pregnancy-test",),
    Proposal.ORDER_BONE_SCAN: ("bone-scan",),
    Proposal.REFER_SPINE_SURGERY: ("spine-surgery",),
    Proposal.REFER_BONE_HEALTH: ("bone-health",),
    Proposal.REFER_HAEMATOLOGY: ("haematology",),
    Proposal.REFER_CARDIOLOGY: ("cardiology",),
    Proposal.AGREE_PLAN: ("antithrombotic-plan",),
}
_LUMBAR_MRI = frozenset(Level(f"L{number}") for number in range(1, 6))
_THORACIC_MRI = frozenset(Level(f"T{number}") for number in range(1, 12))


def of(material: CardInputs, results: Iterable[Result], *, about_order: bool) -> tuple[Suggestion, ...]:
    """The suggestions of one card: what its findings propose, then what the answer as a whole allows for the draft.

    A card with the hold of a drug offers to move the order; the one `about_order` as such, to remove it.
    """
    findings = [item.finding for item in results if item.finding]
    proposed = dict.fromkeys([proposal for finding in findings for proposal in finding.proposes])
    found = [_suggestion(material, proposal) for proposal in proposed]
    if any(isinstance(finding.values, HoldPlan) for finding in findings):
        found.append(_move(material))
    if about_order:
        found.append(_removal(material))
    return tuple(filter(None, found))


def is_all_under_way(material: CardInputs, result: Result) -> bool:
    """Whether nothing is left to order or ask for of what a finding proposes."""
    proposes = result.finding.proposes if result.finding else ()
    wanted = [item for proposal in proposes for item in _orderables(material, proposal)]
    return all(material.awaited(item) for item in wanted)


def under_way(material: CardInputs, result: Result) -> Iterator[str]:
    """What has been ordered, referred or asked for already of what a finding proposes."""
    for proposal in result.finding.proposes if result.finding else ():
        for orderable in _orderables(material, proposal):
            found = material.awaited(orderable)
            if found:
                yield _under_way(orderable, found)


def _under_way(orderable: Orderable, found: RequestedService) -> str:
    dated, drafted = {
        "referral": (wording.REFERRED, wording.REFERRAL_DRAFTED),
        "task": (wording.PLAN_REQUESTED, wording.PLAN_DRAFTED),
    }.get(orderable.category, (wording.ORDERED, wording.DRAFTED))
    says = drafted if found.drafted else dated.format(when=found.when or wording.UNDATED)
    return says if orderable.category in ("referral", "task") else f"{orderable.text} {says}"


def _orderables(material: CardInputs, proposal: Proposal) -> tuple[Orderable, ...]:
    names = (_mri(material.order.levels),) if proposal is Proposal.ORDER_MRI else _SERVICES.get(proposal, ())
    return tuple([material.know.orderables[name] for name in names])


def _mri(levels: frozenset[Level]) -> str:
    """The part of the spine to image; levels at its junction, or none stated, ask for the whole."""
    if levels and levels <= _LUMBAR_MRI:
        return "mri-lumbar"
    return "mri-thoracic" if levels and levels <= _THORACIC_MRI else "mri-spine"


def _suggestion(material: CardInputs, proposal: Proposal) -> Suggestion | None:
    """The suggestion of one proposal, for what of it is not under way yet; None if nothing is left."""
    asked = _orderables(material, proposal)
    open_ = [item for item in asked if not material.awaited(item)]
    if not open_:
        return None
    if proposal is Proposal.AGREE_PLAN:  # nothing is to be paused for a procedure that the chart speaks against
        return None if material.assessment.disposition.discourages else _plan(material, open_[0])
    label = (
        wording.ORDER_LABELS[proposal]
        if len(open_) == len(asked)
        else wording.ORDER_LABEL.format(text=markdown.lower_first(open_[0].text))
    )
    actions = tuple(services.order(material, item) for item in open_)
    # A test for a procedure that should hardly be done is offered, not recommended.
    is_referral = all(item.category == "referral" for item in open_)
    return Suggestion(
        proposal, label, actions, recommended=is_referral or not material.assessment.disposition.discourages
    )


def _holds(material: CardInputs) -> tuple[HoldPlan, ...]:
    found = [item.finding.values for item in material.results.met if item.finding]
    return tuple([value for value in found if isinstance(value, HoldPlan)])


def _plan(material: CardInputs, orderable: Orderable) -> Suggestion:
    holds = _holds(material)
    drugs = gaps.listed(list(dict.fromkeys(item.drug for item in holds))) or wording.PLAN_OF_ALL
    label = wording.PLAN_LABEL.format(drugs=drugs)
    return Suggestion(Proposal.AGREE_PLAN, label, (plan.task(material, orderable, holds, label),), recommended=True)


def _removal(material: CardInputs) -> Suggestion | None:
    """Removing the draft, where the chart speaks against the procedure as such; never recommended, the clinician decides."""
    if not material.assessment.disposition.discourages:
        return None
    label = wording.CANCEL_LABEL.format(procedure=material.procedure)
    return _all(Proposal.CANCEL_ORDER, label, [drafts.removed(item, label) for item in material.ours])


def _move(material: CardInputs) -> Suggestion | None:
    """Moving the order to when every interval is met; only if each drug has a recorded end and interrupting none is a hazard."""
    planned, holds = material.order.planned, _holds(material)
    if planned is None or material.order.planned_source != "order" or not holds or _names_no_time(material.results):
        return None
    kept = all_kept_from(holds)
    if kept is None or kept <= planned.start:
        return None
    if material.assessment.disposition.discourages:
        return None
    to = material.manner.opening.next(max(kept, material.as_of), material.manner.zone)
    label = wording.MOVE_LABEL.format(moment=material.moment(to))
    return _all(Proposal.MOVE_ORDER, label, [drafts.moved(item, to, label) for item in material.ours if item.planned])


def _names_no_time(results: Results) -> bool:
    """Whether the service must not name a time: a hazard is not excluded, or a drug is not understood."""
    hazards, holds = results.in_role(Role.INTERRUPTION_HAZARD), results.in_role(Role.HOLD)
    excluded = (Status.NOT_MET, Status.NOT_APPLICABLE)
    not_understood = (Status.UNKNOWN, Status.ERROR)
    return any(item.status not in excluded for item in hazards) or any(item.status in not_understood for item in holds)


def _all(proposal: Proposal, label: str, actions: list[Action | None]) -> Suggestion | None:
    """A suggestion that changes every draft, or none if one of them cannot be changed so."""
    whole = tuple(action for action in actions if action)
    return Suggestion(proposal, label, whole) if whole and len(whole) == len(actions) else None
