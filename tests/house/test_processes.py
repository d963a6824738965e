"""Do two processes train as one does, leave one set of files, and end together?"""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

from srkit_core.cli.app import run
from srkit_core.engine.logs.columns import columns_of_kind

pytestmark = pytest.mark.slow

LAUNCH = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node",
    "2",
    "-m",
    "srkit_core",
]
SMALL = [
    "--gen",
    "srvgg(features=4,blocks=1)",
    "--batch",
    "4",
    "--patch",
    "32",
    "--set",
    "validation.pictures=1",
    "--set",
    "log_every=1",
]
GENTLY = ["--lr", "1e-5", "--set", "optimizer={name='Adam',eps=1e-6}"]
"""A relativistic loss does not depend on the bias of the last layer: its gradient is rounding
noise, which Adam's usual eps of 1e-8 turns into steps of the size of the rate, different ones for
every order of summation (docs/processes.md).
"""


def start(*words):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*LAUNCH, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


def launch(*words):
    process = start(*words)
    output = process.communicate(timeout=300)[0]
    return process.returncode, output


def rows(folder):
    path = folder / "metrics.csv"
    return list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []


def wait_for_rows(folder, count, process):
    while len(rows(folder)) < count:
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("loss", "more", "every", "count"),
    [
        ("l1", [], 1, 21),
        ("l1", [], 3, 9),
        ("l1+ragan", ["--disc", "vgg-sn", *GENTLY], 1, 21),
    ],
    ids=["l1", "l1 in means of three", "ragan"],
)
def test_two_processes_follow_one(tmp_path, loss, more, every, count):
    words = [
        "train",
        "--gen",
        "rrdb(blocks=1)",
        "--loss",
        loss,
        "--steps",
        "20",
        "--batch",
        "4",
        "--patch",
        "32",
        "--seed",
        "3",
        *more,
    ]
    words += ["--set", f"log_every={every}", "--set", "validation.pictures=2", "--out"]
    assert run([*words, str(tmp_path / "one")]) == 0
    code, output = launch(*words, str(tmp_path / "two"))
    assert code == 0, output
    alone, together = rows(tmp_path / "one"), rows(tmp_path / "two")
    assert len(alone) == len(together) == count
    columns = [name for name in alone[0] if name.startswith("loss/")]
    assert len(columns) == (2 if loss == "l1" else 4)
    for row, other in zip(alone, together, strict=True):
        assert [float(other[name]) for name in columns] == pytest.approx(
            [float(row[name]) for name in columns], rel=1e-5
        ), row["step"]
    for name in ("psnr", "psnr/std", "ssim"):
        assert float(together[-1][name]) == pytest.approx(float(alone[-1][name]), rel=1e-5)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert output.count("weights: ") == output.count("validation after step 20") == 1


def test_ten_runs_end_cleanly_with_one_set_of_files(tmp_path):
    for number in range(10):
        folder = tmp_path / f"run {number}"
        code, output = launch("train", *SMALL, "--steps", "2", "--out", str(folder))
        assert (code, "Traceback" in output) == (0, False), output
        assert [(row["step"], row["split"]) for row in rows(folder)] == [
            ("1", "train"),
            ("2", "train"),
            ("2", "val"),
        ]
        assert len(list(folder.glob("checkpoints/*"))) == 1


@pytest.mark.parametrize("every", [1, 7])
def test_a_signal_stops_both_after_the_same_step_and_the_run_goes_on_exactly(tmp_path, every):
    folder, whole = tmp_path / "stopped", tmp_path / "whole"
    words = [
        "train",
        *SMALL,
        "--disc",
        "vgg-sn(features=8)",
        "--loss",
        "l1+ragan",
        "--steps",
        "60",
        "--set",
        f"log_every={every}",
        "--out",
    ]
    process = start(*words, str(folder))
    wait_for_rows(folder, 3, process)
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=120)[0]
    assert output.count("everything is saved in") == 2, output
    saved = [path.name for path in folder.glob("checkpoints/*")]
    assert len(saved) == 1
    code, output = launch("train", "--resume", "--out", str(folder))
    assert (code, "going on after step" in output) == (0, True), output
    assert launch(*words, str(whole))[0] == 0
    skipped = columns_of_kind("timing")
    plain = [
        [{k: v for k, v in row.items() if k not in skipped} for row in rows(one)]
        for one in (folder, whole)
    ]
    assert plain[0] == plain[1]
    assert (folder / "weights/last.safetensors").stat().st_size == (
        whole / "weights/last.safetensors"
    ).stat().st_size


