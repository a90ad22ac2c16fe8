"""README tells the truth: its table of rules is the catalogue."""

from pathlib import Path

from cds_service import pages
from cds_service.rules import catalogue

README = Path(__file__).parent.parent / "README.md"


def test_rules_table() -> None:
    """The table between the markers is what `cds-service rules --markdown` prints."""
    table = README.read_text(encoding="utf-8").partition("<!-- rules -->\n")[2].partition("\n<!-- /rules -->")[0]
    assert table == pages.catalogue(catalogue()), "run: make readme"
