"""Does a compiled run learn what an ordinary one does, and go on from its checkpoints?"""

import csv
import shutil

import pytest

from srkit_core.engine.trainer import train
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("g++") or shutil.which("c++")),
        reason="torch.compile on a CPU needs a C++ compiler",
    ),
]


def recipe(steps):
    stage = {
        "loss": "l1 + 0.1*ragan",
        "steps": steps,
        "batch": 2,
        "patch": 32,
        "log_every": 1,
        "checkpoint_every": 2,
        "ema": 0.9,
    }
    networks = {"generator": "srvgg(features=8, blocks=1)", "discriminator": "vgg-sn(features=4)"}
    return recipe_from_dict(
        networks | {"validation": {"pictures": 0}, "stages": [stage | {"lr": 1e-5}]}
    )


def losses(folder):
    rows = csv.DictReader((folder / "metrics.csv").read_text().splitlines())
    return [
        float(row[name]) for row in rows for name in ("loss/l1", "loss/ragan", "loss/discriminator")
    ]


def test_a_compiled_run_follows_an_ordinary_one_and_either_resumes_the_other(tmp_path):
    for name, compiled in (("plain", False), ("compiled", True)):
        train(recipe(2), RunOptions(out=tmp_path / name, device="cpu", compile=compiled))
        train(
            recipe(4),
            RunOptions(out=tmp_path / name, device="cpu", compile=not compiled),
            resume="newest",
        )
    train(recipe(4), RunOptions(out=tmp_path / "whole", device="cpu"))
    for name in ("plain", "compiled"):
        assert losses(tmp_path / name)[:6] + losses(tmp_path / name)[9:15] == pytest.approx(
            losses(tmp_path / "whole")[:6] + losses(tmp_path / "whole")[6:12], rel=1e-4
        )
