"""Which file do the words for a model mean: a path, a run, or the name of known weights?"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from srkit_core.downloads import sha256
from srkit_core.errors import WeightsError
from srkit_core.home import at_home
from srkit_core.models.known_models import check_announced, known_model
from srkit_core.models.weight_shares import WeightedPart, no_weights, parse_interpolation
from srkit_core.models.weights_address import looks_like_address, pinned, weights_at
from srkit_core.models.weights_card import step_of
from srkit_core.pretrained import DownloadProgress, obtain
from srkit_core.recipe_files import read_run_recipe
from srkit_core.registry import Registry
from srkit_core.run_folder import DISCRIMINATOR, RunFolder
from srkit_core.validation_config import Validation

WEIGHTS_ENDINGS: Final = frozenset({".safetensors", ".pth", ".pt", ".ckpt", ".param", ".bin"})
"""By which a path that leads nowhere is known to be meant as weights."""

_STATE: Final = "state.json"
_IN_CHECKPOINTS: Final = ("ema", "generator")
"""Files of a checkpoint that hold a generator, in the order to take them."""


@dataclass(frozen=True)
class LocatedWeights:
    """The file that is meant, and what there is to say about how it was found."""

    path: Path
    notes: tuple[str, ...] = ()


def locate_weights(
    word: str | Path, registry: Registry, report: DownloadProgress | None = None
) -> LocatedWeights | None:
    """Return the file that a word means: itself, the best weights of a run folder, known weights by
    their name or what lies at an address (downloaded where they are not here, telling `report`), or
    the average of several (`W1:0.8+W2:0.2`); None for any other word.

    An existing path wins. Raises WeightsError when a run has no weights yet, and when known weights
    cannot be had or are no model; PluginError when they are not what was announced.
    """
    if not str(word):
        return None
    if parts := parse_interpolation(str(word)):
        return _interpolated(parts, registry, report)
    if looks_like_address(str(word)):
        return _fetched(str(word), registry, report)
    here = _on_this_machine(at_home(Path(word)))
    if here is not None:
        return here
    known = known_model(str(word), registry)
    if known is None:
        return None
    found = obtain(known, report)
    check_announced(found, registry)
    return LocatedWeights(found.path)


def weights_used(word: object, registry: Registry) -> dict[str, str] | None:
    """Return what is recorded of the weights that a word means: the word, and the sha256 of the
    file; None for what is no file.
    """
    located = locate_weights(word, registry) if isinstance(word, str | Path) else None
    if located is None or not located.path.is_file():
        return None
    return {"asked_for": str(word), "sha256": sha256(located.path)}


def locate_discriminator(
    word: str | Path, registry: Registry, report: DownloadProgress | None = None
) -> LocatedWeights | None:
    """Return the file of a discriminator that a word means: itself, that of the last adversarial
    stage of a run folder, that of a checkpoint, or what lies at an address; None for other words.
    """
    if not str(word):
        return None
    if looks_like_address(str(word)):
        return _fetched(str(word), registry, report)
    path = at_home(Path(word))
    if path.is_dir() and RunFolder(path).holds_run:
        return _discriminator_of(RunFolder(path))
    inside = path / f"{DISCRIMINATOR}.safetensors"
    if path.is_dir() and inside.is_file():
        return LocatedWeights(inside, (f"{path} is a checkpoint: taking {inside.name}",))
    return LocatedWeights(path) if path.is_file() or path.suffix in WEIGHTS_ENDINGS else None


def is_model_folder(path: Path) -> bool:
    """Whether a folder means a model: it is a run, or a checkpoint of one."""
    return RunFolder(path).holds_run or (path / _STATE).is_file()


def is_of_checkpoint(path: Path) -> bool:
    """Whether a file lies in a checkpoint."""
    return (path.parent / _STATE).is_file()


def _discriminator_of(run: RunFolder) -> LocatedWeights:
    for stage in reversed(read_run_recipe(run).stages):
        path = run.weights(DISCRIMINATOR, stage.name)
        if path.is_file():
            what = f"the discriminator of stage '{stage.name}'"
            return LocatedWeights(path, (_said(run.path, what, path),))
    for folder in reversed(run.checkpoints()):  # what an older srkit trained
        path = folder / f"{DISCRIMINATOR}.safetensors"
        if path.is_file():
            return LocatedWeights(path, (_said(run.path, "the discriminator", path),))
    raise WeightsError(
        f"the run in {run.path} has no discriminator",
        hint="--init takes its generator",
        path=run.path,
    )


def _interpolated(
    parts: Sequence[WeightedPart], registry: Registry, report: DownloadProgress | None
) -> LocatedWeights:
    from srkit_core.models.interpolated_weights import interpolate  # needs torch

    found = [locate_weights(one.word, registry, report) for one in parts]
    located = [one for one in found if one is not None]
    if len(located) < len(found):
        unknown = parts[found.index(None)].word
        raise no_weights(unknown)
    path, said = interpolate(parts, [one.path for one in located], registry)
    return LocatedWeights(path, (*(note for one in located for note in one.notes), said))


def _fetched(address: str, registry: Registry, report: DownloadProgress | None) -> LocatedWeights:
    kept = weights_at(address, registry, report)
    said = f"the weights of {address} are kept in {kept}"
    if not pinned(address)[1]:
        said += f"; nothing pins them, {address}#sha256={sha256(kept)} does"
    return LocatedWeights(kept, (said,))


def _on_this_machine(path: Path) -> LocatedWeights | None:
    if path.is_dir() and RunFolder(path).holds_run:
        return best_weights(RunFolder(path))
    if path.is_dir() and (path / _STATE).is_file():
        return _of_checkpoint(path)
    is_file = path.is_file() or path.suffix in WEIGHTS_ENDINGS
    return LocatedWeights(path) if is_file else None


def best_weights(run: RunFolder) -> LocatedWeights:
    """Return the best weights of a run by its first metric, which need not be installed any more:
    of the last stage that has any, else the weights as they stand.
    """
    recipe = read_run_recipe(run)
    labels = _first_metrics(recipe.validation)
    for stage in reversed(recipe.stages):
        for label in labels:
            path = run.weights(f"best-{label}", stage.name)
            if path.is_file():
                what = f"the best {label} of stage '{stage.name}'"
                return LocatedWeights(path, (_said(run.path, what, path),))
    path = run.weights("last")
    if not path.is_file():
        raise WeightsError(
            f"the run in {run.path} has no weights yet",
            hint=f"srkit train --resume --out {shlex.quote(str(run.path))}",
            path=run.path,
        )
    what = f"its last weights, as it has no best {labels[0]} yet" if labels else "its last weights"
    return LocatedWeights(path, (_said(run.path, what, path),))


def _first_metrics(validation: Validation) -> list[str]:
    """Return what weights may be best by, first what the sets that decide measure first."""
    tables = validation.sets
    chosen = [tables[name].metrics for name in validation.best_of if name in tables]
    rest = [validation.metrics, *(one.metrics for one in tables.values())]
    firsts = [sums.terms[0].call.name for sums in (*chosen, *rest) if sums and sums.terms]
    return list(dict.fromkeys(name.rpartition("/")[2] for name in firsts))


def _of_checkpoint(folder: Path) -> LocatedWeights:
    files = [folder / f"{name}.safetensors" for name in _IN_CHECKPOINTS]
    path = next((file for file in files if file.is_file()), files[-1])
    return LocatedWeights(path, (f"{folder} is a checkpoint: taking {path.name}",))


def _said(run: Path, what: str, path: Path) -> str:
    saved = step_of(path)  # whoever reads the file tells what is wrong with it
    step = "" if saved is None else f", after step {saved}"
    return f"{run} is a run: taking {what}{step} ({path})"
