"""Is what is not finite named as well when a device is asked later? (tests/gpu asks a card)"""

import csv

import pytest
import torch
from torch import Tensor

from srkit_core.engine import stage_run
from srkit_core.engine.finite_check import CheckAtOnce, CheckLater
from srkit_core.engine.trainer import train
from srkit_core.errors import DivergedError
from srkit_core.models.weights_file import read_tensors
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions


class Late:
    """Stands for a card: numbers arrive when they are waited for."""

    def __init__(self):
        self.asked, self.answered = 0, 0

    def __call__(self, values):
        self.asked += 1
        copy = values.clone()

        def wait():
            self.answered += 1
            return copy

        return wait


def recipe(**stage):
    fields = {"loss": "l1", "steps": 40, "batch": 2, "patch": 32, "log_every": 10} | stage
    return recipe_from_dict({"generator": "srresnet(blocks=1)", "stages": [fields]})


def diverged(out, check, monkeypatch, **stage):
    """Train until something is not finite, looked at by a check."""
    monkeypatch.setattr(stage_run, "finite_check", lambda processes: check)
    options = RunOptions(data="photos", out=out, device="cpu")
    with pytest.raises(DivergedError) as caught:
        train(recipe(lr=1e18, **stage), options)
    return caught.value


@pytest.mark.parametrize("every", [1, 2, 7])
def test_it_is_named_and_nothing_of_it_is_saved(every, tmp_path, monkeypatch):
    at_once = diverged(tmp_path / "once", CheckAtOnce(), monkeypatch, checkpoint_every=every)
    late = Late()
    later = diverged(tmp_path / "later", CheckLater(late), monkeypatch, checkpoint_every=every)
    assert (later.step, later.term) == (at_once.step, at_once.term)
    assert later.message == at_once.message
    assert late.asked - late.answered in (0, 1)  # at most one step more was taken
    once, after = (sorted((tmp_path / one).rglob("*.safetensors")) for one in ("once", "later"))
    assert [one.relative_to(tmp_path / "once") for one in once] == [
        one.relative_to(tmp_path / "later") for one in after
    ]
    for one, other in zip(once, after, strict=True):
        values, others = read_tensors(one), read_tensors(other)
        assert all(torch.equal(values[name], others[name]) for name in values)
    rows = list(csv.DictReader((tmp_path / "later/metrics.csv").open()))
    assert all(int(row["step"]) < later.step for row in rows)


def test_a_step_asks_and_the_next_one_hears(tmp_path, monkeypatch):
    """No number is read between two steps but what a row or a checkpoint needs."""
    late, reads = Late(), list[int]()
    monkeypatch.setattr(stage_run, "finite_check", lambda processes: CheckLater(late))
    real = Tensor.item

    def counted(one):
        reads.append(late.asked)
        return real(one)

    monkeypatch.setattr(Tensor, "item", counted)
    options = RunOptions(data="photos", out=tmp_path / "run", device="cpu")
    train(recipe(steps=20, checkpoint_every=20, validate_every=20), options)
    assert (late.asked, late.answered) == (20, 20)
    assert [at for at in reads if at % 10] == []
