"""Retires rules in a copy of the package, one after the other, and prints what goes wrong: `python retire.py DIRECTORY ID[,ID…]…`.

Run with the copy on the path, not from pytest: each retirement is judged in a process of its own, forked before any rule is loaded.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import cds_service
from cds_service import cases
from cds_service.app import create_app
from cds_service.cards import assessment
from cds_service.errors import ServiceError
from cds_service.findings import Status
from cds_service.hook import Hook
from cds_service.hooks import read_request
from cds_service.rules import catalogue
from cds_service.service import Site, respond, site_of, warm_up
from cds_service.settings import Settings

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def main(directory: Path, *retired: str) -> None:
    """Prints one JSON object: what is wrong, a list of sentences, by what was retired."""
    assert Path(cds_service.__file__).is_relative_to(directory)
    warm_up()
    print(json.dumps({names: _without(directory, names.split(",")) for names in retired}))


def _without(directory: Path, names: Iterable[str]) -> list[str]:
    """What is wrong once the three files of each rule are gone; they are put back after."""
    files = {path: path.read_bytes() for name in names for path in _files(directory, name)}
    for path in files:
        path.unlink()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writer, "w") as out:
            json.dump(list(_problems(names)), out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        found: list[str] = json.loads(told.read() or '["it crashed"]')
    os.waitpid(child, 0)
    for path, content in files.items():
        path.write_bytes(content)
    return found


def _files(directory: Path, name: str) -> tuple[Path, ...]:
    (module,) = directory.glob(f"cds_service/rules/*/{name}.py")
    return module, directory / f"cds_service/knowledge/{name}.toml", directory / f"fixtures/rules/{name}.json"


def _problems(names: Iterable[str]) -> Iterator[str]:
    try:
        site = site_of(Settings())
    except ServiceError as error:
        yield f"start: {error}"
        return
    yield from _in_cases(site)
    yield from _in_requests(site)
    yield from _on_pages(names)


def _in_cases(site: Site) -> Iterator[str]:
    for rule in catalogue():
        listed = cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json")
        for case in (listed[0], listed[-1]):
            rows = [
                json.loads(msgspec.json.encode(assessment.row(item))) for item in cases.judge(case, rule, site.know)
            ]
            yield from (f"{rule.id}: {case.name}: {said}" for said in cases.differences(case, rows))


def _in_requests(site: Site) -> Iterator[str]:
    for path in sorted((cases.FIXTURES / "requests").glob("*.json")):
        try:
            material = respond(read_request(path.read_bytes(), tuple(Hook)), NOW, site).material
        except ServiceError:
            continue
        for item in material.results if material else ():
            if item.status is Status.ERROR:
                yield f"{path.stem}: {item.rule.id} failed"


def _on_pages(names: Iterable[str]) -> Iterator[str]:
    client = create_app(Settings(database_url="sqlite://")).test_client()
    linking = [f"/rules/{rule.id}" for rule in catalogue() if any(name in rule.page for name in names)]
    for page in ("/", "/rules", "/connect", *linking):
        answer = client.get(page)
        if answer.status_code != 200:
            yield f"{page}: {answer.status_code}"
        if any(f'"/rules/{name}"' in answer.text for name in names):
            yield f"{page}: links to a rule that is gone"


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
