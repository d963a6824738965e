"""Does `srkit check` say what will be trained, and refuse what training would?"""

import inspect
import json
from dataclasses import fields
from pathlib import Path

import pytest

from srkit_core.cli import check, train
from srkit_core.cli.app import run
from srkit_core.cli.flags import RECIPE_FLAGS, RUN_FLAGS
from srkit_core.data.bundled_photographs import PHOTOGRAPHS, count_training_photographs
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.errors import DataError
from srkit_core.overrides import Flags
from srkit_core.run_options import RunOptions

GAN = ["--gen", "srvgg(features=8, blocks=1)", "--disc", "vgg(features=4)", "--loss", "l1 + gan"]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def told(capsys):
    """Run a check that must succeed; returns its lines, cells apart by `|`."""

    def call(*words):
        code = run(["check", *map(str, words)])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return captured.out.splitlines()

    return call


def _row(lines, label):
    (found,) = [line for line in lines if line.startswith(label)]
    return found.removeprefix(label).strip()


def test_the_stages_networks_and_data_of_a_recipe_are_told(told):
    lines = told("demo")
    assert lines[:2] == [
        "recipe 'demo': every component is installed and fits",
        "x4, seed 0, LR by srkit/bicubic",
    ]
    assert lines[2].split() == ["stage", "warmup", "gan"]
    assert "2000 steps (1,000 epochs of 9 crops)" in _row(lines, "length")
    assert "300 steps (150 epochs of 9 crops)" in _row(lines, "length")
    assert _row(lines, "loss").split("  ")[0] == "1*srkit/l1"
    assert _row(lines, "loss").endswith("1*srkit/l1 + 0.005*srkit-ragan/ragan")
    assert _row(lines, "order") == "generator-first"
    assert (
        "cosine(over=stage, final=0.0, periods=[], restart_weights=[]), after a warm-up of 20 steps"
        in (_row(lines, "schedule"))
    )
    assert _row(lines, "learning rate").split() == ["0.001", "0.0001"]
    assert "ema 0.99, log_every 200 steps, validate_every 1000 steps" in _row(lines, "also")
    assert _row(lines, "data:").endswith("9 crops an epoch")
    assert "psnr + ssim of luma, border 4" in _row(lines, "validation:")
    assert _row(lines, "generator").endswith("188,832")
    assert _row(lines, "discriminator").endswith("734,233")


def test_it_takes_the_flags_of_training(told):
    words = ["--set", "optimizer.name=SGD", "--set", "schedule=cosine", "--steps", 7, "--batch", 2]
    lines = told(*GAN, "--patch", 32, *words, "--set", "stages.0.epochs=3")
    assert _row(lines, "length") == "3 epochs (18 steps)"
    assert _row(lines, "optimizer") == "SGD"
    assert "2 of 32 x 32 pixels a step" in _row(lines, "crops")
    paired = told(*GAN, "--degrade", "paired", "--steps", 5)
    assert paired[1] == "x4, seed 0, LR from disk"
    assert _row(paired, "length") == "5 steps"
    assert _row(paired, "data:") == "pairs, which --data names"
    assert told("demo", "--scale", 2)[1] == "x2, seed 0, LR by srkit/bicubic"


def test_each_network_may_have_its_own_optimizer(told):
    settings = ["optimizer.discriminator.name=SGD", "optimizer.discriminator.lr=1e-3"]
    words = [word for setting in settings for word in ("--set", setting)]
    lines = told(*GAN, *words, "--set", "optimizer.generator.betas=[0.5, 0.9]", "--steps", 5)
    assert _row(lines, "optimizer") == "generator Adam(betas=[0.5, 0.9]); discriminator SGD"
    assert _row(lines, "learning rate") == "generator 0.0001; discriminator 0.001"


@pytest.mark.parametrize(
    ("setting", "fact"),
    [
        ("optimizer.name=AdamWW", "torch.optim has no optimizer 'AdamWW'"),
        ("optimizer.weight_dcay=0.1", "Adam has no option 'weight_dcay'"),
        ("btch=3", "a recipe has no field 'btch' (in --set btch=3)"),
        ("loss=l1+gann", "no loss named 'gann' is installed"),
    ],
)
def test_check_and_train_refuse_the_same(capsys, tmp_path, setting, fact):
    for command in ("check", "train"):
        out = ["--out", str(tmp_path / "run")] if command == "train" else []
        assert run([command, "demo", "--set", setting, *out]) in (2, 3)
        assert capsys.readouterr().err.startswith(f"error: {fact}")
    assert not (tmp_path / "run").exists()


