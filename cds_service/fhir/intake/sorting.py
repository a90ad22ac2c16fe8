"""Sorts out what arrived for a call: which version counts, whose it is, what no rule reads, and what cannot be read."""

from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from cds_service.chart import Answer, Section, Unreadable
from cds_service.chart.intake import Cause, End
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.fhir.decoding import type_names
from cds_service.fhir.decoding.bundle import DEEPEST, Answered, Part, open_answer
from cds_service.fhir.decoding.decode import DecodedResource, Dismissal, NotDecoded, OtherType, Passed, none_passed, one
from cds_service.fhir.decoding.envelopes import issues_of
from cds_service.fhir.decoding.refusal import says_part_is_missing
from cds_service.fhir.intake import relevance
from cds_service.fhir.intake.account import Account
from cds_service.fhir.intake.contained import results_within
from cds_service.fhir.intake.people import People
from cds_service.fhir.intake.versions import Version, by_server, current
from cds_service.knowledge import Knowledge

_PART_OF_BUNDLE = "a Bundle among the entries did not come whole"


class Mine(Struct, frozen=True):
    """A resource of the patient that a rule may read, and the section that brought it.

    `is_counted` is false for what stands for no entry of its own, and for what is counted already; `is_disputed` says that another
    version counts as well.
    """

    section: Section
    item: DecodedResource
    is_counted: bool = True
    is_disputed: bool = False


class Sorted(Struct):
    """What arrived: the patient's resources that a rule may read, the references of all that are theirs, and the account so far.

    `unstated` are those that do not say whose they are.
    """

    account: Account
    mine: list[Mine] = []
    references: set[str] = set()
    strangers: int = 0
    unstated: int = 0


def sorted_out(answers: Mapping[Section, Answered], patient_id: str, know: Knowledge) -> Sorted:
    """Every resource once, though two sections may have brought it, in its newest version."""
    found, people = Sorted(Account()), People(answers, patient_id)
    account = found.account
    received = _received(answers, know, account)
    superseded, disputed = _versions(received, account)
    for place, (section, _, item) in enumerate(received):
        if place in superseded:
            account.count(section, End.SUPERSEDED)
            continue
        is_theirs = item.whose == patient_id or people.belongs(item)
        if is_theirs is False:
            account.count(section, End.ANOTHERS)
            found.strangers += 1
            continue
        found.unstated += is_theirs is None
        found.references.add(item.reference)
        if isinstance(item, Passed):
            account.count(section, End.OF_NO_CONCERN)
            continue
        within = results_within(item)
        found.mine.append(Mine(section, item, not within, place in disputed))
        if within:
            account.count(section, End.NOT_UNDERSTOOD if within[0].modifier else End.READ)
            found.mine += [Mine(section, result, is_counted=False) for result in within]
    return found


Received = list[tuple[Section, Part, DecodedResource | Passed]]
"""Resources of the types that rules read, each with its part and the section that brought it."""


def _received(answers: Mapping[Section, Answered], know: Knowledge, account: Account) -> Received:
    """All that arrived of the types that rules read; everything else goes to the account."""
    received: Received = []
    passed = partial(relevance.passed, know=know)
    for section, answered in answers.items():
        glance = passed if RESOURCE_TYPE[section] in relevance.TYPES else none_passed
        _receive(received, section, answered, glance, account)
    return received


def _receive(
    received: Received, section: Section, answered: Answered, glance: Dismissal, account: Account, depth: int = 0
) -> None:
    # Of a section that did not come whole everything is unknown: its entries need no doubts of their own.
    settled = not answered.answer.brings_data or answered.lacks
    for hollow in answered.hollow:
        if hollow.is_gap:
            account.refuse(section, hollow.cause, hollow.says, settled=settled)
        else:
            account.count(section, End.OF_NO_CONCERN)
    for part in (*answered.parts, *answered.aside):
        item = glance(part.raw) or one(part)
        if isinstance(item, Passed) or isinstance(item, DecodedResource):  # noqa: SIM101 - a union takes thrice the time
            received.append((section, part, item))
        elif isinstance(item, NotDecoded):
            says = f'"{item.kind}" is no type of resource' if item.kind else "an entry that is no resource"
            account.refuse(section, Cause.TYPE if item.kind else Cause.ENTRY, says, settled=settled)
        elif item.kind == "Bundle" and depth < DEEPEST:  # one at an address of its own, which was not looked for before
            inner = open_answer(part.raw)
            if inner.answer is not Answer.WHOLE and not settled:
                gap = Unreadable(_PART_OF_BUNDLE, RESOURCE_TYPE[section], None, section=section)
                account.doubt(section, Cause.ENTRY, gap, says=_PART_OF_BUNDLE)
            _receive(received, section, inner, glance, account, depth + 1)
        else:
            _set_aside(section, item, part, account, settled=settled)


def _set_aside(section: Section, item: OtherType, part: Part, account: Account, *, settled: bool) -> None:
    """A resource of a type that no rule reads: of no concern, unless it may hold what one would read."""
    if item.kind == "OperationOutcome" and says_part_is_missing(issues_of(part.raw)):
        account.refuse(section, Cause.ENTRY, "an OperationOutcome says that something is missing", settled=settled)
    elif item.kind in type_names.HOLDERS:
        account.refuse(section, Cause.TYPE, f"{item.kind}, which is not looked into here", settled=settled)
    else:
        account.count(section, End.OF_NO_CONCERN)


def _versions(received: Received, account: Account) -> tuple[set[int], set[int]]:
    """The places of what another version or copy supersedes, and of what another version contradicts, as nobody can tell the newest."""
    first: dict[str, int] = {}
    several: dict[str, list[int]] = {}
    for place, (_, _, item) in enumerate(received):
        earlier = first.setdefault(item.reference, place)
        if earlier != place and item.has_id:
            several.setdefault(item.reference, [earlier]).append(place)
    superseded: set[int] = set()
    disputed: set[int] = set()
    for places in several.values():
        for versions in by_server([Version(place, received[place][1], received[place][2]) for place in places]):
            counting, nobody_can_tell = current(versions)
            superseded |= {item.place for item in versions}.difference(item.place for item in counting)
            if nobody_can_tell:
                disputed |= {item.place for item in counting}
                _doubt_versions(received[counting[0].place][0], counting[0].item.reference, account)
    return superseded, disputed


def _doubt_versions(section: Section, reference: str, account: Account) -> None:
    """Both are read. A result of two versions is unreadable by itself, so that it leaves no gap in others."""
    kind = reference.partition("/")[0]
    says = f"two versions of one {kind}, and nothing tells which is the newer"
    account.doubt(
        section, Cause.VERSIONS, Unreadable(reference, kind, None, says), says=says, settled=kind == "Observation"
    )
