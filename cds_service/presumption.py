"""Presumes danger until it is excluded: an entry of a family that the rule of the family does not judge by leaves that rule unknown.

See README, "Families of danger".
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cds_service.chart import Age, Allergy, Chart, Condition, Danger, Missing, Reason, Section, State, When
from cds_service.facts.shared.phrasing import brief
from cds_service.findings import Evidence, Kind, Result, Rule, Status
from cds_service.knowledge import Knowledge
from cds_service.knowledge.families import Effect, Fading, Family, Listed

_NOT_JUDGED = "on record, not judged: {names}"
_CODED, _OLD, _MORE = "{words} ({code})", "{name}, recorded {when}, resolved?", "{count} more"
_NAMED, _WORDS = 3, 6
"""As many are named in one row, each in as many words."""


class _Member(Struct, frozen=True):
    """An entry of a family that was not judged, what it moves, and its name."""

    entry: Condition | Allergy
    effect: Effect
    name: str


def presumed(item: Rule, found: Sequence[Result], chart: Chart, know: Knowledge) -> Result | None:
    """One unknown result of a rule for all active entries of its families that it has not judged; None if there is none.

    What it `found` rests on entries that it has judged.
    """
    families = know.families.answered_by(item.id)
    if not families:
        return None
    # With its words: entries that came without an id share a reference.
    cited = {(piece.source.reference, piece.value) for each in found if each.finding for piece in each.finding.evidence}
    members: dict[tuple[str, str], _Member] = {}  # an entry may be in several families: the gravest of them counts
    for member in (member for family in families for member in _members(family, chart)):
        which = (member.entry.source.reference, member.entry.concept.text)
        if which not in cited:
            members[which] = min(member, members.get(which, member), key=_weight)
    if not members:
        return None
    ordered = sorted(members.values(), key=_weight)
    names = list(dict.fromkeys(member.name for member in ordered))
    return Result(
        item,
        Status.UNKNOWN,
        effect=Kind(ordered[0].effect.value),
        unknown=_NOT_JUDGED.format(names=_listed(names)),
        missing=tuple([Missing(families[0].section, Reason.NOT_JUDGED, name) for name in names]),
        evidence=tuple([_evidence(member.entry) for member in ordered]),
    )


def _members(family: Family, chart: Chart) -> Iterator[_Member]:
    """The entries of the section of a family that are in it, active, in no value set that its rule judges by, and not too old."""
    entries: Sequence[Condition | Allergy] = (
        chart.allergies if family.section is Section.ALLERGIES else chart.conditions
    )
    for entry in entries:
        for danger in entry.concept.dangers:
            if danger.family == family.id and _is_active(entry) and family.judged.isdisjoint(entry.concept.sets):
                listed = family.lists[danger.listed]
                effect = _effect(family, listed, _dates(entry, family, chart), chart)
                if effect is not None:
                    yield _Member(entry, effect, _name(entry, danger, listed, effect))


def _is_active(entry: Condition | Allergy) -> bool:
    """Whether a diagnosis is active; an allergy of a chart always is."""
    return isinstance(entry, Allergy) or entry.state is State.ACTIVE


def _dates(entry: Condition | Allergy, family: Family, chart: Chart) -> tuple[When, ...]:
    """The dates by which the clock of a family tells the age of an entry: all there are, or the best one."""
    found = [entry.recorded if isinstance(entry, Allergy) else entry.dated]
    if isinstance(entry, Condition) and family.clock is Fading.ACUTE:
        visits = (stay.when for stay in chart.encounters if stay.source.reference == entry.encounter)
        found += [entry.recorded, *visits]
    return tuple([when for when in found if when is not None])


def _effect(family: Family, listed: Listed, dates: Sequence[When], chart: Chart) -> Effect | None:
    """What a member of this age moves; None if it is too old to be of concern."""
    if not dates:
        return listed.undated_effect
    days = min(Age.since(when, chart.as_of).least for when in dates)
    if family.clock is Fading.PERMANENT or days <= listed.full_days:
        return listed.effect
    return Effect.RELATIVE if days <= listed.caution_days else None


def _weight(member: _Member) -> tuple[bool, str]:
    """What sorts the gravest first, and equals by reference."""
    return member.effect is not Effect.INSUFFICIENT_DATA, member.entry.source.reference


def _name(entry: Condition | Allergy, danger: Danger, listed: Listed, effect: Effect) -> str:
    """The words of an entry with its code; where it would have weighed more when it was new, whether it is over."""
    words = brief(entry.concept.text, words=_WORDS)
    name = _CODED.format(words=words, code=danger.code) if danger.code and danger.code != words else words
    when = entry.dated if isinstance(entry, Condition) else entry.recorded
    faded = effect is not listed.effect and when is not None
    return _OLD.format(name=name, when=when) if faded else name


def _listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = [_MORE.format(count=len(names) - _NAMED)] if len(names) > _NAMED else []
    return "; ".join([*names[:_NAMED], *more])


def _evidence(entry: Condition | Allergy) -> Evidence:
    when = entry.dated if isinstance(entry, Condition) else entry.recorded
    return Evidence(entry.source, "code", when, entry.concept.text)
