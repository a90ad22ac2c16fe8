"""Quotes the sentence of a report that states a finding, or so much of it as still states the same."""

import re
from collections.abc import Iterator
from itertools import takewhile

from cds_service.chart import ImagingFinding
from cds_service.facts.shared.phrasing import MOST_QUOTED
from cds_service.report_text import reader

_JOINT = re.compile(r"(?<=[,;:]) (?:(?:and|but|with) )?| (?:and|but|with) ")


def quote(seen: ImagingFinding, words: int = MOST_QUOTED) -> str:
    """The sentence of a finding in at most so many words, whole clauses of it; empty if no such part says the same.

    A part that is read alone may deny what the whole asserts, or place it elsewhere: such a part is not quoted.
    """
    if len(seen.sentence.split()) <= words:
        return seen.sentence.rstrip(". ")
    return next((part.rstrip(".,;: ") for part in _parts(seen.sentence, words) if _states(part, seen)), "")


def _parts(sentence: str, words: int) -> Iterator[str]:
    """For each clause of a sentence the longest run of clauses from it on that has at most so many words."""
    joints = list(_JOINT.finditer(sentence))
    ends = (*(joint.start() for joint in joints), len(sentence))
    for place, start in enumerate((0, *(joint.end() for joint in joints))):
        runs = (sentence[start:end] for end in ends[place:])
        yield from list(takewhile(lambda run: len(run.split()) <= words, runs))[-1:]


def _states(part: str, seen: ImagingFinding) -> bool:
    """Whether a part says of the sign what the whole says, at the same levels or at none."""
    return any(
        said.sign is seen.sign and said.assertion is seen.assertion and said.levels in (frozenset(), seen.levels)
        for said in reader.read_report(part)
    )
