"""Does a run ask the card for anything between two rows of its log?"""

import pytest
import torch

from srkit_core.callbacks import Callback
from srkit_core.engine.trainer import train
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

STEPS, ROWS = 40, 20
CASES = {
    "l1": {"loss": "l1"},
    "gan": {"loss": "0.01*l1 + 0.005*ragan", "ema": 0.9},
    "accumulated": {"loss": "l1", "accumulate": 2},
}


class Strict(Callback):
    """Lets nothing wait for the card once steps are captured, but in the step that writes a row."""

    def __init__(self):
        self.watched = 0

    def on_step(self, event):
        after = event.step + 1
        strict = after > 8 and after % ROWS != 0 and after < STEPS
        torch.cuda.set_sync_debug_mode("error" if strict else "default")
        self.watched += strict


@pytest.mark.parametrize("degradation", ["bicubic", "realesrgan"])
@pytest.mark.parametrize("case", CASES)
def test_steps_between_rows_wait_for_nothing(case, degradation, tmp_path):
    stage = {"steps": STEPS, "log_every": ROWS, "batch": 4, "patch": 64, "validate_every": STEPS}
    document = {"generator": "rrdb(blocks=1)", "degradation": degradation}
    document["stages"] = [stage | CASES[case]]
    if "gan" in CASES[case]["loss"]:
        document["discriminator"] = "patch"
    strict = Strict()
    try:
        train(
            recipe_from_dict(document),
            RunOptions(data="photos", out=tmp_path / "run", device="cuda", precision="bf16"),
            callbacks=[strict],
        )
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert strict.watched == 30
