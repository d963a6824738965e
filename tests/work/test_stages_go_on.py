"""Does a stage go on where the one before stopped, with optimizers, samples, noise and average?"""

import csv
import hashlib
import json
import os
import signal
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from srkit_core.callbacks import Callback
from srkit_core.engine import stage_run
from srkit_core.engine.logs.columns import columns_of_kind
from srkit_core.engine.trainer import train
from srkit_core.errors import IncompatibleError, InterruptedRunError, RecipeError
from srkit_core.io.images import write_image
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

STAGE = {"steps": 4, "batch": 2, "patch": 32, "lr": 1e-3, "log_every": 1, "validate_every": 100}
L1, GAN = {"loss": "l1"}, {"loss": "l1 + 0.1*ragan"}
RANDOM = "blur(sigma=0.5..2) | bicubic | noise(sigma=2..9)"


class Heard(Callback):
    """Listens, and interrupts after some step of this life."""

    def __init__(self, after=None):
        self.after, self.steps, self.notes = after, 0, []

    def on_note(self, text):
        self.notes.append(text)

    def on_step(self, *_):
        self.steps += 1
        if self.steps == self.after:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(8):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", pixels)
    return folder


@pytest.fixture
def trained(photos, tmp_path):
    """Train stages into a folder of their own; returns it."""
    number = iter(range(99))

    def run(*stages, stops=(), heard=None, **changes):
        where = RunOptions(data=str(photos), out=tmp_path / str(next(number)), device="cpu")
        recipe = recipe_of(*stages, **changes)
        for after in stops:
            with pytest.raises(InterruptedRunError):
                train(recipe, where, resume="newest", callbacks=[Heard(after)])
        train(recipe, where, resume="newest" if stops else None, callbacks=heard or [])
        return where.out

    return run


def recipe_of(*stages, **changes):
    named = [{"name": f"s{number}"} | STAGE | stage for number, stage in enumerate(stages)]
    adversarial = any("gan" in stage["loss"] for stage in named)
    document = {
        "generator": "srvgg(features=4, blocks=1)",
        "data": {"hold_out": ["7"]},
        "degradation": RANDOM,
        "validation": {"pictures": 0},
        "stages": named,
        **({"discriminator": "vgg(features=2)"} if adversarial else {}),
    }
    return recipe_from_dict(document | changes)


def saved(folder):
    """Return every tensor of the newest checkpoint, and what is no tensor of the optimizers."""
    newest = sorted(folder.glob("checkpoints/step-*"))[-1]
    tensors = {
        f"{file.stem}/{name}": value
        for file in newest.glob("*.safetensors")
        for name, value in load_file(file).items()
    }
    return tensors, json.loads((newest / "state.json").read_text())["values"]


def assert_same(one, other):
    (left, words), (right, others) = saved(one), saved(other)
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []
    assert words == others
    assert losses(one) == losses(other)


