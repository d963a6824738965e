"""Does a run give the same weights however it is interrupted, watched or repeated?"""

import csv
import json
import os
import signal

import pytest
import torch
from safetensors.torch import load_file

from srkit_core.callbacks import Callback
from srkit_core.engine.logs.columns import columns_of_kind
from srkit_core.engine.trainer import train
from srkit_core.errors import (
    DivergedError,
    IncompatibleError,
    InterruptedRunError,
    RecipeError,
    WeightsError,
)
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

UNREPEATABLE = columns_of_kind("timing")


class Stopper(Callback):
    """Listens, and sends this process a signal after some step of the run."""

    def __init__(self, after=None, number=signal.SIGINT):
        self.steps, self.after, self.number, self.notes = 0, after, number, []

    def on_note(self, text):
        self.notes.append(text)

    def on_download(self, *_):
        pass

    def on_step(self, event):
        self.steps += 1
        if self.steps == self.after:
            os.kill(os.getpid(), self.number)


def recipe(**changes):
    stage = {
        "batch": 2,
        "patch": 32,
        "log_every": 1,
        "validate_every": 3,
        "lr": 1e-3,
        "lr_warmup": 2,
        "schedule": "cosine",
    }
    document = {
        "generator": "srvgg(features=8, blocks=1)",
        "discriminator": "vgg-sn(features=4)",
        "validation": {"pictures": 1},
        "data": {"hold_out": ["chelsea"]},
        "stages": [
            stage | {"name": "warmup", "loss": "l1", "steps": 4, "ema": 0.9},
            stage | {"name": "main", "loss": "l1 + tv + 0.1*ragan", "steps": 5, "ema": 0.9},
        ],
    }
    return recipe_from_dict(document | changes)


