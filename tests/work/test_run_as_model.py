"""Is a run folder a model everywhere, and does --init say in one sentence what does not fit?"""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from srkit_core import Recipe, RunOptions, load_model, train
from srkit_core.cli.app import run
from srkit_core.downloads import sha256
from srkit_core.errors import WeightsError
from srkit_core.expressions import parse_call
from srkit_core.io.images import read_image, write_image
from srkit_core.models.build import build_network
from srkit_core.models.locate_weights import locate_weights
from srkit_core.models.weights_card import read_card
from srkit_core.models.weights_file import card_of, read_tensors, save_weights
from srkit_core.plan import bind_generator
from srkit_core.run_folder import RunFolder
from srkit_core.specs import WeightsFile, WeightsSpec

TINY = "srvgg(features=8, blocks=1)"
SCALED = "edsr(blocks=1, features=8, res_scale=0.1)"
RRDB = "rrdb(blocks=1, features=4, growth=2)"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number in range(3):
        write_image(folder / f"{number}.png", rng.integers(0, 255, (48, 48, 3), np.uint8))
    return folder


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "a run"
    stage = {"batch": 1, "patch": 32, "steps": 2, "checkpoint_every": 1, "validate_every": 1}
    recipe = Recipe.model_validate(
        {
            "name": "r",
            "generator": SCALED,
            "validation": {"metrics": "ssim + psnr"},
            "stages": [
                stage | {"name": "first", "loss": "l1"},
                stage | {"name": "last", "loss": "mse"},
            ],
        }
    )
    train(recipe, RunOptions(data=photos, out=folder, device="cpu", workers=0))
    return folder


@pytest.fixture
def copied(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "a run")


def saved(registry, path, expression, scale=4):
    bound = bind_generator(registry, parse_call(expression), scale)
    save_weights(path, build_network(bound).state_dict(), card_of(bound, scale, registry))
    return path


def test_a_run_is_its_best_weights_by_its_first_metric(registry, copied):
    found = locate_weights(copied, registry)
    best = copied / "weights/last/best-ssim.safetensors"
    assert found.path == best
    step = read_card(best).step
    assert found.notes == (
        f"{copied} is a run: taking the best ssim of stage 'last', after step {step} ({best})",
    )
    best.unlink()
    assert locate_weights(copied, registry).path == copied / "weights/first/best-ssim.safetensors"
    (copied / "weights/first/best-ssim.safetensors").unlink()
    found = locate_weights(str(copied), registry)
    last = copied / "weights/last.safetensors"
    assert found.path == last
    assert found.notes == (
        f"{copied} is a run: taking its last weights, as it has no best ssim yet, after step 4 "
        f"({last})",
    )
    last.unlink()
    with pytest.raises(WeightsError, match="has no weights yet") as caught:
        locate_weights(copied, registry)
    assert caught.value.hint == f"srkit train --resume --out '{copied}'"


def test_a_run_is_a_model_although_a_metric_of_it_is_gone(registry, copied):
    """Nobody asks for the metric, and the first one is known by its name alone."""
    path = copied / "recipe.toml"
    written = path.read_text(encoding="utf-8")
    changed = re.sub(r'metrics = "(.*)"', r'metrics = "\1 + zz-gone/gone"', written)
    assert changed != written
    path.write_text(changed, encoding="utf-8")
    assert locate_weights(copied, registry).path == copied / "weights/last/best-ssim.safetensors"


