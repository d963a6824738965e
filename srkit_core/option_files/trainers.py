"""Whose option file is it, and which recipe does it become?"""

from pathlib import Path
from typing import Any

from srkit_core.errors import RecipeError
from srkit_core.option_files.basicsr import BASICSR
from srkit_core.option_files.conversion import Conversion, convert
from srkit_core.option_files.neosr import NEOSR
from srkit_core.option_files.other_trainer import OtherTrainer
from srkit_core.option_files.reading import HINT, leaves, read_options
from srkit_core.option_files.real_esrgan import REAL_ESRGAN
from srkit_core.option_files.trainner_redux import TRAINNER_REDUX


def convert_file(path: Path) -> Conversion:
    """Return what becomes of each key of an option file.

    Raises RecipeError when it cannot be read or no known trainer takes it.
    """
    document = read_options(path)
    return convert(trainer_of(document, path), leaves(document))


def trainer_of(document: dict[str, Any], path: Path) -> OtherTrainer:
    """Return the trainer that takes such options; raises RecipeError when none is known."""
    if "stages" in document or "models" in document:
        raise RecipeError(f"{path} is already a recipe of srkit", hint=f"srkit check {path}")
    if not isinstance(document.get("network_g"), dict):
        fact = f"{path} is no option file of a known trainer: it has no table network_g"
        raise RecipeError(fact, hint=HINT)
    if not isinstance(document.get("train"), dict):
        fact = f"{path} trains nothing: it has no table train"
        raise RecipeError(fact, hint="srkit eval MODEL --data PICTURES tests a model")
    kind = str(document.get("model_type", ""))
    if kind in ("image", "otf"):
        return NEOSR
    if kind.startswith("RealESR"):
        return REAL_ESRGAN
    return BASICSR if kind else TRAINNER_REDUX
