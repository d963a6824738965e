"""Does every installed component keep every check of its kind?"""

import pytest

from srkit_core.cli.commands import COMMANDS
from srkit_core.errors import WeightsError
from srkit_core.registry import Installed, Registry, discover
from srkit_core.specs import LossSpec
from srkit_core.testing.checks import TOPICS
from srkit_core.testing.run_checks import checks_for, contract_of, run_checks

REGISTRY = discover()
OWN = Registry((), tuple(Installed(spec, "srkit", "1.0") for spec in COMMANDS.values()))
COMPONENTS = REGISTRY.components
CHECKS = [
    (one, check, check_name)
    for one in (*COMPONENTS, *REGISTRY.others)
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
