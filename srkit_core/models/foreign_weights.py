"""Which network do someone else's weights belong to, and how do they get into it?

A file names its tensors in the way of the project that wrote it. A layout, which any plugin may
announce, recognises the names, renames them, and reads from their shapes the options of the
network. What shapes cannot say (a factor, the eps of a normalisation, the range) is known of
published files, read from numbers where a project stores it, or assumed, and people are told so.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from torch import Tensor

from srkit_core.arrays import read_arrays
from srkit_core.binding import BoundComponent
from srkit_core.catalogue import install_line
from srkit_core.downloads import sha256
from srkit_core.errors import OptionError, SrkitError, WeightsError
from srkit_core.expressions import Call, parse_call, written
from srkit_core.models.build import build_network
from srkit_core.models.layout_choice import choose_layouts
from srkit_core.models.table_keys import keys_of
from srkit_core.models.table_reading import bind_network, network_of, read_table
from srkit_core.models.weights_card import is_ours
from srkit_core.models.weights_file import Tensors, fill
from srkit_core.models.weights_tables import ChosenTable, choose_table
from srkit_core.registry import Registry
from srkit_core.run_folder import RunFolder
from srkit_core.specs import Kind, LayoutSpec

_SHOWN = 3
_WHATEVER_FITS = "auto"
_HEAD: Final = 8
"""The least digits of a sha256 by which a published file is known."""


@dataclass(frozen=True)
class Recognised:
    """A file whose layout is known: the table that was taken, under the network's own names, and
    the network bound to fit it; `assumed` are the options that nothing in the file shows, `context`
    what the network is for: its `scale`, and the `patch` of a discriminator; `network` is one that
    a library made to read the file, with these tensors in it.
    """

    chosen: ChosenTable
    tensors: Tensors
    bound: BoundComponent
    context: Mapping[str, int]
    assumed: tuple[str, ...] = ()
    network: Any = field(default=None, compare=False)

    @property
    def scale(self) -> int:
        """The scale of a generator."""
        return self.context["scale"]

    @property
    def layout(self) -> LayoutSpec:
        """The layout it was recognised by."""
        return self.chosen.table.layout

    @property
    def assumptions(self) -> str:
        """The assumed options as people write them."""
        options = dict(self.bound.expression.options)
        return ", ".join(f"{name}={written(options[name])}" for name in self.assumed)

    def notes(self) -> tuple[str, ...]:
        """Say what was chosen and assumed."""
        if not self.assumed:
            return self.chosen.notes()
        flag = "--gen" if self.layout.generator else "--disc"
        told = f"assumed: {self.assumptions} (the file does not say; {flag} of weights import does)"
        return (*self.chosen.notes(), told)


def import_weights(
    path: Path,
    registry: Registry,
    wish: Call | None = None,
    key: str | None = None,
    *,
    kind: Kind = "generator",
) -> tuple[Recognised, dict[str, Tensor]]:
    """Return what a file was recognised as, and a complete state dict of that network.

    Options that `wish` leaves out come from the file; `key` chooses among its tables. Raises
    WeightsError when the file cannot be read safely, has no layout that is known, or lacks tensors
    of the network, has others, or numbers that are not finite; OptionError when the file
    contradicts a written option.
    """
    found = recognise(path, registry, wish, key, kind=kind)
    network = build_network(found.bound) if found.network is None else found.network
    fill(network, found.tensors, path, hint=f"is the file complete, and of this {kind}?")
    return replace(found, network=network), network.state_dict()


def recognise(
    path: Path,
    registry: Registry,
    wish: Call | None = None,
    key: str | None = None,
    *,
    kind: Kind = "generator",
) -> Recognised:
    """Find the layout of a file among those of the wished network (without a wish: all of that
    kind).
    """
    if path.is_file() and is_ours(path):
        raise WeightsError(
            f"{path} is in srkit's format already",
            hint=f"srkit weights show {shlex.quote(str(path))}",
            path=path,
        )
    _refuse_checkpoint(path)
    arrays = read_arrays(path)
    if not arrays:
        raise WeightsError(f"{path} holds no tensors", hint="give a file of weights", path=path)
    wanted = None if wish is None else registry.find(kind, wish.name).name
    of_kind = [layout for layout in registry.layouts if layout.network_kind == kind]
    layouts = [layout for layout in of_kind if wanted in (None, layout.network)]
    layout_of = choose_layouts(path, arrays, layouts, registry)
    chosen = choose_table(path, arrays, layout_of, key)
    if chosen is None:
        _refuse_other_kind(path, arrays, kind, registry)
        raise _unknown(path, arrays, layouts, wanted)
    return _fitted(path, registry, chosen, wish)


def own_file(path: Path, registry: Registry) -> Path:
    """Return the path of a file that srkit wrote.

    Raises WeightsError with the command that imports one of another project.
    """
    if path.is_file() and not is_ours(path):
        raise WeightsError(
            f"{path} is not in srkit's format, and has to be imported first",
            hint=import_command(path, registry),
            path=path,
        )
    return path


def import_command(path: Path, registry: Registry) -> str:
    """Return the command that imports a foreign file, with the generator it was recognised as where
    it was, but for options that are only assumed.
    """
    try:
        found = recognise(path, registry)
        options = found.bound.expression.options
        shown = tuple(pair for pair in options if pair[0] not in found.assumed)
        generator = str(Call(found.bound.name, shown))
    except OptionError:
        generator = "GENERATOR"
    names = [f"{path.stem}.safetensors", f"{path.stem}-srkit.safetensors"]
    out = next(
        (name for name in names if name != path.name and not Path(name).exists()), "NEW.safetensors"
    )
    words = ["srkit", "weights", "import", str(path), "--gen", generator, "--out", out]
    return " ".join(map(shlex.quote, words))


def _refuse_checkpoint(path: Path) -> None:
    """Refuse to guess at a file of a checkpoint of srkit that does not say whose it is."""
    run = RunFolder(path.absolute().parent.parent.parent)
    if run.holds_run and (path.parent / "digests.json").is_file():
        raise WeightsError(
            f"{path} is of a checkpoint, and does not say which model it is for",
            hint=f"take the run itself: srkit weights show {shlex.quote(str(run.path))}",
            path=path,
        )


def _fitted(path: Path, registry: Registry, chosen: ChosenTable, wish: Call | None) -> Recognised:
    """Bind the network to what the shapes show, what is known otherwise, and what is usual."""
    layout, reading = chosen.table.layout, read_table(path, chosen.table)
    known = dict(reading.stored) | _published(path, registry, layout)
    options = {**reading.usual, **known, **reading.shown}
    name = network_of(layout, registry) if wish is None else wish.name
    call = Call(name, tuple(sorted(options.items())))
    bound = bind_network(registry, layout.network_kind, call, reading.context)
    told = {*known, *reading.shown, *(dict(wish.options) if wish else ())}
    assumed = tuple(one for one in bound.options if one not in told)
    found = Recognised(chosen, reading.tensors, bound, reading.context, assumed, reading.network)
    return found if wish is None or not wish.options else _as_written(path, registry, found, wish)


def _published(path: Path, registry: Registry, layout: LayoutSpec) -> dict[str, Any]:
    """Return the options of a file whose digest is published, with its layout or as a name."""
    specs = [spec for spec in registry.weights if spec.generator]
    if not layout.known and all(
        parse_call(spec.generator).name != layout.generator for spec in specs
    ):
        return {}
    digest = sha256(path)
    for head, options in layout.known.items():
        if len(head) >= _HEAD and digest.startswith(head):
            return dict(options)
    for spec in specs:
        if any(file.sha256 == digest for file in spec.files):
            return dict(parse_call(spec.generator).options)
    return {}


def _as_written(path: Path, registry: Registry, found: Recognised, wish: Call) -> Recognised:
    """Return it with the options that were written; raises OptionError for one that the shapes of
    the tensors contradict.
    """
    said, kind = dict(found.bound.expression.options), found.layout.network_kind
    asked = bind_network(registry, kind, wish, found.context)
    bound, flag = found.bound, "--gen" if kind == "generator" else "--disc"
    for name, value in wish.options:
        if asked.options[name] in (bound.options[name], _WHATEVER_FITS):
            continue
        said[name] = value
        call = Call(wish.name, tuple(said.items()))
        changed = bind_network(registry, kind, call, found.context)
        if not _has_shapes(changed, found.tensors):
            raise OptionError(
                f"{flag} says {name}={_shown(asked.options[name])}, but {path} has "
                f"{name}={_shown(bound.options[name])}",
                component=wish.name,
                option=name,
                hint=f"leave {name} out: {flag} {shlex.quote(str(_without(wish, name)))}",
            )
        bound = changed
    return replace(found, bound=bound, network=None if bound != found.bound else found.network)


def _has_shapes(bound: BoundComponent, tensors: Tensors) -> bool:
    """Whether a network can hold tensors; one that cannot be built cannot."""
    try:
        own = build_network(bound).state_dict()
    except SrkitError:
        return False
    return own.keys() == tensors.keys() and all(
        own[name].shape == value.shape for name, value in tensors.items()
    )


def _without(wish: Call, name: str) -> Call:
    return Call(wish.name, tuple(pair for pair in wish.options if pair[0] != name))


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _refuse_other_kind(
    path: Path, arrays: Mapping[str, Tensor], kind: Kind, registry: Registry
) -> None:
    """Say of a file that it holds a network of the other kind, where that is known."""
    for layout in registry.layouts:
        if layout.network_kind != kind and keys_of(layout, arrays):
            flag = "--init" if layout.generator else "--init-disc"
            raise WeightsError(
                f"{path} holds a {layout.network_kind} ({layout.name}), not a {kind}",
                hint=f"{flag} {shlex.quote(str(path))} of srkit train takes it",
                path=path,
            )


def _unknown(
    path: Path, arrays: Mapping[str, Tensor], layouts: list[LayoutSpec], wanted: str | None
) -> WeightsError:
    names = ", ".join(list(arrays)[:_SHOWN])
    known = ", ".join(layout.name for layout in layouts) or "none"
    what = f"a layout of '{wanted}'" if wanted else "any layout"
    hint = "a plugin can announce its layout, see LayoutSpec; srkit list generator --all"
    if wanted is None and not any(layout.reads for layout in layouts):
        hint = f"srkit-spandrel recognises many more: {install_line('srkit-spandrel')}"
    return WeightsError(
        f"{path} is not of {what} that is installed ({known}); its first tensors are {names}",
        hint=hint,
        path=path,
    )
