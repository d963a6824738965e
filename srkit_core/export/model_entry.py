"""What does OpenModelDB's entry of a model say?"""

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from srkit_core.downloads import sha256
from srkit_core.errors import RecipeError
from srkit_core.export.export_options import ENDINGS, ExportFormat, ExportOptions
from srkit_core.export.published_tensors import PublishedTensors
from srkit_core.models.model import Model
from srkit_core.models.weights_card import Card
from srkit_core.recipe import PAIRED

_RESOURCES: Final[dict[ExportFormat, str]] = {
    "pth": "pytorch",
    "safetensors": "pytorch",
    "onnx": "onnx",
}
"""The platform of each file that an entry lists."""
_SIZES: Final = {"features": "nf", "blocks": "nb"}
"""How the sizes of a network are written there, by the names of options."""


def model_entry(
    path: Path,
    model: Model,
    published: PublishedTensors,
    card: Card | None,
    options: ExportOptions,
) -> dict[str, Any]:
    """Return the entry of a model, whose exported files lie beside `path` under its name.

    Raises RecipeError where there are none.
    """
    arguments = model.bound.arguments
    return {
        "name": options.title or path.stem,
        "author": options.author,
        "license": options.licence or None,
        "tags": [],
        "description": model.bound.component.spec.summary,
        "date": datetime.now(UTC).date().isoformat(),
        "architecture": published.layout.architecture or published.layout.name,
        "size": [f"{arguments[name]}{unit}" for name, unit in _SIZES.items() if name in arguments]
        or None,
        "scale": model.scale,
        "inputChannels": 3,
        "outputChannels": 3,
        "resources": _resources(path),
        **(_training(card) if card else {}),
        "images": [],
    }


def left_to_people(entry: Mapping[str, Any]) -> list[str]:
    """Return the fields of an entry that are empty, and that nothing but a person can fill."""
    asked = ("author", "license", "tags", "dataset", "pretrainedModelG", "images")
    return [*(name for name in asked if not entry.get(name)), "urls"]


def written_entry(entry: Mapping[str, Any]) -> str:
    """Return an entry as the files of the database are written."""
    return json.dumps(entry, indent=4, ensure_ascii=False) + "\n"


def _resources(path: Path) -> list[dict[str, Any]]:
    beside = {kind: path.with_suffix(ENDINGS[kind]) for kind in _RESOURCES}
    found = {kind: file for kind, file in beside.items() if file.is_file()}
    if not found:
        raise RecipeError(
            f"an entry lists the files of a model, and none lies beside {path} under its name",
            hint=f"first --to pth --out {beside['pth']}",
        )
    return [
        {
            "platform": _RESOURCES[kind],
            "type": kind,
            "size": file.stat().st_size,
            "sha256": sha256(file),
            "urls": [],
        }
        for kind, file in found.items()
    ]


def _recipe(card: Card) -> dict[str, Any]:
    try:
        return tomllib.loads(card.recipe)
    except tomllib.TOMLDecodeError:  # a card is anybody's
        return {}


def _training(card: Card) -> dict[str, Any]:
    """Return what the card of a weights file says of the training."""
    recipe = _recipe(card)
    last = (recipe.get("stages") or [{}])[-1]
    said = {
        "trainingIterations": card.step or None,
        "trainingBatchSize": last.get("batch"),
        "trainingHRSize": last.get("patch"),
        "trainingOTF": recipe.get("degradation") != str(PAIRED) if recipe else None,
    }
    return {name: value for name, value in said.items() if value is not None}
