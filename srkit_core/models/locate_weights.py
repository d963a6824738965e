"""Which file do the words for a model mean: a path, a run, or the name of known weights?"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from srkit_core.errors import WeightsError
from srkit_core.home import at_home
from srkit_core.models.known_models import check_announced, known_model
from srkit_core.models.weights_file import read_card
from srkit_core.pretrained import DownloadProgress, obtain
from srkit_core.recipe_files import read_run_recipe
from srkit_core.registry import Registry
from srkit_core.run_folder import RunFolder
from srkit_core.validation_config import Validation

_FILE_ENDINGS: Final = frozenset({".safetensors", ".pth", ".pt", ".ckpt"})
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
    their name (downloaded where they are not here, telling `report`); None for any other word.

    An existing path wins. Raises WeightsError when a run has no weights yet, and when known weights
    cannot be had or are no model; PluginError when they are not what was announced.
    """
    if not str(word):
        return None
    path = at_home(Path(word))
    if path.is_dir():
        run = RunFolder(path)
        if run.holds_run:
            return best_weights(run)
        if (path / _STATE).is_file():
            return _of_checkpoint(path)
    if path.is_file() or path.suffix in _FILE_ENDINGS:
        return LocatedWeights(path)
    known = known_model(str(word), registry)
    if known is None:
        return None
    found = obtain(known, report)
    check_announced(found, registry)
    return LocatedWeights(found.path)


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
    try:
        step = f", after step {read_card(path).step}"
    except WeightsError:  # whoever reads the file tells what is wrong with it
        step = ""
    return f"{run} is a run: taking {what}{step} ({path})"
