"""How does somebody begin a plugin?"""

import shlex
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srkit_core.cli.output import say
from srkit_core.errors import RecipeError

if TYPE_CHECKING:
    from srkit_core.scaffold.plugin_names import PluginNames
    from srkit_core.scaffold.template_files import TemplateFacts

_ADVERSARIAL = "adversarial"
KINDS_OF_PLUGINS = (
    *("generator", "discriminator", "loss", "metric", "degradation", "recipe", "weights", "layout"),
    *("command", "callback", "optimizer", "schedule", "augmentation", "tracker"),
)
"""What `--kind` takes; each has its templates."""


def plugin_new_command(
    name: Annotated[str, typer.Argument(help="The name that people will type.")],
    kind: Annotated[
        str, typer.Option(metavar="KIND", help=f"One of {', '.join(KINDS_OF_PLUGINS)}.")
    ],
    adversarial: Annotated[
        bool, typer.Option("--adversarial", help="An adversarial loss, for a discriminator.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder to make (default: srkit-NAME).")
    ] = None,
    licence: Annotated[
        str, typer.Option(metavar="SPDX", help="The licence of its code, as SPDX spells it.")
    ] = "Apache-2.0",
) -> None:
    """Make a distribution that works: announcement, implementation, tests, workflows.

    It passes its tests, `srkit plugin check` and mypy as it is made; then change what it computes.
    """
    from srkit_core.scaffold.new_plugin import new_plugin
    from srkit_core.scaffold.plugin_folder import check_plugin_folder, write_plugin_folder
    from srkit_core.scaffold.plugin_names import check_plugin_name

    template = _template(kind, adversarial=adversarial)
    names = check_plugin_name(kind, name)
    folder = out or Path(names.distribution)
    check_plugin_folder(folder)
    clashes = _others_of_that_name(kind, names)
    year = datetime.now(UTC).year
    made = new_plugin(template, names, licence=licence, year=year, alone=not clashes)
    write_plugin_folder(folder, made.files)
    say(f"{folder}: the {kind} '{name}', {len(made.files)} files that work as they are", *clashes)
    say("", "next:", *(f"  {line}" for line in _next(folder, names, made.facts)))
    say("", f"then {made.facts.change};")
    say(f"what it says of itself is in {names.package}/__init__.py, figures that tests assert in")
    say(f"tests/test_{names.identifier}.py")


def _template(kind: str, *, adversarial: bool) -> str:
    if kind not in KINDS_OF_PLUGINS:
        known = ", ".join(KINDS_OF_PLUGINS)
        raise RecipeError(f"there is no kind '{kind}'", hint=f"--kind {known}")
    if adversarial and kind != "loss":
        raise RecipeError(f"a {kind} is not adversarial: a loss is", hint="--kind loss")
    return _ADVERSARIAL if adversarial else kind


def _others_of_that_name(kind: str, names: "PluginNames") -> list[str]:
    """Say who provides something of that kind and name already, and what its users must type."""
    from srkit_core.catalogue import catalogue
    from srkit_core.registry import discover

    registry = discover()
    installed = (*registry.components, *registry.others)
    there = [(str(one.spec.kind), one.name, one.distribution) for one in installed]
    there += [(str(one.kind), one.name, one.distribution) for one in catalogue()]
    homes = dict.fromkeys(home for what, name, home in there if (what, name) == (kind, names.name))
    notes = [
        f"note: {home} has a {kind} '{names.name}' too: who has both types {names.full_name}"
        for home in homes
    ]
    if names.distribution in {one.distribution for one in catalogue()}:
        notes.append(f"note: a distribution {names.distribution} is published already")
    return notes


def _next(folder: Path, names: "PluginNames", facts: "TemplateFacts") -> list[str]:
    """Return the commands that install, try and build what was made."""
    from importlib.metadata import distributions

    there = {one.name.lower().replace("_", "-") for one in distributions()}
    missing = [one for one in facts.try_with if one not in there]
    beside = Path(sys.executable).with_name("uv")
    install = "uv pip install" if shutil.which("uv") or beside.exists() else "pip install"
    return [
        f"cd {shlex.quote(str(folder))}",
        f'{install} -e ".[test]"',
        "pytest",
        f"srkit plugin check {names.distribution}",
        *([f"{install} {' '.join(missing)}"] if missing else []),
        *facts.next,
        "python -m build",
    ]
