"""Where does a run happen?

*What* is trained is the recipe's. A new flag of *where* is a field here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Final

from srkit_core.data_source import anchored, with_lr_apart
from srkit_core.devices import DeviceName, PrecisionName
from srkit_core.errors import RecipeError
from srkit_core.flag import Flag
from srkit_core.home import at_home
from srkit_core.reserved_names import name_fault

_LISTS: Final = ("track", "callback")
_NOT_REPEATED: Final = ("out", "repeats", "lq")
BUNDLED_SOURCE: Final = "photos"
"""The bundled photographs, as a data source."""


@dataclass(frozen=True)
class RunOptions:
    """Where a run happens: pictures, initial weights, folders and machine.

    `data` is a data source as `--data` takes it; None: the bundled photographs, or, of a run that
    goes on or is repeated, everything that is not given is as it was there. `lq` are folders of LR
    that belong to `data`, in the same order; they become a part of it, "HR with LR". `val` are data
    sources by the name of their validation set ("" for a single one). `out` is the run folder, by
    default the next free `runs/<name>-<n>`; `init` what the generator starts from: a weights file,
    a run folder, the name of known weights or an address; `init_disc` what the discriminator starts
    from, likewise; `init_partial` takes of both what fits, `init_optimizers` takes them from the
    newest checkpoint of a run, with the states of their optimizers. `workers` are processes that
    load pictures. `compile` runs networks through torch.compile; `recompute` saves memory by
    computing blocks of the generator twice; `track` names trackers beside `metrics.csv`; `callback`
    are expressions of callbacks of plugins, which are told what the run does ("none": nobody of a
    run that goes on or is repeated); `repeats` is the run folder whose recipe is trained again.

    Raises RecipeError when the name of a validation set is taken, or `lq` does not fit `data`.
    """

    data: str | Path | None = None
    lq: str | Path | None = None
    val: Mapping[str, str | Path] | None = None
    out: str | Path | None = None
    init: str | Path | None = None
    init_disc: str | Path | None = None
    init_partial: Annotated[
        bool, Flag("Take of --init and --init-disc the tensors that fit, and list the others.")
    ] = False
    init_optimizers: Annotated[
        bool,
        Flag(
            "Take --init RUN and --init-disc RUN from the newest checkpoint of RUN as it stands, "
            "with the states of its optimizers."
        ),
    ] = False
    device: Annotated[DeviceName, Flag("Where to compute.")] = "auto"
    precision: Annotated[
        PrecisionName, Flag("auto: fp32 on a CPU; on a GPU the faster of bf16 and fp32.")
    ] = "auto"
    workers: Annotated[int | None, Flag("Processes that load pictures.", least=0)] = None
    compile: Annotated[bool, Flag("Run networks through torch.compile.")] = False
    recompute: Annotated[
        bool, Flag("Save memory: compute the generator's blocks again for the gradient.")
    ] = False
    track: tuple[str, ...] = ()
    callback: tuple[str, ...] = ()
    repeats: Path | None = None

    def __post_init__(self) -> None:
        for field in ("out", "init", "init_disc", "repeats"):
            path = getattr(self, field)
            object.__setattr__(self, field, None if path is None else at_home(path))
        object.__setattr__(self, "data", data_with_lr(self.data, self.lq))
        object.__setattr__(self, "lq", None)
        for name in self.val or ():
            fault = name_fault("validation set", name)
            if fault:
                raise RecipeError(
                    f"the validation set '{name}': {fault}", hint="--val another-name=PATH"
                )

    @property
    def source(self) -> str:
        """The data source that is trained on."""
        return BUNDLED_SOURCE if self.data is None else str(self.data)

    def arguments(self) -> dict[str, Any]:
        """Return what a repeated run takes over, as plain values that mean the same anywhere."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        plain["data"] = anchored(self.source)
        plain["val"] = self.val and {name: anchored(str(one)) for name, one in self.val.items()}
        for name in ("init", "init_disc"):
            plain[name] = None if plain[name] is None else _absolute(plain[name])
        plain |= {name: list(getattr(self, name)) for name in _LISTS}
        return {name: value for name, value in plain.items() if name not in _NOT_REPEATED}


def data_with_lr(data: str | Path | None, lq: str | Path | None) -> str | Path | None:
    """Return the data source of HR and the folders of its LR, where LR lies apart.

    Raises RecipeError when there is no HR, or both do not fit each other.
    """
    if lq is None:
        return data
    if data is None:
        raise RecipeError(
            "--lq names the LR of --data, which names no HR", hint="--data HR --lq LR"
        )
    return with_lr_apart(str(data), str(lq))


def repeated_options(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `RunOptions` that another run's arguments say, as a run takes them."""
    names = {one.name for one in fields(RunOptions)} - set(_NOT_REPEATED)
    said = {name: value for name, value in arguments.items() if name in names}
    given = {name: value for name, value in said.items() if value not in (None, False, [])}
    return given | {name: tuple(given[name]) for name in _LISTS if name in given}


def with_arguments(
    options: RunOptions, arguments: Mapping[str, Any]
) -> tuple[RunOptions, dict[str, Any]]:
    """Return options in which everything that was left as it is comes from another run's arguments,
    and what came from there.
    """
    usual = RunOptions()
    taken = {
        name: value
        for name, value in repeated_options(arguments).items()
        if getattr(options, name) == getattr(usual, name) != value
    }
    return replace(options, **taken), taken


def _absolute(word: str | Path) -> str:
    """Return the whole path of a file that is here; names and addresses stay."""
    return str(Path(word).absolute() if Path(word).exists() else word)
