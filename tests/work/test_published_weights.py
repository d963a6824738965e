"""Are weights that srkit trained published by a plugin, by name and in its wheel?"""

import json
import shutil

import pytest
import torch
from PIL import Image

from srkit_core import bundled_photographs, discover, load_model
from srkit_core.cli.app import run
from srkit_core.downloads import sha256
from srkit_core.errors import AmbiguousError, PluginError
from srkit_core.expressions import parse_call
from srkit_core.interfaces import Generator
from srkit_core.models.build import build_network
from srkit_core.models.weights_file import card_of, save_weights
from srkit_core.plan import bind_generator
from srkit_core.specs import GeneratorSpec, RecipeSpec, Shipped, WeightsFile, WeightsSpec


def tiny(*, scale: int, features: int = 4) -> Generator:
    """One convolution of pixels, and a pixel shuffle.

    Args:
        features: channels between.
    """
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, features, 1),
        torch.nn.Conv2d(features, 3 * scale**2, 1),
        torch.nn.PixelShuffle(scale),
    )


TINY = GeneratorSpec(name="tiny", factory=tiny, summary="a tiny network", scales=(2, 4))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SRKIT_WEIGHTS", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def trained(plugin, tmp_path):
    """A weights file as a training writes it, of features=6 for scale 2, inside a plugin."""
    path = tmp_path / "site-packages/srkit_little/tiny x2.safetensors"
    path.parent.mkdir(parents=True)
    registry = discover([plugin(TINY, distribution="srkit-little")])
    bound = bind_generator(registry, parse_call("tiny(features=6)"), 2)
    card = card_of(bound, 2, registry, recipe="# how", step=50)
    save_weights(path, build_network(bound, seed=1).state_dict(), card)
    return path


