"""Does every installed component keep every check of its kind?"""

import json
from dataclasses import replace

import pytest

from srkit_core.cli.app import run
from srkit_core.errors import WeightsError
from srkit_core.registry import discover
from srkit_core.specs import LossSpec
from srkit_core.testing.checks import TOPICS
from srkit_core.testing.run_checks import checks_for, contract_of, run_checks

COMPONENTS = discover().components
CHECKS = [
    (component, check, check_name)
    for component in COMPONENTS
    for check, check_name in checks_for(component)
]


def named(one):
    return one if isinstance(one, str) else f"{one.kind} {one.full_name}"


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


def test_the_table_is_printed_by_one_command(capsys):
    assert run(["plugin", "check", "srkit-rrdb", "l1"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0].split() == [
        "kind",
        "name",
        "says",
        "opts",
        "shape",
        "dtype",
        "grad",
        "seed",
        "file",
        "value",
        "input",
    ]
    assert [line.split()[1] for line in told.splitlines()[1:3]] == ["rrdb", "l1"]
    assert "!" not in told.splitlines()[1]


def test_a_broken_check_is_told_and_ends_in_an_error(capsys, monkeypatch):
    component = next(one for one in COMPONENTS if one.name == "l1")
    results = run_checks(component)
    broken = replace(results[0], name="test_it_is_round", why="it is square")
    monkeypatch.setattr(
        "srkit_core.testing.run_checks.run_checks", lambda _: [broken, *results[1:]]
    )
    assert run(["plugin", "check", "l1"]) == 3
    told = capsys.readouterr()
    assert "loss srkit/l1: it is round: it is square" in told.out
    assert told.err.startswith("error: 1 components fail checks of their kind: srkit/l1\n")


def test_the_table_in_json_says_what_was_not_tried(capsys, monkeypatch):
    def missing(_):
        raise WeightsError("the network is not here; tried: x", hint="h")

    monkeypatch.setattr("srkit_core.testing.run_checks.run_checks", missing)
    assert run(["plugin", "check", "l1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["components"]
    assert row == {
        "kind": "loss",
        "name": "l1",
        "distribution": "srkit",
        "not_tried": "the network is not here; tried: x",
        "checks": [],
    }


def test_a_name_of_nothing_is_refused(capsys):
    assert run(["plugin", "check", "hat"]) == 3
    assert capsys.readouterr().err == "error: nothing installed is called 'hat'\ntry: srkit list\n"
