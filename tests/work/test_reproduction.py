"""Does a run say what made it, and does its repetition say what differs?"""

import csv
import json

import pytest
import torch

from srkit_core.cli.app import run
from srkit_core.engine.environment import differences
from srkit_core.engine.stage_run import less_memory_hint
from srkit_core.recipe import Stage

TINY = [
    "--gen",
    "srvgg(features=4, blocks=1)",
    "--steps",
    "3",
    "--batch",
    "2",
    "--patch",
    "32",
    "--set",
    "log_every=1",
]


@pytest.fixture
def finished(tmp_path):
    assert run(["train", *TINY, "--loss", "l1", "--out", str(tmp_path / "first")]) == 0
    return tmp_path / "first"


def test_a_repeated_run_is_the_same_and_says_nothing(finished, tmp_path, capsys):
    assert run(["train", str(finished / "recipe.toml"), "--out", str(tmp_path / "second")]) == 0
    assert "not as before" not in capsys.readouterr().out
    first, second = (
        (folder / "weights/last.safetensors").read_bytes()[-2000:]
        for folder in (finished, tmp_path / "second")
    )
    assert first == second


def test_a_repeated_run_says_what_differs(finished, tmp_path, capsys):
    path = finished / "environment.json"
    environment = json.loads(path.read_text())
    environment["versions"]["torch"] = "1.0.0"
    environment["data"]["fingerprint"] = "abcdef0123456789"
    del environment["versions"]["srkit-srvgg"]
    path.write_text(json.dumps(environment))
    assert run(["train", str(finished / "recipe.toml"), "--out", str(tmp_path / "second")]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "not as before" in line]
    assert f"warning: not as before: torch 1.0.0 then, {torch.__version__} now" in told
    assert any("pictures" in line and "(abcdef01) then" in line for line in told)
    assert any("srkit-srvgg not there then" in line for line in told)
    assert len(told) == 3


def test_the_identity_of_a_run_stays_over_a_resume_and_is_another_for_its_repetition(
    finished, tmp_path
):
    def identity(folder):
        return json.loads((folder / "environment.json").read_text())["id"]

    before = identity(finished)
    assert run(["train", "--resume", "--steps", "4", "--out", str(finished)]) == 0
    assert run(["train", str(finished / "recipe.toml"), "--out", str(tmp_path / "second")]) == 0
    assert identity(finished) == before != identity(tmp_path / "second")


def _made_by(out, **versions):
    """Say that a run was made with other software so far."""
    path = out / "environment.json"
    environment = json.loads(path.read_text())
    environment["versions"] |= versions
    path.write_text(json.dumps(environment))


def test_a_resumed_run_keeps_the_versions_that_made_its_earlier_steps(tmp_path):
    out = tmp_path / "run"
    words = ["train", *TINY, "--loss", "l1", "--set", "checkpoint_every=1", "--out", str(out)]
    assert run(words) == 0
    _made_by(out, torch="1.0.0")
    assert run(["train", "--resume", "--steps", "4", "--out", str(out)]) == 0
    _made_by(out, torch="1.5.0")
    assert run(["train", "--resume", "--steps", "6", "--out", str(out)]) == 0
    environment = json.loads((out / "environment.json").read_text())
    assert environment["versions"]["torch"] == torch.__version__
    made = [(one["last_step"], one["versions"]["torch"]) for one in environment["history"]]
    assert made == [(3, "1.0.0"), (4, "1.5.0")]
    assert run(["train", "--resume", "4", "--steps", "6", "--out", str(out)]) == 0
    environment = json.loads((out / "environment.json").read_text())
    made = [(one["last_step"], one["versions"]["torch"]) for one in environment["history"]]
    assert made == [(3, "1.0.0"), (4, "1.5.0")]


def test_other_versions_are_told_before_a_checkpoint_that_does_not_fit(
    tmp_path, monkeypatch, capsys
):
    from srkit_core.engine import stage_run
    from srkit_core.errors import WeightsError

    out = tmp_path / "run"
    assert run(["train", *TINY, "--loss", "l1", "--out", str(out)]) == 0
    _made_by(out, **{"srkit-srvgg": "0.0.1"})
    before = sorted(path.name for path in (out / "checkpoints").iterdir())

    def misfit(*_, **__):
        raise WeightsError("it is of another architecture", hint="h")

    monkeypatch.setattr(stage_run, "fill", misfit)
    capsys.readouterr()
    assert run(["train", "--resume", "--steps", "5", "--out", str(out)]) == 4
    told = capsys.readouterr()
    assert "warning: not as before: srkit-srvgg 0.0.1 then, 0.1.0 now" in told.out
    assert told.err.startswith("error: it is of another architecture\n")
    assert sorted(path.name for path in (out / "checkpoints").iterdir()) == before
    environment = json.loads((out / "environment.json").read_text())
    assert environment["versions"]["srkit-srvgg"] == "0.0.1"


