"""`cds-service screen`: one row a patient for a whole population, from Bulk Data files."""

import csv
import hmac
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from cds_service.chart.sections import MEDICATION_LISTS, RESOURCE_TYPE
from cds_service.cli._options import config_option
from cds_service.cli._population import Population, files, regroup
from cds_service.cli._screening import ScreenedPatient, Screening
from cds_service.service import site_of
from cds_service.settings import load

_LENGTH = 16
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"])


@click.command("screen")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@config_option
@click.option("--as-of", type=_MOMENT, help="Judge as of this time, or the start of this day; by default now.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object a line instead of CSV.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of the terminal.")
@click.option("--pseudonym", is_flag=True, help="Replace patient ids by pseudonyms, new ones in each run.")
def command(
    paths: tuple[Path, ...],
    config: Path | None,
    as_of: datetime | None,
    output: Path | None,
    *,
    as_json: bool,
    pseudonym: bool,
) -> None:
    """Say for each patient of a Bulk Data export what the answer to an order for vertebroplasty would be.

    PATHS are NDJSON files of the export, plain or gzip, or folders of them. A patient's own open order is judged; without
    one, an order that names no level. A resource type that no file holds is unknown for every patient. The medication lists
    (MedicationStatement, MedicationRequest) that the files hold are taken to be all that the hospital has; each row names them.

    Files are read twice and sorted by patient in a temporary folder (TMPDIR), which holds patient data until the end. Memory
    stays at a few hundred megabytes, plus all Medication resources. Exit status: 2 if lines were left out because they name
    no patient, or if an OperationOutcome in the export says that a part of it failed.
    """
    settings = load(config)
    site = site_of(settings)
    now = as_of or datetime.now(UTC)
    now = now if now.tzinfo else now.replace(tzinfo=settings.time_zone)
    listed = files(paths)
    if not listed:
        raise click.ClickException("there is no .ndjson or .ndjson.gz file in this folder")
    console = Console(stderr=True, soft_wrap=True)
    with TemporaryDirectory(prefix="cds-screen-") as folder:
        with _progress(console) as bar:
            task = bar.add_task("Reading", total=sum(path.stat().st_size for path in listed))
            population = regroup(listed, Path(folder), lambda size: bar.advance(task, size))
        screening = Screening(site, now, population.types)
        key = secrets.token_bytes() if pseudonym else b""
        with _opened(output) as target, _progress(console, shown=not target.isatty()) as bar:
            rows = _lists_text(_rows(population, screening, bar), key)
            counts = (_write_json if as_json else _write_csv)(rows, target)
    for disposition, number in counts.most_common():
        console.print(f"{number:>8}  {disposition}")
    console.print(_of_drugs(screening))
    if screening.absent:
        console.print(f"Not in these files, so unknown for everybody: {', '.join(screening.absent)}")
    if population.about_others:
        console.print(
            f"{population.about_others} lines are about no patient (a group, a device, a place) and were left out"
        )
    if population.errors:
        console.print(
            f"The export is not whole: {population.errors} OperationOutcomes in it say that it failed", style="red"
        )
    if population.lost:
        console.print(f"{population.lost} lines were left out: whose they are cannot be told", style="red")
    if population.lost or population.errors:
        raise SystemExit(2)


def _of_drugs(screening: Screening) -> str:
    if not screening.lists:
        return "Medication lists in these files: none, so which drugs are taken is unknown for everybody"
    lacking = [section for section in MEDICATION_LISTS if section not in screening.lists]
    rest = f"; no {RESOURCE_TYPE[lacking[0]]}, which counts as not kept" if lacking else ""
    if lacking and lacking[0] in screening.absent:
        rest = f"; no {RESOURCE_TYPE[lacking[0]]}, which medication_lists says is kept"
    return f"Medication lists in these files: {', '.join(screening.lists)}{rest}"


def _progress(console: Console, *, shown: bool = True) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal))


def _rows(population: Population, screening: Screening, bar: Progress) -> Iterator[ScreenedPatient]:
    task = bar.add_task("Screening", total=population.size)
    for person in population.people():
        yield screening.row(person)
        bar.advance(task, sum(len(part.raw) for part in person.parts))


def _lists_text(rows: Iterable[ScreenedPatient], key: bytes) -> Iterator[ScreenedPatient]:
    """The rows with pseudonyms if there is a key for them; order ids would tell the patient too."""
    for row in rows:
        if not key:
            yield row
            continue
        name = hmac.digest(key, row.patient.encode(), "sha256").hex()[:_LENGTH]
        yield msgspec.structs.replace(row, patient=name, order=("own",) if row.order != ("assumed",) else row.order)


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with output.open("w", encoding="utf-8", newline="") as target:
        yield target


def _write_csv(rows: Iterable[ScreenedPatient], target: TextIO) -> Counter[str]:
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(ScreenedPatient.__struct_fields__)
    return _write(rows, lambda row: writer.writerow(_cells(row)))


def _cells(row: ScreenedPatient) -> list[str]:
    return [value if isinstance(value, str) else " ".join(value) for value in msgspec.structs.astuple(row)]


def _write_json(rows: Iterable[ScreenedPatient], target: TextIO) -> Counter[str]:
    return _write(rows, lambda row: target.write(msgspec.json.encode(row).decode() + "\n"))


def _write(rows: Iterable[ScreenedPatient], write: Callable[[ScreenedPatient], object]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row in rows:
        write(row)
        counts[row.disposition] += 1
    return counts
