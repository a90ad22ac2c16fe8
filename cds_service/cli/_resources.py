"""The resources that lie in files of any kind that EHRs write, or on a FHIR server, each as JSON."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

import click
import msgspec

from cds_service.fhir.decoding import surrogates

_TYPES = (
    "Condition",
    "AllergyIntolerance",
    "Procedure",
    "Device",
    "Observation",
    "MedicationStatement",
    "MedicationRequest",
)
_LINES = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
_SECONDS, _COUNT = 30, 200


def in_files(paths: Iterable[Path]) -> Iterator[bytes]:
    """Every resource in requests, Bundles, resources and NDJSON files. Raises ClickException for a file that cannot be read."""
    for path in paths:
        files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
        for file in files:
            if file.name.endswith((*_LINES, ".json")):
                yield from _in(file)


def on_server(url: str, pages: int) -> Iterator[bytes]:
    """Every resource of the types that must be understood, as far as so many pages of each reach. Raises ClickException."""
    base = url.rstrip("/") + "/"
    if not base.startswith(("http://", "https://")):
        raise click.ClickException(f"{url} is no http address")
    for kind in _TYPES:
        address = f"{base}{kind}?_count={_COUNT}"
        for _ in range(pages):
            bundle = _asked(address)
            yield from _resources(bundle)
            address = _next(bundle, address)
            if not address:
                break


def _in(file: Path) -> Iterator[bytes]:
    try:
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from error
    text = text.removeprefix(b"\xef\xbb\xbf")
    for document in text.splitlines() if file.name.endswith(_LINES) else [text]:
        if document.strip():
            try:
                value = msgspec.json.decode(surrogates.replaced(document))
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                raise click.ClickException(f"{file} is not JSON") from error
            yield from _resources(value)


def _resources(value: object) -> Iterator[bytes]:
    """The resources in a request, a list, a Bundle, or the resource itself."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict) and isinstance(item.get("prefetch"), dict):
            waiting.extend(item["prefetch"].values())
        elif isinstance(item, dict) and item.get("resourceType") == "Bundle":
            entries = item.get("entry")
            waiting.extend(
                entry.get("resource")
                for entry in (entries if isinstance(entries, list) else ())
                if isinstance(entry, dict)
            )
        elif isinstance(item, dict) and "resourceType" in item:
            yield msgspec.json.encode(item)


def _asked(address: str) -> object:
    try:
        with urlopen(Request(address, headers={"Accept": "application/fhir+json"}), timeout=_SECONDS) as answer:  # noqa: S310
            return json.load(answer)
    except HTTPError as error:
        if error.code in (400, 404):  # the server has no such type
            return {}
        raise click.ClickException(f"the FHIR server answers {error.code}") from error
    except (URLError, TimeoutError, ValueError) as error:
        raise click.ClickException(f"the FHIR server cannot be read: {error}") from error


def _next(bundle: object, address: str) -> str:
    """The address of the next page; empty for the last one, and for one that leads to another server."""
    links = bundle.get("link") if isinstance(bundle, dict) else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            following = urljoin(address, link["url"])
            return following if urlsplit(following)[:2] == urlsplit(address)[:2] else ""
    return ""
