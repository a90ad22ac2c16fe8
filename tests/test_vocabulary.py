"""The lists of words are made again from what the government publishes, and say nothing else."""

import sqlite3
from datetime import date
from pathlib import Path

from cds_service.knowledge.titles import OfficialTitles
from tests import vocabulary

TABULAR = """\
<ICD10CM.tabular><chapter><section><diag><name>A01</name><desc>Typhoid fevers</desc>
<inclusionTerm><note>Zebra fevers</note></inclusionTerm><diag><name>A01.1</name><desc>Paratyphoïd, of A</desc></diag></diag>
</section></chapter></ICD10CM.tabular>"""


def test_the_words_of_titles_are_written_in_one_spelling(tmp_path: Path):
    tabular = tmp_path / "tabular.xml"
    tabular.write_text(TABULAR, encoding="utf-8")
    titled = list(vocabulary.titles(tabular))
    assert titled == [("A01", "Typhoid fevers"), ("A01", "Zebra fevers"), ("A01.1", "Paratyphoïd, of A")]
    written = vocabulary.as_text((title for _, title in titled), "a source", date(2026, 12, 1))
    words = [line for line in written.splitlines() if not line.startswith("#")]
    assert words == ["fevers", "paratyfoid", "sebra", "tyfoid"]


def test_the_digests_of_titles_tell_what_repeats_a_code(tmp_path: Path):
    official = OfficialTitles(vocabulary.digests([("A01", "Typhoid fevers"), ("A01", "Zebra fevers")]))
    assert official.repeats("A01", "zebra fevers")
    assert not official.repeats("A02", "Typhoid fevers")


def test_the_titles_of_procedures_are_read_from_their_database(tmp_path: Path):
    path = tmp_path / "pcs.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE pcs_codes (long_name TEXT)")
        made.execute("CREATE TABLE pcs_root_operation (examples TEXT)")
        made.execute("INSERT INTO pcs_codes VALUES ('Bypass of stomach')")
        made.execute("INSERT INTO pcs_root_operation VALUES (NULL)")
    made.close()
    assert list(vocabulary.procedures(path)) == ["Bypass of stomach", ""]
