"""Words of the chart stand in a sentence whole: a diagnosis clause by clause, a report only as far as the part says the same."""

import pytest

from cds_service.chart import Age, Basis, ImagingFinding, ImagingSign, Modality, Source
from cds_service.facts.fracture.quoting import quote
from cds_service.facts.shared.phrasing import MOST_QUOTED, brief
from cds_service.knowledge import load
from cds_service.report_text.reader import read_report


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Discitis, unspecified, lumbar region", "Discitis, lumbar region"),
        ("Wedge fracture of T12, initial encounter for closed fracture", "Wedge fracture of T12"),
        ("Fracture of T12, encounter for nonunion", "Fracture of T12, encounter for nonunion"),
        ("Unspecified injury", "Unspecified injury"),
        ("Urinary tract infection, site not specified", "Urinary tract infection"),
        ("Collapsed vertebra, not elsewhere classified", "Collapsed vertebra"),
        (
            "one two three four five six seven eight nine ten, eleven twelve thirteen, last",
            "one two three four five six seven eight nine ten, last",
        ),
        ("", ""),
    ],
)
def test_a_diagnosis_is_named_by_whole_clauses(text: str, words: str) -> None:
    """What is unspecified, and that care has begun, is left out; so is a clause for which there is no room."""
    assert brief(text, "it") == words


def test_a_diagnosis_of_one_long_clause_gives_way_to_the_noun() -> None:
    """Without a noun its first words stand, whole."""
    assert brief("word " * 20, "discitis") == "discitis"
    assert brief("word " * 20) == " ".join(["word"] * MOST_QUOTED)


def _first(sentence: str, sign: ImagingSign) -> ImagingFinding:
    said = next(item for item in read_report(sentence) if item.sign is sign)
    return ImagingFinding(
        source=Source("DiagnosticReport/1"),
        sign=said.sign,
        assertion=said.assertion,
        modality=Modality.MRI,
        when=None,
        levels=said.levels,
        basis=Basis.TEXT,
        sentence=said.sentence,
    )


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("Marrow oedema at T12.", "Marrow oedema at T12"),
        (
            "T12 compression fracture with marrow oedema extending through the whole of the vertebral body and into both pedicles.",
            "marrow oedema extending through the whole of the vertebral body",
        ),
        (
            "All of the spine was examined supine in one sitting without contrast agent, and there is marrow oedema in the body of T12.",
            "there is marrow oedema in the body of T12",
        ),
        ("The marrow oedema that was seen in the body of T12 in the month of May this year has now resolved.", ""),
        (
            "Marrow oedema of the T12 vertebral body, which was described in the last report, is no longer present on these images.",
            "",
        ),
    ],
)
def test_a_report_is_quoted_as_far_as_the_part_says_the_same(sentence: str, words: str) -> None:
    """Read alone, a part that asserts what the whole denies is not quoted."""
    assert quote(_first(sentence, ImagingSign.OEDEMA)) == words


def test_times_are_written_out() -> None:
    """A card says days, weeks and months; hours stay as clinicians write them."""
    assert [str(Age(1, 1)), str(Age(20, 60)), str(Age(0, None))] == ["1 day", "20 to 60 days", "at least 0 days"]
    texts = {item.unit: item.text for rule in load().rules.values() for item in rule.parameters.values()}
    assert [texts[unit].rpartition(" ")[2] for unit in ("d", "wk", "mo", "h", "%")] == [
        "days",
        "weeks",
        "months",
        "h",
        "%",
    ]


@pytest.mark.parametrize(
    ("system", "code", "title"),
    [
        ("icd-10-cm", "D66", "Hereditary factor VIII deficiency"),
        ("icd-10-cm", "M46.46", "Discitis, unspecified"),
        ("icd-10-cm", "S22.080D", "Wedge compression fracture of T11-T12 vertebra"),
        ("loinc", "777-30", ""),
        ("icd-10-cm", "Z00.00", ""),
        ("", "D66", ""),
    ],
)
def test_a_code_without_a_display_has_the_title_of_its_list(system: str, code: str, title: str) -> None:
    """Its own, or that of the narrowest group that is listed; a code that only begins like another has none."""
    assert load().index.title(system, code) == title
