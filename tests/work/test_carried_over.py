"""Does a recipe that an option file became train, with what the file said?"""

import csv
from pathlib import Path

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.io.images import write_image
from srkit_core.recipe_files import read_recipe_file

FILES = Path(__file__).parents[1] / "option_files"
TINY = ["steps=2", "batch=2", "log_every=1", "validate_every=2", "checkpoint_every=2"]

ADVERSARIAL = """
model_type: SRGANModel
scale: 4
manual_seed: 3
datasets:
  train: {type: PairedImageDataset, use_hflip: true, use_rot: false, batch_size_per_gpu: 2}
network_g: {type: MSRResNet, num_feat: 8, num_block: 1, upscale: 4}
network_d: {type: UNetDiscriminatorSN, num_feat: 4}
train:
  ema_decay: 0.9
  optim_g: {type: Adam, lr: 1e-3, betas: [0.9, 0.99]}
  optim_d: {type: Adam, lr: 2e-3, betas: [0.9, 0.99]}
  scheduler: {type: MultiStepLR, milestones: [1], gamma: 0.5}
  total_iter: 2
  pixel_opt: {type: L1Loss, loss_weight: 1e-2}
  gan_opt: {type: GANLoss, gan_type: vanilla, loss_weight: 5e-3}
  net_d_init_iters: 1
val:
  metrics:
    psnr: {type: calculate_psnr, crop_border: 4, test_y_channel: false}
logger: {print_freq: 1}
"""


@pytest.fixture
def pairs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        write_image(tmp_path / f"LR/{number}.png", pixels)
        write_image(tmp_path / f"HR/{number}.png", pixels.repeat(4, axis=0).repeat(4, axis=1))


def carried(path, capsys):
    assert run(["recipes", "--from", str(path)]) == 0
    Path("mine.toml").write_text(capsys.readouterr().out, encoding="utf-8")


def trained(capsys, *sets):
    words = ["train", "mine.toml", "--data", "HR", "--lq", "LR", "--device", "cpu", "--out", "run"]
    words += [word for one in sets for word in ("--set", one)]
    code = run([*words, "--val", "Set5=HR with LR", "--precision", "fp32"])
    assert code == 0, capsys.readouterr().err
    with Path("run/metrics.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file)), read_recipe_file(Path("run/recipe.toml"))


def test_a_training_by_pixels_trains(pairs, capsys):
    carried(FILES / "basicsr-psnr.yml", capsys)
    rows, recipe = trained(capsys, "generator=edsr(blocks=1, features=8)", "patch=32", *TINY)
    (stage,) = recipe.stages
    assert [row["step"] for row in rows][-1] == "2"
    assert stage.schedule.name == "srkit/cosine"
    assert (stage.lr, recipe.validation.border) == (2e-4, 4)


def test_an_adversarial_training_trains(pairs, capsys):
    Path("train.yml").write_text(ADVERSARIAL, encoding="utf-8")
    carried("train.yml", capsys)
    rows, recipe = trained(capsys, "patch=64")
    (stage,) = recipe.stages
    assert [(term.call.name, term.weight) for term in stage.loss.terms] == [
        ("srkit/l1", 0.01),
        ("srkit/gan", 0.005),
    ]
    assert (stage.freeze.count, stage.ema) == (1, 0.9)
    assert {"loss/gan", "loss/l1"} <= set(rows[0])
    assert rows[-1]["step"] == "2"
