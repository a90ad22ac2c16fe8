"""What of one resource was not understood, as the account of everything that arrived holds it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from cds_service.chart import Condition, DrugUse, ImagingFinding, Measurement, Patient, Procedure, Unreadable
from cds_service.chart.intake import Cause, End
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.decode import DecodedResource
from cds_service.fhir.decoding.references import Directory
from cds_service.fhir.intake.account import Account, Doubted
from cds_service.fhir.intake.losses import never_was, open_elements
from cds_service.fhir.intake.sorting import Mine
from cds_service.fhir.intake.terms import KINDS, kind_of, understood
from cds_service.fhir.intake.unread import is_settled, measured, unread
from cds_service.fhir.readers import imaging_findings
from cds_service.fhir.readers.drug_identity import NAMED, reference_of
from cds_service.fhir.readers.imaging_studies import Examination
from cds_service.fhir.readers.observations import is_withheld
from cds_service.fhir.understanding import MEANS, Outcome, Understanding
from cds_service.knowledge.holds import ANTITHROMBOTICS


def counts(item: DecodedResource) -> bool:
    """Whether what a resource says may be read: not if something changes its meaning that nobody here understands.

    Of a Patient it may, as a rule says of the record that it is in doubt.
    """
    return not item.modifier or isinstance(item.resource, resources.Patient)


def serves(item: DecodedResource) -> bool:
    """Whether a resource is read by way of others: drugs and what they consist of, which orders refer to."""
    return isinstance(item.resource, NAMED)


def may_be_doubted(own: Mine, entries: Sequence[object]) -> bool:
    """Whether there is anything to look for: of most resources there is not. `entries` are what it would say."""
    item, resource = own.item, own.item.resource
    if item.is_damaged or item.notes or item.modifier or own.is_disputed:
        return True
    if isinstance(resource, resources.Patient):
        return True
    if isinstance(resource, resources.MedicationUse):
        return any(isinstance(use, DrugUse) and use.nameless for use in entries)
    if isinstance(resource, resources.Observation):
        return resource.dataAbsentReason is not None or bool(resource.component)
    if isinstance(resource, KINDS):
        return not entries or (isinstance(resource, resources.Procedure) and not resource.status)
    return type(resource) is resources.DiagnosticReport


def doubt(
    own: Mine, entries: Sequence[object], shown: Directory[Examination], account: Account, context: Context
) -> End:
    """How a resource ends that says nothing: the account then holds what of it was not understood. `entries` are what it would say."""
    item, before = own.item, account.doubts
    called = understood(item.resource, context) if isinstance(item.resource, KINDS) and not entries else MEANS
    kind = type(item.resource).__name__
    parts = tuple(unread(item, entries, context)) if item.is_damaged else ()
    if item.dropped and not parts:
        _doubt_losses(own, entries, account)
    for part in parts:
        cause = Cause.WORDS if item.cut else Cause.CODE
        says = f"{kind} whose {'text' if item.cut else 'code'} could not be read"
        account.doubt(own.section, cause, part, says=says, settled=is_settled(item.resource))
    if lacks_its_value(own) and any(isinstance(entry, Measurement | ImagingFinding) for entry in entries):
        sets = measured(entries)
        section = None if sets else own.section
        withheld = Unreadable(item.reference, kind, sets, f"{kind} whose value did not come", section)
        account.doubt(own.section, Cause.ENTRY, withheld, says=withheld.says)
    if isinstance(item.resource, resources.Procedure) and entries and not item.resource.status:
        done = gap(item, entries, "its status did not come")
        account.doubt(own.section, Cause.ENTRY, done, says=done.says)
    if any(isinstance(use, DrugUse) and use.nameless for use in entries):
        _doubt_the_drug(own, account)
    for cause, says, settled in _beyond_its_words(item, entries, context) if entries or serves(item) else ():
        whole = gap(item, entries, says)
        account.doubt(own.section, cause, whole, says=whole.says, settled=settled)
    if called.outcome is Outcome.NOT_UNDERSTOOD and account.doubts == before:
        _doubt_name(own, called, account)
    if isinstance(item.resource, resources.DiagnosticReport):
        _doubt_text(own, entries, shown, account, context)
    if account.doubts > before:
        return End.NOT_UNDERSTOOD
    return End.PARTLY_READ if called.outcome is Outcome.PARTLY_READ else End.OF_NO_CONCERN


def _doubt_name(own: Mine, called: Understanding, account: Account) -> None:
    """A problem, allergy, procedure or device that nothing identifies."""
    resource = own.item.resource
    says = f"{kind_of(resource).noun} {called.says}"
    gap = Unreadable(own.item.reference, type(resource).__name__, None, says)
    cause, term = called.cause or Cause.CODE, Doubted(called.system, called.in_part)
    account.doubt(own.section, cause, gap, says=says, settled=is_settled(resource), term=term)


def _doubt_text(
    own: Mine, entries: Sequence[object], shown: Directory[Examination], account: Account, context: Context
) -> None:
    """A report that could not be read, or not whole."""
    item, kind = own.item, type(own.item.resource).__name__
    why = imaging_findings.unread(item.resource, shown.beside(item.part.full_url), context)
    if why and (why.partial or not entries):
        account.doubt(own.section, Cause.WORDS, Unreadable(item.reference, kind, None, why), says=why)


def _doubt_losses(own: Mine, entries: Sequence[object], account: Account) -> None:
    """What is left of a resource is only possible if an element that decides was lost."""
    item = own.item
    names = open_elements(item, is_read=bool(entries) or serves(item))
    if isinstance(
        item.resource, resources.MedicationUse
    ):  # one that lost its name is a drug that nobody knows, and counts as one
        names = tuple(name for name in names if not name.startswith(_NAMES_THE_DRUG))
    if not names:
        return
    kind, sets = type(item.resource).__name__, measured(entries)
    says = f"{kind} whose {' and '.join(names)} could not be read"
    left = Unreadable(item.reference, kind, sets, says, None if sets else own.section)
    account.doubt(own.section, Cause.ENTRY, left, says=says, settled=never_was(item))


def lacks_its_value(own: Mine) -> bool:
    """Whether a result has a value that did not come, could not be read, or is another in another version."""
    resource: resources.Resource = own.item.resource
    if not isinstance(resource, resources.Observation):
        return False
    absent = [resource.dataAbsentReason, *(part.dataAbsentReason for part in resource.component)]
    return own.is_disputed or any(map(is_withheld, absent)) or any(_VALUE in path for path in own.item.dropped)


def _doubt_the_drug(own: Mine, account: Account) -> None:
    """A drug that nothing names is only named: rules judge it as one that nobody knows."""
    resource = own.item.resource
    refers = isinstance(resource, resources.MedicationUse) and reference_of(resource) is not None
    kind = type(resource).__name__
    says = (
        f"{kind} whose drug is named by a reference that leads to no drug" if refers else f"{kind} that names no drug"
    )
    nameless = Unreadable(own.item.reference, kind, None, says)
    account.doubt(own.section, Cause.REFERENCE if refers else Cause.CODE, nameless, says=says, settled=True)


_NAMES_THE_DRUG = ("medication", "code")
_VALUE = "value"


def gap(item: DecodedResource, entries: Sequence[object], says: str) -> Unreadable:
    """What a resource leaves open that does not count for a reason in words; `entries` are what it would say."""
    kind = type(item.resource).__name__
    return Unreadable(item.reference, kind, measured(entries), f"{kind}: {says}")


def notes(drafts: Iterable[DecodedResource], asked: Collection[str]) -> tuple[str, ...]:
    """What is said of drafts whose meaning is changed by something that nobody here understands; a rule speaks of the order asked about."""
    strange = [item for item in drafts if item.modifier and item.reference not in asked]
    kinds = Counter(type(item.resource).__name__ for item in strange)
    return tuple(f"Drafts not understood, as their meaning is changed: {count} {kind}" for kind, count in kinds.items())


def _beyond_its_words(
    item: DecodedResource, entries: Sequence[object], context: Context
) -> Iterator[tuple[Cause, str, bool]]:
    """Which dates do not count, and what changes the meaning of the whole; each with whether naming it is enough.

    A drug that does not count leaves the order for it without one; a Patient is for the rule on the record.
    """
    settled = bool(item.notes) and not _turns_on_its_date(entries, context)
    yield from ((Cause.DATE, note, settled) for note in item.notes)
    if any(isinstance(entry, Patient) and entry.birth_unread for entry in entries):
        yield Cause.DATE, "its birthDate is masked or cannot be", True
    if item.modifier:
        yield Cause.MODIFIER, item.modifier, counts(item) or serves(item)


def _turns_on_its_date(entries: Sequence[object], context: Context) -> bool:
    """Whether what a resource says cannot be judged without the date that does not count: an event of which only the time tells what it
    means today, a result or a finding that is left without any date.

    A drug that is stopped before the procedure counts as taken then, but nobody knows whether an older dose or order counts instead.
    """
    for entry in entries:
        if isinstance(entry, DrugUse) and entry.drug_class in ANTITHROMBOTICS:
            return True
        if isinstance(entry, Condition | Procedure) and not entry.concept.sets.isdisjoint(context.know.index.timed):
            return True
        if isinstance(entry, Measurement | ImagingFinding) and entry.when is None:
            return True
    return False
