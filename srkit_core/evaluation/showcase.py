"""How do models look beside each other on the photographs that a recipe held out?"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from srkit_core.data import bundled
from srkit_core.data.sources import open_source, parts
from srkit_core.evaluation.comparison import Comparison, Machine, compare
from srkit_core.evaluation.evaluate import Pair
from srkit_core.evaluation.pictures import sheet
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.io.images import Pixels, to_bytes, write_image
from srkit_core.recipe import Recipe
from srkit_core.registry import Registry


def showcase(
    models: Mapping[str, str], recipe: Recipe, registry: Registry, picture: Path
) -> Comparison:
    """Score models, by the name of their row, on the bundled photographs that a recipe holds out.

    Draws them beside HR into `picture`, with each photograph's PSNR below.
    """
    source = open_source(bundled.NAME)
    held = parts(source, recipe.data.hold_out, recipe.data.test).validation
    rows = defaultdict[str, dict[str, Pixels]](dict)

    def seen(model: str, pair: Pair, sr: Tensor) -> None:
        rows[pair.name].update({model: _pixels(sr), "hr": _pixels(pair.hr)})

    wanted = EvaluationRecipe(
        models=dict(models),
        scale=recipe.scale,
        metrics=recipe.validation.metrics,
        degrade=recipe.degradation,
    )
    comparison = compare(
        wanted,
        replace(source, pictures=held),
        registry,
        Machine(torch.device("cpu")),
        note=lambda _: None,
        seen=seen,
    )
    captions = [
        {one.name: _caption(one.images[name]) for one in comparison.scores} for name in rows
    ]
    write_image(picture, sheet(list(rows.values()), [*models, "hr"], captions=captions))
    return comparison


def _pixels(picture: Tensor) -> Pixels:
    pixels: Pixels = to_bytes(picture)[0].cpu().numpy()
    return pixels


def _caption(scores: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {value:.4g}" for label, value in scores.items())
