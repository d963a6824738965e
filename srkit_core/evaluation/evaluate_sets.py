"""How do the models of an evaluation recipe compare on all its sets of pictures?"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from srkit_core.data.picture import Split
from srkit_core.data.picture_set import PictureSet
from srkit_core.evaluation.bench import Inference
from srkit_core.evaluation.evaluate import evaluate_models
from srkit_core.evaluation.evaluation_pictures import Note, open_evaluation_set
from srkit_core.evaluation.run_pictures import held_out_sets
from srkit_core.evaluation.saved_pictures import SeenBy, save_into
from srkit_core.evaluation.scores_by_set import ScoresBySet
from srkit_core.evaluation_recipe import EvaluationRecipe
from srkit_core.inside import plain_name
from srkit_core.pretrained import DownloadProgress
from srkit_core.registry import Registry
from srkit_core.run_folder import RunFolder

Watch: TypeAlias = Callable[[str, PictureSet], SeenBy]
"""Is told the name of a set and its pictures, and returns what is shown each that was upscaled."""


def evaluate_sets(
    wanted: EvaluationRecipe,
    registry: Registry,
    inference: Inference,
    *,
    note: Note,
    watch: Watch,
    split: Split | None = None,
    run: RunFolder | None = None,
    report: DownloadProgress | None = None,
    explain: bool = False,
) -> ScoresBySet:
    """Score the models of a recipe on each of its sets; all sets are opened before the first
    picture is upscaled.

    Raises as `evaluate_models` and `open_evaluation_set` do.
    """
    inference.tell_slow(note)
    recipes = wanted.by_set()
    opened = _opened(wanted, recipes, note, split, run)
    models = {row.full_name: row.word for row in wanted.rows()}
    return ScoresBySet(
        {
            name: evaluate_models(
                one,
                models,
                opened[name],
                registry,
                inference,
                note=note,
                seen=watch(name, opened[name]),
                report=report,
                explain=explain,
            )
            for name, one in recipes.items()
        }
    )


def _opened(
    wanted: EvaluationRecipe,
    recipes: Mapping[str, EvaluationRecipe],
    note: Note,
    split: Split | None,
    run: RunFolder | None,
) -> Mapping[str, PictureSet]:
    """Return the pictures of each set: those of a run whose sets they are as it sees them."""
    if run is None or not wanted.sets or wanted.data is not None:
        return {name: open_evaluation_set(one, split, note, run) for name, one in recipes.items()}
    sets, which = held_out_sets(run, split)
    for name in (one for one in recipes if one in sets):
        note(f"{len(sets[name].pictures)} pictures of '{name}' that {run.path} held out ({which})")
        for text in sets[name].notes():
            note(text)
    return {
        name: sets[name] if name in sets else open_evaluation_set(one, split, note)
        for name, one in recipes.items()
    }


def save_by_set(folder: Path | None, name: str) -> SeenBy | None:
    """Return what saves the upscaled pictures of a set, in a folder of its own where it has a
    name; None where no folder is given.
    """
    if folder is None:
        return None
    return save_into(folder / plain_name(name) if name else folder)
