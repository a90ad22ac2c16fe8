"""Medplum's CDS Hooks client against the service: it fills our prefetch templates from a FHIR server, and gets the same cards."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.fhir_servers import sekmet
from tests.npm_packages import installed
from tests.serving import serving

NPM = Path(__file__).parent / "npm"
REQUEST = Path(__file__).parent.parent / "fixtures/requests/suitable-acute-fracture.json"
EXTENSION = "org.vertebroplasty-cds.assessment"


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder of scripts with their packages installed as locked."""
    installed(NPM)
    return NPM


def resources(prefetch: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        resource
        for value in filter(None, prefetch.values())
        for resource in ([entry["resource"] for entry in value.get("entry", ())] if "entry" in value else [value])
        if resource["resourceType"] != "Bundle"
    ]


@pytest.mark.slow
def test_medplums_client_gets_the_cards_of_a_chart_that_was_sent(packages: Path, tmp_path: Path):
    asked = json.loads(REQUEST.read_bytes())
    (tmp_path / "fhir").mkdir()
    (tmp_path / "cds").mkdir()
    with sekmet(tmp_path / "fhir") as fhir, serving(tmp_path / "cds") as service:
        fhir.load(resources(asked["prefetch"]))
        discovery = f"http://127.0.0.1:{service.port}/cds-services"
        run = subprocess.run(
            ["node", "medplum.js", fhir.base, discovery, asked["hook"], asked["context"]["userId"]],
            cwd=packages,
            input=json.dumps(asked["context"]).encode(),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == 0, run.stderr.decode()[-2000:]
        told = json.loads(run.stdout)
        sent = service.post("/cds-services/vertebroplasty-suitability", asked | {"extension": {}})[2]
    [offered] = [item for item in told["services"] if item["hook"] == asked["hook"]]
    assert told["request"]["prefetch"].keys() == offered["prefetch"].keys()
    assert all(value["resourceType"] != "OperationOutcome" for value in told["request"]["prefetch"].values())
    cards = told["response"]["cards"]
    assert [card["summary"] for card in cards] == [card["summary"] for card in sent["cards"]]
    assert told["response"]["extension"][EXTENSION]["findings"] == sent["extension"][EXTENSION]["findings"]
