"""Which things can go wrong on purpose?

Every error srkit raises deliberately is one of these; anything else is a bug::

    SrkitError
    ├── RecipeError               the wish cannot be understood or met          exit 2
    │   ├── ExpressionError       `l1 + + tv` does not parse
    │   ├── OptionError           a component has no such option, or not of that type
    │   └── IncompatibleError     the parts do not fit each other or this machine
    ├── RegistryError             the installed plugins cannot serve             exit 3
    │   ├── UnknownComponentError nothing of that name is installed
    │   ├── AmbiguousError        several distributions provide that name
    │   └── PluginError           an installed plugin is broken
    ├── DataError                 a picture or folder cannot be used             exit 4
    ├── WeightsError              a weights file cannot be used                  exit 4
    ├── NotFiniteError            a picture that was computed is not of numbers  exit 4
    ├── DivergedError             training produced a non-finite number          exit 5
    ├── InterruptedRunError       a signal stopped the run after a checkpoint    exit 130, 143
    ├── FailedRunsError           runs of a sweep failed, the others are done    exit of these
    ├── LostProcessError          another process of the run has ended           exit 1
    └── ResourceError             the machine ran out of something
        ├── OutOfMemoryError                                                     exit 6
        └── DiskFullError                                                        exit 4
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

_AROUND: Final = 100
"""How much of a line is shown on either side of what is wrong in it."""


class SrkitError(Exception):
    """A deliberate error: `message` states one fact with its value, `hint` names the next thing to
    try.
    """

    exit_code: int = 1

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Let an error cross from a worker process: rebuilt from its attributes, not by calling it
        with `args` alone.
        """
        return type(self).__new__, (type(self), *self.args), self.__dict__


class RecipeError(SrkitError):
    """A recipe, flag or folder for output that cannot be used as written."""

    exit_code = 2


class ExpressionError(RecipeError):
    """Text that is not an expression.

    `text` is what was read and `position` where reading stopped, under the caret.
    """

    def __init__(self, problem: str, *, text: str, position: int) -> None:
        start = text.rfind("\n", 0, position) + 1
        line, column = text[start:].partition("\n")[0], position - start
        cut = max(column - _AROUND, 0) if len(line) > 2 * _AROUND else 0
        shown = ("..." if cut else "") + line[cut : cut + 2 * _AROUND]
        caret = " " * (column - cut + (3 if cut else 0))
        super().__init__(
            f"{problem} at column {column + 1}\n  {shown}\n  {caret}^",
            hint="write it like: rrdb(blocks=16), l1 + 0.006*vgg(layer=conv5_4), or bicubic | "
            "jpeg(quality=30..95)@0.8",
        )
        self.text = text
        self.position = position


class OptionError(RecipeError):
    """An option that `component` does not take, or a value that does not fit it."""

    def __init__(self, message: str, *, component: str, option: str, hint: str = "") -> None:
        super().__init__(message, hint=hint or f"srkit show {component}")
        self.component = component
        self.option = option


class IncompatibleError(RecipeError):
    """Parts that exist but do not fit each other, the recipe or this machine."""


class RegistryError(SrkitError):
    """The installed plugins cannot serve a request."""

    exit_code = 3


class UnknownComponentError(RegistryError):
    """Nothing installed of `kind` is called `name`; `nearest` are the closest names that are."""

    def __init__(
        self, message: str, *, kind: str, name: str, nearest: Sequence[str], hint: str
    ) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind
        self.name = name
        self.nearest = tuple(nearest)


class AmbiguousError(RegistryError):
    """Several distributions provide `name`.

    `candidates` are the full names that tell them apart.
    """

    def __init__(self, *, kind: str, name: str, candidates: Sequence[str]) -> None:
        offers = " and ".join(candidates)
        super().__init__(
            f"the {kind} name '{name}' is provided more than once: {offers}",
            hint=f"write the full name: {candidates[0]}",
        )
        self.kind = kind
        self.name = name
        self.candidates = tuple(candidates)


class PluginError(RegistryError):
    """A plugin that is installed but cannot be used."""


class DataError(SrkitError):
    """A picture, folder or data set that cannot be used; `path` names it where there is one."""

    exit_code = 4

    def __init__(self, message: str, *, hint: str, path: Path | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = path


class WeightsError(SrkitError):
    """A weights file or checkpoint that cannot be used; `path` names it where there is one."""

    exit_code = 4

    def __init__(self, message: str, *, hint: str, path: Path | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = path


class NotFiniteError(SrkitError):
    """What was computed holds NaN or infinity, of which no pixels and no scores are made;
    `by_model` says that a model made it, of good pictures.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str, by_model: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.by_model = by_model


class DivergedError(SrkitError):
    """Training produced a non-finite `term` at `step`; nothing that came of it was saved."""

    exit_code = 5

    def __init__(self, message: str, *, step: int, term: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.term = term


class InterruptedRunError(SrkitError):
    """A signal asked the run to stop; the step was finished and saved first."""

    def __init__(self, message: str, *, signal: int, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.signal = signal
        self.exit_code = 128 + signal


class FailedRunsError(SrkitError):
    """Some runs of a sweep have failed, and the others are done; `exit_code` is that of the failed
    ones, 4 where they differ.
    """

    def __init__(self, message: str, *, hint: str, exit_code: int) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class LostProcessError(SrkitError):
    """Another process of a run has ended, and this one cannot go on alone."""


class ResourceError(SrkitError):
    """The machine ran out of something."""


class OutOfMemoryError(ResourceError):
    """Memory of the device did not suffice."""

    exit_code = 6


class DiskFullError(ResourceError):
    """The disk is full, or a file would be larger than the system allows.

    Files written before are complete.
    """

    exit_code = 4
