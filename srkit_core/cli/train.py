"""How is a training run typed?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import RecipeError

if TYPE_CHECKING:
    from srkit_core.engine.checkpoints.resume import Resume
    from srkit_core.overrides import Flags, Wish

DATA_HELP = (
    "Folder, output of srkit prepare, picture, list.txt ('list.txt in FOLDER'), address "
    "(hf://datasets/..., s3://...), or 'photos', the "
    "bundled photographs. "
    "'3*A + 0.5*B' mixes places: pictures of A come three times an epoch, of B every second epoch."
)

SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any field of the recipe; may be repeated."),
]
CompileFlag = Annotated[
    bool | None, typer.Option("--compile/--no-compile", help="Run networks through torch.compile.")
]
RecomputeFlag = Annotated[
    bool | None,
    typer.Option(
        "--recompute/--no-recompute",
        help="Save memory: compute the generator's blocks again for the gradient.",
    ),
]

TrackOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Also tell tensorboard, wandb or another tracker; may be repeated."
    ),
]


def train(
    recipe: Annotated[
        str | None, typer.Argument(help="A TOML file, or the name of a shipped recipe.")
    ] = None,
    gen: Annotated[str | None, typer.Option(help="The generator, such as rrdb(blocks=16).")] = None,
    disc: Annotated[str | None, typer.Option(help="The discriminator.")] = None,
    loss: Annotated[
        str | None, typer.Option(help="The loss of the last stage, such as l1 + 0.005*ragan.")
    ] = None,
    degrade: Annotated[
        str | None, typer.Option(help="How LR is made from HR; 'paired' takes LR from disk.")
    ] = None,
    scale: Annotated[int | None, typer.Option(help="HR size over LR size.")] = None,
    steps: Annotated[int | None, typer.Option(help="Length of the last stage, in steps.")] = None,
    warmup: Annotated[
        int | None, typer.Option(help="Length of the first stage (l1), in steps.")
    ] = None,
    batch: Annotated[
        int | None, typer.Option(help="Pictures per optimizer step, over all processes.")
    ] = None,
    patch: Annotated[int | None, typer.Option(help="Side of the HR crop, in pixels.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate of both networks.")] = None,
    data: Annotated[str | None, typer.Option(help=DATA_HELP)] = None,
    val: Annotated[
        list[str] | None, typer.Option(help="[NAME=]PATH of validation pictures; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder (default: the next free runs/<name>-<n>).")
    ] = None,
    init: Annotated[Path | None, typer.Option(help="Weights to start the generator from.")] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="[STEP|epoch=N]", help="Go on in --out, from the newest or a chosen checkpoint."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness.")] = None,
    settings: SettingsOption = None,
    device: Annotated[DeviceName | None, typer.Option(help="Where to compute.")] = None,
    precision: Annotated[
        PrecisionName | None, typer.Option(help="auto: fp32 on a CPU, bf16 on a GPU that has it.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes that load pictures.")
    ] = None,
    compiled: CompileFlag = None,
    recompute: RecomputeFlag = None,
    track: TrackOption = None,
) -> None:
    """Train a recipe, or one made from flags; a recipe's fields are overridden by the flags."""
    from srkit_core.overrides import Flags

    flags = Flags(
        gen=gen, disc=disc, loss=loss, degrade=degrade, scale=scale, steps=steps, warmup=warmup,
        batch=batch, patch=patch, lr=lr, seed=seed, settings=tuple(settings or ()),
    )  # fmt: skip
    where = _given(
        data=data, val=_named_sets(val), init=init, device=device, precision=precision,
        workers=workers, compile=compiled, recompute=recompute,
        track=tuple(track) if track else None,
    )  # fmt: skip
    _train(recipe, flags, where, out, resume)


def _given(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _train(
    recipe: str | None, flags: "Flags", where: dict[str, Any], out: Path | None, resume: str | None
) -> None:
    wish, taken, repeats = _wish(recipe, flags, out if resume else None)
    from srkit_core.plan import plan
    from srkit_core.registry import discover

    plan(wish.recipe, discover())  # so that a slip of the pen is told before torch is imported

    from srkit_core.cli.progress import ProgressView
    from srkit_core.engine.trainer import train as run
    from srkit_core.run_options import RunOptions

    taken = {name: value for name, value in taken.items() if name not in where}
    with ProgressView() as view:
        for note in wish.notes:
            view.on_note(note)
        if taken:
            view.on_note(
                "taken from environment.json: "
                + ", ".join(f"{name} {value}" for name, value in taken.items())
            )
        result = run(
            wish.recipe,
            RunOptions(out=out, repeats=repeats, **(taken | where)),
            resume=_resume(resume, out),
            callbacks=[view],
        )
        view.on_note(f"weights: {result.weights}")


def _wish(
    recipe: str | None, flags: "Flags", resumed: Path | None
) -> tuple["Wish", dict[str, Any], Path | None]:
    """Return the wish, the arguments of *where* that stand beside its recipe, and the run that it
    repeats.
    """
    from srkit_core.overrides import wish
    from srkit_core.recipe_files import find_recipe, read_recipe

    if recipe is None and flags.gen is None and resumed and (resumed / "recipe.toml").is_file():
        recipe = str(resumed / "recipe.toml")
    if recipe is None and flags.gen is None and resumed:
        raise RecipeError(
            f"{resumed} holds no run to go on with",
            hint="--out RUN, the folder that srkit train wrote",
        )
    if recipe is None:
        return wish(None, flags), beside(resumed) if resumed else {}, None
    path = find_recipe(recipe)
    repeated = path.parent if path.name == "recipe.toml" and not resumed else None
    return wish(read_recipe(recipe), flags), beside(resumed or repeated), repeated


def beside(run: Path | None) -> dict[str, Any]:
    """Return the arguments of *where* that a run folder was made with."""
    from srkit_core.run_folder import read_environment
    from srkit_core.run_options import repeated_options

    environment = read_environment(run) if run else None
    arguments = environment["arguments"] if environment else {}
    return repeated_options(arguments)


def _named_sets(val: list[str] | None) -> dict[str, str] | None:
    """Name validation sets: `NAME=PATH`, else the folder's name.

    A single unnamed set has no name.
    """
    if not val:
        return None
    sets = {}
    for text in val:
        name, equals, path = text.partition("=")
        named = (
            (name, path)
            if equals and not Path(text).exists()
            else ("" if len(val) == 1 else Path(text).name, text)
        )
        if not named[1]:
            raise RecipeError(f"--val {text} names no folder", hint="--val NAME=PATH")
        if named[0] in sets:
            raise RecipeError(
                f"two validation sets are called '{named[0]}'", hint="--val NAME=PATH"
            )
        sets[named[0]] = named[1]
    return sets


def _resume(text: str | None, out: Path | None) -> "Resume | None":
    from srkit_core.engine.checkpoints.resume import AtEpoch

    if text is None:
        return None
    if out is None:
        raise RecipeError("--resume needs the run to go on with", hint="--resume --out RUN")
    if text == "newest":
        return "newest"
    number = text.removeprefix("epoch=")
    if not number.isdigit():
        raise RecipeError(
            f"--resume takes a step or epoch=N, not '{text}'",
            hint="--resume alone takes the newest checkpoint",
        )
    return AtEpoch(int(number)) if text.startswith("epoch=") else int(number)