def test_train_and_check_have_the_same_flags():
    assert set(RECIPE_FLAGS) == {field.name for field in fields(Flags)}
    assert set(RUN_FLAGS) | {"out", "repeats"} == {field.name for field in fields(RunOptions)}
    commands = (train.train_command, check.check_command)
    trained, checked = (inspect.signature(command).parameters for command in commands)
    assert {*RECIPE_FLAGS, *RUN_FLAGS, "recipe", "out", "resume"} == set(trained)
    assert set(RECIPE_FLAGS) < set(checked)
    assert all(trained[name] == checked[name] for name in RECIPE_FLAGS)


def test_a_run_folder_is_checked_as_it_ran(told, tmp_path):
    out = tmp_path / "run"
    words = [*GAN, "--steps", "2", "--batch", "2", "--patch", "32", "--device", "cpu"]
    assert run(["train", *words, "--set", "validation.pictures=0", "--out", str(out)]) == 0
    lines = told(out)
    assert _row(lines, "length") == "2 steps (0.333 epochs of 12 crops)"
    assert _row(lines, "data:") == "photos; 12 crops an epoch"
    assert "head=" not in _row(lines, "loss")
    environment = json.loads((out / "environment.json").read_text())
    environment["data"]["source"] = str(tmp_path / "gone")
    (out / "environment.json").write_text(json.dumps(environment))
    assert f"note: its pictures in {tmp_path / 'gone'} are not here" in "\n".join(told(out))


def test_an_evaluation_recipe_is_checked_too(told, capsys, tmp_path):
    path = tmp_path / "compared.toml"
    path.write_text(
        'data = "nowhere/HR"\nmetrics = "psnr"\n[models]\n"ours" = "x.safetensors"\n'
        '"bicubic" = "bicubic"\n'
    )
    lines = told(path)
    assert lines[0] == f"evaluation recipe {path}: every component is installed and fits"
    assert lines[1] == "psnr of luma, border as the scale, LR by bicubic"
    assert lines[-2:] == [
        "note: the pictures in nowhere/HR are not here",
        "note: the model ours is not here: x.safetensors",
    ]
    assert run(["check", str(path), "--seed", "1"]) == 2
    assert "is an evaluation recipe" in capsys.readouterr().err
    assert run(["check", str(path), "--set", "seed=1"]) == 2
    assert "a recipe has no field seed" in capsys.readouterr().err
    lines = told(path, "--data", tmp_path, "--set", "models.ours=nearest", "--set", "border=0")
    assert lines[1] == "psnr of luma, border 0, LR by bicubic"
    assert not any(line.startswith("note") for line in lines)
    path.write_text(path.read_text().replace('"psnr"', '"psnrr"'))
    assert run(["check", str(path)]) == 3


def test_a_count_is_remembered_until_the_network_is_another_one(told, cache):
    assert _row(told(*GAN, "--steps", 5), "generator").endswith("4,328")
    files = sorted(path.name for path in (cache / "parameters").iterdir())
    assert [name.split("-")[0] for name in files] == ["srvgg", "vgg"]
    remembered = cache / "parameters" / files[0]
    remembered.write_text("7")
    assert _row(told(*GAN, "--steps", 5), "generator").endswith("  7")
    remembered.write_text("no number")
    assert _row(told(*GAN, "--steps", 5), "generator").endswith("4,328")
    another = told("--gen", "srvgg(features=9, blocks=1)", "--steps", 5)
    assert _row(another, "generator").endswith("4,944")


@pytest.mark.parametrize("hold_out", [(), ("astronaut", "motorcycle_left"), 0.3])
@pytest.mark.parametrize("smallest", [32, 448, 600])
def test_bundled_photographs_are_counted_as_a_run_sees_them(smallest, hold_out):
    try:
        found = open_picture_set("photos", smallest=smallest)
        expected = len(split_pictures(found, hold_out, ()).training)
    except DataError:  # astronaut is too small, or the share takes none
        expected = None
    assert count_training_photographs(smallest, hold_out, ()) == expected


def test_the_sides_of_bundled_photographs_are_those_of_the_files():
    found = {one.name: min(one.height, one.width) for one in open_picture_set("photos").pictures}
    assert found == {Path(one.file).stem: one.side for one in PHOTOGRAPHS}


def test_pictures_that_are_not_bundled_are_not_counted():
    assert count_training_photographs(32, ("0801",), ()) is None
