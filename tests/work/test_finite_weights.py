"""Are weights with NaN or an infinity refused wherever they are loaded, naming the tensor?"""

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from srkit_core import Recipe, RunOptions, train
from srkit_core.cli.app import run
from srkit_core.errors import WeightsError
from srkit_core.expressions import parse_call
from srkit_core.io.images import write_image
from srkit_core.models.build import build_network
from srkit_core.models.find_model import load_model
from srkit_core.models.foreign_weights import import_weights
from srkit_core.models.weights_file import card_of, fill, save_weights
from srkit_core.plan import bind_generator

TINY = "srvgg(features=8, blocks=1)"
FLAGS = ["--gen", TINY, "--loss", "l1", "--steps", "1", "--batch", "1", "--patch", "32"]
HELD = "holds numbers that are not finite, in body.1.weight"


def tensors(registry, value=float("nan")):
    network = build_network(bind_generator(registry, parse_call(TINY), 4))
    found = network.state_dict()
    found["body.1.weight"][3] = value
    return found


@pytest.fixture
def ours(registry, tmp_path):
    path = tmp_path / "w.safetensors"
    bound = bind_generator(registry, parse_call(TINY), 4)
    save_weights(path, tensors(registry), card_of(bound, 4, registry))
    return path


@pytest.fixture
def photos(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(2):
        write_image(tmp_path / f"photos/{number}.png", rng.integers(0, 255, (48, 48, 3), np.uint8))
    return tmp_path / "photos"


@pytest.mark.parametrize("kind", ["ours", "pth", "safetensors"])
@pytest.mark.parametrize("command", ["upscale", "eval", "train", "import"])
def test_no_command_takes_them(registry, ours, photos, tmp_path, capsys, kind, command):
    path = ours
    if kind != "ours":
        path = tmp_path / f"theirs.{kind}"
        (torch.save if kind == "pth" else save_file)(tensors(registry), path)
    words = {
        "upscale": ["upscale", path, photos / "0.png", "--out", tmp_path / "sr.png"],
        "eval": ["eval", path, "--data", photos, "--metrics", "psnr"],
        "train": ["train", *FLAGS, "--data", photos, "--init", path, "--out", tmp_path / "run"],
        "import": ["weights", "import", path, "--out", tmp_path / "o.safetensors"],
    }[command]
    assert run([str(word) for word in words]) == 4
    told = capsys.readouterr().err
    expected = "is in srkit's format already" if (kind, command) == ("ours", "import") else HELD
    assert f"error: {path} {expected}" in told
    assert not {"sr.png", "run", "o.safetensors"} & {one.name for one in tmp_path.iterdir()}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_python_refuses_them_and_loading_checks_what_import_checks(registry, tmp_path, value):
    bound = bind_generator(registry, parse_call(TINY), 4)
    save_weights(tmp_path / "w.safetensors", tensors(registry, value), card_of(bound, 4, registry))
    torch.save(tensors(registry, value), tmp_path / "w.pth")
    for name in ("w.safetensors", "w.pth"):
        with pytest.raises(WeightsError, match=HELD):
            load_model(tmp_path / name, registry=registry)
    with pytest.raises(WeightsError, match=HELD):
        import_weights(tmp_path / "w.pth", registry)


def test_what_becomes_infinite_in_single_precision_is_none_either(registry, tmp_path):
    large = {name: value.double() for name, value in tensors(registry, 0.0).items()}
    large["body.1.weight"][0] = 1e300
    torch.save(large, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=HELD):
        load_model(tmp_path / "w.pth", registry=registry)


def test_whole_numbers_are_no_weights(registry, tmp_path):
    whole = {name: (value * 100).to(torch.int8) for name, value in tensors(registry, 0.0).items()}
    torch.save(whole, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"body\.0\.bias holds whole numbers \(int8\)"):
        load_model(tmp_path / "w.pth", registry=registry)


def test_several_are_counted_and_the_network_stays(registry, tmp_path):
    network = build_network(bind_generator(registry, parse_call(TINY), 4))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    broken = {name: value + float("nan") for name, value in before.items()}
    with pytest.raises(WeightsError, match=r"not finite, in body\.0\.weight and 7 more"):
        fill(network, broken, tmp_path)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_show_says_it(ours, capsys):
    assert run(["weights", "show", str(ours)]) == 0
    assert "not finite, so that no command takes it: body.1.weight\n" in capsys.readouterr().out
    assert run(["weights", "show", str(ours), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["not_finite"] == ["body.1.weight"]


def test_a_resume_refuses_them(photos, tmp_path):
    recipe = Recipe.model_validate(
        {
            "name": "r",
            "generator": TINY,
            "discriminator": "patch(features=4, layers=1)",
            "stages": [
                {"loss": "l1+ragan", "steps": 1, "batch": 1, "patch": 32, "ema": 0.9}
                | {"checkpoint_every": 1}
            ],
        }
    )
    options = RunOptions(data=photos, out=tmp_path / "run", device="cpu", workers=0)
    train(recipe, options)
    folder = tmp_path / "run/checkpoints/step-00000001"
    for name in ("generator", "ema", "discriminator"):
        path = folder / f"{name}.safetensors"
        good, digests = path.read_bytes(), (folder / "digests.json").read_text()
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
        broken = load_file(path)
        first = next(one for one, value in broken.items() if value.is_floating_point())
        broken[first].view(-1)[0] = float("nan")
        save_file(broken, path, metadata=metadata)
        now = json.loads(digests) | {path.name: hashlib.sha256(path.read_bytes()).hexdigest()}
        (folder / "digests.json").write_text(json.dumps(now))
        with pytest.raises(WeightsError, match=f"holds numbers that are not finite, in {first}"):
            train(recipe, options, resume="newest")
        path.write_bytes(good)
        (folder / "digests.json").write_text(digests)
