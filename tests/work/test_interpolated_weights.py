"""Is the average of weights taken wherever a model is meant, and refused where there is none?"""

import json

import numpy as np
import pytest
import torch

from srkit_core.cli.app import run
from srkit_core.errors import RecipeError, WeightsError
from srkit_core.expressions import parse_call
from srkit_core.io.images import image_size, write_image
from srkit_core.models.build import build_network
from srkit_core.models.find_model import load_model
from srkit_core.models.weight_shares import parse_interpolation
from srkit_core.models.weights_card import read_card
from srkit_core.models.weights_file import card_of, save_weights
from srkit_core.plan import bind_generator


@pytest.fixture
def weights(tmp_path, monkeypatch, registry):
    """Two files of one network, and one of another, in the folder where commands are typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    for seed, (name, features) in enumerate([("a", 4), ("b", 4), ("other", 8)]):
        call = parse_call(f"srvgg(features={features}, blocks=1)")
        bound = bind_generator(registry, call, 2)
        torch.manual_seed(seed)
        held_out = ((str(seed) * 64, seed),)
        card = card_of(bound, 2, registry, held_out=held_out)
        save_weights(tmp_path / f"{name}.safetensors", build_network(bound).state_dict(), card)
    return tmp_path


def test_numbers_are_averaged_and_the_card_says_of_what(weights, registry):
    told = []
    both = "a.safetensors:0.75+b.safetensors:0.25"
    mixed = load_model(both, registry=registry, note=told.append).network.state_dict()
    a, b = (load_model(f"{one}.safetensors").network.state_dict() for one in "ab")
    for name, value in mixed.items():
        assert torch.allclose(value, 0.75 * a[name] + 0.25 * b[name], atol=1e-7)
    assert told[0].startswith("interpolated: 0.75 of a.safetensors (sha256 ")
    (file,) = (weights / "cache/weights/interpolated").glob("*.safetensors")
    card = read_card(file)
    assert card.origin.split(", ")[1].startswith("0.25 of b.safetensors (sha256 ")
    assert card.held_out == (("0" * 64, 0), ("1" * 64, 1))


def test_upscale_and_eval_take_it(weights, capsys):
    both = "a.safetensors:0.5+b.safetensors:0.5"
    write_image(weights / "photo.png", np.zeros((20, 16, 3), np.uint8) + 90)
    assert run(["upscale", both, "photo.png", "--device", "cpu"]) == 0
    assert image_size(weights / "photo_x2.png") == (40, 32)
    words = ["eval", both, "--data", "photo.png", "--metrics", "psnr", "--json", "s.json"]
    assert run(words) == 0
    assert json.loads((weights / "s.json").read_text())["models"][0]["name"] == both


@pytest.mark.parametrize(
    "word", ["a.safetensors", "a:0.5", "hf://one/two:80/x", "a:b+c:d", "a:0.5+b", "a+b:0.5"]
)
def test_what_is_no_sum_of_several_is_left_alone(word):
    assert parse_interpolation(word) == ()


def test_what_cannot_be_averaged_is_refused(weights, registry):
    with pytest.raises(RecipeError, match=r"add up to 1\.2, not to 1") as caught:
        parse_interpolation("a.safetensors:0.9+b.safetensors:0.3")
    assert caught.value.hint == "a.safetensors:0.75+b.safetensors:0.25"
    with pytest.raises(WeightsError, match="only weights of one network can be interpolated"):
        load_model("a.safetensors:0.5+other.safetensors:0.5", registry=registry)
    with pytest.raises(WeightsError, match="'bicubic' names no weights"):
        load_model("a.safetensors:0.5+bicubic:0.5", registry=registry)
