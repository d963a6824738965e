"""Does a step that a GPU replays give the weights that the same step gives kernel by kernel?"""

import pytest
import torch

from srkit_core.cli.app import run
from srkit_core.engine import stage_run, step_graphs
from srkit_core.engine.train_step import turns_of
from srkit_core.interfaces import ReferenceLoss
from srkit_core.models.weights_file import read_tensors
from srkit_core.specs import LossSpec

TINY = ["--batch", "2", "--patch", "128", "--steps", "12", "--seed", "3", "--device", "cuda"]
RECIPES = {
    "l1": ["--gen", "rrdb(blocks=1)", "--loss", "l1"],
    "norm": ["--gen", "srresnet(blocks=2)", "--loss", "l1", "--set", "clip=0.5"],
    "gan": [
        *("--gen", "rrdb(blocks=1)", "--disc", "vgg", "--set", "ema=0.9"),
        *("--loss", "0.01*l1+vgg(weights=random)+0.005*ragan"),
    ],
    "unet": ["--gen", "srresnet(blocks=2)", "--disc", "unet-sn", "--loss", "l1+0.1*gan"],
    "discriminator-first": [
        *("--gen", "rrdb(blocks=1)", "--disc", "patch", "--loss", "l1+0.1*lsgan"),
        *("--set", "order=discriminator-first", "--set", "d_steps=2"),
    ],
    "accumulated": ["--gen", "rrdb(blocks=1)", "--loss", "l1", "--set", "accumulate=2"],
}


def weights(out, *words):
    given = ["train", *words, "--out", str(out), "--data", "photos"]
    assert run([*given, "--set", "validate_every=100"]) == 0
    return read_tensors(out / "weights/last.safetensors")


def furthest(one, other):
    """Return the largest difference of two weights."""
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_replayed_run_has_the_weights_of_an_eager_one(recipe, precision, tmp_path, monkeypatch):
    """To the bit, where two eager runs are equal; some kernels of a card add up in any order."""
    words = [*RECIPES[recipe], *TINY, "--precision", precision]
    captures, real = [0], step_graphs.capture_step

    def counted(*given):
        captures[0] += 1
        return real(*given)

    monkeypatch.setattr(step_graphs, "capture_step", counted)
    replayed = weights(tmp_path / "replayed", *words)
    assert captures == [1]
    monkeypatch.setattr(stage_run, "turns_on", lambda *_: turns_of)
    eager = [weights(tmp_path / f"eager-{number}", *words) for number in range(3)]
    assert captures == [1]
    chance = max(furthest(eager[0], eager[1]), furthest(eager[0], eager[2]))
    assert furthest(replayed, eager[0]) <= 2 * chance, f"eager runs differ by {chance:g}"


def test_a_replayed_run_resumes_exactly(tmp_path):
    words = [*RECIPES["gan"], *TINY, "--precision", "bf16", "--set", "checkpoint_every=6"]
    whole = weights(tmp_path / "whole", *words)
    assert run(["train", "--out", str(tmp_path / "whole"), "--resume", "6"]) == 0
    again = read_tensors(tmp_path / "whole/weights/last.safetensors")
    assert furthest(whole, again) == 0


class Reading(torch.nn.Module):
    """A loss that asks the device for a number."""

    def forward(self, sr, hr):
        difference = (sr - hr).abs().mean()
        return difference * (2 if difference.item() > 0 else 1)


def reading() -> ReferenceLoss:
    return Reading()


def test_a_loss_that_reads_is_named_and_trains(tmp_path, installed, capsys):
    spec = LossSpec(name="reading", factory=reading, summary="reads")
    installed(spec)
    weights(tmp_path / "run", "--gen", "rrdb(blocks=1)", "--loss", "reading", *TINY)
    said = capsys.readouterr()
    notes = [line for line in (said.out + said.err).splitlines() if "not captured" in line]
    assert len(notes) == 1
    assert "test_captured_steps.py:" in notes[0]
