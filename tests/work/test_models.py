"""Does a word mean a weights file or a baseline, and nothing else?"""

from types import SimpleNamespace

import pytest
import torch

import srkit_core.builtin
from srkit_core import registry as registry_module
from srkit_core.errors import AmbiguousError, IncompatibleError, OptionError, WeightsError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.find_model import open_model
from srkit_core.models.model_words import baselines, near_models, own_scale
from srkit_core.models.weights_card import Card
from srkit_core.models.weights_file import save_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover

CPU = torch.device("cpu")
LR = torch.rand(1, 3, 6, 7, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.fixture(scope="module")
def forked():
    """A registry in which a fork provides the baselines too."""
    fork = SimpleNamespace(
        name="fork",
        dist=SimpleNamespace(name="my-fork", version="1"),
        load=lambda: srkit_core.builtin,
    )
    return discover([*registry_module.entry_points(group="srkit.plugins"), fork])


@pytest.fixture
def weights(registry, tmp_path):
    bound = bind_generator(registry, parse_call("srvgg(features=8, blocks=1)"), 2)
    path = tmp_path / "my weights.safetensors"
    save_weights(path, build_network(bound).state_dict(), Card(bound.expression, 2, "", {}, 5))
    return path


def opened(word, registry, scale=3, **options):
    return open_model(str(word), registry, scale, CPU, **options)


@pytest.mark.parametrize(
    "word",
    ["bicubic", "bilinear", "nearest", "lanczos", "srkit/bicubic", "bicubic(border=replicate)"],
)
def test_a_baseline_has_any_scale(registry, word):
    for scale in (2, 3):
        model = opened(word, registry, scale)
        assert (model.scale, own_scale(word, registry)) == (scale, None)
        assert model(LR).shape == (1, 3, 6 * scale, 7 * scale)


def test_the_baselines_are_what_needs_no_weights(registry):
    assert baselines(registry) == ["bicubic", "bilinear", "lanczos", "nearest"]


def test_a_weights_file_has_its_own_scale(registry, weights):
    model = opened(weights, registry, scale=4)
    assert (model.scale, own_scale(str(weights), registry)) == (2, 2)
    assert model(LR).shape == (1, 3, 12, 14)
    assert not model.network.training


def test_a_precision_is_kept_for_networks_and_not_for_baselines(registry, weights):
    assert opened(weights, registry, precision=torch.bfloat16).precision == torch.bfloat16
    assert opened("bicubic", registry, precision=torch.bfloat16).precision == torch.float32


def test_an_existing_file_wins(registry, weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights.rename(tmp_path / "bicubic")
    assert opened("bicubic", registry).spec.name == "srvgg"
    assert own_scale("bicubic", registry) == 2


def test_a_folder_does_not(registry, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bicubic").mkdir()
    assert opened("bicubic", registry).spec.name == "bicubic"


@pytest.mark.parametrize(
    "word",
    [
        "bicubik",
        "srvgg",
        "runs/demo-1",
        "runs/demo-1/weights/last",
        "two words",
        "",
        "srkit/srvgg",
        "./x.weights",
    ],
)
def test_anything_else_is_neither(registry, word):
    with pytest.raises(
        WeightsError, match=f"'{word}' is neither a weights file nor a baseline"
    ) as caught:
        opened(word, registry)
    with pytest.raises(WeightsError, match="is neither a weights file nor a baseline"):
        own_scale(word, registry)
    near = "did you mean 'bicubic'?"
    assert caught.value.hint == (
        near
        if word == "bicubik"
        else "a .safetensors file, one of bicubic, bilinear, lanczos, nearest, or a name of srkit "
        "models"
    )


def test_a_word_that_is_near_known_names_is_told_them():
    names = ["bicubic", "realesr-general-x4v3", "realesrgan-x2plus", "realesrgan-x4plus"]
    assert near_models("RealESRGAN_x4plus", names)[0] == "realesrgan-x4plus"
    assert near_models("realesrgan-x4", names)[:2] == ["realesrgan-x4plus", "realesrgan-x2plus"]
    assert near_models("general", names) == ["realesr-general-x4v3"]
    assert near_models("x4", names) == []
    assert near_models("holiday", names) == []


@pytest.mark.parametrize(
    "word", ["gone.safetensors", "runs/gone.safetensors", "model.pth", "old.ckpt", "x.bin"]
)
def test_a_missing_file_is_named(registry, word):
    for ask in (lambda: opened(word, registry), lambda: own_scale(word, registry)):
        with pytest.raises(WeightsError, match=f"there is no weights file {word}"):
            ask()


def test_a_baseline_of_two_distributions_needs_its_full_name(forked):
    with pytest.raises(
        AmbiguousError,
        match="'bicubic' is provided more than once: my-fork/bicubic and srkit/bicubic",
    ):
        opened("bicubic", forked)
    assert opened("my-fork/bicubic", forked).bound.component.distribution == "my-fork"


def test_options_and_scales_of_a_baseline_are_checked(registry):
    with pytest.raises(OptionError, match="bicubic has no option 'borders'"):
        opened("bicubic(borders=replicate)", registry)
    with pytest.raises(IncompatibleError, match="generator 'bicubic' has no scale 17"):
        opened("bicubic", registry, scale=17)
