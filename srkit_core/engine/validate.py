"""How good is the generator now, without changing the run?

Nothing here draws from global randomness, and every network leaves in the mode it came in.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from srkit_core.data.examples import Making, make_examples
from srkit_core.data.loader import CentrePatches, collate
from srkit_core.data.patches import CropRule
from srkit_core.data.sources import Picture
from srkit_core.engine.devices import Devices
from srkit_core.engine.objective import Objective, judge
from srkit_core.engine.seeds import seed_for
from srkit_core.engine.step import report
from srkit_core.evaluation.evaluate import LiveMetric, ModelScores, Pair, evaluate, pairs
from srkit_core.evaluation.protocol import Protocol
from srkit_core.io.images import Pixels, to_bytes
from srkit_core.parts.model import Model

Figures = dict[str, float]


@dataclass(frozen=True)
class Validator:
    """Scores a generator on held-out pictures, by set name ("" for a single set)."""

    sets: Mapping[str, Sequence[Picture]]
    making: Making
    protocol: Protocol
    metrics: Sequence[LiveMetric]
    baseline: Model
    devices: Devices
    seed: int
    shown: int

    def losses(self, generator: nn.Module, discriminator: nn.Module | None, objective: Objective, rule: CropRule, batch: int) -> Figures:
        """Return the stage's whole objective on centre patches, batches of the training size, networks in eval mode.

        Pictures smaller than the patch are left out; the figures are means weighted by batch.
        """
        patches = CentrePatches([one for pictures in self.sets.values() for one in pictures], rule)
        usable, sums = patches.usable(), Figures()
        with evaluating(generator, *([discriminator] if discriminator else [])):
            for first in range(0, len(usable), batch):
                numbers = usable[first : first + batch]
                samples = collate([patches[number] for number in numbers])
                rng = torch.Generator(self.devices.device).manual_seed(seed_for(self.seed, "validation", first))
                examples = make_examples(samples, rule, self.making, rng)
                sr = generator(examples.lr)
                real, fake = (judge(discriminator, examples.hr), judge(discriminator, sr)) if discriminator else ((), ())
                against = objective.discriminator(real, fake) if discriminator else None
                for name, value in report(objective.generator(sr, examples.target, real, fake), against, real, fake).items():
                    sums[name] = sums.get(name, 0.0) + value.item() * len(numbers)
        return {name: value / len(usable) for name, value in sums.items()}

    def scores(self, model: Model) -> tuple[Figures, list[dict[str, Pixels]]]:
        """Return the metrics on whole pictures, with standard deviations, and the first pictures as rows of columns."""
        figures, rows = Figures(), list[dict[str, Pixels]]()

        def show(pair: Pair, sr: torch.Tensor) -> None:
            if len(rows) < self.shown:
                rows.append(self._row(pair, sr))

        with evaluating(model.network):
            for name, pictures in self.sets.items():
                examples = pairs(pictures, model.scale, self.making, self.devices.device)
                figures |= _labelled(evaluate(name, model, examples, self.protocol, self.metrics, seen=show), name)
        return figures, rows

    def _row(self, pair: Pair, sr: torch.Tensor) -> dict[str, Pixels]:
        columns = {"lr": pair.lr, "bicubic": self.baseline(pair.lr), "sr": sr, "hr": pair.hr}
        return {column: to_bytes(picture)[0].cpu().numpy() for column, picture in columns.items()}


def metric_columns(metrics: Sequence[str], sets: Sequence[str]) -> list[str]:
    """Return the columns of metrics: `psnr`, or `psnr/NAME` for each of several sets."""
    return [_column(metric, name) for name in sets for metric in metrics]


@contextmanager
def evaluating(*networks: nn.Module) -> Iterator[None]:
    """Put networks into eval mode without gradients, and every module back into the mode it had."""
    modes = [(module, module.training) for network in networks for module in network.modules()]
    for network in networks:
        network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _labelled(scores: ModelScores, name: str) -> Figures:
    means = {_column(label, name): scores.mean(label) for label in scores.specs}
    return means | {f"{_column(label, name)}/std": scores.std(label) for label in scores.specs}


def _column(metric: str, name: str) -> str:
    return f"{metric}/{name}" if name else metric
