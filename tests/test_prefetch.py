"""What discovery asks for holds the codes of the site's own laboratory, so that a server finds its results."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from cds_service import knowledge, prefetch
from cds_service.chart import Answer, Section
from cds_service.fetch import Access, Allowed, Deadline, Fetcher
from cds_service.knowledge.overlay import applied
from cds_service.rules import catalogue
from tests.fhir_servers import Sekmet, sekmet
from tests.serving import call, serving

LOCAL = "http://lab.example/codes"
ODD = "PLT,1|x$ & \\y#{{z}}"
PLATELETS = f"""reason = "The laboratory's own codes"
["{LOCAL}"]
PLT = "Platelets"
'{ODD}' = "Platelets by hand"
"""
SYSTEMS = '[loinc]\nreason = "Our server\'s address"\naddresses = ["http://lab.example/loinc"]\n'


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    for file, text in (("valuesets/platelets.toml", PLATELETS), ("tables/systems.toml", SYSTEMS)):
        path = tmp_path / "overlay" / file
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path / "overlay"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    with sekmet(tmp_path_factory.mktemp("lab")) as running:
        running.load([{"resourceType": "Patient", "id": "SECRET-ID"}, count("by-code", "PLT"), count("by-hand", ODD)])
        yield running


def count(identifier: str, code: str) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "subject": {"reference": "Patient/SECRET-ID"},
        "code": {"coding": [{"system": LOCAL, "code": code}]},
        "effectiveDateTime": "2026-11-21",
        "valueQuantity": {"value": 31, "unit": "Tsd./µl"},
    }


def test_without_a_site_only_loinc_is_asked_for():
    for template in prefetch.templates(catalogue(), knowledge.load()).values():
        for token in template.partition("&code=")[2].partition("&")[0].split(","):
            assert token == "" or token.startswith("http://loinc.org|")


def test_codes_and_addresses_of_the_site_are_asked_for_and_escaped(overlay: Path):
    templates = prefetch.templates(catalogue(), applied(knowledge.load(), overlay))
    tokens = templates[Section.BLOOD_COUNT].partition("&code=")[2].partition("&")[0].split(",")
    escaped = quote("PLT\\,1\\|x\\$ & \\\\y#{{z}}")
    assert {f"{LOCAL}|PLT", f"{LOCAL}|{escaped}", "http://loinc.org|777-3", "http://lab.example/loinc|777-3"} <= set(
        tokens
    )
    assert len(tokens) == len(set(tokens))
    assert LOCAL not in templates[Section.COAGULATION]


def test_a_client_that_fills_the_template_brings_the_sites_results(overlay: Path, server: Sekmet, tmp_path: Path):
    with serving(tmp_path, config=f'overlay = "{overlay}"\n') as service:
        offers = service.ask("GET", "/cds-services")[2]["services"]
        template = next(offer for offer in offers if offer["hook"] == "order-sign")["prefetch"]["blood-count"]
        found = server.get(template.replace("{{context.patientId}}", "SECRET-ID"))
        assert {entry["resource"]["id"] for entry in found["entry"]} >= {"by-code"}
        asked = call()
        asked["prefetch"]["blood-count"] = found
        status, _, answer = service.post("/cds-services/vertebroplasty-suitability", asked)
    assert status == 200
    assert "31 ×10⁹/L" in str(answer["cards"])


def test_so_do_our_own_searches(overlay: Path, server: Sekmet):
    templates = prefetch.templates(catalogue(), applied(knowledge.load(), overlay))
    wanted = {Section.BLOOD_COUNT: prefetch.searches(templates)[Section.BLOOD_COUNT]}
    access = Access(server.base, token="", context={"patientId": "SECRET-ID"})
    fetcher = Fetcher(5_000_000)
    try:
        filled = fetcher.fill({}, wanted, access, Allowed.of((), loopback=True), Deadline(20_000))
    finally:
        fetcher.close()
    answer = filled.answers[Section.BLOOD_COUNT]
    assert answer.answer is Answer.WHOLE
    assert any(b'"by-code"' in bytes(part.raw) for part in answer.parts)
