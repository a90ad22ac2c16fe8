"""`cds-service replay`: runs requests, rule cases or plain FHIR files and shows, checks or updates what comes back."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import track

from cds_service import cases
from cds_service.chart import Section
from cds_service.cli import _outcome as outcome
from cds_service.cli._endpoint import Endpoint, Remote, here
from cds_service.cli._options import config_option
from cds_service.cli._outcome import ReplayOutcome, ReplayResult
from cds_service.fhir.decoding import surrogates
from cds_service.knowledge import load
from cds_service.settings import load as load_settings

_MANY = 20


@click.command("replay")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@config_option
@click.option(
    "--url",
    metavar="URL",
    help="Post to a running service, at its base or a discovery address, instead of answering here.",
)
@click.option(
    "--complete",
    is_flag=True,
    help="A resource or Bundle is the whole chart: what it lacks is not there, and not unknown.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each answer as one line of JSON.")
@click.option(
    "--update", is_flag=True, help="Write what came back to the expected files, and say what changed in them."
)
@click.option("--cards", is_flag=True, help="Print only the cards, as plain text, with the words of each answer.")
@click.option("--quiet", is_flag=True, help="Print only what does not match, and the totals.")
def command(  # noqa: PLR0913 - an option each
    paths: tuple[Path, ...],
    config: Path | None,
    url: str | None,
    *,
    complete: bool,
    as_json: bool,
    update: bool,
    cards: bool,
    quiet: bool,
) -> None:
    """Run hook requests, rule cases, FHIR resources or Bundles from files or folders.

    A request requests/NAME.json is compared with expected/NAME.json beside its folder, where that exists. Rule cases carry
    their own expectations; a plain resource or Bundle is judged with the draft orders in it, or else with an order for
    vertebroplasty. What a resource or Bundle lacks was not sent, so it is unknown, and without a problem list there is no answer,
    unless it is said to be --complete. Without --url the settings for all callers hold; a client's own hold only in a running service.

    Exit status: 0 if every answer is as expected, 1 if not, 2 if a file could not be read.
    """
    console = Console(stderr=as_json)
    door: Endpoint = Remote(url) if url else here(datetime.now(UTC), load_settings(config))
    totals = dict.fromkeys(ReplayResult, 0)
    for path in _with_progress(sorted(_files(paths)), console, shown=not (quiet or as_json) or cards):
        for item in _replay(path, door, complete=complete, update=update):
            totals[item.verdict] += 1
            if as_json:
                sys.stdout.buffer.write(msgspec.json.encode(item.as_row()) + b"\n")
            elif cards:
                click.echo(item.as_plain_cards())
            elif not quiet or item.differences or item.verdict.is_failure:
                item.show(console)
    counts = ", ".join(f"{count} {verdict.value}" for verdict, count in totals.items() if count)
    console.print(counts or "nothing to replay")
    raise SystemExit(
        2 if totals[ReplayResult.UNREADABLE] else any(totals[item] for item in ReplayResult if item.is_failure)
    )


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (found for found in path.rglob("*.json") if found.parent.name != "expected")
        else:
            yield path


def _with_progress(files: list[Path], console: Console, *, shown: bool) -> Iterable[Path]:
    if len(files) < _MANY or shown or not console.is_terminal:
        return files
    return track(files, "Replaying", console=console)


def _replay(path: Path, door: Endpoint, *, complete: bool, update: bool) -> Iterator[ReplayOutcome]:
    """The outcome of a request or plain FHIR file, or of each case of a rule."""
    try:
        value = msgspec.json.decode(surrogates.replaced(path.read_bytes().removeprefix(b"\xef\xbb\xbf")))
        listed = cases.load(path) if isinstance(value, dict) and "cases" in value else ()
    except RecursionError:
        yield _unreadable(path, "is nested too deeply")
        return
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        yield _unreadable(path, f"cannot be read as JSON: {type(error).__name__}")
        return
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        yield _unreadable(path, f"is no file of cases: {error!r}")
        return
    if isinstance(value, dict) and "cases" in value:
        yield from _cases(listed, door)
    elif isinstance(value, list) or (isinstance(value, dict) and "resourceType" in value):
        asked = cases.request_about(value if isinstance(value, list) else [value], complete=complete)
        yield _compared(path, door, msgspec.json.encode(asked), update=update)
    else:
        yield _compared(path, door, path.read_bytes(), update=update)


def _unreadable(path: Path, why: str) -> ReplayOutcome:
    return ReplayOutcome(str(path), ReplayResult.UNREADABLE, differences=(why,))


def _compared(path: Path, door: Endpoint, body: bytes, *, update: bool) -> ReplayOutcome:
    reply = door.call(body)
    expected = path.parent.parent / "expected" / path.name
    actual = outcome.as_text(outcome.golden(reply, door.base))
    writes = update and path.parent.name == "requests"
    if writes or expected.is_file():
        before = expected.read_text(encoding="utf-8") if expected.is_file() else ""
        different = outcome.differences(before, actual, path.name)
        if not different:
            return ReplayOutcome(str(path), ReplayResult.MATCHED, reply)
        if writes:
            expected.parent.mkdir(exist_ok=True)
            expected.write_text(actual, encoding="utf-8")
        return ReplayOutcome(str(path), ReplayResult.UPDATED if writes else ReplayResult.DIFFERENT, reply, different)
    refused = ReplayResult.REFUSED if reply.status < 500 else ReplayResult.FAILED
    return ReplayOutcome(str(path), ReplayResult.ANSWERED if reply.status == 200 else refused, reply)


def _cases(listed: Iterable[cases.Case], door: Endpoint) -> Iterator[ReplayOutcome]:
    """Each case as a whole request: the rows of its rule in the response must be the rows that it expects."""
    know = load()
    for case in listed:
        reply = door.call(msgspec.json.encode(cases.request(case, know)))
        if reply.status == 412 and not case.answers[Section.CONDITIONS].brings_data:
            # A whole request without a problem list is refused before any rule is asked.
            yield ReplayOutcome(f"{case.rule}: {case.name}", ReplayResult.MATCHED, reply)
            continue
        rows = [row for row in outcome.assessment(reply.body).get("findings", ()) if row["rule"] == case.rule]
        wrong = cases.differences(case, rows)
        yield ReplayOutcome(
            f"{case.rule}: {case.name}", ReplayResult.DIFFERENT if wrong else ReplayResult.MATCHED, reply, wrong
        )
