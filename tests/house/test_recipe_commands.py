"""Do the commands in the headers of the shipped recipes work as they are copied?

Slow: networks have their full size. Data words of the commands are folders of shared photographs;
lengths, batches and sizes of pictures are capped.
"""

import os
import re
import shlex
import shutil

import pytest

from srkit_core.cli.app import run
from srkit_core.evaluation_files import is_evaluation_recipe
from srkit_core.io.images import read_image, write_image
from srkit_core.named_recipes import find_recipe
from srkit_core.recipe import PAIRED
from srkit_core.recipe_files import read_recipe_file
from srkit_core.registry import discover
from srkit_core.specs import RecipeSpec

RECIPES = [
    one.name
    for one in discover(limit=()).installed(RecipeSpec)
    if one.name != "demo" and not is_evaluation_recipe(one.spec.file)
]
FOLDERS = ["CelebA-HQ", "DIV2K_train_HR", "Flickr2K", "ImageNet", "OST", "PHOTOS/train"]
VALIDATION = ["DIV2K_valid_HR", "PHOTOS/valid", "Set14/HR", "Set5/HR"]
CAPPED = ["steps=2", "batch=2", "patch=64", "log_every=1", "validate_every=2", "checkpoint_every=2"]
CAPPED += ["patience=9", "keep_weights_at=[]"]


@pytest.fixture(scope="module")
def words(assets, tmp_path_factory):
    """A folder with every data word of the headers: crops of shared photographs."""
    folder = tmp_path_factory.mktemp("words")
    for number, path in enumerate(sorted((assets / "photos").glob("*.jpg"))[:8]):
        pixels = read_image(path)
        top, left = pixels.shape[0] // 3, pixels.shape[1] // 3
        side, given = (256, FOLDERS) if number < 6 else (128, VALIDATION)
        for word in given:
            crop = pixels[top : top + side, left : left + side]
            write_image(folder / word / f"{path.stem}.png", crop)
    return folder


@pytest.fixture
def desk(words, tmp_path, monkeypatch):
    """A folder to be in, with the data words; of a run's gigabyte nothing need reach the disk."""
    shutil.copytree(words, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    yield tmp_path
    shutil.rmtree(tmp_path / "runs")


def commands(name):
    """The commands of a header, in their order, without comments."""
    text = find_recipe(name).path.read_text(encoding="utf-8")
    found = re.findall(r"^#   srkit (.*)$", text, flags=re.MULTILINE)
    return [shlex.split(one, comments=True) for one in found]


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_the_commands_of_a_header_work(name, desk):
    done = []
    for copied in commands(name):
        words = [one.replace("RUN", f"runs/{name}-1") for one in copied]
        words = ["256x256" if one == "640x640" else one for one in words]
        if "--resume" in words:
            continue  # of a run of many epochs: test_recipes_small.py goes on
        capped = [part for one in CAPPED for part in ("--set", one)]
        assert run([*words, *(capped if words[0] == "train" else [])]) == 0, words
        done.append(words[0])
    assert "train" in done
    assert (desk / f"runs/{name}-1/weights/last.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [one for one in RECIPES if read_recipe_file(find_recipe(one).path).degradation == PAIRED],
)
def test_recipes_of_pairs_train_from_hr_alone(name, desk):
    words = ["train", name, "--data", "DIV2K_train_HR", "--val", "DIV2K_valid_HR"]
    capped = [part for one in CAPPED for part in ("--set", one)]
    assert run([*words, "--degrade", "bicubic", *capped]) == 0
    assert (desk / f"runs/{name}-1/weights/last.safetensors").is_file()
