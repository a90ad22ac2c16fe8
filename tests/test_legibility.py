"""A report that cannot be read is told from one that was read and tells nothing."""

import json
import tomllib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

import msgspec
import pytest

from cds_service.cases import case as cases
from cds_service.chart import Answer, Chart, Order, Reason, Section
from cds_service.errors import KnowledgeError
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.read import Received
from cds_service.fhir.read import chart as read_chart
from cds_service.knowledge import files, load
from cds_service.report_text.legibility import FILE, Unread, compile_legibility, legibility
from cds_service.report_text.prose import normalise
from cds_service.report_text.reader import ImagingSign, plain_text, reading
from tests.measure_report_text import load_corpus

KINDS = tomllib.loads((Path(__file__).parent / "data" / "report_legibility.toml").read_text(encoding="utf-8"))["texts"]
CONTEXT = Context(load(), UTC)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LONG = "The patient was examined supine with sequences of the whole spine and " * 20 + "there is discitis at L2/L3."
MUTE = {"82-year-old patient with chronic back pain.", "Th12: Frische Fraktur."}
"""What the corpus holds of texts that tell nothing: the report is in them neither in English nor of an image."""


@pytest.mark.parametrize(
    ("text", "unread"), [(text, kind["unread"]) for kind in KINDS for text in kind["texts"]], ids=lambda part: part[:50]
)
def test_a_text_is_read_or_not_for_its_reason(text: str, unread: str) -> None:
    found = reading(text)
    assert found.unread == (Unread[unread.replace("-", "_").upper()] if unread else None)
    assert not found.statements or found.unread in (None, Unread.PARTLY_FOREIGN)


def test_of_two_languages_english_is_read() -> None:
    (text,) = next(kind["texts"] for kind in KINDS if kind["unread"] == "partly-foreign")
    assert {ImagingSign.FRACTURE, ImagingSign.OEDEMA} <= {item.sign for item in reading(text).statements}


def _fixture_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("resourceType") == "DiagnosticReport":
            yield value.get("conclusion") or ""
            yield plain_text(value.get("text", {}).get("div", ""), "text/html")
            for form in value.get("presentedForm", ()):
                yield plain_text(b64decode(form.get("data") or ""), form.get("contentType") or "")
        for member in value.values():
            yield from _fixture_texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _fixture_texts(member)


def test_no_ordinary_report_is_unread() -> None:
    """Every text of the corpus and of all fixtures, apart from those that are there to be unread."""
    meant, texts = set(MUTE), {labelled.text for labelled in load_corpus()}
    for path in cases.FIXTURES.rglob("*.json"):
        file = json.loads(path.read_bytes())
        for part in file.get("cases", [file]):
            found = set(filter(str.strip, _fixture_texts(part)))
            (meant if "imaging-reports: unreadable" in json.dumps(part.get("expect")) else texts).update(found)
    assert len(texts) > 500
    assert {text: why for text in texts - meant if (why := reading(text).unread)} == {}


def test_every_language_is_told_by_its_texts_and_no_small_word_is_english() -> None:
    table = files.tables(files.TABLES / FILE)["words"]
    english = set(table["english"])
    for language, words in table.items():
        assert len(words) == len(set(words)), language
        assert language == "english" or (len(words) >= 15 and not english & set(words)), language
        assert words == [normalise(word) for word in words]


def test_a_name_or_phrase_of_another_language_is_no_language() -> None:
    for words in ("Dr. van der Berg", "Frau von Ruhe", "de novo", "en bloc", "DE LE", "L. de la Fuente"):
        assert not legibility().is_foreign(words)


def test_the_file_is_checked() -> None:
    table = files.tables(files.TABLES / FILE)
    for name in ("share", "words", "content", "pointer"):
        with pytest.raises(KnowledgeError, match=name):
            compile_legibility({key: value for key, value in table.items() if key != name})
    with pytest.raises(KnowledgeError, match="cannot be understood"):
        compile_legibility({**table, "pointer": {"phrases": ["(see"]}})


