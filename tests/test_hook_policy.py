"""Each hook has one row, and what a hook answers follows from its row."""

import subprocess
import sys

import pytest

from cds_service.hook import Hook
from cds_service.hook_policy import POLICIES, check, rules_of
from cds_service.rules import catalogue


def test_rows_stand_in_the_order_of_the_hooks():
    assert tuple(POLICIES) == tuple(Hook)


@pytest.mark.parametrize("hook", Hook)
def test_a_hook_without_a_row_stops_the_start(hook: Hook):
    """It would be listed in discovery, and answer every chart with no cards."""
    with pytest.raises(TypeError, match=f"The hook {hook} has no row in hook_policy"):
        check({other: row for other, row in POLICIES.items() if other is not hook})


@pytest.mark.parametrize("hook", Hook)
def test_a_row_is_whole(hook: Hook):
    """It describes itself to discovery, and some rule speaks on the hook."""
    assert POLICIES[hook].describes.endswith(".")
    assert rules_of(hook, catalogue())


_A_NEW_HOOK = """
from enum import StrEnum
from cds_service import hook
members = {member.name: member.value for member in hook.Hook} | {"ORDER_DISPATCH": "order-dispatch"}
hook._ORDERS_IN = {}
hook.Hook = StrEnum("Hook", members)
from cds_service.app import application
"""


def test_a_new_hook_in_the_enumeration_stops_the_application():
    run = subprocess.run([sys.executable, "-c", _A_NEW_HOOK], check=False, capture_output=True, text=True)
    assert run.returncode != 0
    assert "The hook order-dispatch has no row in hook_policy" in run.stderr
