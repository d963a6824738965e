"""What can srkit do on this machine in two minutes?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srkit_core.cli.output import say
from srkit_core.cli.render import print_table

if TYPE_CHECKING:
    from srkit_core.evaluation.scores import ModelScores, Scores
    from srkit_core.recipe import Recipe

_RECIPE = "demo"
_PICTURE, _SCORES = "comparison.png", "scores.json"


def demo_command(
    out: Annotated[
        Path | None, typer.Option(help="The run folder (default: the next free runs/demo-<n>).")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace picture and scores of that folder.")
    ] = False,
) -> None:
    """Train on bundled photographs in two stages, and compare with bicubic on photographs that were
    held out. One that was interrupted goes on with --out RUN.
    """
    from srkit_core.cli.progress import ProgressView
    from srkit_core.io.output_files import check_outputs
    from srkit_core.named_recipes import read_own_recipe
    from srkit_core.run_options import RunOptions

    recipe = read_own_recipe(_RECIPE)
    _check_plugins(recipe)
    goes_on = out is not None and is_demo(out)
    if out is not None and not goes_on:
        check_outputs([out / _PICTURE, out / _SCORES], overwrite=overwrite)
    from srkit_core.engine.trainer import train

    with ProgressView() as view:
        result = train(
            recipe,
            RunOptions(out=out),
            resume="newest" if goes_on else None,
            callbacks=[view],
        )
    finish_demo(result.folder)


def _check_plugins(recipe: "Recipe") -> None:
    """Raise UnknownComponentError where srkit is installed without what the demo trains."""
    from srkit_core.cli.bare_install import ALL_PLUGINS
    from srkit_core.errors import UnknownComponentError
    from srkit_core.plan import plan
    from srkit_core.registry import discover

    try:
        plan(recipe, discover())
    except UnknownComponentError as error:
        raise UnknownComponentError(
            f"the demo trains networks of plugins, and {error.message}",
            kind=error.kind,
            name=error.name,
            nearest=error.nearest,
            hint=ALL_PLUGINS,
        ) from None


def is_demo(folder: Path) -> bool:
    """Whether a run folder was begun by `srkit demo`."""
    from srkit_core.run_folder import read_environment

    environment = read_environment(folder) or {}
    typed = [word for word in next(iter(environment.get("commands", [])), []) if word[:1] != "-"]
    return typed[1:2] == ["demo"]


def finish_demo(folder: Path) -> None:
    """Compare what a demo has learnt with bicubic: a picture, a file of scores and a table."""
    from srkit_core.evaluation.demo_sheet import draw_demo_sheet
    from srkit_core.io.documents import write_json
    from srkit_core.recipe_files import read_run_recipe
    from srkit_core.registry import discover
    from srkit_core.run_folder import RunFolder

    recipe = read_run_recipe(RunFolder(folder))
    models = _models(folder, [stage.name for stage in recipe.stages])
    scores = draw_demo_sheet(models, recipe, discover(), folder / _PICTURE)
    write_json(folder / _SCORES, scores.to_dict())
    _print_gains(scores)
    say(
        f"picture: {folder / _PICTURE}",
        f"scores: {folder / _SCORES}",
        f"weights: {folder / 'weights'}",
    )


def _models(folder: Path, stages: list[str]) -> dict[str, str]:
    """Name the models to compare: the baseline, the best PSNR of the first stage, the end of the
    last.
    """
    weights = folder / "weights"
    return {
        "bicubic": "srkit/bicubic",
        f"{stages[0]}, best PSNR": str(weights / stages[0] / "best-psnr.safetensors"),
        f"{stages[-1]}, last": str(weights / stages[-1] / "last.safetensors"),
    }


def _print_gains(scores: "Scores") -> None:
    from srkit_core.evaluation.tables.score_tables import left_out_notes

    baseline = scores.models[0]
    rows = [
        [one.name, *(_gain(one, baseline, label) for label in baseline.specs)]
        for one in scores.models
    ]
    say("", f"held-out photographs: {', '.join(baseline.images)}")
    print_table(["model (gain over bicubic)", *baseline.specs], rows)
    for note in left_out_notes(scores.models):
        say(note)


def _gain(scores: "ModelScores", baseline: "ModelScores", label: str) -> str:
    mean = scores.mean(label)
    return f"{mean:.3f} ({mean - baseline.mean(label):+.3f})"
