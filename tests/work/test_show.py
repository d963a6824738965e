"""Does `srkit show` take options, and say which layers hold the parameters?"""

import json

import pytest
import torch
from torch import nn

from srkit_core.cli.app import run
from srkit_core.models.build import count_parameters
from srkit_core.models.parameters import layers_of


@pytest.fixture
def show(capsys, tmp_path, monkeypatch):
    """Run a show that must succeed; returns what it printed."""
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path))

    def call(*words):
        code = run(["show", *words])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out

    return call


def test_parameters_are_counted_with_the_options_of_the_expression(show):
    assert "parameters: 4,689,347 (with blocks=6)" in show("rrdb(blocks=6)", "--build")
    told = json.loads(show("srkit-rrdb/rrdb(blocks=1, growth=4)", "--build", "--json"))
    assert told["options"][0]["value"] == 1
    assert "value" not in told["options"][1]
    assert told["given"] == "blocks=1, growth=4"
    told = show("multi-scale(of=patch(features=4), n=2)", "--build")
    assert "parameters: 23,146 (with of=patch(features=4), n=2)" in told


def test_traits_are_those_of_the_options(show):
    assert "min_size: 48" in show("multi-scale(of=patch(features=4), n=2)")
    assert "min_size: depends on the options" in show("multi-scale")
    assert "size_multiple: 8" in show('rrdb(attention="self")')


def test_only_what_has_these_options_is_shown(show):
    assert show("vgg").count("\nfrom srkit-") == 2
    told = show("vgg(layer=conv3_4)")
    assert told.startswith("loss vgg:")
    assert told.count("\nfrom srkit-") == 1
    row = next(line for line in told.splitlines() if line.startswith("layer "))
    assert "conv3_4" in row


@pytest.mark.parametrize(
    ("words", "code", "fact", "hint"),
    [
        (["rrdb(blcks=6)"], 2, "rrdb has no option 'blcks'", "did you mean 'blocks'?"),
        (["rrdb(blocks=0)"], 2, "rrdb: option 'blocks' expects int >= 1, not 0", "srkit show"),
        (["vgg(x=1)"], 2, "vgg has no option 'x'", "srkit show vgg"),
        (["multi-scale", "--build"], 2, "multi-scale: option 'of' must be given", "srkit show"),
        (["rrdb(blocks"], 2, "expected '=' after 'blocks', found the end", ""),
        (["rrdbb(blocks=1)"], 3, "no generator named 'rrdbb' is installed", ""),
    ],
)
def test_what_does_not_fit_is_named(capsys, words, code, fact, hint):
    assert run(["show", *words]) == code
    told = capsys.readouterr().err
    assert told.startswith(f"error: {fact}")
    assert hint in told


def test_layers_sum_to_the_whole(show):
    told = json.loads(show("srvgg(blocks=1)", "--layers", "--json"))
    assert told["layers"][0] == {
        "path": "body.0",
        "module": "Conv2d",
        "shapes": {"weight": [64, 3, 3, 3], "bias": [64]},
        "parameters": 1792,
    }
    assert sum(layer["parameters"] for layer in told["layers"]) == told["parameters"] == 66_544
    rows = show("srvgg(blocks=1)", "--layers").splitlines()
    assert rows[-2].split() == ["body.4", "Conv2d", "weight", "48x64x3x3,", "bias", "48", "27,696"]


def test_shared_and_frozen_parameters_count_as_in_the_whole():
    one, other = nn.Linear(2, 3), nn.Linear(2, 3)
    other.weight = one.weight
    other.bias.requires_grad_(False)
    network = nn.Sequential(one, other)
    network.register_parameter("scale", nn.Parameter(torch.ones(())))
    layers = list(layers_of(network))
    assert [(layer.path, layer.parameters) for layer in layers] == [("(the network)", 1), ("0", 9)]
    assert sum(layer.parameters for layer in layers) == count_parameters(network)
    assert list(layers_of(lambda hr: hr)) == []


def test_recipes_tell_their_fields(capsys):
    assert run(["recipes", "--fields"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "At the top of a recipe"
    assert "[[stages]]" in lines
    (batch,) = [line for line in lines if line.startswith("batch ")]
    assert batch.split()[:4] == ["batch", "int", ">=", "1"]
    assert run(["recipes", "--fields", "--json"]) == 0
    fields = json.loads(capsys.readouterr().out)["fields"]
    assert fields[0] == {
        "table": "recipe",
        "name": "name",
        "type": "text",
        "default": '"run"',
        "required": False,
        "meaning": fields[0]["meaning"],
    }


def test_a_full_name_of_nothing_is_said_to_be_of_no_kind(capsys):
    assert run(["show", "zz-x/gone"]) == 3
    told = capsys.readouterr().err
    assert "error: nothing named 'zz-x/gone' is installed: the distribution zz-x is not" in told
    assert "try: pip install zz-x (srkit's catalogue does not know it" in told
