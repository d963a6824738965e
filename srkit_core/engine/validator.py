"""How good is the generator now, without changing the run?

Nothing here draws from global randomness, and every network leaves in the mode it came in.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import nn

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.data.dataset import CentreCropDataset, collate
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.patches import CropRule
from srkit_core.data.picture import Picture
from srkit_core.engine.logs.columns import STD
from srkit_core.engine.logs.logger import Figures
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.memory_hint import VALIDATION_HINT
from srkit_core.engine.objective import Objective, Values, column_values, logits_of
from srkit_core.engine.seeds import seed_for
from srkit_core.errors import NotFiniteError
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scores import ModelScores
from srkit_core.evaluation.scoring import BuiltMetric, Pair, pairs, score, score_model
from srkit_core.io.images import Pixels, all_finite, to_bytes
from srkit_core.models.model import Model


@dataclass(frozen=True)
class SetScores:
    """What metrics say of a generator on validation sets, by column.

    `figures` are means with standard deviations over the pictures that a metric judges (see
    `ModelScores`), `judged` the scores of these, and `left_out` names the others; a column without
    a picture to judge has no figure.
    """

    figures: Figures
    judged: Mapping[str, Mapping[str, float]]
    left_out: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Validator:
    """Scores a generator on held-out pictures, by set name ("" for a single set)."""

    sets: Mapping[str, Sequence[Picture]]
    lr_maker: LrMaker
    protocol: Protocol
    metrics: Sequence[BuiltMetric]
    baseline: Model
    processes: Processes
    seed: int
    shown: int

    def has_losses(self, rule: CropRule) -> bool:
        """Whether any picture is as large as a stage's patch."""
        return any(CentreCropDataset(pictures, rule).usable() for pictures in self.sets.values())

    def losses(
        self,
        generator: nn.Module,
        discriminator: nn.Module | None,
        objective: Objective,
        rule: CropRule,
        batch: int,
    ) -> Figures:
        """Return the stage's whole objective on centre patches, batches of the training size,
        networks in eval mode.

        Pictures smaller than the patch are left out; the figures are means weighted by batch.
        """
        patches = CentreCropDataset(
            [one for pictures in self.sets.values() for one in pictures], rule
        )
        usable, sums = patches.usable(), Figures()
        with evaluating(generator, *([discriminator] if discriminator else [])):
            for first in range(0, len(usable), batch):
                numbers = usable[first : first + batch]
                examples = self._examples(patches, numbers, rule, first)
                values = _loss_values(generator, discriminator, objective, examples)
                for name, value in values.items():
                    sums[name] = sums.get(name, 0.0) + value.item() * len(numbers)
        return {name: value / len(usable) for name, value in sums.items()}

    def scores(self, model: Model) -> tuple[SetScores, list[dict[str, Pixels]]]:
        """Return the metrics on whole pictures, and the first pictures as rows of columns."""
        return self._all_scores(model, self.shown)

    def fingerprint(self) -> str:
        """Return a digest of what scores depend on beside the generator: pictures, protocol and
        metrics.
        """
        pictures = {
            name: [(one.name, one.height, one.width, one.limit, one.lr is None) for one in held]
            for name, held in self.sets.items()
        }
        metrics = [(one.label, one.owner, *sorted(one.common.items())) for one in self.metrics]
        facts = repr((pictures, self.protocol, metrics, self.baseline.scale))
        return hashlib.sha256(facts.encode()).hexdigest()[:16]

    def baseline_scores(self) -> SetScores:
        """Return the metrics of bicubic interpolation on the same pictures."""
        return self._all_scores(self.baseline, 0)[0]

    def batch_scores(self, model: Model, examples: Examples) -> Figures:
        """Return the metrics on the patches of a training batch, with standard deviations."""
        with evaluating(model.network):
            sr = model(examples.lr)
            mine = [
                score(one[None], hr[None], self.protocol, self.metrics)
                for one, hr in zip(sr, examples.hr, strict=True)
            ]
        images = {str(number): scores for number, scores in enumerate(self.processes.collect(mine))}
        scored = ModelScores(
            "training", images, {metric.label: metric.spec for metric in self.metrics}
        )
        return _by_column({"": scored}).figures

    def _all_scores(self, model: Model, shown: int) -> tuple[SetScores, list[dict[str, Pixels]]]:
        by_set, rows = dict[str, ModelScores](), list[dict[str, Pixels]]()
        with evaluating(model.network):
            for name, pictures in self.sets.items():
                by_set[name], more = self._set_scores(name, model, pictures, shown - len(rows))
                rows += more
        return _by_column(by_set), rows

    def _examples(
        self, patches: CentreCropDataset, numbers: Sequence[int], rule: CropRule, first: int
    ) -> Examples:
        samples = collate([patches[number] for number in numbers])
        seed = seed_for(self.seed, "validation", first)
        rng = torch.Generator(self.processes.device).manual_seed(seed)
        return make_examples(samples, rule, self.lr_maker, rng)

    def _set_scores(
        self, name: str, model: Model, pictures: Sequence[Picture], wanted: int
    ) -> tuple[ModelScores, list[dict[str, Pixels]]]:
        """Score one set, each process its share of the pictures.

        Returns the first `wanted` as rows of columns too.
        """
        mine, shown = self.processes.share(pictures), dict[str, dict[str, Pixels]]()
        first = {picture.name for picture in pictures[: max(wanted, 0)]}

        def show(pair: Pair, sr: torch.Tensor) -> None:
            if pair.name in first:
                shown[pair.name] = self._row(pair, sr)

        examples = pairs(mine, model.scale, self.lr_maker, self.processes.device)
        scores = score_model(
            name, model, examples, self.protocol, self.metrics, seen=show, no_room=VALIDATION_HINT
        )
        everyone = dict(
            self.processes.collect(
                [(one, (scores.images[one], shown.get(one))) for one in scores.images]
            )
        )
        ordered = {picture.name: everyone[picture.name] for picture in pictures}
        return replace(scores, images={one: images for one, (images, _) in ordered.items()}), [
            row for _, row in ordered.values() if row
        ]

    def _row(self, pair: Pair, sr: torch.Tensor) -> dict[str, Pixels]:
        columns = {"lr": pair.lr, "bicubic": self.baseline(pair.lr), "sr": sr, "hr": pair.hr}
        return {column: to_bytes(picture)[0].cpu().numpy() for column, picture in columns.items()}


