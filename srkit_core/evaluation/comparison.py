"""How do several models compare on one set of pictures?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from srkit_core.chain import bind_chain
from srkit_core.data.examples import LrMaker
from srkit_core.data.pairs import Candidates
from srkit_core.data.picture import Picture
from srkit_core.data.picture_set import PictureSet
from srkit_core.data.shards import ENDING as SHARD
from srkit_core.errors import DataError, IncompatibleError
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scoring import ModelScores, Pair, build_metrics, pairs, score_model
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.io.images import image_size, to_bytes, write_image
from srkit_core.models.build import build_degradation
from srkit_core.models.find_model import DEFAULT_SCALE, fetch, open_model, own_scale
from srkit_core.pinning import networks_of
from srkit_core.plan import MetricTerm, bind_metrics
from srkit_core.pretrained import Report
from srkit_core.recipe import PAIRED
from srkit_core.registry import Registry

Note = Callable[[str], None]
SeenBy = Callable[[str, Pair, Tensor], None]


@dataclass(frozen=True)
class EvaluationResult:
    """Scores of several models under one protocol, and the words for it."""

    protocol: dict[str, Any]
    scores: tuple[ModelScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, the document that `srkit eval --json FILE` writes."""
        return {"protocol": self.protocol, "models": [one.to_dict() for one in self.scores]}


@dataclass(frozen=True)
class Machine:
    """Where and how exactly models compute: device, type, and the side of a tile in LR pixels
    (None: chosen).
    """

    device: torch.device
    precision: torch.dtype = torch.float32
    tile: int | None = None


def save_into(folder: Path) -> SeenBy:
    """Return what saves every upscaled picture it is shown into a subfolder per model."""

    def save(model: str, pair: Pair, sr: Tensor) -> None:
        write_image(
            folder / model.replace("/", "_") / f"{pair.name}.png", to_bytes(sr)[0].cpu().numpy()
        )

    return save


def evaluate_models(
    wanted: EvaluationRecipe,
    source: PictureSet,
    registry: Registry,
    machine: Machine,
    *,
    note: Note,
    seen: SeenBy | None = None,
    report: Report | None = None,
) -> EvaluationResult:
    """Score every model of an evaluation recipe on the pictures of a source.

    `seen` is shown each model's name, pair and SR (1, 3, H, W); `report` is told of downloads.
    Raises IncompatibleError when the models have different scales, DataError when LR does not
    belong to HR.
    """
    pictures = _with_lr(source.pictures, wanted.lr)
    for word in wanted.models.values():
        fetch(word, registry, report)
    scale = _scale(wanted, replace(source, pictures=pictures), registry, note)
    lr_maker = LrMaker(
        None
        if _is_stored(wanted)
        else build_degradation(bind_chain(registry, wanted.degrade, scale))
    )
    protocol = Protocol(wanted.protocol, scale if wanted.border is None else wanted.border)
    terms = bind_metrics(registry, wanted.metrics)
    networks_of([term.bound for term in terms], registry, report)
    metrics = build_metrics(terms)
    scores = []
    for name, word in wanted.models.items():
        model = open_model(
            word, registry, scale=scale, device=machine.device, precision=machine.precision
        )
        examples = pairs(pictures, scale, lr_maker, machine.device)
        scores.append(
            score_model(
                name,
                model,
                examples,
                protocol,
                metrics,
                seen=partial(seen, name) if seen else None,
                tile=machine.tile,
            )
        )
    return EvaluationResult(_described(wanted, protocol, terms, scale), tuple(scores))


def _with_lr(pictures: Sequence[Picture], folder: Path | None) -> tuple[Picture, ...]:
    if folder is None:
        return tuple(pictures)
    candidates = Candidates(folder)
    return tuple(
        replace(picture, lr=candidates.partner(_file_of(picture), Path(picture.name).parent))
        for picture in pictures
    )


def _file_of(picture: Picture) -> Path:
    """Return the file of a picture; a shard is called otherwise."""
    return Path(picture.name) if picture.path.suffix == SHARD else picture.path


def _is_stored(wanted: EvaluationRecipe) -> bool:
    return wanted.lr is not None or wanted.degrade == PAIRED


def _scale(wanted: EvaluationRecipe, source: PictureSet, registry: Registry, note: Note) -> int:
    """Return the scale of the models, else that of HR and LR or of prepared data, else the default,
    said aloud.
    """
    scales = {
        word: scale for word in wanted.models.values() if (scale := own_scale(word, registry))
    }
    if wanted.scale:
        scales["--scale"] = wanted.scale
    if len(set(scales.values())) > 1:
        told = ", ".join(f"{word} x{scale}" for word, scale in scales.items())
        raise IncompatibleError(
            f"these have different scales: {told}",
            hint="evaluate the models of each scale on their own",
        )
    if scales:
        return next(iter(scales.values()))
    if source.scale and not wanted.lr:
        scale, why = source.scale, f"that of {source.place}"
    elif _is_stored(wanted):
        scale, why = _scale_of_pair(source.pictures[0]), "from the sizes of HR and LR"
    else:
        scale, why = DEFAULT_SCALE, "the default; choose with --scale N"
    note(f"scale {scale}, {why}")
    return scale


def _scale_of_pair(picture: Picture) -> int:
    if picture.lr is None:
        raise DataError(f"{picture.name} has no LR picture", hint="--lr FOLDER", path=picture.path)
    return max(round(picture.height / image_size(picture.lr)[0]), 1)


def _described(
    wanted: EvaluationRecipe, protocol: Protocol, metrics: Sequence[MetricTerm], scale: int
) -> dict[str, Any]:
    stored, made = (
        {"lr": str(wanted.lr or wanted.data), "kernel": "as stored"},
        {"lr": "made from HR", "kernel": str(wanted.degrade)},
    )
    versions = {
        term.label: f"{term.bound.component.distribution} {term.bound.component.version}"
        for term in metrics
    }
    return {
        **protocol.describe(),
        "scale": scale,
        **(stored if _is_stored(wanted) else made),
        "metrics": versions,
    }