def test_differences_name_networks_and_initial_weights():
    before = {
        "data": {"pictures": 3, "fingerprint": "aa"},
        "weights": [{"name": "vgg", "sha256": "1" * 64}],
    }
    now = {
        "data": {"pictures": 3, "fingerprint": "aa"},
        "weights": [{"name": "vgg", "sha256": "2" * 64}],
        "init": {"sha256": "3" * 64},
    }
    assert list(differences(before, now)) == [
        "vgg 11111111 then, 22222222 now",
        "initial weights not there then, 33333333 now",
    ]


def test_metrics_of_training_batches_are_logged_where_asked(tmp_path):
    out, asked = (
        tmp_path / "run",
        (
            "validation.on_training=true",
            "validation.protocol=rgb",
            "validation.border=0",
            "ema=0.5",
        ),
    )
    settings = [word for one in asked for word in ("--set", one)]
    assert run(["train", *TINY, "--loss", "mse", *settings, "--out", str(out)]) == 0
    rows = [
        row
        for row in csv.DictReader((out / "metrics.csv").read_text().splitlines())
        if row["split"] == "train"
    ]
    assert len(rows) == 3
    for row in rows:
        # PSNR of the mean error lies below the mean PSNR of two patches (Jensen), and both within a
        # few dB here
        assert (
            0
            < float(row["psnr"]) + 10 * torch.log10(torch.tensor(float(row["loss/mse"]))).item()
            < 12
        )
        assert float(row["psnr/std"]) > 0
        assert 0 < float(row["ssim"]) < 1


@pytest.mark.parametrize(
    ("stage", "processes", "hint"),
    [
        (
            {"batch": 16},
            1,
            "--set stages.main.accumulate=2 keeps the batch of 16, in microbatches of 8",
        ),
        (
            {"batch": 16, "accumulate": 2},
            1,
            "--set stages.main.accumulate=4 keeps the batch of 16, in microbatches of 4",
        ),
        (
            {"batch": 15},
            1,
            "--set stages.main.accumulate=3 keeps the batch of 15, in microbatches of 5",
        ),
        (
            {"batch": 16},
            4,
            "--set stages.main.accumulate=2 keeps the batch of 16, in microbatches of 2",
        ),
        (
            {"batch": 2, "accumulate": 2, "patch": 256},
            1,
            "--recompute, or a new run with a --patch smaller than 256",
        ),
    ],
)
def test_what_to_try_when_memory_runs_out_keeps_the_effective_batch(stage, processes, hint):
    assert (
        less_memory_hint(Stage(loss="l1", steps=1, **stage), processes, "srkit train")
        == f"srkit train {hint}"
    )


def test_a_run_out_of_memory_says_so_in_two_lines_and_goes_on_as_told(
    tmp_path, monkeypatch, capsys
):
    from srkit_core.engine import stage_run

    out, real = tmp_path / "run", stage_run.train_step

    def hungry(pair, context, *batch):
        if context.step == 3 and context.stage.accumulate == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(pair, context, *batch)

    monkeypatch.setattr(stage_run, "train_step", hungry)
    words = ["train", *TINY, "--loss", "l1", "--set", "checkpoint_every=1", "--out", str(out)]
    assert run(words) == 6
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: memory ran out"
    assert (
        hint
        == f"try: srkit train --resume --out {out} --set stages.main.accumulate=2 keeps the batch "
        "of 2, in microbatches of 1"
    )
    assert run(["train", "--resume", "--out", str(out), "--set", "stages.main.accumulate=2"]) == 0
    assert "stage 'main' accumulated 1 microbatches and now 2" in capsys.readouterr().out
    assert json.loads((out / "summary.json").read_text())["steps"] == 3


def test_check_run_names_times_memory_and_the_bottleneck(capsys):
    assert run(["check", "demo", "--run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    header = next(line for line in lines if line.startswith("stage   a step"))
    assert header.split("  ")[-1].strip() == "bottleneck"
    rows = [line.split() for line in lines[lines.index(header) + 1 :][:2]]
    assert [row[0] for row in rows] == ["warmup", "gan"]
    for row in rows:
        networks, loader = (float(row[place].removesuffix("/s")) for place in (3, 4))
        assert row[-1] == ("loader" if loader < networks else "networks")
        assert float(row[5]) > 100
    assert [line.split(":")[0] for line in lines[-3:-1]] == ["warmup", "gan"]
    assert lines[-1].startswith("the whole run takes about ")


def test_check_run_of_a_recipe_with_stored_lr_needs_its_pairs(tmp_path, capsys):
    recipe = tmp_path / "paired.toml"
    stage = '[[stages]]\nloss = "l1"\nsteps = 2\nbatch = 2\npatch = 32\n'
    recipe.write_text(f'generator = "srvgg(features=4, blocks=1)"\ndegradation = "paired"\n{stage}')
    assert run(["check", str(recipe), "--run"]) == 0
    output = capsys.readouterr().out
    assert "--data PAIRS times the loader too" in output
    assert output.splitlines()[-3].split()[-1] == "networks"