def rows(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        return [
            {name: value for name, value in row.items() if name not in UNREPEATABLE}
            for row in csv.DictReader(file)
        ]


def tensors(folder, name):
    newest = sorted(folder.glob("checkpoints/step-*"))[-1]
    return load_file(newest / f"{name}.safetensors")


def assert_same_run(one, other):
    for name in (
        "generator",
        "discriminator",
        "ema",
        "generator-optimizer",
        "discriminator-optimizer",
    ):
        left, right = tensors(one, name), tensors(other, name)
        assert left.keys() == right.keys()
        assert [key for key in left if not torch.equal(left[key], right[key])] == []
    assert rows(one) == rows(other)


def stopped_and_resumed(wanted, folder, after, where=None):
    with pytest.raises(InterruptedRunError):
        train(wanted, where or RunOptions(out=folder, device="cpu"), callbacks=[Stopper(after)])
    return train(wanted, where or RunOptions(out=folder, device="cpu"), resume="newest").folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return train(
        recipe(), RunOptions(out=tmp_path_factory.mktemp("runs") / "whole", device="cpu")
    ).folder


@pytest.mark.parametrize("after", [1, 4, 6, 8])
def test_a_resumed_run_equals_the_undisturbed_one(undisturbed, tmp_path, after):
    assert_same_run(stopped_and_resumed(recipe(), tmp_path / "run", after), undisturbed)


def test_a_run_may_be_stopped_twice_and_with_loader_processes(undisturbed, tmp_path):
    where = RunOptions(out=tmp_path / "run", device="cpu", workers=2)
    for after in (3, 4):
        with pytest.raises(InterruptedRunError):
            train(recipe(), where, resume="newest", callbacks=[Stopper(after)])
    assert_same_run(train(recipe(), where, resume="newest").folder, undisturbed)


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD", "RMSprop"])
def test_other_optimizers_resume_exactly(tmp_path, optimizer):
    wanted = recipe(
        discriminator=None,
        stages=[
            {
                "loss": "l1",
                "steps": 4,
                "batch": 2,
                "patch": 32,
                "log_every": 1,
                "optimizer": {"name": optimizer},
            }
        ],
    )
    whole = train(wanted, RunOptions(out=tmp_path / "whole", device="cpu")).folder
    halves = stopped_and_resumed(wanted, tmp_path / "halves", 2)
    assert rows(whole) == rows(halves)
    assert all(
        torch.equal(value, tensors(halves, "generator")[key])
        for key, value in tensors(whole, "generator").items()
    )


def test_discriminator_first_with_batch_norm_and_several_d_steps_resumes_exactly(tmp_path):
    stages = [
        {
            "loss": "l1 + 0.1*gan",
            "steps": 4,
            "batch": 2,
            "patch": 32,
            "log_every": 1,
            "order": "discriminator-first",
            "d_steps": 2,
            "ema": 0.5,
        }
    ]
    wanted = recipe(discriminator="vgg(features=4)", stages=stages)
    whole = train(wanted, RunOptions(out=tmp_path / "whole", device="cpu")).folder
    assert_same_run(stopped_and_resumed(wanted, tmp_path / "halves", 3), whole)


def test_fused_adam_runs_in_channels_last_and_its_moments_are_restored_in_that_layout(undisturbed):
    from srkit_core.engine.optimizer import build_optimizer, restore_optimizer
    from srkit_core.models.build import to_device
    from srkit_core.optimizer_binding import BoundOptimizer

    network = to_device(torch.nn.Conv2d(3, 8, 3), torch.device("cpu"))
    optimizer = build_optimizer(BoundOptimizer("Adam"), network, 1e-3)
    assert optimizer.defaults["fused"] is True
    saved = torch.arange(216.0).reshape(8, 3, 3, 3)
    restore_optimizer(optimizer, {"0.exp_avg": saved}, {})
    restored = optimizer.state[network.weight]["exp_avg"]
    assert restored.stride() == network.weight.stride() != saved.stride()
    assert torch.equal(restored, saved)


@pytest.mark.parametrize(
    ("options", "place"),
    [({}, "cpu"), ({"foreach": True}, "cpu"), ({"fused": True}, "meta")],
)
def test_a_restored_count_of_steps_lies_where_torch_begins_it(options, place):
    """A count on a card that no kernel reads would be asked for in every step."""
    from srkit_core.engine.optimizer import restore_optimizer

    parameter = torch.nn.Parameter(torch.zeros(2, 3, device="meta"))
    optimizer = torch.optim.Adam([parameter])
    optimizer.param_groups[0].update(options)
    restore_optimizer(optimizer, {"0.step": torch.tensor(7.0)}, {})
    assert optimizer.state[parameter]["step"].device.type == place


def test_validation_does_not_change_the_run(undisturbed, tmp_path):
    document = recipe().to_dict()
    for stage in document["stages"]:
        stage["validate_every"] = 1000
    seldom = train(
        recipe_from_dict(document), RunOptions(out=tmp_path / "run", device="cpu")
    ).folder
    for name in ("generator", "discriminator", "ema"):
        left, right = tensors(undisturbed, name), tensors(seldom, name)
        assert all(torch.equal(left[key], right[key]) for key in left)


def test_two_precisions_in_one_process(tmp_path):
    short = recipe(discriminator=None, stages=[{"loss": "l1", "steps": 2, "batch": 2, "patch": 32}])
    full = train(short, RunOptions(out=tmp_path / "fp32", device="cpu", precision="fp32")).folder
    half = train(short, RunOptions(out=tmp_path / "bf16", device="cpu", precision="bf16")).folder
    again = train(short, RunOptions(out=tmp_path / "again", device="cpu", precision="fp32")).folder
    losses = [float(rows(folder)[0]["loss/l1"]) for folder in (full, half, again)]
    assert losses[0] == losses[2]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert [
        json.loads((folder / "environment.json").read_text())["precision"]
        for folder in (full, half, again)
    ] == [
        "fp32",
        "bf16",
        "fp32",
    ]


def test_a_step_leaves_nothing_behind_in_torch(tmp_path):
    before = len(torch.cuda._queued_calls)
    train(recipe(), RunOptions(out=tmp_path / "run", device="cpu"))
    assert len(torch.cuda._queued_calls) - before < 8


def test_the_same_seed_gives_the_same_run_and_another_seed_another(undisturbed, tmp_path):
    repeated = train(recipe(), RunOptions(out=tmp_path / "same", device="cpu")).folder
    other = train(recipe(seed=1), RunOptions(out=tmp_path / "other", device="cpu")).folder
    assert_same_run(repeated, undisturbed)
    assert rows(other)[0]["loss/l1"] != rows(undisturbed)[0]["loss/l1"]


def test_the_log_has_the_contract_s_columns_and_rows(undisturbed):
    with (undisturbed / "metrics.csv").open(newline="") as file:
        header, *everything = csv.reader(file)
    assert all(float(row[header.index(name)]) > 0 for row in everything for name in UNREPEATABLE)
    losses = "loss/l1 loss/tv loss/ragan loss/total loss/discriminator"
    game = "d_real d_fake d_gap gradient/generator gradient/discriminator"
    names = f"step epoch stage split lr lr/discriminator {losses} {game} psnr psnr/std"
    contract = f"{names} ssim ssim/std images_per_s memory_mb elapsed_s".split()
    assert [name for name in header if name in contract] == contract
    found = rows(undisturbed)
    assert [(row["step"], row["stage"]) for row in found if row["split"] == "train"] == [
        (str(n), "warmup" if n < 5 else "main") for n in range(1, 10)
    ]
    assert [row["step"] for row in found if row["split"] == "val"] == ["3", "4", "7", "9"]
    main = [row for row in found if row["stage"] == "main" and row["split"] == "train"]
    for row in main:
        l1, tv, ragan, total = (
            float(row[name]) for name in ("loss/l1", "loss/tv", "loss/ragan", "loss/total")
        )
        assert total == pytest.approx(l1 + 2e-8 * tv + 0.1 * ragan, rel=1e-5)
        assert 0 < float(row["d_real"]) < 1
        assert 0 < float(row["d_fake"]) < 1
    validated = [row for row in found if row["split"] == "val" and row["stage"] == "main"]
    assert all(
        row[name]
        for row in validated
        for name in (
            "loss/l1",
            "loss/ragan",
            "loss/discriminator",
            "d_real",
            "d_fake",
            "psnr",
            "ssim",
        )
    )
    assert [float(row["lr"]) for row in found[:2]] == [
        pytest.approx(5e-4),
        pytest.approx(1e-3 * 0.8535533905932737),
    ]


def test_a_run_folder_holds_what_the_contract_names(undisturbed):
    expected = [
        "recipe.toml",
        "environment.json",
        "metrics.csv",
        "summary.json",
        "curves.png",
        "weights/last.safetensors",
        "pictures/step-00000009.png",
    ]
    expected += [
        f"weights/{stage}/{name}.safetensors"
        for stage in ("warmup", "main")
        for name in ("last", "best-psnr", "best-ssim", "best-loss")
    ]
    assert [name for name in expected if not (undisturbed / name).is_file()] == []
    assert [path.name for path in sorted(undisturbed.glob("checkpoints/*"))] == [
        "step-00000004",
        "step-00000007",
        "step-00000009",
    ]
    summary = json.loads((undisturbed / "summary.json").read_text())
    best = max(
        float(row["psnr"])
        for row in rows(undisturbed)
        if row["split"] == "val" and row["stage"] == "main"
    )
    assert summary["stages"]["main"]["best"]["psnr"]["value"] == best
    assert summary["steps"] == 9


def test_saved_weights_are_the_moving_average(undisturbed):
    saved, average = (
        load_file(undisturbed / "weights/last.safetensors"),
        tensors(undisturbed, "ema"),
    )
    assert all(torch.equal(saved[key], average[key]) for key in average)
    assert any(
        not torch.equal(saved[key], value)
        for key, value in tensors(undisturbed, "generator").items()
    )


def test_a_finished_run_says_so_and_may_be_made_longer(tmp_path):
    def wanted(steps):
        return recipe(
            discriminator=None,
            stages=[{"loss": "l1", "steps": steps, "batch": 2, "patch": 32, "log_every": 1}],
        )

    where = RunOptions(out=tmp_path / "run", device="cpu")
    folder, listener = train(wanted(2), where).folder, Stopper()
    train(wanted(2), where, resume="newest", callbacks=[listener])
    assert any("is finished: 2 steps" in note for note in listener.notes)
    train(wanted(4), where, resume="newest")
    longer = train(wanted(4), RunOptions(out=tmp_path / "at once", device="cpu")).folder
    assert all(
        torch.equal(value, tensors(longer, "generator")[key])
        for key, value in tensors(folder, "generator").items()
    )


def test_resuming_another_recipe_is_refused(undisturbed):
    with pytest.raises(RecipeError, match="started with another seed"):
        train(recipe(seed=5), RunOptions(out=undisturbed, device="cpu"), resume="newest")
    with pytest.raises(RecipeError, match="already holds a run"):
        train(recipe(), RunOptions(out=undisturbed, device="cpu"))


def test_resume_takes_a_step_or_an_epoch_and_forgets_what_came_later(tmp_path):
    wanted = recipe(
        discriminator=None,
        stages=[
            {"loss": "l1", "steps": 6, "batch": 8, "patch": 32, "log_every": 1, "validate_every": 2}
        ],
    )
    where = RunOptions(out=tmp_path / "run", device="cpu")
    before = rows(train(wanted, where).folder)
    with pytest.raises(WeightsError, match=r"no checkpoint at step 3; there are steps 2, 4, 6"):
        train(wanted, where, resume=3)
    with pytest.raises(InterruptedRunError):
        train(wanted, where, resume=2, callbacks=[Stopper(1)])
    assert [path.name for path in sorted((tmp_path / "run/checkpoints").iterdir())] == [
        "step-00000002",
        "step-00000003",
    ]
    assert rows(train(wanted, where, resume="newest").folder) == before


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path):
    wanted = recipe(
        discriminator=None,
        stages=[
            {"loss": "l1", "steps": 4, "batch": 2, "patch": 32, "log_every": 1, "validate_every": 2}
        ],
    )
    where = RunOptions(out=tmp_path / "run", device="cpu")
    before = rows(train(wanted, where).folder)
    file = tmp_path / "run/checkpoints/step-00000004/generator.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x00")
    listener = Stopper()
    train(wanted, where, resume="newest", callbacks=[listener])
    assert any(
        "generator.safetensors was altered; trying the one before it" in note
        for note in listener.notes
    )
    assert rows(tmp_path / "run") == before


