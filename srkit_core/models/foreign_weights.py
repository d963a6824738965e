"""Which generator do someone else's weights belong to, and how do they get into it?

A file names its tensors in the way of the project that wrote it. A layout, which any plugin may
announce, recognises the names, renames them, and reads from their shapes the options of the
generator; what shapes cannot say (the eps of a normalisation, the head, the range) is known from
the layout.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from srkit_core.arrays import read_arrays
from srkit_core.binding import BoundComponent
from srkit_core.errors import OptionError, WeightsError
from srkit_core.expressions import Call
from srkit_core.models.build import build_network
from srkit_core.models.weights_file import Tensors, fill, is_ours
from srkit_core.plan import bind_generator
from srkit_core.registry import Registry
from srkit_core.specs import LayoutSpec

WRAPPERS: Final = (
    "params_ema",
    "ema",
    "params",
    "state_dict",
    "model_state_dict",
    "generator_state_dict",
    "generator",
    "net_g",
    "netG",
    "G",
    "model",
    "module",
    "_orig_mod",
)
"""Tables that training programs put a state dict into, the moving average before the weights as
they stand.
"""

_SHOWN = 3
_WHATEVER_FITS = "auto"


@dataclass(frozen=True)
class Recognised:
    """A file whose layout is known: its tensors under the generator's own names, and the generator
    bound to fit them.
    """

    layout: LayoutSpec
    tensors: Tensors
    bound: BoundComponent
    scale: int


def import_weights(
    path: Path, registry: Registry, wish: Call | None = None
) -> tuple[Recognised, dict[str, Tensor]]:
    """Return what a file was recognised as, and a complete state dict of that generator.

    Options that `wish` leaves out come from the file. Raises WeightsError when the file cannot be
    read safely, has no layout that is known, or lacks tensors of the generator or has others;
    OptionError when a written option disagrees with the file.
    """
    found = recognise(path, registry, wish)
    broken = [
        name
        for name, value in found.tensors.items()
        if value.is_floating_point() and not bool(value.isfinite().all())
    ]
    if broken:
        raise WeightsError(
            f"{path} holds numbers that are not finite, in {broken[0]}",
            hint="use weights from before that",
            path=path,
        )
    network = build_network(found.bound)
    fill(network, found.tensors, path, hint="is the file complete, and of this generator?")
    return found, network.state_dict()


def recognise(path: Path, registry: Registry, wish: Call | None = None) -> Recognised:
    """Find the layout of a file among those of the wished generator (without a wish: all)."""
    if path.is_file() and is_ours(path):
        raise WeightsError(
            f"{path} is in srkit's format already",
            hint=f"srkit weights show {shlex.quote(str(path))}",
            path=path,
        )
    arrays = read_arrays(path)
    if not arrays:
        raise WeightsError(f"{path} holds no tensors", hint="give a file of weights", path=path)
    wanted = None if wish is None else registry.find("generator", wish.name).name
    layouts = [layout for layout in registry.layouts if wanted in (None, layout.generator)]
    for tensors in _unwrapped(arrays):
        for layout in layouts:
            if _is_of(layout, tensors):
                return _fitted(path, registry, layout, tensors, wish)
    raise _unknown(path, arrays, layouts, wanted)


def import_command(path: Path, registry: Registry) -> str:
    """Return the command that imports a foreign file, with the generator it was recognised as where
    it was.
    """
    try:
        generator = str(recognise(path, registry).bound.expression)
    except OptionError:
        generator = "GENERATOR"
    names = [f"{path.stem}.safetensors", f"{path.stem}-srkit.safetensors"]
    out = next(
        (name for name in names if name != path.name and not Path(name).exists()), "NEW.safetensors"
    )
    words = ["srkit", "weights", "import", str(path), "--gen", generator, "--out", out]
    return " ".join(map(shlex.quote, words))


def _unwrapped(arrays: Tensors) -> Iterator[Tensors]:
    """Yield the tensors as they are, then those of each table they may be wrapped in."""
    yield arrays
    for wrapper in WRAPPERS:
        inner = {
            name.removeprefix(f"{wrapper}."): value
            for name, value in arrays.items()
            if name.startswith(f"{wrapper}.")
        }
        if inner:
            yield from _unwrapped(inner)


def _is_of(layout: LayoutSpec, tensors: Tensors) -> bool:
    return all(any(re.fullmatch(mark, name) for name in tensors) for mark in layout.marks)


def _fitted(
    path: Path, registry: Registry, layout: LayoutSpec, tensors: Tensors, wish: Call | None
) -> Recognised:
    renamed = _renamed(layout, tensors)
    try:
        said = dict(layout.options({name: tuple(value.shape) for name, value in renamed.items()}))
    except (KeyError, ValueError, IndexError, ZeroDivisionError) as error:
        raise WeightsError(
            f"{path} looks like {layout.name}, but {layout.generator} cannot be made of it: "
            f"{error}",
            hint="copy or download it again",
            path=path,
        ) from error
    scale = int(said.pop("scale"))
    name = layout.generator if wish is None else wish.name
    from_file = bind_generator(registry, Call(name, tuple(sorted(said.items()))), scale)
    return Recognised(layout, renamed, _agreed(path, registry, from_file, wish, scale), scale)


def _renamed(layout: LayoutSpec, tensors: Tensors) -> dict[str, Tensor]:
    named = ((_new_name(layout, name), value) for name, value in tensors.items())
    return {name: value for name, value in named if name}


def _new_name(layout: LayoutSpec, name: str) -> str:
    for pattern, replacement in layout.renames:
        if re.fullmatch(pattern, name):
            return re.sub(pattern, replacement, name)
    return name


def _agreed(
    path: Path, registry: Registry, from_file: BoundComponent, wish: Call | None, scale: int
) -> BoundComponent:
    """Return the generator with what was written and, for the rest, what the file says.

    Both must agree.
    """
    if wish is None:
        return from_file
    written = bind_generator(registry, wish, scale)
    for name, _ in wish.options:
        if written.options[name] not in (from_file.options[name], _WHATEVER_FITS):
            raise OptionError(
                f"--gen says {name}={_shown(written.options[name])}, but {path} has "
                f"{name}={_shown(from_file.options[name])}",
                component=wish.name,
                option=name,
                hint=f"leave {name} out: --gen {shlex.quote(str(_without(wish, name)))}",
            )
    return from_file


def _without(wish: Call, name: str) -> Call:
    return Call(wish.name, tuple(pair for pair in wish.options if pair[0] != name))


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _unknown(
    path: Path, arrays: Mapping[str, Tensor], layouts: list[LayoutSpec], wanted: str | None
) -> WeightsError:
    names = ", ".join(list(arrays)[:_SHOWN])
    known = ", ".join(layout.name for layout in layouts) or "none"
    what = f"a layout of '{wanted}'" if wanted else "any layout"
    return WeightsError(
        f"{path} is not of {what} that is installed ({known}); its first tensors are {names}",
        hint="a plugin can announce its layout, see LayoutSpec; srkit list generator --all",
        path=path,
    )