def _loss_values(
    generator: nn.Module,
    discriminator: nn.Module | None,
    objective: Objective,
    examples: Examples,
) -> Values:
    sr = generator(examples.lr)
    if not all_finite(sr):
        fact = "the generator made NaN or infinity"
        raise NotFiniteError(fact, hint="--precision fp32", by_model=True)
    if discriminator is None:
        return column_values(objective.generator(sr, examples.target))
    real, fake = logits_of(discriminator, examples.hr), logits_of(discriminator, sr)
    g_loss = objective.generator(sr, examples.target, real, fake)
    return column_values(g_loss, objective.discriminator(real, fake), real, fake)


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


def _by_column(by_set: Mapping[str, ModelScores]) -> SetScores:
    figures, judged = Figures(), dict[str, dict[str, float]]()
    left_out = dict[str, tuple[str, ...]]()
    for name, scores in by_set.items():
        for label in scores.specs:
            column = _column(label, name)
            judged[column], missing = scores.judged(label), scores.left_out(label)
            figures |= (
                {column: scores.mean(label), f"{column}{STD}": scores.std(label)}
                if judged[column]
                else {}
            )
            left_out |= {column: missing} if missing else {}
    return SetScores(figures, judged, left_out)


def _column(metric: str, name: str) -> str:
    return f"{metric}/{name}" if name else metric
