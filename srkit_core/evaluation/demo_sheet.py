"""How do models look beside each other on the photographs that a recipe held out?"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path

import torch
from torch import Tensor

from srkit_core.data.bundled_photographs import BUNDLED
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.evaluation.bench import Inference
from srkit_core.evaluation.evaluate import evaluate_models
from srkit_core.evaluation.picture_sheet import picture_sheet
from srkit_core.evaluation.scores import Scores
from srkit_core.evaluation.scoring import Pair
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.io.images import Pixels, to_bytes, write_image
from srkit_core.recipe import Recipe
from srkit_core.registry import Registry


def draw_demo_sheet(
    models: Mapping[str, str], recipe: Recipe, registry: Registry, picture: Path
) -> Scores:
    """Score models, by the name of their row, on the bundled photographs that a recipe holds out.

    Draws them beside HR into `picture`, with each photograph's PSNR below.
    """
    photographs = open_picture_set(BUNDLED)
    held = split_pictures(photographs, recipe.data.hold_out, recipe.data.test).validation
    rows = defaultdict[str, dict[str, Pixels]](dict)

    def seen(model: str, pair: Pair, sr: Tensor) -> None:
        rows[pair.name].update({model: _pixels(sr), "hr": _pixels(pair.hr)})

    wanted = EvaluationRecipe(
        models=dict(models),
        scale=recipe.scale,
        metrics=recipe.validation.metrics,
        degrade=recipe.degradation,
    )
    scores = evaluate_models(
        wanted,
        models,
        replace(photographs, pictures=held),
        registry,
        Inference(torch.device("cpu")),
        note=lambda _: None,
        seen=seen,
    )
    captions = [{one.name: _caption(one.images[name]) for one in scores.models} for name in rows]
    write_image(picture, picture_sheet(list(rows.values()), [*models, "hr"], captions=captions))
    return scores


def _pixels(picture: Tensor) -> Pixels:
    pixels: Pixels = to_bytes(picture)[0].cpu().numpy()
    return pixels


def _caption(scores: Mapping[str, float]) -> str:
    known = {label: value for label, value in scores.items() if isfinite(value)}
    return ", ".join(f"{label} {value:.4g}" for label, value in known.items())
