"""Does every installed component keep every check of its kind?

What a contract of the suite tries by its name is not tried again: of that only the small instance
is built, on which `srkit plugin check` tries it.
"""

import ast
from pathlib import Path

import pytest

from srkit_core.cli.commands import COMMANDS
from srkit_core.errors import WeightsError
from srkit_core.registry import Installed, Registry, discover
from srkit_core.specs import LossSpec
from srkit_core.testing.checks import TOPICS
from srkit_core.testing.run_checks import checks_for, contract_of, run_checks

# Tracing doubles its time, and other tests run the same lines.
pytestmark = pytest.mark.no_cover

REGISTRY = discover()
OWN = Registry((), tuple(Installed(spec, "srkit", "1.0") for spec in COMMANDS.values()))
COMPONENTS = REGISTRY.components
ROOT = Path(__file__).resolve().parents[2]


def tried_by_contracts():
    """Return contract and component of each subclass of a contract in the suite that names one."""
    ours = Path(__file__).with_name("test_contracts_builtin.py")
    files = [*ROOT.glob("plugins/*/tests/test_*.py"), ours]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "expression":
                    words = str(getattr(line.value, "value", ""))
                    name = words.partition("(")[0].rpartition("/")[2]
                    yield from ((ast.unparse(base), name) for base in node.bases)


TRIED = frozenset(tried_by_contracts())


def is_tried(one):
    contract = contract_of(one)
    return contract is not None and any((cls.__name__, one.name) in TRIED for cls in contract.mro())


CHECKS = [
    (one, check, check_name)
    for one in (*COMPONENTS, *REGISTRY.others)
    if not is_tried(one)
    for check, check_name in checks_for(one)
]


def named(one):
    return one if isinstance(one, str) else f"{one.spec.kind} {one.full_name}"


@pytest.mark.parametrize(("component", "topic", "name"), CHECKS, ids=named)
def test_a_check_passes(component, topic, name):
    try:
        getattr(contract_of(component)(), name)()
    except WeightsError as error:
        pytest.skip(f"needs pretrained weights: {error.message.partition(';')[0]}")


@pytest.mark.parametrize("component", [one for one in COMPONENTS if is_tried(one)], ids=named)
def test_the_small_instance_of_what_contracts_try_can_be_built(component):
    try:
        assert contract_of(component)().build() is not None
    except WeightsError as error:
        pytest.skip(f"needs pretrained weights: {error.message.partition(';')[0]}")


def test_most_components_are_tried_by_contracts_of_the_suite():
    assert len([one for one in COMPONENTS if is_tried(one)]) >= 50


@pytest.mark.parametrize("component", COMPONENTS, ids=named)
def test_laws_cover_what_users_rely_on(component):
    covered = {check for check, _ in checks_for(component)}
    trained = component.kind == "discriminator" or (
        component.kind == "generator" and component.spec.trainable
    )
    wanted = {"announced", "options", "shape", "seed", "inputs"} | (
        {"dtype", "gradient", "file"} if trained else set()
    )
    adversarial = isinstance(component.spec, LossSpec) and component.spec.adversarial
    assert wanted - ({"seed"} if adversarial else set()) <= covered <= set(TOPICS)


@pytest.mark.parametrize("command", OWN.others, ids=named)
def test_an_own_command_keeps_what_is_asked_of_a_plugin(command):
    found = list(run_checks(command, OWN))
    assert [(one.name, one.why) for one in found if one.outcome != "passed"] == []
    assert len(found) >= 5
