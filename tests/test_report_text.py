"""Imaging report text is read as a clinician reads it, and no text breaks the reading."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart import Level
from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.report_text.phrases import FILE, compile_table
from cds_service.report_text.prose import normalise
from cds_service.report_text.reader import (
    LONGEST_SENTENCE,
    Assertion,
    ImagingSign,
    plain_text,
    read_levels,
    read_report,
)
from tests.measure_report_text import Labelled, key, load_corpus, measure, table

CORPUS = load_corpus()
NEEDED_PRECISION = 0.98
DECISIVE = (ImagingSign.OEDEMA, ImagingSign.UPTAKE, ImagingSign.SPINAL_INFECTION)


def test_what_speaks_for_an_active_fracture_or_infection_is_right() -> None:
    scores = measure(CORPUS)
    print(table(scores))
    for sign in DECISIVE:
        score = scores[sign, Assertion.PRESENT]
        assert score.right > 10, f"too few sentences to judge {sign}"
        assert score.precision >= NEEDED_PRECISION, f"{sign}: {score}"


def test_the_corpus_is_large_and_its_texts_are_distinct() -> None:
    assert len(CORPUS) >= 240
    assert sum("held-out" in labelled.part for labelled in CORPUS) >= 80
    assert len({labelled.text for labelled in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("labelled", CORPUS, ids=lambda labelled: " ".join(labelled.text.split())[:60])
def test_a_labelled_text_is_read_as_labelled(labelled: Labelled) -> None:
    found = frozenset(map(key, read_report(labelled.text)))
    if labelled.limit:
        assert found < labelled.expected, "the limit is gone, or the text is misread instead of missed"
    else:
        assert found == labelled.expected


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("T12", "T12"),
        ("Th12", "T12"),
        ("Th. 12", "T12"),
        ("TH XII", "T12"),
        ("D12", "T12"),
        ("T-12 and L-1", "T12 L1"),
        ("T 12", "T12"),
        ("L1-L3", "L1 L2 L3"),
        ("L1–3", "L1 L2 L3"),
        ("T11 to L1", "T11 T12 L1"),
        ("T11 through L1 compression", "T11 T12 L1"),
        ("T11 and T12", "T11 T12"),
        ("T11 and 12", "T11 T12"),
        ("L1, 2 and 4", "L1 L2 L4"),
        ("T11/12", ""),
        ("L4/L5", ""),
        ("T12/L1 disc", ""),
        ("disc bulge at L4-5", ""),
        ("L4-L5: disc protrusion", ""),
        ("L5-S1", ""),
        ("twelfth thoracic vertebra", "T12"),
        ("first lumbar vertebral body", "L1"),
        ("first and second lumbar vertebrae", "L1 L2"),
        ("third to fifth lumbar vertebrae", "L3 L4 L5"),
        ("12th thoracic vertebra", "T12"),
        ("thoracic vertebra 7", "T7"),
        ("12th rib", ""),
        ("T1 hypointense", ""),
        ("T2-weighted", ""),
        ("low T1 and high T2 signal", ""),
        ("T1 signal", ""),
        ("T1, T2 and STIR sequences", ""),
        ("hypointense on T1", ""),
        ("compression fracture of T1", "T1"),
        ("T2 vertebral body", "T2"),
        ("C7-T1", "C7 T1"),
        ("T1-T3 fractures", "T1 T2 T3"),
        ("L5 nerve root", ""),
        ("vitamin D3", ""),
        ("T-score -2.5", ""),
        ("3 T MRI", ""),
        ("1.5T scanner", ""),
        ("pT3 N1", ""),
        ("T3 N1 M0", ""),
        ("L7", ""),
        ("T13", ""),
        ("T12, 30% height loss", "T12"),
        ("L1 2 weeks ago", "L1"),
        ("fractures of L1 and 2 weeks of pain", "L1"),
        ("LWK 1", "L1"),
        ("Frische LWK-4-Sinterungsfraktur", "L4"),
        ("BWK12-Fx", "T12"),
        ("LWK1-3", "L1 L2 L3"),
        ("LWK 1/2 Fraktur", "L1 L2"),
        ("BWK 12 und LWK 1", "T12 L1"),
        ("BWK 12 bis LWK 2", "T12 L1 L2"),
        ("HWK 5", "C5"),
        ("L4/5", ""),
        ("1. Lendenwirbel", "L1"),
        ("11. und 12. Brustwirbel", "T11 T12"),
        ("fracture de D12", "T12"),
        ("12e vertèbre dorsale", "T12"),
        ("fractura vértebra D12 y L1", "T12 L1"),
        ("1ª vértebra lumbar", "L1"),
        ("frattura D11 e D12", "T11 T12"),
        ("2a vertebra lombare", "L2"),
        ("fratura da 3ª vértebra lombar", "L3"),
        ("wervelinzakking L1 en L2", "L1 L2"),
        ("kotkompression L1 och L2", "L1 L2"),
        ("brudd Th12 og L1", "T12 L1"),
        ("13e vertèbre dorsale", ""),
        ("7. Lendenwirbel", ""),
    ],
)
def test_levels(text: str, levels: str) -> None:
    assert read_levels(text) == frozenset(map(Level, levels.split()))


@given(st.text())
def test_no_text_raises(text: str) -> None:
    normalised = " ".join(normalise(text).split())
    for statement in read_report(text):
        assert statement.sentence in normalised
        assert statement.levels <= frozenset(Level)


REPORT_WORDS = """
no not without oedema STIR T1 T12 L1 L4/5 L1-L3 fracture fractures acute old healed of at and or , ; : . ? ! - ( ) but however
with resolved previously possible cannot exclude excluded discitis uptake height loss 30% 30-40 % half cord compression
posterior wall retropulsion canal is are seen present 2024 study signal hyperintense high on Findings: Indication: Impression:
1. 2) • rib haemangioma intact normal T11 12 twelfth thoracic vertebra % up to
"""
WORDS = st.sampled_from([*REPORT_WORDS.split(), "\n", "\n\n"])


@given(st.lists(WORDS, max_size=60).map(" ".join))
def test_no_order_of_report_words_raises(text: str) -> None:
    normalised = " ".join(normalise(text).split())
    for statement in read_report(text):
        assert statement.sentence in normalised
        assert statement.sentence
        if statement.percent:
            low, high = statement.percent
            assert 0 <= low <= high <= 100


@given(st.sampled_from(CORPUS), st.sampled_from(["\n", "\r\n", "\r"]))
def test_line_ends_do_not_matter(labelled: Labelled, end: str) -> None:
    assert read_report(labelled.text.replace("\n", end)) == read_report(labelled.text)


def test_what_is_too_long_for_a_sentence_is_not_read() -> None:
    assert read_report("Marrow oedema at T12 " + "and pain " * (LONGEST_SENTENCE // 8)) == ()


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/html; charset=utf-8", "application/xhtml+xml", "TEXT/HTML"]
)
def test_markup_becomes_text(content_type: str) -> None:
    markup = (
        "<div xmlns='http://www.w3.org/1999/xhtml'><style>p{}</style><p>Marrow o&#101;dema at&nbsp;T12.</p>"
        "<ul><li>No retropulsion</li><li>Height loss &lt; 25 %</li></ul><br/><b>L1</b> intact</div>"
    )
    text = plain_text(markup, content_type)
    assert [line for line in text.splitlines() if line] == [
        "Marrow oedema at T12.",
        "- No retropulsion",
        "- Height loss < 25 %",
        "L1 intact",
    ]
    assert {(found.sign, found.assertion) for found in read_report(text)} == {
        (ImagingSign.OEDEMA, Assertion.PRESENT),
        (ImagingSign.RETROPULSION, Assertion.ABSENT),
        (ImagingSign.HEIGHT_LOSS, Assertion.PRESENT),
        (ImagingSign.INTACT, Assertion.PRESENT),
    }


def test_bytes_are_decoded_as_their_type_says() -> None:
    assert plain_text("Kümmell".encode(), "text/plain") == "Kümmell"
    assert plain_text("Kümmell".encode("latin-1"), "text/plain; charset=iso-8859-1") == "Kümmell"
    assert plain_text("Kümmell".encode("cp1252"), "text/plain") == "Kümmell"
    assert plain_text(b"\xef\xbb\xbfNo oedema", "text/plain;charset=nonsense") == "No oedema"
    assert plain_text("a < b", "text/plain") == "a < b"
    assert plain_text(b"%PDF-1.7", "application/pdf") == ""


@given(
    st.text() | st.binary(),
    st.sampled_from(["text/html", "text/plain", "application/xhtml+xml", "", "text/html; charset=utf-16"]),
)
def test_no_markup_raises(value: str | bytes, content_type: str) -> None:
    plain_text(value, content_type)


def _without(table_: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    copy = dict(table_)
    if rest:
        copy[first] = _without(copy[first], tuple(rest))
    else:
        del copy[first]
    return copy


@pytest.mark.parametrize(
    "path", [("signs", "oedema"), ("clauses", "opens"), ("cues",), ("sections", "silent"), ("grades",)]
)
def test_a_phrase_table_without_a_part_is_refused_by_name(path: tuple[str, ...]) -> None:
    with pytest.raises(KnowledgeError, match=path[-1]):
        compile_table(_without(files.tables(files.TABLES / FILE), path))


def test_a_malformed_phrase_is_refused() -> None:
    broken = files.tables(files.TABLES / FILE)
    broken["signs"]["oedema"]["present"].append("oe*dema")
    with pytest.raises(KnowledgeError, match=r"oe\*dema"):
        compile_table(broken)


def test_an_unknown_sign_is_refused() -> None:
    broken = files.tables(files.TABLES / FILE)
    broken["signs"]["odema"] = broken["signs"]["oedema"]
    with pytest.raises(KnowledgeError, match=r"signs\.odema"):
        compile_table(broken)


def test_british_and_american_spelling_read_the_same() -> None:
    pairs = [("Marrow oedema at T12.", "Marrow edema at T12."), ("Epidural tumour at T8.", "Epidural tumor at T8.")]
    for british, american in pairs:
        assert list(map(key, read_report(british))) == list(map(key, read_report(american)))
