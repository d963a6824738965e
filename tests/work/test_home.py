"""Does `~` mean the home wherever a path is written: flags, recipes, mixtures, lists, Python?"""

import json

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.data.picture_set import open_picture_set
from srkit_core.data.preparation.prepare_pictures import prepare
from srkit_core.data_source import anchored
from srkit_core.engine.trainer import train
from srkit_core.evaluation.evaluate import evaluate
from srkit_core.evaluation_recipe import evaluation_recipe
from srkit_core.io.images import write_image
from srkit_core.named_recipes import read_recipe
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunResult, read_environment
from srkit_core.run_options import RunOptions
from srkit_core.upscaling.upscaler import upscale
from srkit_core.user_cache import cache_folder

SMALL = {
    "generator": "srvgg(features=4, blocks=1)",
    "scale": 2,
    "validation": {"metrics": "psnr"},
    "data": {"hold_out": "~/held.txt"},
    "stages": [{"loss": "l1", "steps": 1, "batch": 1, "patch": 16}],
}
TRAIN = ["train", "--gen", "srvgg(features=4,blocks=1)", "--loss", "l1", "--batch", "1"]
TRAIN += ["--steps", "1", "--patch", "16", "--device", "cpu", "--scale", "2"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with three photographs, and another folder as the current one."""
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        write_image(tmp_path / f"home/photos/{number}.png", pixels)
    (tmp_path / "home/held.txt").write_text("1.png\n")
    (tmp_path / "home/list.txt").write_text("0.png\n")
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def nothing_here(home):
    return not list((home.parent / "here").iterdir())


def test_flags_of_every_command(home):
    assert run([*TRAIN, "--data=~/photos", "--val=Set=~/photos", "--out=~/run"]) == 0
    environment = read_environment(home / "run")
    assert environment["arguments"]["data"] == str(home / "photos")
    assert environment["arguments"]["val"] == {"Set": str(home / "photos")}
    assert (
        run([*TRAIN, "--data", "~/photos", "--out", "~/run2", "--set=data.hold_out=~/held.txt"])
        == 0
    )
    assert read_environment(home / "run2")["validation"] == ["1"]
    assert run(["train", "--steps=2", "--resume", "--out=~/run2"]) == 0
    assert run(["train", "~/run/recipe.toml", "--out=~/run3"]) == 0
    assert run(["eval", "~/run", "--data=~/photos", "--lr=~/photos", "--json=~/s.json"]) in (0, 4)
    line = ["eval", "~/run/weights/last.safetensors", "--data=~/photos", "--metrics=psnr"]
    assert run([*line, "--json=~/s.json", "--csv=~/s.csv", "--pictures=~/made"]) == 0
    assert json.loads((home / "s.json").read_text())["models"]
    assert run(["upscale", "nearest", "~/photos/0.png", "--scale=2", "--out=~/large.png"]) == 0
    assert run(["degrade", "~/photos/0.png", "--degrade=bicubic", "--out=~/sheet.png"]) == 0
    assert run(["prepare", "~/photos", "~/ready", "--patch=16", "--workers=1"]) == 0
    for name in ("s.csv", "made", "large.png", "sheet.png", "ready/manifest.json"):
        assert (home / name).exists()
    assert nothing_here(home)


def test_mixtures_and_lists(home):
    for text in ("~/photos", "2*~/photos + ~/photos", "~/list.txt in ~/photos"):
        assert {one.path.parent for one in open_picture_set(text).pictures} == {home / "photos"}
    assert anchored("2*~/photos + ~/photos") == f"2*{home / 'photos'} + {home / 'photos'}"


def test_recipes_and_python(home, monkeypatch):
    (home / "mine.toml").write_text(recipe_from_dict(SMALL).to_toml())
    recipe = read_recipe("~/mine.toml")
    assert recipe.data.hold_out == ("1.png",)
    found = train(recipe_from_dict(SMALL), RunOptions(data="~/photos", out="~/a", device="cpu"))
    assert found.folder == home / "a"
    assert RunResult("~/a").history("val")
    again = RunOptions(
        data="~/photos", out="~/b", init="~/a/weights/last.safetensors", device="cpu"
    )
    train(recipe, again)
    assert read_environment(home / "b")["validation"] == ["1"]
    scores = evaluate("~/a/weights/last.safetensors", "~/photos", metrics="psnr", pictures="~/p")
    assert len(list((home / "p").rglob("*.png"))) == len(scores.models[0].images) == 3
    upscale("~/a/weights/last.safetensors", "~/photos/0.png", "~/big.png")
    assert (home / "big.png").is_file()
    prepare("~/photos", "~/ready", workers=1)
    assert (home / "ready/manifest.json").is_file()
    document = {"models": {"a": "bicubic"}, "data": "~/photos", "lr": "~/lr"}
    assert evaluation_recipe(document).lr == home / "lr"
    monkeypatch.setenv("SRKIT_CACHE", "~/cache")
    assert cache_folder() == home / "cache"
    assert nothing_here(home)