def test_a_non_finite_loss_stops_before_the_update(tmp_path):
    wanted = recipe(
        discriminator=None,
        stages=[
            {"loss": "l1", "steps": 40, "batch": 2, "patch": 32, "lr": 1e18, "checkpoint_every": 1}
        ],
    )
    with pytest.raises(DivergedError) as caught:
        train(wanted, RunOptions(out=tmp_path / "run", device="cpu"))
    newest = sorted((tmp_path / "run/checkpoints").iterdir())[-1].name
    assert newest == f"step-{caught.value.step - 1:08d}"
    assert caught.value.term == "loss/l1"
    assert all(
        torch.isfinite(value).all() for value in tensors(tmp_path / "run", "generator").values()
    )


def test_initial_weights_are_taken_over(undisturbed, tmp_path):
    still = recipe(
        discriminator=None,
        stages=[{"loss": "l1", "steps": 1, "batch": 2, "patch": 32, "lr": 1e-30}],
    )
    folder = train(
        still,
        RunOptions(
            out=tmp_path / "run", device="cpu", init=undisturbed / "weights/last.safetensors"
        ),
    ).folder
    start, end = (
        load_file(undisturbed / "weights/last.safetensors"),
        load_file(folder / "weights/last.safetensors"),
    )
    assert all(torch.equal(start[key], end[key]) for key in start)


