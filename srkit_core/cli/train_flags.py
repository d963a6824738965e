"""Which flags does training take, and how do other commands take the same?"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from srkit_core.devices import DeviceName, PrecisionName

_Command: TypeAlias = Callable[..., None]

RECIPE_FLAGS: Final[Mapping[str, Any]] = {
    "gen": Annotated[str | None, typer.Option(help="The generator, such as rrdb(blocks=16).")],
    "disc": Annotated[str | None, typer.Option(help="The discriminator.")],
    "loss": Annotated[
        str | None, typer.Option(help="The loss of the last stage, such as l1 + 0.005*ragan.")
    ],
    "degrade": Annotated[
        str | None, typer.Option(help="How LR is made from HR; 'paired' takes LR from disk.")
    ],
    "scale": Annotated[int | None, typer.Option(help="HR size over LR size.")],
    "steps": Annotated[int | None, typer.Option(help="Length of the last stage, in steps.")],
    "warmup": Annotated[int | None, typer.Option(help="Length of the first stage (l1), in steps.")],
    "batch": Annotated[
        int | None, typer.Option(help="Pictures per optimizer step, over all processes.")
    ],
    "patch": Annotated[int | None, typer.Option(help="Side of the HR crop, in pixels.")],
    "lr": Annotated[float | None, typer.Option(help="Learning rate of both networks.")],
    "seed": Annotated[int | None, typer.Option(help="Seed of all randomness.")],
    "settings": Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any field of the recipe; repeatable."),
    ],
}
"""Flags of *what*, by the fields of `overrides.Flags`."""

RUN_FLAGS: Final[Mapping[str, Any]] = {
    "data": Annotated[
        str | None,
        typer.Option(
            help="Folder, output of srkit prepare, picture, list.txt ('list.txt in FOLDER'), "
            "address (hf://datasets/..., s3://...), or 'photos', the bundled photographs. "
            "'3*A + 0.5*B' mixes places: pictures of A come three times an epoch, of B every "
            "second epoch."
        ),
    ],
    "val": Annotated[
        list[str] | None, typer.Option(help="[NAME=]PATH of validation pictures; may be repeated.")
    ],
    "init": Annotated[Path | None, typer.Option(help="Weights to start the generator from.")],
    "device": Annotated[DeviceName | None, typer.Option(help="Where to compute.")],
    "precision": Annotated[
        PrecisionName | None, typer.Option(help="auto: fp32 on a CPU, bf16 on a GPU that has it.")
    ],
    "workers": Annotated[int | None, typer.Option(min=0, help="Processes that load pictures.")],
    "compile": Annotated[
        bool | None,
        typer.Option("--compile/--no-compile", help="Run networks through torch.compile."),
    ],
    "recompute": Annotated[
        bool | None,
        typer.Option(
            "--recompute/--no-recompute",
            help="Save memory: compute the generator's blocks again for the gradient.",
        ),
    ],
    "track": Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Also tell tensorboard, wandb or another tracker; may be repeated."
        ),
    ],
}
"""Flags of *where*, by the fields of `RunOptions`."""


def takes_flags(parameter: str, flags: Mapping[str, Any]) -> Callable[[_Command], _Command]:
    """Let a command take some flags, in the place of one of its parameters.

    The parameter gets a dictionary of those that were given.
    """

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def called(**values: Any) -> None:
            typed = {name: values.pop(name) for name in flags}
            given = {name: value for name, value in typed.items() if value not in (None, [])}
            command(**values, **{parameter: given})

        parameters = [
            inspect.Parameter(name, one.KEYWORD_ONLY, default=default, annotation=annotation)
            for one in inspect.signature(command).parameters.values()
            for name, default, annotation in (
                ((name, None, annotation) for name, annotation in flags.items())
                if one.name == parameter
                else ((one.name, one.default, one.annotation),)
            )
        ]
        vars(called)["__signature__"] = inspect.Signature(parameters)
        called.__annotations__ = {one.name: one.annotation for one in parameters}
        return called

    return decorate
