"""Is nothing lost, mixed up or silently changed when a run is stopped, continued or crowded?"""

import csv
import json
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine import objective
from srkit_core.engine.checkpoints.resume import AtEpoch
from srkit_core.engine.logs import columns, csv_log
from srkit_core.engine.logs.logger import Throughput
from srkit_core.engine.trainer import train
from srkit_core.errors import (
    DataError,
    DivergedError,
    InterruptedRunError,
    OptionError,
    OutOfMemoryError,
    RecipeError,
    WeightsError,
)
from srkit_core.io.images import write_image
from srkit_core.oom import oom_guard
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import read_environment
from srkit_core.run_options import RunOptions

STAGE = {
    "loss": "l1",
    "steps": 6,
    "batch": 1,
    "patch": 32,
    "log_every": 1,
    "checkpoint_every": 1,
    "validate_every": 100,
}


class Stopper(Callback):
    def __init__(self, after=None):
        self.after, self.steps, self.notes = after, 0, []

    def on_note(self, text):
        self.notes.append(text)

    def on_download(self, *_):
        pass

    def on_step(self, *_):
        self.steps += 1
        if self.steps == self.after:
            os.kill(os.getpid(), signal.SIGINT)


def recipe(*stages, **changes):
    document = {
        "generator": "srvgg(features=4, blocks=1)",
        "validation": {"pictures": 0},
        "stages": [STAGE | stage for stage in stages or ({},)],
    }
    return recipe_from_dict(document | changes)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos here"
    for number in range(4):
        write_image(
            folder / f"{number}.png",
            np.random.default_rng(number).integers(0, 256, (40, 40, 3), dtype=np.uint8),
        )
    return folder


@pytest.fixture
def where(photos, tmp_path):
    return RunOptions(data=str(photos), out=tmp_path / "run", device="cpu")


def stopped(wanted, where, after, resume=None):
    with pytest.raises(InterruptedRunError):
        train(wanted, where, resume=resume, callbacks=[Stopper(after)])


def names(where):
    return [path.name for path in sorted((where.out / "checkpoints").iterdir())]


def test_a_resume_with_its_recipe_written_again_takes_the_run_s_pictures(
    where, photos, tmp_path, capsys
):
    mine = tmp_path / "mine.toml"
    mine.write_text(recipe().to_toml())
    stopped(recipe(), where, 2)
    assert run(["train", str(mine), "--out", str(where.out), "--resume"]) == 0
    assert f"taken from environment.json: data {photos}" in capsys.readouterr().out


def test_a_resume_on_changed_pictures_is_refused(where, photos):
    stopped(recipe(), where, 2)
    write_image(photos / "new.png", np.zeros((40, 40, 3), dtype=np.uint8))
    with pytest.raises(DataError, match="not those the run began with: 4 then, 5 now"):
        train(recipe(), where, resume="newest")
    (photos / "new.png").unlink()
    train(recipe(), where, resume="newest")


def test_a_run_made_longer_goes_on_by_the_command_that_is_printed(where, capsys):
    train(recipe({"steps": 2, "schedule": "cosine"}), where)
    listener = Stopper(1)
    with pytest.raises(InterruptedRunError) as caught:
        train(
            recipe({"steps": 6, "schedule": "cosine"}), where, resume="newest", callbacks=[listener]
        )
    assert (
        "the last stage was 2 steps long and is now 6 steps; its cosine schedule changes from here"
        in listener.notes
    )
    assert caught.value.hint == f"srkit train --resume --out {where.out}"
    assert run(["train", "--resume", "--out", str(where.out)]) == 0
    assert names(where)[-1] == "step-00000006"
    assert len(read_environment(where.out)["commands"]) == 3


def test_a_gradient_that_is_not_finite_stops_before_the_update(where, monkeypatch):
    class Root:
        def __call__(self, sr, hr):
            return (sr - sr.detach()).square().sum().sqrt()

    monkeypatch.setattr(objective, "build", lambda bound: Root())
    with pytest.raises(DivergedError) as caught:
        train(recipe(), where)
    assert (caught.value.term, caught.value.step) == ("gradient/generator", 1)
    assert not (where.out / "weights").exists()