def test_what_a_killed_process_left_unfinished_is_cleaned_up(tmp_path):
    wanted = recipe(
        discriminator=None,
        stages=[{"loss": "l1", "steps": 2, "batch": 2, "patch": 32, "checkpoint_every": 1}],
    )
    unfinished = tmp_path / "run/checkpoints/.step-00000001.part"
    unfinished.mkdir(parents=True)
    (unfinished / "state.json").write_text("{}")
    train(wanted, RunOptions(out=tmp_path / "run", device="cpu"))
    assert [path.name for path in sorted((tmp_path / "run/checkpoints").iterdir())] == [
        "step-00000001",
        "step-00000002",
    ]


def test_a_held_out_picture_with_a_broken_body_is_named_before_training(tmp_path):
    from srkit_core.data.bundled_photographs import bundled_photographs

    data = tmp_path / "data"
    data.mkdir()
    for photo in bundled_photographs()[:3]:
        (data / photo.name).write_bytes(photo.read_bytes())
    (data / "astronaut.png").write_bytes((data / "astronaut.png").read_bytes()[:-9000])
    wanted = recipe(
        discriminator=None,
        data={"hold_out": ["astronaut", "camera"]},
        stages=[{"loss": "l1", "steps": 1, "batch": 1, "patch": 32}],
    )
    listener = Stopper()
    train(
        wanted, RunOptions(data=str(data), out=tmp_path / "run", device="cpu"), callbacks=[listener]
    )
    assert any(
        note.startswith(f"skipped {data / 'astronaut.png'}: it is truncated or damaged")
        for note in listener.notes
    )
    assert "held out for validation: camera" in listener.notes


def with_pool(size):
    document = recipe().to_dict()
    for stage in document["stages"]:
        stage["pool"] = size
    return recipe(**document)


def test_a_resumed_run_with_a_pool_equals_the_undisturbed_one(tmp_path):
    train(with_pool(3), RunOptions(out=tmp_path / "whole", device="cpu"), callbacks=[Stopper()])
    assert tensors(tmp_path / "whole", "pool")["hr"].shape == (3, 3, 32, 32)
    for after in (3, 7):
        assert_same_run(
            stopped_and_resumed(with_pool(3), tmp_path / f"stopped-{after}", after),
            tmp_path / "whole",
        )


def test_a_pool_holds_at_least_a_batch():
    with pytest.raises(
        IncompatibleError, match="the pool of stage 'warmup' holds 1, less than a batch of 2"
    ):
        plan(with_pool(1), discover())
