"""Writes the three files of a new rule, which pass all tests as they are: `make new-rule ID=… THEME=…`.

What it writes is a small, true rule about age. Replace it by the rule that you mean, one part after the other, with the tests green.
"""

import keyword
import re
import sys
from datetime import date
from pathlib import Path

from tests.knowledge_version import ROOT, renew

_LONGEST = 40  # letters of an id

RULE = '''"""The patient is very old."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.facts.shared import person
from cds_service.findings import Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="TITLE",
    judges="age of the patient",
    kind=Kind.INFORMATION,
    card=Topic.SUITABILITY,
    needs=(Section.PATIENT,),
)
def RULE_ID(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the patient is 100 years old or older.

    ## Why it matters
    The trials enrolled hardly anybody of that age.

    ## When it stays silent
    Below 100 years. Age alone is no reason against.
    """
    years = person.age(chart).one()
    (limit,) = know.parameters("RULE_ID", "from_age")
    if years.least >= limit.value:
        yield Finding(
            says=f"Age {years}: {limit.text} years or older",
            short=f"age {years}",
            evidence=person.birth(chart),
            uses=(limit,),
        )
    elif years.most >= limit.value:
        raise Unknown(f"age of {years}, limit {limit.text}")
'''

KNOWLEDGE = """# Age in completed years.
reviewed = TODAY

[parameters.from_age]
value = 100
unit = "1"
means = "years; from this age on"
source = "site-policy"
locator = "a round number"
confidence = "POLICY"
"""

CASES = r"""{
  "asOf": "2026-11-22T09:00:00+00:00",
  "cases": [
    {
      "name": "100 years",
      "patient": {"birthDate": "1926-11-22"},
      "expect": [{"status": "met", "effect": "information", "indicator": "info", "says": "Age 100", "citations": ["site-policy"], "evidence": [{"reference": "Patient/p", "path": "birthDate", "date": "1926-11-22", "value": "1926-11-22"}]}]
    },
    {
      "name": "99 years",
      "patient": {"birthDate": "1926-11-23"},
      "expect": [{"status": "not-met"}]
    },
    {
      "name": "a birth year that leaves it open",
      "patient": {"birthDate": "1926"},
      "expect": [{"status": "unknown", "says": "age of 99 to 100, limit 100"}]
    },
    {
      "name": "no birth date",
      "patient": {"birthDate": null},
      "expect": [{"status": "unknown", "missing": ["patient: not-measured"]}]
    },
    {
      "name": "patient omitted",
      "omitted": ["patient"],
      "expect": [{"status": "unknown", "missing": ["patient: omitted"]}]
    }
  ]
}
"""


def themes(root: Path) -> list[str]:
    """The theme packages."""
    return sorted(path.parent.name for path in (root / "cds_service/rules").glob("*/__init__.py"))


def refusal(rule_id: str, theme: str, root: Path) -> str:
    """Why there can be no such rule, in one line; empty if there can."""
    is_id = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", rule_id) and not keyword.iskeyword(rule_id)
    if not is_id or len(rule_id) > _LONGEST:
        return f"{rule_id!r} is no id: at most {_LONGEST} small letters and digits, words joined by underscores"
    if theme not in themes(root):
        return f"{theme!r} is no theme: {', '.join(themes(root))}"
    taken = [root / f"cds_service/knowledge/{rule_id}.toml", *(root / "cds_service/rules").glob(f"*/{rule_id}.py")]
    if any(path.exists() for path in taken):
        return f"{rule_id} exists"
    return ""


def write(rule_id: str, theme: str, root: Path, today: date) -> tuple[Path, ...]:
    """The three files, written."""
    title = rule_id.replace("_", " ").capitalize()
    texts = {
        root / f"cds_service/rules/{theme}/{rule_id}.py": RULE,
        root / f"cds_service/knowledge/{rule_id}.toml": KNOWLEDGE,
        root / f"fixtures/rules/{rule_id}.json": CASES,
    }
    for path, text in texts.items():
        filled = text.replace("RULE_ID", rule_id).replace("TITLE", title).replace("TODAY", today.isoformat())
        path.write_text(filled, encoding="utf-8")
    return tuple(texts)


def main(rule_id: str = "", theme: str = "", root: Path = ROOT) -> None:
    """Write the files, then the knowledge version, the line in CHANGELOG and the expected responses."""
    if why := refusal(rule_id, theme, root):
        raise SystemExit(why)
    today = date.today()
    for path in write(rule_id, theme, root, today):
        print(path.relative_to(root))
    print(f"Knowledge {renew(root, f'the rule `{rule_id}`.', today)}. Try it: make test-rule ID={rule_id}")


if __name__ == "__main__":
    arguments = (*sys.argv[1:], "", "")
    main(arguments[0], arguments[1])
