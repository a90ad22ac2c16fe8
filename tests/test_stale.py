"""What is past its review is listed, the oldest first, and fails the command."""

from datetime import date, timedelta

from click.testing import CliRunner
from msgspec.structs import replace

from cds_service.cli import main
from cds_service.knowledge import load
from cds_service.knowledge.codes import CodeIndex
from cds_service.knowledge.reviews import Overdue, overdue

DAY = date(2030, 6, 1)
LIMIT = timedelta(days=365)


def reviewed(sources: date, numbers: date, sets: date):
    """The knowledge as if everything of a kind had been reviewed on one day."""
    know = load()
    rules = {
        name: replace(rule, parameters={key: replace(item, reviewed=numbers) for key, item in rule.parameters.items()})
        for name, rule in know.rules.items()
    }
    value_sets = {name: replace(item, reviewed=sets) for name, item in know.index.value_sets.items()}
    citations = {name: replace(item, reviewed=sources) for name, item in know.citations.items()}
    return replace(know, citations=citations, rules=rules, index=CodeIndex(value_sets, know.index.systems))


def test_both_sides_of_the_limit():
    assert overdue(reviewed(DAY - LIMIT, DAY - LIMIT, DAY - LIMIT), DAY) == ()
    late = DAY - LIMIT - timedelta(days=1)
    found = overdue(reviewed(late, DAY, DAY), DAY)
    assert {item.id for item in found} == load().citations.keys()
    found = overdue(reviewed(DAY, late, DAY), DAY)
    assert Overdue("number", "shared/coagulation.inr_limit", late) in found
    assert {item.kind for item in found} == {"number"}
    found = overdue(reviewed(DAY, DAY, late), DAY)
    assert {item.id for item in found} == load().index.value_sets.keys()


def test_the_oldest_comes_first():
    early, late = DAY - 3 * LIMIT, DAY - 2 * LIMIT
    kinds = [item.kind for item in overdue(reviewed(late, early, DAY), DAY)]
    assert kinds == sorted(kinds)  # numbers before sources
    assert set(kinds) == {"number", "source"}


def test_the_command_fails_only_if_something_is_due():

    fine = CliRunner().invoke(main, ["rules", "--stale", "--as-of", "2026-11-23"])
    assert (fine.exit_code, fine.output) == (
        0,
        "Nothing past review on 2026-11-23: last reviewed more than 365 days before\n",
    )
    due = CliRunner().invoke(main, ["rules", "--stale", "--as-of", "2099-01-01"])
    assert due.exit_code == 1
    assert "  source  sir-2019\n" in due.output
    assert "  number  shared/coagulation.inr_limit\n" in due.output
    assert "  value set  pregnancy\n" in due.output
