"""Do the last batch and a validation of many sizes cost a compilation or a capture?"""

import numpy as np
import pytest
from graph_stand_in import Recorder

from srkit_core.callbacks import Callback
from srkit_core.engine import stage_run
from srkit_core.engine.step_graphs import StepGraphs
from srkit_core.engine.trainer import train
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

pytestmark = pytest.mark.no_cover  # what is compiled runs elsewhere too, uncompiled

PATCH, BATCH = 32, 4
SIDES = ((32, 32), (33, 40), (48, 36), (57, 64), (41, 41))
"""Of five pictures to train on and to validate on, which are no whole number of batches."""
CASES = {
    "blocks": {"generator": "rrdb(blocks=2, features=8, growth=4)"},
    "whole": {"generator": "srvgg(features=8, blocks=1)"},
    "discriminator": {
        "generator": "rrdb(blocks=2, features=8, growth=4)",
        "discriminator": "unet-sn(features=4)",
    },
    "discriminator-first": {
        "generator": "srvgg(features=8, blocks=1)",
        "discriminator": "patch(features=4)",
        "order": "discriminator-first",
    },
    "microbatches": {"generator": "rrdb(blocks=2, features=8, growth=4)", "accumulate": 2},
}


class Watched(Callback):
    """Notes after each step how often something was compiled or captured, and what is said."""

    def __init__(self, count):
        self.count, self.after, self.notes, self.validations = count, [], [], 0

    def on_step(self, event):
        self.after.append(self.count())

    def on_validation(self, event):
        self.validations += 1

    def on_note(self, text):
        self.notes.append(text)


@pytest.fixture
def pictures(tmp_path):
    for folder in ("train", "val"):
        for number, (height, width) in enumerate(SIDES):
            rng = np.random.default_rng(number + 10 * len(folder))
            made = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
            write_image(tmp_path / folder / f"{number}.png", made)
    return tmp_path


def trained(folder, watched, *, compiles, **fields):
    """Train for four epochs of five pictures in batches of four, validated every second step."""
    networks = {name: fields.pop(name) for name in ("generator", "discriminator") if name in fields}
    loss = "l1 + 0.1*gan" if "discriminator" in networks else "l1"
    stage = {"loss": loss, "epochs": 4, "batch": BATCH, "patch": PATCH, "validate_every": 2}
    document = networks | {"stages": [stage | fields], "validation": {"pictures": 1}}
    options = RunOptions(
        data=folder / "train",
        val={"": folder / "val"},
        out=folder / "run",
        device="cpu",
        compile=compiles,
    )
    train(recipe_from_dict(document), options, callbacks=[watched])


@pytest.mark.parametrize("case", CASES)
def test_the_first_step_compiles_all_that_a_run_needs(case, pictures, compile_counter):
    watched = Watched(lambda: compile_counter.frame_count)
    trained(pictures, watched, compiles=True, **CASES[case])
    assert len(watched.after) == 8  # two batches an epoch, each of four pictures
    assert watched.validations >= 2
    assert watched.after[0] > 0
    assert set(watched.after) == {watched.after[0]}


@pytest.mark.parametrize("case", CASES)
def test_a_stage_is_captured_once(case, pictures, monkeypatch):
    capture = Recorder()
    monkeypatch.setattr(stage_run, "turns_on", lambda _, note: StepGraphs(note, capture))
    watched = Watched(lambda: capture.captures)
    trained(pictures, watched, compiles=False, **CASES[case])
    assert watched.after[-1] == 1
    assert not [note for note in watched.notes if "not captured" in note]
