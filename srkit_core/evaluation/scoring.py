"""How is a model scored on pictures, under a protocol?"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from math import nan
from typing import Any, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor

from srkit_core.data.examples import LrMaker
from srkit_core.data.kept_tensors import KeptTensors
from srkit_core.data.picture import Picture
from srkit_core.errors import DataError, NotFiniteError, OutOfMemoryError
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scores import ModelScores, PictureScores
from srkit_core.evaluation.set_scores import SetFeatures, features_of, set_score
from srkit_core.evaluation.tile_limit import TileLimit
from srkit_core.interfaces import Metric, SetMetric
from srkit_core.io.images import Pixels, all_finite, to_unit
from srkit_core.metric_binding import MetricTerm
from srkit_core.models.build import build
from srkit_core.models.component_errors import component_errors, shape_of
from srkit_core.models.model import Model
from srkit_core.oom import oom_guard
from srkit_core.specs import MetricSpec
from srkit_core.upscaling.backends.torch_backend import free_device_bytes
from srkit_core.upscaling.memory_advice import scoring_hint
from srkit_core.upscaling.naming_picture import naming_picture
from srkit_core.upscaling.tensor_tiles import exact_tiling, upscale_tiled
from srkit_core.upscaling.tiling import Tiling


@dataclass(frozen=True)
class BuiltMetric:
    """A metric that was built, under its label; `owner` is the full name of its component, `common`
    what was written of `protocol` and `border` for it alone, `min_side` the smallest side that it
    judges, in pixels.
    """

    label: str
    spec: MetricSpec
    measure: Metric | SetMetric
    owner: str = ""
    common: Mapping[str, Any] = field(default_factory=dict)
    min_side: int = 1

    def can_judge(self, picture: Tensor, protocol: Protocol) -> bool:
        """Whether (1, 3, H, W) is large enough inside the border of what it sees."""
        border = 0 if self.spec.domain == "rgb" else protocol.of_metric(self.common).border
        return min(picture.shape[-2:]) - 2 * border >= max(self.min_side, 1)


@dataclass(frozen=True)
class Pair:
    """LR and HR of one picture, (1, 3, H, W) and (1, 3, scale*H, scale*W) in [0, 1]; where SR was
    made elsewhere, SR in the place of LR.
    """

    name: str
    lr: Tensor
    hr: Tensor


Seen: TypeAlias = Callable[[Pair, Tensor], None]


@dataclass(frozen=True)
class Found:
    """What was found of a picture: its name, its scores, its features for metrics of the whole
    set, and whether it was computed `again`, in fp32.
    """

    name: str
    scores: PictureScores
    features: SetFeatures
    again: bool = False


def build_metrics(terms: Sequence[MetricTerm]) -> list[BuiltMetric]:
    """Build the metrics of a plan."""
    return [
        BuiltMetric(
            term.label,
            term.spec,
            build(term.bound),
            term.bound.component.full_name,
            term.bound.common,
            term.bound.amount(term.spec.min_size),
        )
        for term in terms
    ]


def pairs(
    pictures: Sequence[Picture],
    scale: int,
    lr_maker: LrMaker,
    device: torch.device,
    *,
    seed: int = 0,
    kept: KeptTensors | None = None,
) -> Iterator[Pair]:
    """Yield LR and HR of each picture: LR from disk where the picture has it, else made of its
    target.

    HR is cut at the bottom and right to `scale` times LR. The randomness of a degradation follows
    from `seed` and the picture's name, so order and company do not matter, and what was `kept` is
    what would be made again. Raises DataError when a picture cannot be read, or its LR is not of
    this scale.
    """
    for picture in pictures:
        make = partial(_lr_and_hr, picture, scale, lr_maker, device, seed)
        key = (picture, id(lr_maker), seed)
        lr, hr = make() if kept is None else kept.get(key, make, device)
        yield Pair(picture.name, lr, hr)


def _lr_and_hr(
    picture: Picture, scale: int, lr_maker: LrMaker, device: torch.device, seed: int
) -> tuple[Tensor, Tensor]:
    hr_pixels, lr_pixels = picture.read(scale)
    hr = picture_tensor(hr_pixels, device)
    if lr_pixels is not None:
        return picture_tensor(lr_pixels, device), hr
    return _degraded(lr_maker, hr, picture, seed), hr


def score_model(
    name: str,
    model: Model,
    examples: Iterator[Pair],
    protocol: Protocol,
    metrics: Sequence[BuiltMetric],
    *,
    seen: Seen | None = None,
    tile: int | None = None,
    limit: TileLimit | None = None,
    again: bool = False,
    collect: Callable[[list[Found]], list[Found]] = list,
) -> ModelScores:
    """Score a model on pictures.

    `seen` is shown each pair with its SR (1, 3, H, W), not clamped. With `again` a picture of which
    half precision makes NaN or infinity is computed again in fp32. Where memory runs out, `limit`
    takes smaller tiles and at last leaves a picture out, with NaN for its scores; without one
    OutOfMemoryError is raised. `collect` gathers what was found of all pictures where several
    processes score a share each.
    """
    found = list[Found]()
    for pair in examples:
        while True:
            tiling = limit.tiling(model, pair.lr) if limit else exact_tiling(model, pair.lr, tile)
            try:
                found.append(_scored(name, model, pair, tiling, (protocol, metrics), seen, again))
                break
            except OutOfMemoryError:
                if limit is None:
                    raise
            if not limit.halve(model, pair.lr, pair.name):
                found.append(Found(pair.name, _unjudged(metrics), {}))
                break
    return _model_scores(name, collect(found), metrics)


def _scored(
    name: str,
    model: Model,
    pair: Pair,
    tiling: Tiling,
    by: tuple[Protocol, Sequence[BuiltMetric]],
    seen: Seen | None,
    again: bool,
) -> Found:
    """Score one picture in tiles; raises OutOfMemoryError that names it."""
    size = (pair.lr.shape[-2], pair.lr.shape[-1])
    free, on_host = free_device_bytes(model.device), model.device.type == "cpu"
    hint = scoring_hint(model, size, tiling, free, on_host=on_host)
    with naming_picture(pair.name, name), oom_guard(hint, f"while {pair.name} was scored"):
        try:
            sr, exact = upscale_tiled(model, pair.lr, tiling), False
        except NotFiniteError:
            if not again or model.precision == torch.float32:
                raise
            spare = replace(model, precision=torch.float32)
            sr, exact = upscale_tiled(spare, pair.lr, tiling), True
        found = Found(pair.name, *_judged(sr, pair.hr, *by), again=exact)
        if seen:
            seen(pair, sr)
    return found


def _unjudged(metrics: Sequence[BuiltMetric]) -> PictureScores:
    return PictureScores({one.label: nan for one in metrics if not one.spec.of_set})


def score_made(
    name: str,
    examples: Iterator[Pair],
    protocol: Protocol,
    metrics: Sequence[BuiltMetric],
    *,
    seen: Seen | None = None,
) -> ModelScores:
    """Score pictures that were made elsewhere, which stand in the place of LR."""
    found = list[Found]()
    for pair in examples:
        with naming_picture(pair.name, name):
            found.append(Found(pair.name, *_judged(pair.lr, pair.hr, protocol, metrics)))
            if seen:
                seen(pair, pair.lr)
    return _model_scores(name, found, metrics)


def score(
    sr: Tensor, hr: Tensor, protocol: Protocol, metrics: Sequence[BuiltMetric]
) -> PictureScores:
    """Return the score of one picture, (1, 3, H, W) in [0, 1], under the label of every metric that
    scores pictures: each sees it by the protocol, but for what was written for it alone.
    """
    return _judged(sr, hr, protocol, [one for one in metrics if not one.spec.of_set])[0]


@torch.no_grad()
def _judged(
    sr: Tensor, hr: Tensor, protocol: Protocol, metrics: Sequence[BuiltMetric]
) -> tuple[PictureScores, SetFeatures]:
    """Return the scores of one picture, and its features for the metrics of sets."""

    @cache
    def seen(by: Protocol | None) -> tuple[Tensor, Tensor]:
        look = protocol.whole if by is None else by.prepare
        return look(sr), look(hr)

    scores, features = PictureScores(), dict[str, tuple[Tensor, Tensor]]()
    for metric in metrics:
        if not (metric.spec.of_set or metric.can_judge(sr, protocol)):
            scores[metric.label] = nan
            continue
        whole = metric.spec.domain == "rgb"
        views = seen(None if whole else protocol.of_metric(metric.common))
        with component_errors(metric.owner, f"scored {shape_of(sr)}"):
            if metric.spec.of_set:
                features[metric.label] = features_of(cast(SetMetric, metric.measure), *views)
            else:
                scores[metric.label] = cast(Metric, metric.measure)(*views).item()
    return scores, features


def _model_scores(name: str, found: Sequence[Found], metrics: Sequence[BuiltMetric]) -> ModelScores:
    images = {one.name: one.scores for one in found}
    judged = [one for one in found if one.features]
    of_set = {
        metric.label: set_score(
            cast(SetMetric, metric.measure),
            metric.owner,
            {one.name: one.features[metric.label] for one in judged},
        )
        for metric in metrics
        if metric.spec.of_set and judged
    }
    specs = {metric.label: metric.spec for metric in metrics}
    again = tuple(one.name for one in found if one.again)
    return ModelScores(name, images, specs, of_set=of_set, again=again)


def _degraded(lr_maker: LrMaker, hr: Tensor, picture: Picture, seed: int) -> Tensor:
    if lr_maker.degrade is None:
        raise DataError(
            f"{picture.path} has no LR picture, and no degradation makes one",
            hint="--degrade bicubic",
            path=picture.path,
        )
    digest = hashlib.sha256(f"{seed}/{picture.name}".encode()).digest()
    with torch.no_grad():
        rng = torch.Generator(hr.device).manual_seed(int.from_bytes(digest[:8], "big"))
        source = hr if lr_maker.of_hr else lr_maker.targets(hr, rng)
        lr = lr_maker.degrade(source, rng=rng)
    if not all_finite(lr):
        raise NotFiniteError(
            f"the degradation made NaN or infinity of {picture.name}", hint="--degrade bicubic"
        )
    return lr


def picture_tensor(pixels: Pixels, device: torch.device) -> Tensor:
    """Return uint8 (H, W, 3) as (1, 3, H, W) in [0, 1] on a device."""
    return to_unit(torch.from_numpy(np.ascontiguousarray(pixels))[None].to(device))