@pytest.mark.parametrize(
    "unit", ["see the report of ", "keine Fraktur und ", "\x00\x01", "骨折", "a", "von ", "de la ", "no ", ". "]
)
def test_the_time_is_linear(unit: str) -> None:
    def seconds(length: int) -> float:
        began = process_time()
        reading(unit * (length // len(unit)))
        return process_time() - began

    seconds(1_000)
    assert seconds(120_000) < 10 * max(seconds(30_000), 0.1)


# What it does to a chart


def _report(about: str = "MRI lumbar spine", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2026-11-17",
        "code": {"text": about},
        **members,
    }


def _form(text: str, content_type: str = "text/plain") -> list[dict[str, str]]:
    return [{"contentType": content_type, "data": b64encode(text.encode()).decode()}]


def _read(report: dict[str, Any]) -> Chart:
    answers = {section: Answered(Answer.WHOLE) for section in Section}
    answers[Section.IMAGING_REPORTS] = Answered(Answer.WHOLE, (Part(msgspec.Raw(json.dumps(report).encode())),))
    return read_chart(Received(answers, patient_id="p"), Order(), NOW, CONTEXT)


RADIOLOGY = [{"coding": [{"code": "RAD"}]}]
PDF = _form("%PDF", "application/pdf")


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (_report(conclusion="See report."), Unread.NO_CONTENT),
        (_report(conclusion="See attached PDF.", presentedForm=PDF), Unread.NO_CONTENT),
        (_report(text={"div": "<div>MRI lumbar spine, final</div>"}, presentedForm=PDF), Unread.NO_CONTENT),
        (_report(presentedForm=PDF), Unread.NO_TEXT),
        (_report(presentedForm=_form("Keine Fraktur. Kein Knochenmarködem.")), Unread.FOREIGN),
        (_report("MRT LWS", conclusion="Keine Fraktur. Kein Knochenmarködem."), Unread.FOREIGN),
        (_report("Befund", conclusion="Keine Fraktur im Bereich der LWS."), Unread.FOREIGN),
        (_report("Befund", conclusion="Keine Fraktur.", category=RADIOLOGY), Unread.FOREIGN),
        (_report("MRI", conclusion="See report."), Unread.NO_CONTENT),
        (_report(conclusion=LONG), Unread.TOO_LONG),
        (_report(conclusion=f"Acute fracture of L1. {LONG}"), Unread.TOO_LONG),
        (_report(), Unread.NO_CONTENT),
        (_report(conclusion="  "), Unread.NO_CONTENT),
        (_report("CT Thorax", conclusion="Keine Embolie. Fraktur und Abszess der BWS."), Unread.FOREIGN),
        (_report(conclusion="\x01\x02\x03\x04 fracture"), Unread.NOISE),
    ],
    ids=lambda part: "",
)
def test_an_unread_report_is_a_gap_of_the_imaging_reports(report: dict[str, Any], says: Unread) -> None:
    found = _read(report)
    (gap,) = found.gaps(Section.IMAGING_REPORTS)
    assert (gap.reason, gap.says) == (Reason.UNREADABLE, says)
    assert bool(found.imaging) is report.get("conclusion", "").startswith("Acute")


@pytest.mark.parametrize(
    "report",
    [
        _report(conclusion="Normal study."),
        _report(status="registered"),
        _report(conclusionCode=[{"text": "Bone marrow oedema T12"}]),
        _report(result=[{"reference": "Observation/1"}]),
        _report("CT Thorax", conclusion="Keine Lungenembolie, kein Infiltrat."),
        _report("Chest X-ray", conclusion="See report."),
        _report("Chest X-ray", presentedForm=PDF),
        _report("Mammography", conclusion="Kein Tumor, keine Metastasen.", category=RADIOLOGY),
        _report("Discharge letter", conclusion="See attached PDF."),
        _report("Cerebrospinal fluid, spine", conclusion="See attached PDF.", category=[{"coding": [{"code": "LAB"}]}]),
        _report("DXA", conclusion="See report."),
        _report(conclusion="Acute fracture of L1 with oedema.", presentedForm=PDF),
        _report(conclusion="See narrative.", text={"div": "<div>Acute fracture of L1 with oedema.</div>"}),
        _report(conclusion="See report.", conclusionCode=[{"text": "Bone marrow oedema T12"}]),
        _report(conclusion="See report.", status="entered-in-error"),
    ],
    ids=lambda part: "",
)
def test_what_was_read_or_shows_something_else_is_no_gap(report: dict[str, Any]) -> None:
    assert _read(report).gaps(Section.IMAGING_REPORTS) == ()
