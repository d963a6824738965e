"""How do several models compare on one set of pictures, under one protocol?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypedDict, Unpack

from srkit_core.data.examples import LrMaker
from srkit_core.data.picture_set import PictureSet
from srkit_core.devices import DeviceName, PrecisionName, choose_device, inference_dtype
from srkit_core.errors import RecipeError
from srkit_core.evaluation.bench import Bench, Inference
from srkit_core.evaluation.evaluation_pictures import (
    Note,
    are_stored,
    centres,
    lr_maker_of,
    open_evaluation_set,
    with_lr,
)
from srkit_core.evaluation.evaluation_scale import scale_of
from srkit_core.evaluation.explained import Explained, both
from srkit_core.evaluation.made_pictures import made_folder
from srkit_core.evaluation.metric_sizes import left_out_as_small
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.protocol_document import (
    UNKNOWN_LR,
    lr_described,
    networks_used,
    protocol_document,
)
from srkit_core.evaluation.run_pictures import as_validated, run_among
from srkit_core.evaluation.saved_pictures import SeenBy, save_into
from srkit_core.evaluation.scores import Scores
from srkit_core.evaluation.scoring import build_metrics
from srkit_core.evaluation_recipe import EvaluationRecipe, evaluation_recipe
from srkit_core.home import at_home
from srkit_core.io.output_files import check_place
from srkit_core.metric_binding import bind_metrics
from srkit_core.models.find_model import ModelLike
from srkit_core.models.model import Model
from srkit_core.models.model_words import fetch
from srkit_core.oom import oom_guard
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry, discover
from srkit_core.validation_config import ProtocolName

_NO_ROOM: Final = "a machine with more memory, or smaller pictures"


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
    against: str
    """The row that the others are tested against, by its name, or a further model."""


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
    explain: bool = False,
    **fields: Unpack[EvaluationFields],
) -> Scores:
    """Score one or several models on a data source under one protocol, as `srkit eval` does.

    A model is a weights file, a run folder, the name of known weights or of a baseline, a folder of
    SR that was made elsewhere, or loaded; a mapping names the rows. Without `data`, a run folder
    among the models is scored on what it held out, as it validates. `split` is of prepared data or
    of what a run held out (default: test, else val, else all).
    `precision` `auto` is fp32, `tile` a side in LR pixels, `pictures` a folder for SR; `note` is
    told what was chosen and left out. `explain` scores the same SR under common protocols too.
    Raises DataError, WeightsError, IncompatibleError or RegistryError.
    """
    given = {name: _plain(value) for name, value in fields.items() if value is not None}
    named, heard, where = _with_against(models, given), note or _ignore, choose_device(device)
    run = run_among(named.values()) if data is None else None
    source = {} if data is None else {"data": str(data)}
    like = as_validated(run, split) if run else {}
    wanted = evaluation_recipe({"models": dict.fromkeys(named, "given"), **source, **like, **given})
    inference = Inference(where, inference_dtype(precision, where), tile)
    inference.tell_slow(heard)
    found, seen = open_evaluation_set(wanted, split, heard, run), save_into(pictures)
    if pictures is not None:
        check_place(at_home(Path(pictures)) / "picture.png")
    known = registry or discover()
    with oom_guard(_NO_ROOM):
        return evaluate_models(
            wanted, named, found, known, inference, note=heard, seen=seen, explain=explain
        )


def _with_against(
    models: ModelLike | Sequence[ModelLike] | Mapping[str, ModelLike], given: Mapping[str, object]
) -> dict[str, ModelLike]:
    """Name models, and the further one that the others are tested against, if it is one."""
    named, against = name_models(models), given.get("against")
    if isinstance(against, str) and against not in named:
        named[against] = against
    return named


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
    explain: bool = False,
) -> Scores:
    """Score models, by the name of their row, on pictures as an evaluation recipe says.

    `seen` is shown every picture; `report` is told of downloads; with `explain` the same SR is
    scored under the common protocols too. A file that several rows mean is scored once. Raises
    IncompatibleError when the models have different scales, DataError when LR, or SR that was made
    elsewhere, does not belong to HR.
    """
    found = replace(picture_set, pictures=with_lr(picture_set.pictures, wanted, note))
    made = {name: folder for name, word in models.items() if (folder := made_folder(word))}
    networks = {name: word for name, word in models.items() if name not in made}
    for model in networks.values():
        fetch(model, registry, report)
    scale = scale_of(wanted, networks, found, registry, note)
    lr_maker = lr_maker_of(wanted, found.pictures, registry, scale) if networks else LrMaker(None)
    protocol = Protocol(wanted.protocol, scale if wanted.border is None else wanted.border)
    usual = EvaluationRecipe.model_fields["metrics"].default
    terms = bind_metrics(registry.for_defaults(wanted.metrics, usual), wanted.metrics)
    pictures = centres(found.pictures, wanted.crop, scale, note)
    _tell(note, left_out_as_small(pictures, scale, protocol, terms))
    read = networks_used(terms, registry, report)
    bench = Bench(pictures, scale, lr_maker, protocol, build_metrics(terms), inference, note)
    views = Explained(scale, terms, bench.metrics) if explain else None
    scores = bench.score(models, made, registry, both(seen, views))
    lr = lr_described(wanted, found) if networks else UNKNOWN_LR
    document = protocol_document(wanted, protocol, terms, scale, lr, inference.precision) | read
    stored = bool(networks) and are_stored(found.pictures)
    document |= bench.fingerprint.describe(str(wanted.data or found.source), stored_lr=stored)
    return Scores(document, scores, views.scores(document, scores) if views else (), wanted.against)


def _tell(note: Note, texts: Iterable[str]) -> None:
    """Tell several notes."""
    for text in texts:
        note(text)


def _short_name(model: str, models: Sequence[str]) -> str:
    steps = Path(model).parts
    for count in range(1, len(steps) + 1):
        name = "/".join(steps[-count:])
        if sum(other == name or other.endswith("/" + name) for other in models) <= 1:
            return name
    return model


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _ignore(text: str) -> None:
    """Tell nobody."""
