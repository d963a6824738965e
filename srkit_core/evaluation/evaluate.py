"""How do several models compare on one set of pictures, under one protocol?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypedDict, Unpack

import torch

from srkit_core.chain import bind_chain
from srkit_core.data.examples import LrMaker
from srkit_core.data.pairs import Candidates, check_one_to_one
from srkit_core.data.picture import Picture, Split
from srkit_core.data.picture_set import PictureSet, open_picture_set, readable
from srkit_core.data.shards import ENDING as SHARD
from srkit_core.devices import DeviceName, PrecisionName, choose_device, inference_dtype
from srkit_core.errors import DataError, IncompatibleError, RecipeError
from srkit_core.evaluation.centre_crops import centre_crops, said_of_small
from srkit_core.evaluation.metric_sizes import check_metric_sizes
from srkit_core.evaluation.protocol import Protocol, own_protocols
from srkit_core.evaluation.run_pictures import as_validated, held_out_pictures, run_among
from srkit_core.evaluation.saved_pictures import SeenBy, save_into
from srkit_core.evaluation.scores import Scores
from srkit_core.evaluation.scoring import build_metrics, pairs, score_model
from srkit_core.evaluation_recipe import EvaluationRecipe, evaluation_recipe
from srkit_core.home import at_home
from srkit_core.io.images import image_size
from srkit_core.io.output_files import check_place
from srkit_core.metric_binding import MetricTerm, bind_metrics
from srkit_core.models.build import build_degradation
from srkit_core.models.find_model import ModelLike, open_model
from srkit_core.models.locate_weights import weights_used
from srkit_core.models.model import Model
from srkit_core.models.model_words import DEFAULT_SCALE, fetch, own_scale
from srkit_core.oom import oom_guard
from srkit_core.pinning import networks_of
from srkit_core.pretrained import DownloadProgress
from srkit_core.recipe import PAIRED
from srkit_core.registry import Registry, discover
from srkit_core.run_folder import RunFolder
from srkit_core.validation_binding import checked_crop
from srkit_core.validation_config import ProtocolName

_NO_ROOM: Final = "a machine with more memory, or smaller pictures"
Note: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Inference:
    """Where and how exactly models compute: device, type, and the side of a tile in LR pixels
    (None: chosen).
    """

    device: torch.device
    precision: torch.dtype = torch.float32
    tile: int | None = None


class EvaluationFields(TypedDict, total=False):
    """How models are scored; what is left out is as in `srkit eval`."""

    lr: str | Path
    """A folder of LR pictures; without it LR is made of HR."""
    scale: int
    """HR size over LR size, where neither a model nor LR says it."""
    degrade: str
    """How LR is made of HR (default: bicubic), or `paired`, as the data hold it."""
    metrics: str
    """A sum of metrics (default: psnr + ssim)."""
    protocol: ProtocolName
    """Luma (`y`, the default) or `rgb`."""
    border: int
    """HR pixels cut from each side; by default the scale."""
    crop: int
    """Side of the centre crop that is scored, in HR pixels; 0, the default: whole pictures."""


def evaluate(
    models: ModelLike | Sequence[ModelLike] | Mapping[str, ModelLike],
    data: str | Path | None = None,
    *,
    split: Literal["train", "val", "test"] | None = None,
    device: DeviceName = "auto",
    precision: PrecisionName = "auto",
    tile: int | None = None,
    pictures: str | Path | None = None,
    registry: Registry | None = None,
    note: Note | None = None,
    **fields: Unpack[EvaluationFields],
) -> Scores:
    """Score one or several models on a data source under one protocol, as `srkit eval` does.

    A model is a weights file, a run folder, the name of known weights or of a baseline, or loaded;
    a mapping names the rows. Without `data`, a run folder among the models is scored on what it
    held out, as it validates. `split` is of prepared data or of what a run held out (default: test,
    else val, else all).
    `precision` `auto` is fp32; `tile` is a side in LR pixels (default: whole pictures up to
    512 x 512). `pictures` is a folder for what was upscaled; `note` is told what was chosen and
    left out.
    Raises DataError, WeightsError, IncompatibleError or RegistryError.
    """
    named, heard, where = name_models(models), note or _ignore, choose_device(device)
    given = {name: _plain(value) for name, value in fields.items() if value is not None}
    rows = dict.fromkeys(named, "given")
    run = run_among(named.values()) if data is None else None
    source = {} if data is None else {"data": str(data)}
    like = as_validated(run, split) if run else {}
    wanted = evaluation_recipe({"models": rows, **source, **like, **given})
    inference = Inference(where, inference_dtype(precision, where), tile)
    found, seen = open_evaluation_set(wanted, split, heard, run), save_into(pictures)
    if pictures is not None:
        check_place(at_home(Path(pictures)) / "picture.png")
    with oom_guard(_NO_ROOM):
        return evaluate_models(
            wanted, named, found, registry or discover(), inference, note=heard, seen=seen
        )


def name_models(
    models: ModelLike | Sequence[ModelLike] | Mapping[str, ModelLike],
) -> dict[str, ModelLike]:
    """Name models by their files, with as many folders as it takes to tell them apart; a loaded
    model by its generator.
    """
    if isinstance(models, Mapping):
        return dict(models)
    several = [models] if isinstance(models, (str, Path, Model)) else list(models)
    words = [str(one.bound.expression) if isinstance(one, Model) else str(one) for one in several]
    names = [_short_name(word, words) for word in words]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        fact = f"two models are called '{twice}'"
        raise RecipeError(fact, hint="name them: {'first': ..., 'second': ...}")
    return dict(zip(names, several, strict=True))


def open_evaluation_set(
    wanted: EvaluationRecipe, split: Split | None, note: Note, run: RunFolder | None = None
) -> PictureSet:
    """Return the pictures of an evaluation recipe that can be read whole; without data, what a run
    held out.

    Raises RecipeError when it names no data, or stored LR and a degradation, DataError when they
    have no such split.
    """
    if wanted.data is None and run:
        held, which = held_out_pictures(run, split)
        note(f"{len(held.pictures)} pictures that {run.path} held out ({which})")
        for text in held.notes():
            note(text)
        return held
    if wanted.data is None:
        hint = "--data FOLDER, --data photos, or a run folder, which held some out"
        raise RecipeError("there is nothing to evaluate on", hint=hint)
    paired = wanted.degrade == PAIRED
    prefer: tuple[Split, ...] = (split,) if split else ("test", "val")
    found = open_picture_set(wanted.data, paired=paired, scale=wanted.scale, prefer=prefer)
    if "degrade" in wanted.model_fields_set and not paired and _are_stored(found.pictures):
        fact = f"{wanted.data} takes LR from disk and degrade makes it: one of them"
        raise RecipeError(fact, hint="--degrade paired, or --data HR alone")
    if split and any(one.split != split for one in found.pictures):
        hint = "srkit prepare --split, or leave out --split"
        raise DataError(f"{wanted.data} has no split '{split}'", hint=hint)
    picture_set = readable(found)
    for text in picture_set.notes():
        note(text)
    return picture_set


def evaluate_models(
    wanted: EvaluationRecipe,
    models: Mapping[str, ModelLike],
    picture_set: PictureSet,
    registry: Registry,
    inference: Inference,
    *,
    note: Note,
    seen: SeenBy | None = None,
    report: DownloadProgress | None = None,
) -> Scores:
    """Score models, by the name of their row, on pictures as an evaluation recipe says.

    `seen` is shown every picture; `report` is told of downloads. Raises IncompatibleError when the
    models have different scales, DataError when LR does not belong to HR.
    """
    found = replace(picture_set, pictures=_with_lr(picture_set.pictures, wanted, note))
    for model in models.values():
        fetch(model, registry, report)
    scale = _scale(wanted, models, found, registry, note)
    lr_maker = _lr_maker(wanted, found.pictures, registry, scale)
    protocol = Protocol(wanted.protocol, scale if wanted.border is None else wanted.border)
    usual = EvaluationRecipe.model_fields["metrics"].default
    terms = bind_metrics(registry.for_defaults(wanted.metrics, usual), wanted.metrics)
    pictures = _cropped(found.pictures, wanted.crop, scale, note)
    check_metric_sizes(pictures, scale, protocol, terms)
    networks_of([term.bound for term in terms], registry, report)
    metrics, scores = build_metrics(terms), []
    for name, word in models.items():
        model = open_model(word, registry, scale, inference.device, inference.precision, note=note)
        examples = pairs(pictures, scale, lr_maker, inference.device)
        shown = partial(seen, name) if seen else None
        scored = score_model(
            name, model, examples, protocol, metrics, seen=shown, tile=inference.tile
        )
        scores.append(replace(scored, weights=weights_used(word, registry)))
    place = str(wanted.lr or wanted.data or found.source)
    lr = _lr_described(found.pictures, str(wanted.degrade), place)
    return Scores(_described(wanted, protocol, terms, scale, lr), tuple(scores))


def _short_name(model: str, models: Sequence[str]) -> str:
    steps = Path(model).parts
    for count in range(1, len(steps) + 1):
        name = "/".join(steps[-count:])
        if sum(other == name or other.endswith("/" + name) for other in models) <= 1:
            return name
    return model


def _lr_maker(
    wanted: EvaluationRecipe, pictures: Sequence[Picture], registry: Registry, scale: int
) -> LrMaker:
    if wanted.degrade == PAIRED or _are_stored(pictures):
        return LrMaker(None)
    usual = EvaluationRecipe.model_fields["degrade"].default
    names = registry.for_defaults(wanted.degrade, usual)
    return LrMaker(build_degradation(bind_chain(names, wanted.degrade, scale)))


def _with_lr(
    pictures: Sequence[Picture], wanted: EvaluationRecipe, note: Note
) -> tuple[Picture, ...]:
    if wanted.lr is None:
        return tuple(pictures)
    candidates = Candidates(wanted.lr, scale=wanted.scale)
    for text in candidates.contents.notes():
        note(text)
    lows = [
        candidates.partner(_file_of(picture), Path(picture.name).parent) for picture in pictures
    ]
    check_one_to_one([(one.path, low) for one, low in zip(pictures, lows, strict=True)])
    return tuple(replace(one, lr=low) for one, low in zip(pictures, lows, strict=True))


def _cropped(pictures: Sequence[Picture], side: int, scale: int, note: Note) -> tuple[Picture, ...]:
    small = said_of_small(pictures, checked_crop(side, scale, "crop"), scale)
    if small:
        note(small)
    return centre_crops(pictures, side, scale)


def _file_of(picture: Picture) -> Path:
    """Return the file of a picture; a shard is called otherwise."""
    return Path(picture.name) if picture.path.suffix == SHARD else picture.path


def _are_stored(pictures: Sequence[Picture]) -> bool:
    return all(one.lr is not None for one in pictures)


def _scale(
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
    if wanted.degrade == PAIRED or _are_stored(picture_set.pictures):
        return _scale_of_pair(picture_set.pictures[0]), "from the sizes of HR and LR"
    return DEFAULT_SCALE, "the default; choose with --scale N"


def _scale_of_pair(picture: Picture) -> int:
    if picture.lr is None:
        raise DataError(f"{picture.name} has no LR picture", hint="--lr FOLDER", path=picture.path)
    return max(round(picture.height / image_size(picture.lr)[0]), 1)


def _described(
    wanted: EvaluationRecipe,
    protocol: Protocol,
    metrics: Sequence[MetricTerm],
    scale: int,
    lr: dict[str, str],
) -> dict[str, Any]:
    versions = {
        term.label: f"{term.bound.component.distribution} {term.bound.component.version}"
        for term in metrics
    }
    own = own_protocols(metrics, protocol)
    seen = {**protocol.describe(), **({"crop": wanted.crop} if wanted.crop else {})}
    described = {**seen, "scale": scale, **lr, "metrics": versions}
    return {**described, "metric_protocols": own} if own else described


def _lr_described(pictures: Sequence[Picture], degrade: str, place: str) -> dict[str, str]:
    """Say where the LR of pictures is from: stored in a place, made by a degradation, or both."""
    if _are_stored(pictures):
        return {"lr": place, "kernel": "as stored"}
    if any(one.lr is not None for one in pictures):
        return {"lr": f"{place}; made from HR where none is", "kernel": f"as stored; {degrade}"}
    return {"lr": "made from HR", "kernel": degrade}


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _ignore(text: str) -> None:
    """Tell nobody."""
