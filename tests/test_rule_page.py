"""The page behind "Why this card" holds all that a reviewer wants: what a rule says and why, its numbers and its sources, each in full."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from cds_service import cases, rule_page
from cds_service.app import create_app
from cds_service.findings import Rule
from cds_service.knowledge import load
from cds_service.rules import catalogue
from cds_service.settings import Settings
from cds_service.web import labels

KNOW = load()
each_rule = pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder: Path = tmp_path_factory.mktemp("rule-pages")
    return create_app(Settings(database_url=f"sqlite:///{folder}/pages.sqlite3")).test_client()


def words(text: str) -> str:
    """A page's text on one line, with each run of spaces as one."""
    return " ".join(text.split())


@each_rule
def test_a_page_holds_an_example_of_each_kind_of_finding_with_what_explains_it(pages: FlaskClient, rule: Rule) -> None:
    """Every effect and every source of its findings is met by an example, and every example can be read on both pages."""
    listed = cases.of_rule(rule.id)
    sayings = rule_page.read(rule, KNOW, listed).sayings
    results = [result for case in listed for result in cases.judge(case, rule, KNOW) if result.finding]
    assert {saying.effect for saying in sayings} == {result.effect for result in results}
    page, markdown = words(pages.get(f"/rules/{rule.id}").text), words(rule_page.rule(rule, KNOW, listed))
    for saying in sayings:
        for text in filter(None, (saying.says, saying.explains, ". ".join(saying.steps), saying.case.name)):
            assert words(str(escape(text))) in page
            assert words(text) in markdown
    explained = [saying.explains for saying in sayings if saying.explains]
    assert len(explained) == len(set(explained))


@each_rule
def test_a_page_holds_its_numbers_and_sources_in_full(pages: FlaskClient, rule: Rule) -> None:
    """Each number with its source, locator, confidence and review date; each source that a finding, a number or the rule cites."""
    listed = cases.of_rule(rule.id)
    page = words(pages.get(f"/rules/{rule.id}").text)
    read = rule_page.read(rule, KNOW, listed)
    for number in read.numbers:
        _, _, row = page.partition(f'<tr id="number-{number.key}">')
        row, _, _ = row.partition("</tr>")
        label = KNOW.citation(number.source).label
        told = (
            number.means,
            label,
            number.locator,
            labels.CONFIDENCES[number.confidence],
            str(number.reviewed),
        )
        assert all(str(escape(words(text))) in row for text in told), number
    findings = [result.finding for case in listed for result in cases.judge(case, rule, KNOW) if result.finding]
    cited = {source for finding in findings for source in (*finding.cites, *(number.source for number in finding.uses))}
    for name in cited | set(KNOW.rules[rule.id].citations):
        source = KNOW.citation(name)
        _, _, entry = page.partition(f'<li id="cite-{name}">')
        assert str(escape(source.label)) in entry.partition("</li>")[0]
        assert str(escape(source.title)) in entry.partition("</li>")[0]
