"""How long is a training step outside forward, backward and optimizer?

Run as a script; prints milliseconds a step as JSON: a whole step of a run, a bare one (forward,
loss, backward and optimizer of the same network on the same size), and their difference, the loop's
own: cropping, making LR, seeds, schedule, reports, health and bookkeeping. The generator costs
almost nothing.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import torch

from srkit_core.callbacks import Callback
from srkit_core.engine.trainer import train
from srkit_core.models.build import build_network
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

WARM = 20


class Times(Callback):
    """When each step ended."""

    def __init__(self):
        self.ends = []

    def on_step(self, event):
        self.ends.append(time.perf_counter())


def measure(steps, batch, patch, workers):
    stage = {
        "loss": "l1",
        "steps": steps,
        "batch": batch,
        "patch": patch,
        "validate_every": steps,
        "checkpoint_every": steps,
    }
    recipe = recipe_from_dict(
        {
            "generator": "srvgg(features=1, blocks=1)",
            "validation": {"pictures": 0},
            "stages": [stage],
        }
    )
    times = Times()
    with tempfile.TemporaryDirectory() as folder:
        train(
            recipe,
            RunOptions(out=Path(folder, "run"), device="cpu", workers=workers),
            callbacks=[times],
        )
    whole = (times.ends[-2] - times.ends[WARM]) / (steps - 2 - WARM)
    bare = bare_step(build_network(plan(recipe, discover()).generator), steps, batch, patch)
    figures = {"step_ms": whole * 1e3, "bare_ms": bare * 1e3, "outside_ms": (whole - bare) * 1e3}
    return {"batch": batch, "patch": patch, "workers": workers, **figures}


def bare_step(network, steps, batch, patch):
    network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)
    hr = torch.rand(batch, 3, patch, patch).contiguous(memory_format=torch.channels_last)
    lr = hr[..., ::4, ::4].contiguous(memory_format=torch.channels_last)
    for step in range(steps):
        if step == WARM:
            start = time.perf_counter()
        loss = (network(lr) - hr).abs().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return (time.perf_counter() - start) / (steps - WARM)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("steps", 200), ("batch", 16), ("patch", 128), ("workers", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    print(json.dumps(measure(given.steps, given.batch, given.patch, given.workers)))
