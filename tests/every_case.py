"""The cases of all rules, and `each_case`, which tries a law over every one of them: an item for each rule, a subtest for each case."""

from collections.abc import Callable

import pytest

from cds_service import cases
from cds_service.cases import Case
from cds_service.rules import catalogue

CASES_OF = {rule.id: cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json") for rule in catalogue()}
CASES = tuple(case for listed in CASES_OF.values() for case in listed)


def each_case(law: Callable[[Case], None]) -> Callable[[str, pytest.Subtests], None]:
    """A test that is one item for each rule, and in it tries the law over each case of the rule; a failure names the case."""

    @pytest.mark.sweep
    @pytest.mark.parametrize("rule", CASES_OF)
    def test(rule: str, subtests: pytest.Subtests) -> None:
        for case in CASES_OF[rule]:
            with subtests.test(case.name):
                law(case)

    test.__name__, test.__doc__, test.__module__ = law.__name__, law.__doc__, law.__module__
    return test
