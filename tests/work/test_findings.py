"""Do the cases that a reading of the code found stay mended?"""

import json
import os

import numpy as np
import pytest
import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler

from srkit_core.cli.app import run
from srkit_core.data.folders import name_inside
from srkit_core.data.picture_set import open_picture_set
from srkit_core.data.prepared_folder import find_prepared_folder
from srkit_core.data.prepared_layout import WORK_FOLDER
from srkit_core.data_source import parse_data_sources
from srkit_core.engine.networks import TrainableNetwork
from srkit_core.engine.optimizer import with_optimizer
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, RecipeError
from srkit_core.io.images import write_image
from srkit_core.optimizer_binding import BoundOptimizer
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

STAGE = {"loss": "l1", "steps": 3, "batch": 1, "patch": 32, "log_every": 1, "checkpoint_every": 1}
NETWORK = {"generator": "srvgg(features=4, blocks=1)", "validation": {"pictures": 0}}


def noise(path, side=64, seed=0):
    write_image(path, np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8))
    return path


@pytest.fixture
def photos(tmp_path):
    for number in range(3):
        noise(tmp_path / f"photos/{number}.png", seed=number)
    return tmp_path / "photos"


@pytest.mark.parametrize("clip", [None, 0.5])
def test_under_a_scaler_the_norm_is_that_of_the_gradients_and_clips_them(clip):
    moved = []
    for scaler in (
        GradScaler("cpu", enabled=True, init_scale=1024.0),
        GradScaler("cpu", enabled=False),
    ):
        torch.manual_seed(0)
        network = nn.Linear(3, 2)
        trainable = TrainableNetwork(network, network, "")
        learner = with_optimizer(trainable, BoundOptimizer("SGD"), 1.0, scaler)
        learner.accumulate(network(torch.ones(4, 3)).square().sum())
        norm = learner.gradient_norm()
        learner.update(clip, norm)
        moved.append((norm, network.weight.detach().clone()))
    assert moved[0][0].item() == pytest.approx(moved[1][0].item(), rel=1e-6)
    assert moved[0][0].item() > 1
    torch.testing.assert_close(moved[0][1], moved[1][1])


def test_a_refused_resume_changes_nothing(photos, tmp_path, capsys):
    out, recipe = tmp_path / "run", tmp_path / "mine.toml"
    recipe.write_text(recipe_from_dict(NETWORK | {"stages": [STAGE]}).to_toml())
    assert run(["train", str(recipe), "--data", str(photos), "--out", str(out)]) == 0
    before = (out / "environment.json").read_bytes()
    assert (
        run(
            [
                "train",
                "--resume",
                "--out",
                str(out),
                "--steps",
                "4",
                "--val",
                f"a={photos}",
                "--val",
                f"b={photos}",
            ]
        )
        == 2
    )
    assert (out / "environment.json").read_bytes() == before
    assert run(["train", "--resume", "--out", str(out), "--steps", "4"]) == 0


def test_files_from_elsewhere_have_names_of_their_own(tmp_path):
    here = name_inside(tmp_path / "a" / "x" / ".." / "1.png", tmp_path / "a")
    assert here.as_posix() == "1.png"
    one, other = (name_inside(tmp_path / folder / "1.png", tmp_path / "c") for folder in ("a", "b"))
    assert one != other
    assert ".." not in name_inside(tmp_path / "c" / ".." / "a" / "1.png", tmp_path / "c").parts


def test_a_list_of_equal_names_from_two_folders_loses_none(tmp_path, capsys):
    paths = [noise(tmp_path / folder / "0001.png", seed=seed) for seed, folder in enumerate("ab")]
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in paths))
    assert (
        run(
            [
                "prepare",
                f"{listed} in {tmp_path}",
                str(tmp_path / "out"),
                "--patch",
                "32",
                "--workers",
                "1",
            ]
        )
        == 0
    )
    names = [
        one["name"] for one in json.loads((tmp_path / "out/manifest.json").read_text())["pictures"]
    ]
    assert len(set(names)) == 2


def test_a_name_that_is_not_utf8_is_told_and_the_rest_goes_on(photos):
    strange = os.fsencode(photos) + b"/caf\xe9.png"
    with open(strange, "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write((photos / "0.png").read_bytes())
    source = open_picture_set(str(photos), paired=False, scale=4, smallest=32)
    assert len(source.pictures) == 3
    assert any("not UTF-8, such as 'caf\\udce9.png'" in note for note in source.notes())


def test_prepared_files_of_any_layout_train_on_hr_alone(photos, tmp_path, capsys):
    out = tmp_path / "out"
    words = [
        "prepare",
        str(photos),
        str(out),
        "--format",
        "files",
        "--layout",
        "target,input",
        "--patch",
        "32",
        "--workers",
        "1",
    ]
    assert run(words) == 0
    source = open_picture_set(str(out), paired=False, scale=4, smallest=32)
    assert {picture.path.parent.name for picture in source.pictures} == {"target"}


def test_what_was_not_prepared_to_its_end_is_not_trained_on(tmp_path):
    (tmp_path / WORK_FOLDER).mkdir()
    noise(tmp_path / "hr" / "0.png")
    with pytest.raises(DataError, match="was not prepared to its end"):
        find_prepared_folder(parse_data_sources(str(tmp_path))[0])


def test_patience_without_a_validation_loss_is_refused_at_the_start(photos, tmp_path):
    small = tmp_path / "small"
    noise(small / "0.png", side=24)
    recipe = recipe_from_dict(NETWORK | {"stages": [STAGE | {"patience": 2}]})
    with pytest.raises(RecipeError, match="no validation picture is as large as its patch of 32"):
        train(
            recipe,
            RunOptions(data=str(photos), val={"": str(small)}, out=tmp_path / "run", device="cpu"),
        )
    assert not (tmp_path / "run").exists()