def test_two_runs_cannot_begin_in_one_folder(where):
    class Rival(Stopper):
        def on_note(self, text):
            if text.startswith("training on"):
                (where.out).mkdir()
                (where.out / "recipe.toml").write_text("somebody else's")

    with pytest.raises(RecipeError, match="another run has just begun in"):
        train(recipe(), where, callbacks=[Rival()])
    assert (where.out / "recipe.toml").read_text() == "somebody else's"


def test_a_run_stopped_at_its_last_step_gets_its_summary_by_a_resume(where):
    stopped(recipe(), where, 6)
    assert not (where.out / "summary.json").exists()
    train(recipe(), where, resume="newest")
    assert json.loads((where.out / "summary.json").read_text())["steps"] == 6


def test_where_no_checkpoint_can_be_read_nothing_is_destroyed(where):
    stopped(recipe(), where, 3)
    for path in (where.out / "checkpoints").iterdir():
        (path / "state.json").write_text("{}")
    log, before = where.out / "metrics.csv", names(where)
    rows = log.read_bytes()
    with pytest.raises(WeightsError, match="none of the 3 checkpoints"):
        train(recipe(), where, resume="newest")
    assert (log.read_bytes(), names(where)) == (rows, before)


def test_a_step_is_taken_although_another_checkpoint_is_damaged_and_an_epoch_at_its_end(where):
    train(recipe(), where)
    (where.out / "checkpoints/step-00000004/state.json").write_text("{}")
    listener = Stopper(1)
    with pytest.raises(InterruptedRunError, match="after step 6"):
        train(recipe(), where, resume=5, callbacks=[listener])
    assert "going on after step 5" in listener.notes
    longer = recipe({"batch": 2, "steps": 8})
    other = RunOptions(data=where.data, out=where.out.with_name("epochs"), device="cpu")
    train(longer, other)
    listener = Stopper(1)
    with pytest.raises(InterruptedRunError, match="after step 7"):
        train(longer, other, resume=AtEpoch(3), callbacks=[listener])
    assert "going on after step 6" in listener.notes


def test_other_columns_and_lost_rows_are_refused(where, photos):
    stopped(recipe(), where, 3)
    with pytest.raises(RecipeError, match="has other columns than this run"):
        train(
            recipe(),
            RunOptions(
                data=where.data,
                out=where.out,
                device="cpu",
                val={"a": str(photos), "b": str(photos)},
            ),
            resume="newest",
        )
    log = where.out / "metrics.csv"
    log.write_bytes(log.read_bytes()[:-40])
    with pytest.raises(DataError, match="has lost rows") as caught:
        train(recipe(), where, resume="newest")
    assert f"srkit train --resume 2 --out {where.out}" in caught.value.hint


def test_what_the_second_stage_cannot_build_is_known_before_anything_is_written(where):
    wanted = recipe({"name": "a"}, {"name": "b", "optimizer": {"betas": [1.5, 0.9]}})
    with pytest.raises(OptionError, match="beta parameter"):
        train(wanted, where)
    assert not where.out.exists()


@pytest.mark.parametrize("optimizer", [{"name": "LBFGS"}, {"name": "SparseAdam"}])
def test_optimizers_that_cannot_train_here_are_refused(where, optimizer):
    with pytest.raises(OptionError, match="cannot train networks of convolutions here"):
        train(recipe({"optimizer": optimizer}), where)


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "Adam", "foreach": True},
        {"name": "AdamW", "amsgrad": True},
        {"name": "NAdam"},
        {"name": "Adagrad"},
    ],
)
def test_other_optimizers_and_options_train_and_resume_exactly(where, optimizer):
    wanted = recipe({"optimizer": optimizer, "steps": 4})
    stopped(wanted, where, 2)
    train(wanted, where, resume="newest")
    whole = RunOptions(data=where.data, out=where.out.with_name("whole"), device="cpu")
    train(wanted, whole)
    rows = [
        list(csv.DictReader((one.out / "metrics.csv").open(newline=""))) for one in (where, whole)
    ]
    assert [row["loss/l1"] for row in rows[0]] == [row["loss/l1"] for row in rows[1]]


