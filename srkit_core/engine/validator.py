"""How good is the generator now, without changing the run?

Nothing here draws from global randomness, and every network leaves in the mode it came in.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from math import isfinite, nan
from operator import itemgetter

import torch
from torch import nn

from srkit_core.augmentation.batch_examples import Examples
from srkit_core.data.dataset import CentreCropDataset, collate
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.kept_tensors import KeptTensors
from srkit_core.data.patches import CropRule
from srkit_core.engine.logs.columns import STD
from srkit_core.engine.logs.logger import Figures
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.objective import Objective, Values, column_values
from srkit_core.engine.scored_sets import ScoredSet, Scoring
from srkit_core.engine.seeds import seed_for
from srkit_core.errors import NotFiniteError
from srkit_core.evaluation.saved_pictures import SeenBy
from srkit_core.evaluation.scores import ModelScores
from srkit_core.evaluation.scoring import Pair, pairs, score, score_model
from srkit_core.evaluation.tile_limit import TileLimit
from srkit_core.io.images import Pixels, all_finite, to_bytes
from srkit_core.models.model import Model


@dataclass(frozen=True)
class SetScores:
    """What metrics say of a generator on validation sets, by column.

    `figures` are means with standard deviations over the pictures that a metric judges (see
    `ModelScores`), `judged` the scores of these, and `left_out` names the others; a column without
    a picture to judge has no figure. `again` are the pictures that half precision could not
    compute: what is judged of one that fp32 computed has a name of its own, as scores of two
    precisions do not compare.
    """

    figures: Figures
    judged: Mapping[str, Mapping[str, float]]
    left_out: Mapping[str, tuple[str, ...]]
    again: tuple[str, ...] = ()


@dataclass(frozen=True)
class Validator:
    """Scores a generator on held-out pictures, by set name ("" for a single set).

    Sets in `best_of` decide what is best, and their patches give the losses (empty: the first, and
    those of all). A training batch is scored as is `usual`. LR and HR are made once and `kept`, in
    tiles within a `limit` where memory runs out.
    """

    sets: Mapping[str, ScoredSet]
    usual: Scoring
    best_of: Sequence[str]
    baseline: Model
    processes: Processes
    seed: int
    shown: int
    kept: KeptTensors
    limit: TileLimit

    def has_losses(self, rule: CropRule) -> bool:
        """Whether any picture is as large as a stage's patch."""
        return any(patches.usable() for _, _, patches in self._patches(rule))

    def losses(
        self,
        generator: nn.Module,
        discriminator: nn.Module | None,
        objective: Objective,
        rule: CropRule,
        batch: int,
    ) -> Figures:
        """Return the stage's whole objective on centre patches, batches of the training size,
        networks in eval mode; each process takes its share of the batches.

        Pictures smaller than the patch are left out, and no batch has LR of two kinds; the figures
        are means weighted by batch.
        """
        alone = replace(objective, gather=_as_it_is)  # other processes have other batches

        def mine() -> list[tuple[int, int, dict[str, float]]]:
            found = list[tuple[int, int, dict[str, float]]]()
            with evaluating(generator, *([discriminator] if discriminator else [])):
                for number, examples in self._batches(rule, batch):
                    values = _loss_values(generator, discriminator, alone, examples)
                    plain = {name: value.item() for name, value in values.items()}
                    found.append((number, len(examples.hr), plain))
            return found

        batches = sorted(self.processes.gathered(mine), key=itemgetter(0))
        sums, total = Figures(), sum(size for _, size, _ in batches)
        for _, size, values in batches:
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value * size
        return {name: value / total for name, value in sums.items()}

    def scores(
        self, model: Model, seen: SeenBy | None = None
    ) -> tuple[SetScores, list[dict[str, Pixels]]]:
        """Return the metrics on whole pictures or their centre crops, and the first pictures as
        rows of columns; `seen` is shown each that this process scores.
        """
        return self._all_scores(model, self.shown, seen)

    def baseline_scores(self, seen: SeenBy | None = None) -> SetScores:
        """Return the metrics of bicubic interpolation on the same pictures."""
        return self._all_scores(self.baseline, 0, seen)[0]

    @property
    def pictures(self) -> int:
        """How many pictures are scored, over all processes."""
        return sum(len(one.scored) for one in self.sets.values())

    def batch_scores(self, model: Model, examples: Examples) -> Figures:
        """Return the metrics on the patches of a training batch, with standard deviations."""
        with evaluating(model.network):
            sr = model(examples.lr)
            mine = [
                score(one[None], hr[None], self.usual.protocol, self.usual.metrics)
                for one, hr in zip(sr, examples.hr, strict=True)
            ]
        images = {str(number): scores for number, scores in enumerate(self.processes.collect(mine))}
        specs = {one.label: one.spec for one in self.usual.metrics if not one.spec.of_set}
        scored = ModelScores("training", images, specs)
        return _by_column({"": scored}).figures

    def _all_scores(
        self, model: Model, shown: int, seen: SeenBy | None
    ) -> tuple[SetScores, list[dict[str, Pixels]]]:
        by_set, rows = dict[str, ModelScores](), list[dict[str, Pixels]]()
        with evaluating(model.network):
            for name in self.sets:
                by_set[name], more = self._set_scores(name, model, shown - len(rows), seen)
                rows += more
        return _by_column(by_set), rows

    def _patches(self, rule: CropRule) -> Iterator[tuple[CropRule, LrMaker, CentreCropDataset]]:
        """Yield the centre patches of the sets that give losses, those with LR of one kind
        together.
        """
        chosen = [self.sets[name] for name in self.best_of or self.sets]
        for maker in {id(one.lr_maker): one.lr_maker for one in chosen}.values():
            alike = [one for one in chosen if one.lr_maker is maker]
            wide = replace(rule, margin=alike[0].margin)
            pictures = [picture for one in alike for picture in one.pictures]
            yield wide, maker, CentreCropDataset(pictures, wide)

    def _batches(self, rule: CropRule, batch: int) -> Iterator[tuple[int, Examples]]:
        """Yield this process's share of the batches with their numbers."""
        begun, numbers, device = 0, count(), self.processes.device
        for wide, maker, patches in self._patches(rule):
            usable = patches.usable()
            for first in range(0, len(usable), batch):
                number, chosen = next(numbers), usable[first : first + batch]
                if self.processes.is_mine(number):
                    seed = seed_for(self.seed, "validation", begun + first)
                    make = partial(_made, patches, chosen, wide, maker, seed, device)
                    key = (wide.patch, wide.margin, id(maker), batch, number)
                    lr, hr, *target = self.kept.get(key, make, device)
                    yield number, Examples(lr, hr, target[0] if target else hr)
            begun += len(usable)

    def _set_scores(
        self, name: str, model: Model, wanted: int, seen: SeenBy | None
    ) -> tuple[ModelScores, list[dict[str, Pixels]]]:
        """Score one set, each process its share of the pictures.

        Returns the first `wanted` as rows of columns too.
        """
        judged, pictures = self.sets[name], self.sets[name].scored
        mine, shown = self.processes.share(pictures), dict[str, dict[str, Pixels]]()
        first = {picture.name for picture in pictures[: max(wanted, 0)]}

        def show(pair: Pair, sr: torch.Tensor) -> None:
            if pair.name in first:
                shown[pair.name] = self._row(pair, sr)
            if seen:
                seen(name, pair, sr)

        device, kept = self.processes.device, self.kept
        examples = pairs(mine, model.scale, judged.lr_maker, device, kept=kept)
        by, metrics = judged.scoring.protocol, judged.scoring.metrics
        scores = score_model(
            name,
            model,
            examples,
            by,
            metrics,
            seen=show,
            limit=self.limit,
            again=True,
            collect=self.processes.collect,
        )
        rows = dict(self.processes.collect(list(shown.items())))
        ordered = {picture.name: scores.images[picture.name] for picture in pictures}
        return replace(scores, images=ordered), [rows[one] for one in ordered if one in rows]

    def _row(self, pair: Pair, sr: torch.Tensor) -> dict[str, Pixels]:
        columns = {"lr": pair.lr, "bicubic": self.baseline(pair.lr), "sr": sr, "hr": pair.hr}
        return {column: to_bytes(picture)[0].cpu().numpy() for column, picture in columns.items()}


