"""A population as Bulk Data brings it, one file a type, regrouped by patient through files on the disk so that memory stays bounded."""

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
from msgspec import Raw, Struct

from cds_service.fhir.decoding import resources, surrogates
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.datatypes import Reference
from cds_service.fhir.decoding.references import address
from cds_service.fhir.decoding.type_names import NAMES

_GZIP = b"\x1f\x8b"
_EXPANDS = 15
"""How many times larger than its gzip file NDJSON is taken to be."""
_MOST_GROUPS = 400
_GROUP = 32_000_000
_ENDINGS = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
_PATIENT = re.compile(rb'"Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[^"]*)?"')
_MEDICATION = re.compile(rb'Medication/([A-Za-z0-9\-.]{1,64})(?:/_history/[^"]*)?"')


class _Head(msgspec.Struct):
    """What tells whose a resource is."""

    resourceType: str  # noqa: N815
    id: str | None = None
    subject: Reference | None = None
    patient: Reference | None = None
    beneficiary: Reference | None = None


_HEAD = msgspec.json.Decoder(_Head)


class _Issue(Struct):
    severity: object = None


class _Outcome(Struct):
    issue: list[_Issue] = []


_OUTCOME = "OperationOutcome"
_SEVERITIES = msgspec.json.Decoder(_Outcome)


class Person(Struct, frozen=True):
    """All resources of one patient."""

    id: str
    parts: tuple[Part, ...]


class Population(Struct, frozen=True):
    """The regrouped population: how many bytes, which types there were, and how many lines of no patient that can be told.

    `errors` are the lines that say that the export failed in part, `about_others` those about a group, a device or a place.
    """

    groups: tuple[Path, ...]
    size: int
    types: frozenset[str]
    lost: int
    errors: int = 0
    about_others: int = 0

    def people(self) -> Iterator[Person]:
        """Each patient once; only a group of them, about one in as many as there are groups, is in memory at a time."""
        for path in self.groups:
            found: dict[str, list[Part]] = {}
            with path.open("rb") as group:
                for line in group:
                    person, _, raw = line.rstrip(b"\n").partition(b"\t")
                    listed = found.setdefault(msgspec.json.decode(person, type=str), [])
                    if raw:
                        listed.append(Part(Raw(raw)))
            for name in sorted(found):
                yield Person(name, tuple(found[name]))


def files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The NDJSON files among the paths and below the folders."""
    found = []
    for path in paths:
        inside = sorted(item for item in path.rglob("*") if item.name.endswith(_ENDINGS)) if path.is_dir() else [path]
        found.extend(inside)
    return tuple(dict.fromkeys(found))


def regroup(listed: Iterable[Path], folder: Path, read: Callable[[int], object]) -> Population:
    """Reads every file twice and writes groups of patients to `folder`; `read` is told the bytes of each file that is done.

    Raises ClickException for a file that cannot be read to its end: what it lacks could be anyone's.
    """
    listed = tuple(listed)
    size = sum(path.stat().st_size * (_EXPANDS if _is_gzip(path) else 1) for path in listed)
    groups = tuple(folder / f"{number}.ndjson" for number in range(min(_MOST_GROUPS, 1 + size // _GROUP)))
    medications = {}
    for path in listed:
        for line in _lines(path):
            head = _head(line) if b'"Medication"' in line else None
            if head and head.resourceType == "Medication" and head.id:
                medications[head.id] = line
    types = {path.name.split(".")[0] for path in listed} & resources.TYPES.keys()
    kept = lost = errors = about_others = 0
    with ExitStack() as opened:
        handles = [opened.enter_context(path.open("wb")) for path in groups]
        for path in listed:
            for line in _lines(path):
                head = _head(line)
                if head and head.resourceType not in resources.TYPES and head.resourceType in NAMES:
                    errors += head.resourceType == _OUTCOME and _is_error(line)
                    continue
                types |= {head.resourceType} if head else set()
                if head and head.resourceType == "Medication":
                    continue
                person = _whose(head, line)
                if person is None:
                    about_others += 1
                    continue
                if person:
                    kept += _write(handles, person, line, medications)
                lost += not person
            read(path.stat().st_size)
    return Population(groups, kept, frozenset(types & resources.TYPES.keys()), lost, errors, about_others)


def _is_error(outcome: bytes) -> bool:
    """Whether an OperationOutcome of the export says more than information; one that cannot be read may say anything."""
    try:
        issues = _SEVERITIES.decode(outcome).issue
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return True
    return any(issue.severity not in ("information", "warning", "success") for issue in issues)


def _write(handles: Sequence[BinaryIO], person: str, line: bytes, medications: dict[str, bytes]) -> int:
    """Writes a line, and the medications that it names (they are of no patient), with the patient's id; how many bytes."""
    name = msgspec.json.encode(person)
    handle = handles[zlib.crc32(name) % len(handles)]
    named = (medications[found.decode()] for found in _MEDICATION.findall(line) if found.decode() in medications)
    lines = (line, *named)
    handle.writelines(name + b"\t" + item + b"\n" for item in lines)
    return sum(map(len, lines))


def _head(line: bytes) -> _Head | None:
    """None for a line that is no resource, or one whose reference to the patient cannot be read."""
    try:
        return _HEAD.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _whose(head: _Head | None, line: bytes) -> str | None:
    """The id of the patient; empty where it does not say, None for what is about no patient.

    Of a broken line it is whatever patient it names, so that the gap is told in that patient's row.
    """
    if head is None:
        found = _PATIENT.search(line)
        return found[1].decode() if found else ""
    if head.resourceType == "Patient":
        return head.id or ""
    subject = head.subject or head.patient or head.beneficiary
    about = address(subject.reference if subject else "")
    return about.id.rpartition(":")[2] if about.type in ("", "Patient") else None


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) if _is_gzip(path) else path.open("rb") as file:
            for line in file:
                text = line.strip().removeprefix(b"\xef\xbb\xbf")
                if text:
                    yield surrogates.replaced(text)
    except (OSError, EOFError, zlib.error) as error:
        raise click.ClickException(f"{path} cannot be read to its end: {error}") from error