@pytest.fixture
def pictures(smooth, tmp_path):
    """A folder of one small picture."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(smooth(48, 64)).save(folder / "one.png")
    return folder


def _weights(path, **changed):
    file = WeightsFile(sha256=sha256(path), size=path.stat().st_size, sources=(Shipped(path),))
    told = {"name": "little-x2", "licence": "Apache-2.0", "summary": "s", "source": "srkit"}
    return WeightsSpec(**({"files": (file,)} | told | changed))


@pytest.fixture
def compact(installed, trained):
    """The distribution srkit-little: a generator, and its weights of which only a card tells."""
    spec = _weights(trained)
    installed(TINY, spec, name="compact", distribution="srkit-little")
    return spec


@pytest.mark.parametrize("name", ["little-x2", "srkit-little/little-x2"])
@pytest.mark.usefixtures("compact")
def test_a_photograph_is_upscaled_by_the_name_of_weights_in_a_wheel(name, tmp_path):
    photo, out = str(bundled_photographs()[2]), tmp_path / "large.png"
    assert run(["upscale", name, photo, "--out", str(out)]) == 0
    assert out.is_file()
    model = load_model(name)
    assert (model.scale, str(model.bound.expression)) == (2, "srkit-little/tiny(features=6)")


@pytest.mark.usefixtures("compact")
def test_they_are_scored_and_begun_from_by_name(tmp_path, pictures):
    scores = tmp_path / "scores.json"
    words = ["eval", "little-x2", "--data", str(pictures), "--json", str(scores)]
    assert run(words) == 0
    assert json.loads(scores.read_text())["models"][0]["name"] == "little-x2"
    words = ["train", "--init", "srkit-little/little-x2", "--steps", "1", "--batch", "1"]
    assert run([*words, "--patch", "32", "--out", str(tmp_path / "run"), "--device", "cpu"]) == 0
    recipe = (tmp_path / "run/recipe.toml").read_text()
    assert 'generator = "srkit-little/tiny(features=6)"' in recipe
    assert "scale = 2" in recipe


def test_list_show_and_get_say_where_they_come_from(compact, trained, capsys):
    assert run(["weights", "list", "--json"]) == 0
    rows = {one["name"]: one for one in json.loads(capsys.readouterr().out)["weights"]}
    row = rows["little-x2"]
    assert (row["distribution"], row["generator"], row["scale"], row["path"]) == (
        "srkit-little",
        "srkit-little/tiny(features=6)",
        2,
        str(trained),
    )
    assert run(["weights", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "from srkit-little: little-x2" in lines
    assert next(one for one in lines if one.startswith("little-x2")).split()[1:3] == [
        "x2",
        "model",
    ]
    assert run(["weights", "show", "little-x2"]) == 0
    told = capsys.readouterr().out
    assert "generator: srkit-little/tiny(features=6)\nscale: 2\ntrained: 50 steps" in told
    assert run(["weights", "get", "srkit-little/little-x2"]) == 0
    assert f"little-x2: {trained}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "said", [{"generator": "tiny(features=6)", "scale": 2}, {"generator": "srkit-little/tiny"}]
)
def test_what_is_announced_and_agrees_with_the_card_is_taken(said, installed, trained):
    installed(TINY, _weights(trained, **said), distribution="srkit-little")
    assert load_model("little-x2").scale == 2


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ({"scale": 4}, "srkit-little/tiny(features=6) x4"),
        ({"generator": "tiny(features=8)"}, "tiny(features=8) x2"),
        ({"generator": "srvgg"}, "srvgg x2"),
    ],
)
def test_what_differs_from_the_card_is_one_error(said, fact, installed, trained):
    installed(TINY, _weights(trained, **said), distribution="srkit-little")
    with pytest.raises(PluginError) as caught:
        load_model("little-x2")
    assert str(caught.value) == (
        f"srkit-little announces the weights 'little-x2' as {fact}, "
        "and their file says srkit-little/tiny(features=6) x2"
    )


def test_a_file_of_another_digest_is_named_with_both(compact, trained, capsys):
    trained.write_bytes(trained.read_bytes()[:-1] + b"\0")
    now = sha256(trained)
    assert run(["weights", "get", "little-x2"]) == 4
    said = capsys.readouterr().err
    assert f"{trained}: its sha256 is {now[:12]}..., and {compact.files[0].sha256[:12]}..." in said
    trained.unlink()
    photo = str(bundled_photographs()[2])
    assert run(["upscale", "little-x2", photo, "--out", "x.png"]) == 4
    assert f"{trained}: it is not there; install the plugin again" in capsys.readouterr().err


def test_what_the_card_names_and_is_not_installed_is_a_miss(installed, trained, capsys):
    installed(_weights(trained), distribution="srkit-little")
    photo = str(bundled_photographs()[2])
    assert run(["upscale", "little-x2", photo, "--out", "x.png"]) == 3
    assert capsys.readouterr().err.splitlines() == [
        f"error: generator 'srkit-little/tiny' of {trained} is not installed; "
        "made with srkit-little 1.0",
        "try: pip install srkit-little (srkit's catalogue does not know it: look at it first)",
    ]


def test_one_name_of_two_distributions_is_refused_unless_the_files_are_the_same(
    plugin, trained, tmp_path
):
    other = tmp_path / "other.safetensors"
    shutil.copy(trained, other)
    other.write_bytes(other.read_bytes()[:-1] + b"\0")
    one = plugin(TINY, _weights(trained), distribution="srkit-little")
    same = plugin(_weights(trained), name="same", distribution="srkit-same")
    unlike = plugin(_weights(other), name="unlike", distribution="srkit-unlike")
    assert load_model("little-x2", registry=discover([one, same])).scale == 2
    both = discover([one, unlike])
    with pytest.raises(AmbiguousError) as caught:
        load_model("little-x2", registry=both)
    assert caught.value.candidates == ("srkit-little/little-x2", "srkit-unlike/little-x2")
    assert load_model("srkit-little/little-x2", registry=both).scale == 2


def test_a_network_of_losses_is_no_model(capsys):
    assert run(["weights", "show", "vgg19-torchvision"]) == 4
    said = capsys.readouterr().err
    assert "'vgg19-torchvision' is a network that losses and metrics read" in said
    photo = str(bundled_photographs()[2])
    assert run(["upscale", "vgg19-torchvision", photo, "--out", "x.png"]) == 4
    assert "is neither a weights file nor a baseline" in capsys.readouterr().err


def test_an_evaluation_recipe_scores_weights_of_its_plugin_by_name(
    installed, trained, pictures, tmp_path, capsys
):
    shutil.move(pictures, trained.parent / "scenes")
    recipe = trained.parent / "compared.toml"
    recipe.write_text(
        'data = "scenes"\n[models]\n"own" = "little-x2"\n"file" = "tiny x2.safetensors"\n'
    )
    spec = RecipeSpec(name="compared", file=recipe, summary="how good it is")
    installed(TINY, _weights(trained), spec, distribution="srkit-little")
    assert run(["eval", "compared", "--json", "s.json"]) == 0
    models = json.loads((tmp_path / "s.json").read_text())["models"]
    assert [one["name"] for one in models] == ["own", "file"]
    assert models[0]["metrics"] == models[1]["metrics"]
    assert run(["eval", "srresnet", "--data", "photos"]) == 2
    assert "the recipe 'srresnet' is one for training" in capsys.readouterr().err
