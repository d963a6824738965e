"""Which flags come from fields, and how do several commands take the same?"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from functools import wraps
from math import isfinite
from typing import Annotated, Any, Final, TypeAlias, get_args, get_type_hints

import typer

from srkit_core.flag import Flag
from srkit_core.run_options import RunOptions

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
    "scale": Annotated[int | None, typer.Option(min=1, help="HR size over LR size.")],
    "steps": Annotated[int | None, typer.Option(min=1, help="Length of the last stage, in steps.")],
    "warmup": Annotated[
        int | None, typer.Option(min=0, help="Length of the first stage (l1), steps.")
    ],
    "batch": Annotated[
        int | None, typer.Option(min=1, help="Pictures per optimizer step, over all processes.")
    ],
    "patch": Annotated[int | None, typer.Option(min=1, help="Side of the HR crop, in pixels.")],
    "lr": Annotated[float | None, typer.Option(help="Learning rate of both networks.")],
    "seed": Annotated[int | None, typer.Option(min=0, help="Seed of all randomness.")],
    "settings": Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any field of the recipe; repeatable."),
    ],
}
"""Flags of *what*, by the fields of `overrides.Flags`."""

_WRITTEN_OTHERWISE: Final[Mapping[str, Any]] = {
    "data": Annotated[
        str | None,
        typer.Option(
            help="Folder, output of srkit prepare, picture, list.txt ('list.txt in FOLDER'), "
            "address (hf://datasets/..., s3://...), or 'photos', the bundled photographs. "
            "'3*A + 0.5*B' mixes places: pictures of A come three times an epoch, of B every "
            "second epoch. 'HR with LR' says where LR lies, 'A as paired' that it lies in A."
        ),
    ],
    "lq": Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Folder of the LR of --data, which is then HR; 'A + B' for two, in its order.",
        ),
    ],
    "val": Annotated[
        list[str] | None,
        typer.Option(
            help="[NAME=]PATH of validation pictures, or [NAME=]HR with LR; may be repeated."
        ),
    ],
    "init": Annotated[
        str | None,
        typer.Option(
            metavar="WEIGHTS|NAME|RUN",
            help="Weights to start the generator from: a file of anybody, a run, a name of "
            "weights list, or an address (hf://OWNER/REPO/FILE, https://...). Without --gen, "
            "theirs is trained.",
        ),
    ],
    "init_disc": Annotated[
        str | None,
        typer.Option(
            metavar="WEIGHTS|RUN",
            help="Weights to start the discriminator from: a file of anybody, a run (its last "
            "adversarial stage), or an address.",
        ),
    ],
    "track": Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Also tell tensorboard, wandb or another of `srkit list tracker`, with its "
            "options in parentheses; may be repeated.",
        ),
    ],
    "callback": Annotated[
        list[str] | None,
        typer.Option(
            metavar="E",
            help="Also tell a callback of a plugin, such as NAME(option=1); may be repeated. "
            "none leaves out those a run was made with.",
        ),
    ],
}
"""Flags of *where* whose text is not their value."""


def flags_of_fields(options: type, otherwise: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags of a dataclass in the order of its fields: those with a `Flag`, and those
    that are typed otherwise.
    """
    hints = get_type_hints(options, include_extras=True)
    generated = {
        one.name: _flag_of(one, *get_args(hints[one.name]))
        for one in fields(options)
        if _is_flag(hints[one.name])
    }
    named = [one.name for one in fields(options) if one.name in {*generated, *otherwise}]
    return {name: otherwise.get(name) or generated[name] for name in named}


def _is_flag(hint: Any) -> bool:
    return any(isinstance(one, Flag) for one in get_args(hint))


def _flag_of(one: Field[Any], hint: Any, flag: Flag) -> Any:
    name, usual = one.name.replace("_", "-"), one.default
    words = (f"--{name}/--no-{name}",) if hint is bool else (f"--{name}",)
    shown = "" if usual in (None, False, "auto") else f" (default: {usual})"
    said = f"{flag.help.removesuffix('.')}{shown}."
    return Annotated[hint | None, typer.Option(*words, min=flag.least, help=said)]


RUN_FLAGS: Final[Mapping[str, Any]] = flags_of_fields(RunOptions, _WRITTEN_OTHERWISE)
"""Flags of *where*, by the fields of `RunOptions`."""


def finite(value: float | None) -> float | None:
    """Return a number that a flag was given; raises BadParameter for nan and infinity."""
    if value is not None and not isfinite(value):
        raise typer.BadParameter(f"{value} is no number to go by")
    return value


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