def test_a_network_that_remembers_what_validation_showed_it_can_still_train(where, monkeypatch):
    """A table of positions that grows with the largest picture, made while validating, is used in
    training.
    """

    class Growing(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))
            self.table = None

        def forward(self, lr):
            if self.table is None or self.table.shape[-1] < lr.shape[-1]:
                self.table = torch.zeros(1, 1, *lr.shape[-2:]) + self.weight.detach()
            return (
                (lr * self.weight * self.table[..., : lr.shape[-2], : lr.shape[-1]])
                .repeat_interleave(4, -1)
                .repeat_interleave(4, -2)
            )

    from srkit_core.engine import run_context as training

    monkeypatch.setattr(training, "build_network", lambda bound, seed=0: Growing())
    train(recipe({"validate_every": 1}), where)


def test_losses_are_built_in_eval_mode(where, monkeypatch):
    loss = nn.Dropout()
    monkeypatch.setattr(objective, "build", lambda bound: loss)
    named = SimpleNamespace(full_name="test/x")
    bound = SimpleNamespace(component=named, spec=lambda kind: SimpleNamespace(autocast=False))
    term = SimpleNamespace(bound=bound, label="x", weight=1.0, adversarial=False, sees_target=True)
    objective.build_objective(
        SimpleNamespace(terms=[term]), torch.device("cpu"), lambda logits: logits
    )
    assert not loss.training


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("x"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_every_way_of_running_out_of_memory_is_one_error(error):
    with pytest.raises(OutOfMemoryError) as caught, oom_guard("--tile 128"):
        raise error
    assert (caught.value.exit_code, caught.value.hint) == (6, "--tile 128")
    with pytest.raises(RuntimeError, match="another"), oom_guard(""):
        raise RuntimeError("another")


@pytest.mark.parametrize(
    ("text", "code"), [('{"name": "somebody else\'s"}', 0), ("[1]", 0), ("{", 4)]
)
def test_a_foreign_environment_beside_a_recipe_is_passed_over_and_a_damaged_one_named(
    tmp_path, text, code, capsys
):
    (tmp_path / "recipe.toml").write_text(recipe().to_toml())
    (tmp_path / "environment.json").write_text(text)
    assert run(["check", str(tmp_path / "recipe.toml")]) == code
    assert ("is damaged" in capsys.readouterr().err) == (code == 4)


def test_paired_pictures_whose_lr_leaves_less_than_the_patch_are_left_out_of_the_losses(tmp_path):
    for name, side, small in (("0", 64, 15), ("1", 80, 20), ("2", 80, 20)):
        rng = np.random.default_rng(int(name))
        hr = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        write_image(tmp_path / f"data/HR/{name}.png", hr)
        write_image(tmp_path / f"data/LR/{name}.png", hr[:small, :small])
    wanted = recipe(
        {"steps": 2, "patch": 64}, degradation="paired", data={"hold_out": ["HR/0", "HR/1"]}
    )
    train(wanted, RunOptions(data=str(tmp_path / "data"), out=tmp_path / "run", device="cpu"))
    last = list(csv.DictReader((tmp_path / "run/metrics.csv").open(newline="")))[-1]
    assert last["split"] == "val"
    assert last["loss/l1"] != ""


def test_a_reader_that_goes_away_does_not_stop_training(where, monkeypatch):
    import typer

    from srkit_core.cli import progress

    def broken(text):
        raise BrokenPipeError

    monkeypatch.setattr(typer, "echo", broken)
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    with progress.ProgressView() as view:
        train(recipe(), where, callbacks=[view])
    assert names(where)[-1] == "step-00000006"


def test_the_clock_counts_from_step_to_step():
    clock = Throughput()
    clock.start()
    clock.count(8)
    clock.count(8)
    assert clock.images == 16
    assert clock.rate() > 0
    assert clock.images == 0


def test_two_processes_cannot_go_on_with_one_run(where):
    from filelock import FileLock

    stopped(recipe(), where, 2)
    with (
        FileLock(where.out / ".lock"),
        pytest.raises(RecipeError, match="another process is training in"),
    ):
        train(recipe(), where, resume="newest")
    train(recipe(), where, resume="newest")


def test_a_resume_where_no_run_is_says_so(tmp_path, capsys):
    assert run(["train", "--resume", "--out", str(tmp_path / "nothing")]) == 2
    assert f"error: {tmp_path / 'nothing'} holds no run to go on with" in capsys.readouterr().err


def test_a_validation_that_fails_saves_first_what_was_trained(where, monkeypatch):
    from srkit_core.engine.validator import Validator

    def fail(*_):
        raise DataError("gone", hint="")

    monkeypatch.setattr(Validator, "scores", fail)
    with pytest.raises(DataError, match="gone"):
        train(recipe({"validate_every": 3, "checkpoint_every": 100}), where)
    assert names(where) == ["step-00000003"]


def test_a_warm_up_of_the_rate_may_be_given_in_epochs(where):
    folder = train(recipe({"lr_warmup": "1 epoch", "lr": 1e-3}), where).folder
    rows = list(csv.DictReader((folder / "metrics.csv").open(newline="")))
    assert [float(row["lr"]) for row in rows if row["split"] == "train"][:4] == pytest.approx(
        [1e-3 / 3, 2e-3 / 3, 1e-3, 1e-3]
    )


def test_the_checkpoint_is_chosen_while_the_folder_is_held(where, monkeypatch):
    """Otherwise a run that ends in between would lose what it saved last."""
    from filelock import FileLock, Timeout

    from srkit_core.engine import trainer as training

    stopped(recipe(), where, 2)
    choose = training.find_checkpoint

    def watched(*arguments):
        with pytest.raises(Timeout):
            FileLock(where.out / ".lock", timeout=0).acquire()
        return choose(*arguments)

    monkeypatch.setattr(training, "find_checkpoint", watched)
    train(recipe(), where, resume="newest")


def test_a_run_that_stopped_before_its_first_checkpoint_begins_again(where):
    class Death(Stopper):
        def on_download(self, *_):
            pass

        def on_step(self, *_):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(recipe({"checkpoint_every": 100}), where, callbacks=[Death()])
    listener = Stopper()
    train(recipe({"checkpoint_every": 100}), where, resume="newest", callbacks=[listener])
    assert f"there is no checkpoint in {where.out} yet: starting at step 0" in listener.notes
    with (where.out / "metrics.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file) if row["split"] == "train"] == [
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
        ]


def test_the_end_of_a_stage_is_told_when_the_run_was_stopped_after_its_last_step(photos, tmp_path):
    class Ends(Stopper):
        def __init__(self, after=None):
            super().__init__(after)
            self.ends = []

        def on_stage_end(self, event):
            self.ends.append((event.stage, event.run_step, event.early))

    asked, out = (
        recipe({"name": "first", "steps": 2}, {"name": "second", "steps": 1}),
        tmp_path / "r",
    )
    first, second = Ends(after=2), Ends()
    options = RunOptions(data=photos, out=out, workers=0)
    with pytest.raises(InterruptedRunError):
        train(asked, options, callbacks=[first])
    train(asked, options, resume="newest", callbacks=[second])
    assert first.ends == []
    assert second.ends == [("first", 2, False), ("second", 3, False)]


def test_a_run_goes_on_with_the_columns_it_began_with_when_srkit_has_got_more(
    where, photos, monkeypatch
):
    stopped(recipe(), where, 3)
    before = (where.out / "metrics.csv").read_text().splitlines()
    newer = columns.Column("epoch_squared", "position", lambda run, row: run.progress.epoch**2)
    monkeypatch.setattr(columns, "_LAST", (*columns._LAST, newer))
    monkeypatch.setattr(csv_log, "DECLARED", (*columns.DECLARED, newer))
    train(recipe(), where, resume="newest")
    after = (where.out / "metrics.csv").read_text().splitlines()
    assert after[: len(before)] == before
    assert {line.count(",") for line in after} == {before[0].count(",")}
    train(recipe(), RunOptions(data=photos, out=where.out.with_name("new"), device="cpu"))
    assert (
        (where.out.with_name("new") / "metrics.csv")
        .read_text()
        .splitlines()[0]
        .endswith(",epoch_squared")
    )
