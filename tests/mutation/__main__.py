"""`make mutation` changes one place at a time in the rules, the facts and the disposition, and counts what no test notices.

    python -m tests.mutation [NAME …]        everything, or only the mutants whose names match, such as '*low_platelets*'
    mutmut show NAME                         one of the changes that it lists

Exit status 1 if a tenth or more of the changes survive.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.matchers import Call, Name, matches
from mutmut.__main__ import cli
from mutmut.mutation import file_mutation
from mutmut.mutation.file_mutation import MutationVisitor

ALLOWED = 0.10
_MUTANTS = Path("mutants")
_SURVIVED, _UNTESTED = 0, 33  # mutmut's exit codes of a mutant that passed all tests, and of one that no test reaches
_skips, _arranged = MutationVisitor._skip_node_and_children, file_mutation.function_trampoline_arrangement


def _is_rule(node: cst.CSTNode) -> bool:
    """Whether a function is declared with `@rule(…)`."""
    calls = [item.decorator for item in node.decorators] if isinstance(node, cst.FunctionDef) else []
    return len(calls) == 1 and matches(calls[0], Call(func=Name("rule")))


def _skips_but_rules(visitor: MutationVisitor, node: cst.CSTNode) -> bool:
    """Mutmut leaves decorated functions out; `@rule` only wraps a plain generator, whose body is what is tested here."""
    return not _is_rule(node) and _skips(visitor, node)


def _arranged_as_rule(function: cst.FunctionDef, *rest: Any, **more: Any) -> Any:
    """Declares the function that chooses the mutant as the rule, and leaves the mutants plain generators."""
    if not _is_rule(function):
        return _arranged(function, *rest, **more)
    empty, (chooser, *others), assigned, names = _arranged(function.with_changes(decorators=()), *rest, **more)
    rule = cst.ensure_type(chooser, cst.FunctionDef)
    return empty, [rule.with_changes(decorators=(*function.decorators, *rule.decorators)), *others], assigned, names


def main(names: list[str]) -> int:
    """Run mutmut, then say which part of the mutants survived."""
    MutationVisitor._skip_node_and_children = _skips_but_rules  # type: ignore[method-assign,assignment]
    file_mutation.function_trampoline_arrangement = _arranged_as_rule
    cli.main(["run", *names], standalone_mode=False)
    return _report()


def _report() -> int:
    total: Counter[str] = Counter()
    survived: dict[str, list[str]] = {}
    for file in sorted(_MUTANTS.rglob("*.meta")):
        for name, code in json.loads(file.read_text())["exit_code_by_key"].items():
            if code is None:
                continue
            module = name.rpartition(".")[0]
            total[module] += 1
            if code in (_SURVIVED, _UNTESTED):
                survived.setdefault(module, []).append(name)
    print(f"\n{'module':<62} mutants survived")
    for module, number in total.items():
        alive = len(survived.get(module, ()))
        if alive:
            print(f"{module:<62} {number:>7} {alive:>8}  {alive / number:.0%}")
    alive, number = sum(map(len, survived.values())), total.total()
    print(f"{'all':<62} {number:>7} {alive:>8}  {alive / max(number, 1):.1%}")
    return int(alive >= ALLOWED * number)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
