"""Are recipes, weights, commands and callbacks listed and shown like components?"""

import json
from pathlib import Path

import pytest

from srkit_core import specs as specs_module
from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.cli.kinds import EXTENSION_KINDS
from srkit_core.specs import (
    KINDS,
    SPEC_CLASSES,
    AnnouncedSpec,
    CallbackSpec,
    CommandSpec,
    RecipeSpec,
    Shipped,
    WeightsFile,
    WeightsSpec,
)

DIGEST = "ab" * 32


def mail(*, every: int = 100, to: str = "me") -> Callback:
    """Write a letter now and then.

    Args:
        every: steps between two letters.
        to: who gets them.
    """
    raise AssertionError("nobody builds it")


@pytest.fixture(autouse=True)
def _faces(installed):
    file = WeightsFile(sha256=DIGEST, size=1234, sources=(Shipped(Path("faces.safetensors")),))
    installed(
        RecipeSpec(name="faces-gan", file=Path("faces.toml"), summary="GAN of faces"),
        WeightsSpec(
            name="faces-x4", files=(file,), licence="MIT", summary="faces, four times", source="own"
        ),
        CommandSpec(
            name="crop", load=lambda: None, summary="cut faces out", example="srkit crop a.png"
        ),
        CallbackSpec(name="mail", factory=mail, summary="letters", licence="BSD-3-Clause"),
        name="faces",
        distribution="srkit-faces",
    )


@pytest.fixture
def told(capsys):
    """Run words that succeed; return what they said."""

    def tell(*words):
        assert run(list(words)) == 0
        return capsys.readouterr().out

    return tell


@pytest.mark.parametrize(
    ("kind", "name", "summary"),
    [
        ("recipe", "faces-gan", "GAN of faces"),
        ("weights", "faces-x4", "faces, four times"),
        ("command", "crop", "cut faces out"),
        ("callback", "mail", "letters"),
    ],
)
def test_a_kind_has_a_list_of_its_own(told, kind, name, summary):
    rows = [line.split() for line in told("list", kind).splitlines()]
    assert rows[0] == ["kind", "name", "distribution", "version", "summary"]
    assert [kind, name, "srkit-faces", "1.0", *summary.split()] in rows
    assert {row[0] for row in rows[1:]} == {kind}
    document = json.loads(told("list", kind, "--json"))
    assert document["components"] == []
    assert {one["kind"] for one in document["others"]} == {kind}


def test_the_list_of_all_keeps_its_components_and_adds_the_others(told, monkeypatch):
    document = json.loads(told("list", "--json"))
    assert list(document)[:3] == ["components", "others", "problems"]
    assert {one["kind"] for one in document["components"]} <= set(KINDS)
    assert {"recipe", "weights", "command", "callback"} <= {
        one["kind"] for one in document["others"]
    }
    assert "faces" not in told("list")
    monkeypatch.setenv("COLUMNS", "80")
    assert "srkit list KIND shows them" in told("list")


def test_options_of_a_callback_are_shown_as_those_of_a_component(told):
    said = told("show", "mail")
    assert said.splitlines()[:2] == [
        "callback mail: letters",
        "from srkit-faces 1.0, licence BSD-3-Clause",
    ]
    assert "every   int   100      steps between two letters." in said
    document = json.loads(told("show", "srkit-faces/mail(every=5)", "--json"))
    assert document["options"][0] == {
        "name": "every",
        "type": "int",
        "default": 100,
        "required": False,
        "doc": "steps between two letters.",
        "value": 5,
    }


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("faces-gan", {"file": "faces.toml"}),
        ("crop", {"example": "srkit crop a.png"}),
        ("faces-x4", {"files": [f"sha256 {DIGEST[:12]}..., 1,234 bytes"], "gain": 1.0}),
    ],
)
def test_facts_of_the_others_are_shown(told, name, facts):
    document = json.loads(told("show", name, "--json"))
    assert document["traits"] == facts
    assert document["distribution"] == "srkit-faces"


@pytest.mark.parametrize(
    ("words", "code", "fact", "hint"),
    [
        (["show", "mail(evry=1)"], 2, "mail has no option 'evry'", "did you mean 'every'?"),
        (
            ["show", "mial", "--kind", "callback"],
            3,
            "no callback named 'mial' is installed",
            "did you mean 'mail'?",
        ),
        (["list", "recipes"], 2, "there is no kind 'recipes'", "srkit list recipe"),
    ],
)
def test_a_slip_is_two_lines(words, code, fact, hint, capsys):
    assert run(words) == code
    lines = capsys.readouterr().err.splitlines()
    assert fact in lines[0]
    assert hint in lines[1]


def test_every_spec_has_a_kind_that_can_be_listed():
    classes = [
        one
        for one in vars(specs_module).values()
        if isinstance(one, type) and issubclass(one, AnnouncedSpec) and hasattr(one, "kind")
    ]
    assert {one.kind for one in classes} == {*KINDS, *EXTENSION_KINDS}
    assert tuple(one.kind for one in SPEC_CLASSES) == KINDS
