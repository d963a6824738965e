"""Does each mutant fail the check that is said to catch it, and keep every other?"""

from collections import Counter

import pytest
from mutants.machinery import REFUSED, failures, prove, tables
from torch import nn
from torch.nn import functional

from srkit_core.models import build
from srkit_core.testing.checks import checks_of

TABLES = tables()
MUTANTS = [
    pytest.param(mutant, id=f"{module}-{mutant.name}")
    for module, (mutants, _) in TABLES.items()
    for mutant in mutants
]
SOUND = [
    pytest.param(held, id=f"{module}-{name}")
    for module, (_, sound) in TABLES.items()
    for name, held in sound
]
MOST_ESCAPES = 15
REPLACED = ((nn.Conv2d, "forward"), (functional, "interpolate"), (build, "count_parameters"))
"""Functions that mutants replace, in every check and not only where a check puts them back."""


@pytest.fixture(autouse=True)
def everything_as_it_was(monkeypatch):
    for owner, name in REPLACED:
        monkeypatch.setattr(owner, name, getattr(owner, name))
    yield
    nn.modules.module._global_forward_hooks.clear()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_mutant_fails_one_check_and_keeps_the_others(mutant):
    prove(mutant)


@pytest.mark.parametrize("held", SOUND)
def test_a_sound_component_keeps_every_check(held):
    assert failures(held()) == {}


def test_names_of_mutants_are_their_own():
    names = Counter(
        (module, mutant.name) for module, (mutants, _) in TABLES.items() for mutant in mutants
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_few_mutants_escape():
    escaping = [
        mutant.name for mutants, _ in TABLES.values() for mutant in mutants if mutant.escapes
    ]
    assert len(escaping) <= MOST_ESCAPES, escaping


def test_every_check_is_proven_by_a_mutant():
    rows = [mutant for mutants, _ in TABLES.values() for mutant in mutants]
    proven = {mutant.caught_by for mutant in rows}
    contracts = {mutant.held().__base__ for mutant in rows if mutant.caught_by != REFUSED}
    checks = {
        f"{contract.__name__}.{name}": name
        for contract in sorted(contracts, key=lambda one: one.__name__)
        for _, name in checks_of(contract)
    }
    assert [full for full, name in checks.items() if name not in proven] == []