@pytest.mark.parametrize("order", ["generator-first", "discriminator-first"])
def test_two_processes_train_a_discriminator_alone_as_one_does(tmp_path, order):
    words = ["train", *SMALL, "--disc", "unet-sn(features=2)", "--loss", "l1+gan", *GENTLY]
    words += ["--steps", "6", "--set", "freeze=2", "--set", "generator_every=2", "--set", "ema=0.5"]
    words += ["--set", f"order={order}", "--set", "d_steps=2", "--set", "checkpoint_every=3"]
    assert run([*words, "--out", str(tmp_path / "one")]) == 0
    code, output = launch(*words, "--out", str(tmp_path / "two"))
    assert code == 0, output
    alone, together = (
        [one for one in rows(tmp_path / name) if one["split"] == "train"] for name in ("one", "two")
    )
    assert [bool(row["loss/total"]) for row in together] == [False, False, False, True, False, True]
    for name in ("loss/l1", "loss/discriminator", "d_real", "gradient/discriminator"):
        both = [[float(row[name] or -1) for row in table] for table in (alone, together)]
        assert both[1] == pytest.approx(both[0], rel=1e-3), name  # rounding
    for role in ("generator", "ema", "discriminator"):
        one, two = (
            load_file(tmp_path / name / f"checkpoints/step-00000006/{role}.safetensors")
            for name in ("one", "two")
        )
        assert all(torch.allclose(one[key], two[key], atol=1e-5) for key in one), role


def test_each_process_keeps_a_pool_and_goes_on_with_it_exactly(tmp_path):
    """Two processes resume with the pools they had; one that goes on alone says what it lacks."""
    folder, whole = tmp_path / "parts", tmp_path / "whole"
    words = ["train", *SMALL, "--loss", "l1", "--degrade", "bicubic | noise"]
    words += ["--set", "pool=5", "--set", "checkpoint_every=6"]
    for out, steps in ((folder, 6), (whole, 12)):
        code, output = launch(*words, "--steps", str(steps), "--out", str(out))
        assert code == 0, output
    held = sorted(path.name for path in folder.glob("checkpoints/step-00000006/pool*"))
    assert held == ["pool-1.safetensors", "pool.safetensors"]
    one, other = (load_file(folder / f"checkpoints/step-00000006/{name}") for name in held)
    assert one["lr"].shape == other["lr"].shape == (5, 3, 8, 8)
    assert not torch.equal(one["lr"], other["lr"])
    alone = tmp_path / "alone"
    shutil.copytree(folder, alone)
    code, output = launch("train", "--resume", "--out", str(folder), "--steps", "12")
    assert (code, "the pools of stage" in output) == (0, False), output
    for name in ("generator", "pool", "pool-1"):
        parts = [
            load_file(run_folder / f"checkpoints/step-00000012/{name}.safetensors")
            for run_folder in (folder, whole)
        ]
        assert all(torch.equal(parts[0][key], parts[1][key]) for key in parts[1]), name
    assert run(["train", "--resume", "--out", str(alone), "--steps", "7"]) == 0
    assert [path.name for path in alone.glob("checkpoints/step-00000007/pool*")] == [
        "pool.safetensors"
    ]


def test_where_one_process_is_killed_the_other_ends_and_the_run_can_go_on(tmp_path):
    folder = tmp_path / "run"
    process = start(
        "train", *SMALL, "--steps", "100000", "--set", "checkpoint_every=2", "--out", str(folder)
    )
    wait_for_rows(folder, 6, process)
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    os.kill(int(children[-1]), signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode != 0
    step = max(int(path.name.removeprefix("step-")) for path in folder.glob("checkpoints/step-*"))
    code, output = launch("train", "--resume", "--out", str(folder), "--steps", str(step + 2))
    assert (code, f"going on after step {step}" in output) == (0, True), output


def test_what_the_main_process_cannot_do_ends_both_at_once(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "checkpoints").write_text("a file where a folder belongs")
    begun = time.monotonic()
    code, output = launch("train", *SMALL, "--steps", "4", "--out", str(folder))
    assert code != 0
    assert output.count(f"cannot write {folder / 'checkpoints'}") == 2, output
    assert "unexpectedly" not in output
    assert time.monotonic() - begun < 300  # waiting for each other would take half an hour


SEVERAL_RUNS = """
import sys
from pathlib import Path
from srkit_core import RunOptions, train
from srkit_core.recipe import recipe_from_dict

wish = recipe_from_dict(
    {
        "generator": "srvgg(features=4, blocks=1)",
        "validation": {"pictures": 0},
        "stages": [{"loss": "l1", "steps": 2, "batch": 2, "patch": 32}],
    }
)
for number in range(3):
    train(wish, RunOptions(out=Path(sys.argv[1]) / str(number), device="cpu"))
"""


def test_a_program_under_a_launcher_may_train_several_times(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(SEVERAL_RUNS)
    process = subprocess.run(
        [*LAUNCH[:-2], str(program), str(tmp_path / "runs")],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert len(list(tmp_path.glob("runs/*/summary.json"))) == 3
