"""How well imaging reports are read: precision and recall by sign over the labelled sentences.

python -m tests.measure_report_text            all sentences
python -m tests.measure_report_text held-out   those written after the reader was finished
"""

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cds_service.chart import Level
from cds_service.report_text.reader import Assertion, ImagingSign, Statement, read_report

CORPUS = Path(__file__).parent / "data" / "report_sentences.toml"

Key = tuple[ImagingSign, Assertion, frozenset[Level], tuple[float, float] | None]
"""What counts as the same statement: sign, assertion, levels and percent must all agree."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, the statements that a clinician reads in it, the part of the corpus, and why the reader misses it, if it does."""

    text: str
    expected: frozenset[Key]
    part: str
    limit: str


@dataclass(slots=True)
class Score:
    """Counts of statements found and expected, found but not expected, and expected but not found."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of statements found that were expected; 1 where none was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """The share of statements expected that were found; 1 where none was expected."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def load_corpus(path: Path = CORPUS) -> list[Labelled]:
    """The labelled sentences. Raises ValueError where an expectation is malformed."""
    entries = tomllib.loads(path.read_text("utf-8"))["sentence"]
    return [
        Labelled(
            entry["text"],
            frozenset(map(parse_expectation, entry["expect"])),
            entry.get("set", "written with the reader"),
            entry.get("limit", ""),
        )
        for entry in entries
    ]


def parse_expectation(line: str) -> Key:
    """ "height-loss present T12,L1 30-40" as a key; "-" stands for no level."""
    sign, assertion, levels, *percent = line.split()
    named = frozenset[Level]() if levels == "-" else frozenset(map(Level, levels.split(",")))
    if not percent:
        return ImagingSign(sign), Assertion(assertion), named, None
    low, _, high = percent[0].partition("-")
    return ImagingSign(sign), Assertion(assertion), named, (float(low), float(high or low))


def key(statement: Statement) -> Key:
    """What of a statement is compared."""
    return statement.sign, statement.assertion, statement.levels, statement.percent


def measure(corpus: Iterable[Labelled]) -> dict[tuple[ImagingSign, Assertion], Score]:
    """Precision and recall of every sign and assertion that was expected or found, in the order of `ImagingSign`."""
    scores: dict[tuple[ImagingSign, Assertion], Score] = {
        (sign, assertion): Score() for sign in ImagingSign for assertion in Assertion
    }
    for labelled in corpus:
        found = frozenset(map(key, read_report(labelled.text)))
        for statement in found & labelled.expected:
            scores[statement[:2]].right += 1
        for statement in found - labelled.expected:
            scores[statement[:2]].wrong += 1
        for statement in labelled.expected - found:
            scores[statement[:2]].missed += 1
    return {pair: score for pair, score in scores.items() if score.right + score.wrong + score.missed}


def table(scores: dict[tuple[ImagingSign, Assertion], Score]) -> str:
    """The scores as a Markdown table, with a line over all statements."""
    total = Score(*(sum(getattr(score, field) for score in scores.values()) for field in ("right", "wrong", "missed")))
    rows = [(f"{sign} {assertion}", score) for (sign, assertion), score in scores.items()]
    lines = ["| statement | right | wrong | missed | precision | recall |", "|---|--:|--:|--:|--:|--:|"]
    for name, score in [*rows, ("all", total)]:
        lines.append(
            f"| {name} | {score.right} | {score.wrong} | {score.missed} | {score.precision:.3f} | {score.recall:.3f} |"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Prints the table for the whole corpus or one part of it."""
    corpus = load_corpus()
    if arguments:
        corpus = [labelled for labelled in corpus if arguments[0] in labelled.part]
    print(f"{len(corpus)} texts, {sum(len(labelled.expected) for labelled in corpus)} statements expected\n")
    print(table(measure(corpus)))


if __name__ == "__main__":
    main(sys.argv[1:])