def _made(
    patches: CentreCropDataset,
    chosen: Sequence[int],
    rule: CropRule,
    maker: LrMaker,
    seed: int,
    device: torch.device,
) -> tuple[torch.Tensor, ...]:
    """Make LR and HR of centre patches, and what SR is compared with where that is not HR."""
    samples = collate([patches[one] for one in chosen])
    rng = torch.Generator(device).manual_seed(seed)
    made = make_examples(samples, rule, maker, rng)
    return (made.lr, made.hr) if made.target is made.hr else (made.lr, made.hr, made.target)


def _as_it_is(logits: torch.Tensor) -> torch.Tensor:
    return logits


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
        return column_values(objective.generator(sr, examples))
    logits = objective.logits(discriminator, examples, sr)
    g_loss = objective.generator(sr, examples, logits)
    return column_values(g_loss, objective.discriminator(logits), logits)


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
            column = metric_column(label, name)
            judged[column], missing = _judged(scores, label), scores.left_out(label)
            if judged[column]:
                figures[column] = scores.mean(label)
            if scores.judged(label):
                figures[f"{column}{STD}"] = scores.std(label)
            left_out |= {column: missing} if missing else {}
    return SetScores(figures, judged, left_out, tuple(_again(by_set)))


def _again(by_set: Mapping[str, ModelScores]) -> Iterator[str]:
    for name, scores in by_set.items():
        yield from (f"{name}/{one}" if name else one for one in scores.again)


def _judged(scores: ModelScores, label: str) -> dict[str, float]:
    """Return what a metric says of each picture, or under no name of the set as a whole."""
    whole, again = scores.of_set.get(label, nan), scores.again
    if isfinite(whole):
        return {" and ".join(map(_in_fp32, again)): whole}
    judged = scores.judged(label).items()
    return {_in_fp32(name) if name in again else name: score for name, score in judged}


def _in_fp32(picture: str) -> str:
    return f"{picture} in fp32"


def metric_column(metric: str, validation_set: str) -> str:
    """Return the column of a metric: `psnr`, or `psnr/NAME` of a set that has a name."""
    return f"{metric}/{validation_set}" if validation_set else metric