def test_every_command_takes_a_run(registry, trained, photos, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(trained.parent)
    best = RunFolder(trained).weights("best-ssim", "last")
    for word in ("a run", "a run/", str(trained)):
        assert run(["upscale", word, str(photos / "0.png"), "--out", str(tmp_path / "y.png")]) == 0
        assert "is a run: taking the best ssim of stage 'last'" in "".join(capsys.readouterr())
        (tmp_path / "y.png").rename(tmp_path / "run.png")
    assert run(["upscale", str(best), str(photos / "0.png"), "--out", str(tmp_path / "y.png")]) == 0
    assert (read_image(tmp_path / "y.png") == read_image(tmp_path / "run.png")).all()
    capsys.readouterr()
    scores = str(tmp_path / "s.json")
    assert run(["eval", "a run", "--data", str(photos), "--metrics", "psnr", "--json", scores]) == 0
    assert "is a run: taking the best ssim" in "".join(capsys.readouterr())
    assert json.loads((tmp_path / "s.json").read_text())["models"][0]["name"] == "a run"
    assert run(["weights", "show", "a run"]) == 0
    told = capsys.readouterr().out
    assert "is a run: taking the best ssim" in told
    assert f"generator: {read_card(best).generator}\nscale: 4" in told
    lr = torch.rand(1, 3, 6, 5)
    with torch.no_grad():
        assert torch.equal(load_model(trained)(lr), load_model(best)(lr))


def test_a_checkpoint_knows_who_it_is(registry, trained, tmp_path, capsys):
    folder = sorted(trained.glob("checkpoints/step-*"))[-1]
    raw = folder / "generator.safetensors"
    assert str(read_card(raw).generator).startswith(
        "srkit-edsr/edsr(blocks=1, features=8, res_scale=0.1"
    )
    out = str(tmp_path / "o.safetensors")
    assert run(["weights", "import", str(raw), "--gen", "edsr", "--out", out]) == 4
    assert "is in srkit's format already" in capsys.readouterr().err
    lr = torch.rand(1, 3, 6, 5)
    with torch.no_grad():
        expected = load_model(trained / "weights/last.safetensors")(lr)
        for word in (raw, folder):
            assert torch.equal(load_model(word, registry=registry)(lr), expected)


def test_a_checkpoint_of_before_is_not_guessed_at(registry, copied):
    raw = sorted(copied.glob("checkpoints/step-*"))[-1] / "generator.safetensors"
    save_file(read_tensors(raw), raw)
    with pytest.raises(WeightsError, match="does not say which model it is for") as caught:
        load_model(raw, registry=registry)
    assert caught.value.hint == f"take the run itself: srkit weights show '{copied}'"


def test_a_folder_without_a_run_is_named(registry, tmp_path, capsys):
    for words, more in ((["weights", "show"], []), (["eval"], ["--data", "photos"])):
        assert run([*words, str(tmp_path), *more]) == 4
        assert "error: there is no " in capsys.readouterr().err
    assert run(["upscale", str(tmp_path), "x.png", "--out", "y"]) == 4
    assert "there is no file x.png" in capsys.readouterr().err
    with pytest.raises(WeightsError, match="there is no run in the folder") as caught:
        load_model(tmp_path)
    assert caught.value.hint == "name a weights file, or a folder that srkit train wrote"


def flags(photos, tmp_path, *more):
    words = ["--loss", "l1", "--steps", "1", "--batch", "1", "--patch", "32", "--device", "cpu"]
    words += ["--data", photos, "--out", tmp_path / "new", "--workers", "0", *more]
    return ["train", *map(str, words)]


@pytest.mark.parametrize("kind", ["run", "file", "checkpoint", "foreign", "known"])
def test_init_takes_whatever_knows_its_generator(
    registry, trained, photos, tmp_path, capsys, monkeypatch, kind
):
    word, expected = {
        "run": (trained, "srkit-edsr/edsr(blocks=1, features=8, res_scale=0.1"),
        "file": (
            trained / "weights/last.safetensors",
            "srkit-edsr/edsr(blocks=1, features=8, res_scale=0.1",
        ),
        "checkpoint": (
            sorted(trained.glob("checkpoints/*"))[-1],
            "srkit-edsr/edsr(blocks=1, features=8, ",
        ),
        "foreign": (tmp_path / "their.pth", "srkit-srvgg/srvgg(features=8, blocks=1)"),
        "known": ("tiny-known", "srkit-srvgg/srvgg(features=8, blocks=1)"),
    }[kind]
    tensors = build_network(bind_generator(registry, parse_call(TINY), 4), seed=5).state_dict()
    torch.save({"params": tensors, "params_ema": tensors}, tmp_path / "their.pth")
    if kind == "known":
        path = tmp_path / "their.pth"
        file = WeightsFile(sha256=sha256(path), size=path.stat().st_size)
        spec = WeightsSpec(
            name=word, files=(file,), licence="", summary="", source="", generator="srvgg"
        )
        more = registry.with_components(spec)
        monkeypatch.setenv("SRKIT_WEIGHTS", str(tmp_path))
        monkeypatch.setattr("srkit_core.registry.discover", lambda: more)
        monkeypatch.setattr("srkit_core.engine.trainer.discover", lambda: more)
    assert run(flags(photos, tmp_path, "--init", word, "--lr", "1e-12")) == 0
    told = "".join(capsys.readouterr())
    assert f"the generator is that of {word}: {expected}" in told
    new = read_card(tmp_path / "new/weights/last.safetensors")
    assert str(new.generator).startswith(expected)
    recorded = json.loads((tmp_path / "new/environment.json").read_text())["init"]
    assert recorded["path"] == str(word)
    assert len(recorded["sha256"]) == 64
    if kind in ("foreign", "known"):
        begun = read_tensors(tmp_path / "new/weights/last.safetensors")
        assert all(torch.allclose(begun[name], tensors[name], atol=1e-6) for name in tensors)
    if kind == "foreign":
        assert "weights taken: params_ema, the moving average; also in the file: params" in told


@pytest.mark.parametrize(
    ("there", "gen", "scale", "fact", "hint"),
    [
        (
            TINY,
            "srvgg(features=4, blocks=2)",
            4,
            "holds weights of another architecture: features=8, blocks=1, where this run has "
            "features=4, blocks=2",
            "--gen 'srkit-srvgg/srvgg(features=8, blocks=1)'",
        ),
        (
            "rrdb(blocks=1, features=4, growth=2, upsampler=nearest)",
            RRDB,
            4,
            "holds weights of another architecture: upsampler=nearest, where this run has "
            "upsampler=pixelshuffle",
            "--gen 'srkit-rrdb/rrdb(blocks=1, features=4, growth=2, upsampler=nearest, "
            "attention=none)'",
        ),
        (
            SCALED,
            "edsr(blocks=1, features=8)",
            4,
            "holds weights of another architecture: res_scale=0.1, where this run has "
            "res_scale=1.0",
            "--gen 'srkit-edsr/edsr(blocks=1, features=8, res_scale=0.1, img_range=255.0, "
            "rgb_mean=[0.4488, 0.4371, 0.404])'",
        ),
        (
            TINY,
            SCALED,
            4,
            "holds weights of the generator 'srvgg', and this run trains 'edsr'",
            "--gen 'srkit-srvgg/srvgg(features=8, blocks=1)'",
        ),
        (
            TINY,
            TINY,
            2,
            "is for scale 4, and this run is x2",
            "--gen 'srkit-srvgg/srvgg(features=8, blocks=1)' --scale 4",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence_with_the_way_on(
    registry, photos, tmp_path, capsys, there, gen, scale, fact, hint
):
    path = saved(registry, tmp_path / "w.safetensors", there)
    words = flags(photos, tmp_path, "--gen", gen, "--scale", scale, "--init", path)
    assert run(words) == 4
    told = capsys.readouterr().err.splitlines()
    assert told[-2:] == [
        f"error: {path} {fact}",
        f"try: {hint}; or --init-partial takes the tensors that fit",
    ]
    assert not (tmp_path / "new").exists()


def test_an_option_that_was_written_wins_and_is_told(registry, photos, tmp_path, capsys):
    path = saved(registry, tmp_path / "w.safetensors", SCALED)
    gen = "edsr(blocks=1, features=8, res_scale=1)"
    assert run(flags(photos, tmp_path, "--gen", gen, "--init", path)) == 0
    expected = f"{path} was trained with res_scale=0.1, where this run has res_scale=1.0"
    assert expected in "".join(capsys.readouterr())


def test_no_weights_of_that_name(photos, tmp_path, capsys):
    assert run(flags(photos, tmp_path, "--gen", TINY, "--init", "realesrgan")) == 4
    told = capsys.readouterr().err
    assert "error: there are no weights 'realesrgan' to start from" in told
    assert "srkit weights list" in told


OPENED = {
    RRDB: "no other tool; with upsampler=nearest, those that read ESRGAN's RRDBNet",
    "rrdb(upsampler=nearest, attention=self)": "no other tool; with attention=none, those that "
    "read ESRGAN's RRDBNet",
    "rrdb(upsampler=nearest)": "tools that read ESRGAN's RRDBNet: BasicSR, Real-ESRGAN, chaiNNer, "
    "ComfyUI",
    "srresnet": "no other tool; srresnet(layout=msr) is BasicSR's MSRResNet",
    "edsr": "BasicSR, as its EDSR with the same options",
}


@pytest.mark.parametrize("expression", OPENED)
def test_show_says_which_tools_open_the_weights(expression, capsys):
    assert run(["show", expression, "--kind", "generator"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert told.endswith(f"opened_by: {OPENED[expression]}")


def test_the_first_line_of_a_run_and_the_card_say_it(photos, tmp_path, capsys):
    assert run(flags(photos, tmp_path, "--gen", RRDB)) == 0
    lines = "".join(capsys.readouterr()).splitlines()
    assert lines[0] == f"the weights of this rrdb are opened by {OPENED[RRDB]}"
    weights = tmp_path / "new/weights/last.safetensors"
    assert read_card(weights).opened_by == OPENED[RRDB]
    assert run(["weights", "show", str(weights)]) == 0
    assert f"\nopened by: {OPENED[RRDB]}\n" in capsys.readouterr().out