def losses(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    skipped = {"stage", "epoch", *columns_of_kind("timing")}
    return [{name: row[name] for name in row if name not in skipped} for row in rows]


@pytest.mark.parametrize(
    "fields",
    [
        L1 | {"ema": 0.9},
        GAN | {"ema": 0.9, "augment": "jitter | flip | turn | cutblur@0.5", "clip": 0.1},
        GAN | {"order": "discriminator-first", "d_steps": 2, "optimizer": {"name": "RMSprop"}},
        L1 | {"pool": 3, "optimizer": {"name": "SGD", "momentum": 0.9}},
    ],
    ids=["l1", "gan", "discriminator-first", "pool"],
)
def test_two_stages_of_four_steps_are_one_of_eight_to_the_last_bit(trained, fields):
    assert_same(trained(fields, fields), trained(fields | {"steps": 8}))


@pytest.mark.parametrize("after", [3, 4, 5])
def test_a_run_stopped_around_the_end_of_a_stage_goes_on_exactly(trained, after):
    stages = [GAN | {"ema": 0.9, "pool": 3}, GAN | {"ema": 0.9, "pool": 3, "lr": 1e-4, "batch": 3}]
    assert_same(trained(*stages, stops=[after, 1]), trained(*stages))


def test_samples_are_counted_and_not_steps(trained, monkeypatch):
    """Stages of other batches see every sample once, in their order."""
    seen, given = [], stage_run.batch_indices

    def listen(*place, **shares):
        for numbers in given(*place, **shares):
            seen.append(list(numbers))
            yield numbers

    monkeypatch.setattr(stage_run, "batch_indices", listen)
    stages = [L1 | {"steps": 2}, L1 | {"steps": 3, "batch": 3}, L1 | {"steps": 1, "batch": 8}]
    trained(*stages)
    assert [len(one) for one in seen] == [2, 2, 3, 3, 3, 8]
    assert [number for one in seen for number in one] == list(range(21))


def test_the_rate_may_change_and_the_moments_stay(trained):
    """SGD of momentum 0.5: what it remembers after a step at a rate of nothing is half of it."""
    still = {"lr": 1e-30, "optimizer": {"name": "SGD", "momentum": 0.9, "lr": 1e-30}}
    run = trained(L1 | {"optimizer": {"name": "SGD", "momentum": 0.9}}, L1 | still | {"steps": 1})
    alone = trained(L1 | {"optimizer": {"name": "SGD", "momentum": 0.9}, "steps": 5})
    (one, _), (other, _) = saved(run), saved(alone)
    moments = [name for name in one if name.startswith("generator-optimizer/")]
    assert moments
    assert all(torch.equal(one[name], other[name]) for name in moments)


@pytest.mark.parametrize(
    ("before", "after", "fresh", "reason"),
    [
        ({}, {}, (), ""),
        ({}, {"lr": 1e-5}, (), ""),
        ({}, {"optimizer": {"name": "Adam", "betas": [0.9, 0.999], "lr": 1e-5}}, (), ""),
        ({}, {"optimizer_from": "fresh"}, ("generator", "discriminator"), None),
        (
            {},
            {"optimizer": {"generator": {"name": "Adam", "betas": [0.5, 0.999]}}},
            ("generator",),
            "fresh optimizer of the generator: it is Adam(betas=[0.5, 0.999]), and was Adam",
        ),
        (
            {"optimizer": {"discriminator": {"name": "SGD", "momentum": 0.9}}},
            {},
            ("discriminator",),
            "fresh optimizer of the discriminator: it is Adam, and was SGD(momentum=0.9)",
        ),
        (
            {"ema": 0.5},
            {"start_from": "ema"},
            ("generator",),
            "of the generator: the one before belongs to the last weights, and start_from is ema",
        ),
        ({}, {"start_from": "best-psnr"}, ("generator",), "start_from is best-psnr"),
        ({}, {"discriminator_from": "fresh"}, ("discriminator",), "discriminator_from is fresh"),
    ],
    ids=str,
)
def test_each_network_keeps_its_optimizer_where_it_is_the_same(
    trained, before, after, fresh, reason
):
    heard = Heard()
    run = trained(GAN | before, GAN | after | {"steps": 1}, heard=[heard])
    tensors, _ = saved(run)
    for role in ("generator", "discriminator"):
        counts = {
            int(value)
            for name, value in tensors.items()
            if name.startswith(f"{role}-optimizer/") and name.endswith(".step")
        }
        assert counts == {1 if role in fresh else 5}
    told = [note for note in heard.notes if "fresh optimizer" in note]
    assert [reason in note for note in told] == [True] * bool(reason)


def moments_of_discriminator(tensors):
    return {name: one for name, one in tensors.items() if name.startswith("discriminator-opt")}


def test_a_discriminator_that_rests_for_a_stage_keeps_its_optimizer(trained):
    rests = L1 | {"optimizer": {"name": "SGD"}, "optimizer_from": "fresh", "steps": 3}
    stages = [one | {"keep": 9} for one in (GAN, rests, rests, GAN | {"steps": 2})]
    run = trained(*stages)
    at = {
        step: moments_of_discriminator(
            load_file(run / f"checkpoints/step-{step:08}/discriminator-optimizer.safetensors")
        )
        for step in (4, 7, 10)
    }
    assert at[4].keys() == at[7].keys() == at[10].keys()
    assert all(torch.equal(one, at[10][name]) for name, one in at[4].items())
    end = moments_of_discriminator(saved(run)[0])
    assert {int(one) for name, one in end.items() if name.endswith(".step")} == {6}


@pytest.mark.parametrize("after", [4, 6])
def test_a_run_stopped_while_a_discriminator_rests_goes_on_exactly(trained, after):
    stages = [GAN, L1 | {"steps": 3}, GAN]
    assert_same(trained(*stages, stops=[after]), trained(*stages))


@pytest.mark.parametrize(
    ("later", "steps", "note"),
    [
        ({}, 8, ""),
        ({"optimizer_from": "fresh"}, 4, ""),
        ({"discriminator_from": "fresh"}, 4, "discriminator_from is fresh"),
        (
            {"optimizer": {"discriminator": {"name": "Adam", "betas": [0.5, 0.9]}}},
            4,
            "it is Adam(betas=[0.5, 0.9]), and was Adam",
        ),
    ],
    ids=str,
)
def test_a_discriminator_that_rested_says_where_its_optimizer_begins_anew(
    trained, later, steps, note
):
    heard = Heard()
    run = trained(GAN, L1, GAN | later, heard=[heard])
    moments = moments_of_discriminator(saved(run)[0])
    assert {int(one) for name, one in moments.items() if name.endswith(".step")} == {steps}
    told = [one for one in heard.notes if "fresh optimizer" in one]
    assert [note in one for one in told] == [True] * bool(note)


def test_an_optimizer_that_is_used_no_more_is_not_kept(trained):
    tensors, _ = saved(trained(GAN, L1))
    assert not moments_of_discriminator(tensors)


def test_a_checkpoint_without_the_resting_optimizer_says_that_it_begins_anew(
    trained, photos, tmp_path
):
    """As an older srkit wrote it."""
    where = RunOptions(data=str(photos), out=tmp_path / "old", device="cpu")
    recipe = recipe_of(GAN, L1, GAN)
    with pytest.raises(InterruptedRunError):
        train(recipe, where, callbacks=[Heard(6)])
    checkpoint = where.out / "checkpoints" / "step-00000006"
    (checkpoint / "discriminator-optimizer.safetensors").unlink()
    state = json.loads((checkpoint / "state.json").read_text())
    del state["values"]["discriminator-optimizer"]
    (checkpoint / "state.json").write_text(json.dumps(state))
    digests = json.loads((checkpoint / "digests.json").read_text())
    del digests["discriminator-optimizer.safetensors"]
    digests["state.json"] = hashlib.sha256((checkpoint / "state.json").read_bytes()).hexdigest()
    (checkpoint / "digests.json").write_text(json.dumps(digests))
    heard = Heard()
    train(recipe, where, resume="newest", callbacks=[heard])
    said = "the checkpoint holds no optimizer of the discriminator, which begins anew"
    assert [one for one in heard.notes if said in one]
    moments = moments_of_discriminator(saved(where.out)[0])
    assert {int(one) for name, one in moments.items() if name.endswith(".step")} == {4}


def test_a_stage_may_start_from_the_average_of_the_one_before(trained):
    run = trained(L1 | {"ema": 0.9}, L1 | {"start_from": "ema", "steps": 1, "lr": 1e-30})
    average = load_file(run / "weights" / "s0" / "last.safetensors")
    (first,) = [load_file(one) for one in run.glob("checkpoints/step-00000004/generator.safe*")]
    started = load_file(run / "weights" / "s1" / "last.safetensors")
    assert any(not torch.equal(first[name], average[name]) for name in average)
    assert all(torch.equal(started[name], average[name]) for name in average)


def test_an_average_goes_on_beside_the_last_weights(trained):
    """A stage that stands still moves its average by a tenth of what is left."""
    run = trained(L1 | {"ema": 0.9}, L1 | {"ema": 0.9, "steps": 1, "lr": 1e-30})
    before, after = (
        {
            name: load_file(run / "checkpoints" / step / f"{name}.safetensors")
            for name in ("ema", "generator")
        }
        for step in ("step-00000004", "step-00000005")
    )
    for name, last in before["generator"].items():
        expected = before["ema"][name].lerp(last, 0.1)
        assert torch.equal(after["generator"][name], last)
        assert torch.allclose(after["ema"][name], expected, rtol=1e-6)
        assert name.endswith("num") or not torch.equal(after["ema"][name], last)


def test_an_average_that_is_not_there_is_refused():
    with pytest.raises(IncompatibleError) as caught:
        plan(recipe_of(L1, L1 | {"start_from": "ema"}), discover())
    fact = "stage 's1' starts from the moving average of stage 's0', which keeps none"
    assert (caught.value.message, caught.value.hint) == (fact, "--set stages.s0.ema=0.999")


def test_a_checkpoint_without_a_count_of_samples_goes_on_with_it(trained, photos, tmp_path):
    """As an older srkit wrote it: 4 steps of 2 samples and 2 steps of 3 are 14."""
    stages = [L1, L1 | {"batch": 3}]
    where = RunOptions(data=str(photos), out=tmp_path / "old", device="cpu")
    with pytest.raises(InterruptedRunError):
        train(recipe_of(*stages), where, callbacks=[Heard(6)])
    checkpoint = where.out / "checkpoints" / "step-00000006"
    state = json.loads((checkpoint / "state.json").read_text())
    assert state["progress"]["position"].pop("samples") == 14
    (checkpoint / "state.json").write_text(json.dumps(state))
    digests = json.loads((checkpoint / "digests.json").read_text())
    digests["state.json"] = hashlib.sha256((checkpoint / "state.json").read_bytes()).hexdigest()
    (checkpoint / "digests.json").write_text(json.dumps(digests))
    train(recipe_of(*stages), where, resume="newest")
    assert_same(where.out, trained(*stages))


PLATEAU = L1 | {"steps": 6, "validate_every": 1, "schedule": "plateau(patience=1, factor=0.5)"}


def rates(folder):
    return [float(row["lr"]) for row in losses(folder)]


def test_a_rate_falls_when_validation_improves_no_more_and_begins_anew_with_a_stage(trained):
    """At a rate of nothing no figure is better than the first one of its stage."""
    still = PLATEAU | {"lr": 1e-30}
    run = trained(still, still | {"steps": 4})
    one = [1, 1, 1, 0.5, 0.5, 0.25]
    assert [rate / 1e-30 for rate in rates(run)] == pytest.approx([*one, *one[:4]])


@pytest.mark.parametrize("stops", [[2, 1], [3], [4]], ids=str)
def test_a_plateau_is_resumed_exactly(trained, stops):
    stage = PLATEAU | {"schedule": "plateau(on=psnr, patience=0, factor=0.5, threshold=1e-3)"}
    whole = trained(stage)
    assert_same(trained(stage, stops=stops), whole)
    assert len(set(rates(whole))) > 1


def test_how_often_a_plateau_is_validated_may_not_change_on_a_resume(photos, tmp_path):
    for schedule, refused in (("plateau", True), ("cosine", False)):
        where = RunOptions(data=str(photos), out=tmp_path / schedule, device="cpu")
        with pytest.raises(InterruptedRunError):
            train(recipe_of(PLATEAU | {"schedule": schedule}), where, callbacks=[Heard(2)])
        seldom = recipe_of(PLATEAU | {"schedule": schedule, "validate_every": 3})
        expected = pytest.raises(RecipeError, match="validate_every") if refused else nullcontext()
        with expected:
            train(seldom, where, resume="newest")


def test_a_plateau_of_what_is_not_measured_is_refused():
    with pytest.raises(IncompatibleError) as caught:
        plan(recipe_of(L1 | {"schedule": "plateau(on=lpips)"}), discover())
    assert caught.value.message == (
        "the schedule's figure of stage 's0' is 'lpips', which validation does not measure"
    )
