"""By how much do the models of an evaluation enlarge?"""

from collections.abc import Mapping
from pathlib import Path

from srkit_core.data.picture import Picture
from srkit_core.data.picture_set import PictureSet
from srkit_core.errors import DataError, IncompatibleError
from srkit_core.evaluation.evaluation_pictures import Note, are_stored
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.io.images import image_size
from srkit_core.models.find_model import ModelLike
from srkit_core.models.model_words import DEFAULT_SCALE, own_scale
from srkit_core.recipe import PAIRED
from srkit_core.registry import Registry


def scale_of(
    wanted: EvaluationRecipe,
    models: Mapping[str, ModelLike],
    picture_set: PictureSet,
    registry: Registry,
    note: Note,
) -> int:
    """Return the scale of the models, else that of HR and LR or of prepared data, else the default,
    said aloud.
    """
    known = {name: own_scale(model, registry) for name, model in models.items()}
    scales = {
        str(models[name]) if isinstance(models[name], (str, Path)) else name: scale
        for name, scale in known.items()
        if scale
    }
    if wanted.scale:
        scales["--scale"] = wanted.scale
    if len(set(scales.values())) > 1:
        shown = ", ".join(f"{word} x{scale}" for word, scale in scales.items())
        raise IncompatibleError(
            f"these have different scales: {shown}",
            hint="evaluate the models of each scale on their own",
        )
    if scales:
        return next(iter(scales.values()))
    scale, why = _scale_of_data(wanted, picture_set)
    note(f"scale {scale}, {why}")
    return scale


def _scale_of_data(wanted: EvaluationRecipe, picture_set: PictureSet) -> tuple[int, str]:
    if picture_set.scale and not wanted.lr:
        return picture_set.scale, f"that of {picture_set.source}"
    if wanted.degrade == PAIRED or are_stored(picture_set.pictures):
        return _scale_of_pair(picture_set.pictures[0]), "from the sizes of HR and LR"
    return DEFAULT_SCALE, "the default; choose with --scale N"


def _scale_of_pair(picture: Picture) -> int:
    if picture.lr is None:
        raise DataError(f"{picture.name} has no LR picture", hint="--lr FOLDER", path=picture.path)
    return max(round(picture.height / image_size(picture.lr)[0]), 1)
