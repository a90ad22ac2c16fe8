"""`cds-service coverage`: which code systems, codes, words, units and drug names of a population are understood."""

import csv
import sys
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TextIO

import click
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from cds_service.cli._options import config_option
from cds_service.cli._resources import in_files, on_server
from cds_service.coverage import CoverageCount, Gain, Seen
from cds_service.fhir.understanding import Outcome
from cds_service.service import site_of
from cds_service.settings import load

_RARE = 5
_MOST_ROWS = 40


class CoverageFormat(StrEnum):
    """How the counts are written."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"


class _Report(Struct, frozen=True):
    """What is written: `rarer` are the things met in too few patients to be named, and their entries by outcome."""

    patients: int
    unreadable: int
    seen: tuple[Seen, ...]
    rarer: dict[str, int]
    gains: tuple[Gain, ...]


@click.command("coverage")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@config_option
@click.option("--url", metavar="URL", help="Ask a FHIR server that needs no token for the resources, instead of files.")
@click.option("--pages", default=50, show_default=True, help="The most pages to ask the server for, of each type.")
@click.option("--least", default=_RARE, show_default=True, help="Name only what occurs in so many patients.")
@click.option("--all", "everything", is_flag=True, help="Name everything, however rare.")
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in CoverageFormat]),
    default="text",
    help="How to write it.",
)
def command(
    paths: tuple[Path, ...],
    config: Path | None,
    url: str | None,
    pages: int,
    least: int,
    form: str,
    *,
    everything: bool,
) -> None:
    """Say how far charts are understood: by code system, code, words, unit and drug name, and in how many patients.

    PATHS are hook requests, Bundles, resources or NDJSON files (plain or gzip), or folders of them. Each thing ends in one way:
    it means something to a rule, it is known to be of no concern, it is read in part, or it is not understood. For each address of
    a code system that is not known here it says which mapping in code_systems would gain most.

    Patients are counted and never named. What occurs in fewer than --least patients may be a person's own words: it is counted only,
    unless --all is given.
    """
    if bool(paths) == bool(url):
        raise click.UsageError("give either PATHS or --url")
    found = CoverageCount(site_of(load(config)).know)
    for raw in on_server(url, pages) if url else in_files(paths):
        found.add(raw)
    named = tuple(row for row in found.seen if everything or row.patients >= least)
    rare: Counter[str] = Counter()
    for row in found.seen:
        if row not in named:
            rare[row.what.outcome] += row.entries
    report = _Report(found.patients, found.unreadable, named, dict(rare), found.gains)
    _WRITE[CoverageFormat(form)](report, sys.stdout)


def _write_json(report: _Report, target: TextIO) -> None:
    target.write(msgspec.json.format(msgspec.json.encode(report)).decode() + "\n")


def _write_csv(report: _Report, target: TextIO) -> None:
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(("type", "system", "code", "words", "outcome", "cause", "entries", "patients", "mapping"))
    mapping = {gain.address: gain.system for gain in report.gains}
    for row in report.seen:
        what = row.what
        cells = (what.type, what.system, what.code, what.words, what.outcome, what.cause or "")
        writer.writerow((*map(_inert, cells), row.entries, row.patients, mapping.get(what.system, "")))
    for outcome, entries in report.rarer.items():
        writer.writerow(("", "", "", "(rarer)", outcome, "", entries, "", ""))


def _inert(cell: str) -> str:
    """The text as a spreadsheet does not take it for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell


def _write_text(report: _Report, target: TextIO) -> None:
    console = Console(file=target, soft_wrap=True, width=160 if not target.isatty() else None)
    console.print(
        f"{report.patients} patients" + (f", {report.unreadable} resources unreadable" * bool(report.unreadable))
    )
    console.print(_by_system(report.seen))
    lost = [row for row in report.seen if row.what.outcome in (Outcome.NOT_UNDERSTOOD, Outcome.PARTLY_READ)]
    if lost:
        console.print(_not_read(lost))
    for outcome, entries in report.rarer.items():
        console.print(f"In fewer patients than are named: {entries} entries {outcome}")
    for gain in report.gains:
        console.print(
            f"code_systems: {gain.address} = {gain.system} would let {gain.entries} more entries of {gain.patients} patients be read",
            markup=False,
        )


def _by_system(rows: Iterable[Seen]) -> Table:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for row in rows:
        counts.setdefault((row.what.type, row.what.system or "words alone"), Counter())[row.what.outcome] += row.entries
    table = Table("type", "system", *Outcome)
    for (kind, system), ends in sorted(counts.items()):
        table.add_row(kind, system, *(str(ends[outcome] or "") for outcome in Outcome))
    return table


def _not_read(rows: list[Seen]) -> Table:
    table = Table("not understood, or in part", "system", "code", "words", "cause", "entries", "patients")
    for row in rows[:_MOST_ROWS]:
        what = row.what
        table.add_row(
            what.type, what.system, what.code, what.words, what.cause or "", str(row.entries), str(row.patients)
        )
    if len(rows) > _MOST_ROWS:
        table.caption = f"and {len(rows) - _MOST_ROWS} more: --format csv has all"
    return table


_WRITE = {CoverageFormat.TEXT: _write_text, CoverageFormat.CSV: _write_csv, CoverageFormat.JSON: _write_json}
