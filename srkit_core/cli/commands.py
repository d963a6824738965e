"""Which commands come with srkit?"""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from importlib import import_module
from typing import Any, Final

from srkit_core.cli.output import own_output
from srkit_core.command_spec import CommandSpec


def _load(module: str, name: str) -> Callable[..., None]:
    """Import the function of a command, which is called after it: `weights list` is
    weights_list_command.
    """
    room = import_module(f"srkit_core.cli.{module}")
    function: Callable[..., None] = getattr(room, f"{name.replace(' ', '_')}_command")

    @wraps(function)
    def called(**values: Any) -> None:
        with own_output():
            function(**values)

    return called


def _own(name: str, module: str, summary: str, example: str, *, tells: bool = False) -> CommandSpec:
    load = partial(_load, module, name)
    return CommandSpec(name=name, load=load, summary=summary, example=example, tells=tells)


_ALL: Final = (
    _own(
        "list",
        "list",
        "List what is installed, and plugins that are broken.",
        "srkit list generator",
        tells=True,
    ),
    _own(
        "show",
        "show",
        "Show a component's options, traits, source and licence.",
        "srkit show rrdb",
        tells=True,
    ),
    _own(
        "doctor",
        "doctor",
        "Show versions, devices, and why plugins are broken.",
        "srkit doctor --json",
        tells=True,
    ),
    _own(
        "check",
        "check",
        "Say whether a recipe can run on this machine.",
        "srkit check srresnet",
        tells=True,
    ),
    _own(
        "recipes",
        "recipes",
        "List the shipped recipes, print one, or its fields.",
        "srkit recipes srresnet > mine.toml",
        tells=True,
    ),
    _own(
        "demo",
        "demo",
        "Train on bundled photographs and compare with bicubic.",
        "srkit demo --out my-demo",
    ),
    _own(
        "train",
        "train",
        "Train a recipe, or one made from flags.",
        "srkit train --gen rrdb --disc vgg-sn --loss l1+tv+ragan --data PHOTOS",
    ),
    _own(
        "sweep",
        "sweep",
        "Train a recipe with several values of its fields.",
        'srkit sweep srresnet --over "lr=[1e-4, 2e-4]" --over "seed=[0, 1]" --data PHOTOS',
    ),
    _own(
        "runs",
        "runs",
        "List runs: state, step, time left and best scores.",
        "srkit runs",
        tells=True,
    ),
    _own(
        "eval",
        "eval",
        "Score models on pictures under one protocol.",
        "srkit eval bicubic runs/rrdb-1/weights/last.safetensors --data Set5/HR",
        tells=True,
    ),
    _own(
        "report",
        "report",
        "Write one page of HTML of runs and scores, to send.",
        "srkit report runs/rrdb-1 --out report.html",
    ),
    _own(
        "compare",
        "compare",
        "Put scores side by side, where they compare.",
        "srkit compare ours.json theirs.json --published",
        tells=True,
    ),
    _own(
        "upscale",
        "upscale",
        "Make pictures larger, with our own model or another.",
        "srkit upscale photo.jpg",
    ),
    _own(
        "export",
        "export",
        "Write a model as a file that other tools open.",
        "srkit export runs/rrdb-1 --to onnx --out large.onnx",
    ),
    _own(
        "prepare",
        "prepare",
        "Make training data of pictures.",
        "srkit prepare PHOTOS prepared --degrade bicubic --split 0.15,0.05",
    ),
    _own(
        "degrade",
        "degrade",
        "Show what a degradation does to a picture.",
        "srkit degrade photo.jpg --out sheet.png --degrade realesrgan",
    ),
    _own(
        "plugin new",
        "plugin_new",
        "Make a whole distribution of a component.",
        "srkit plugin new edges --kind loss",
    ),
    _own(
        "plugin check",
        "plugin_check",
        "Try components, and all else that plugins bring, against the contracts of their kinds.",
        "srkit plugin check srkit-rrdb",
        tells=True,
    ),
    _own(
        "models",
        "models",
        "List the models that are known by name.",
        "srkit models",
        tells=True,
    ),
    _own(
        "weights list",
        "weights",
        "List the networks that plugins know.",
        "srkit weights list",
        tells=True,
    ),
    _own(
        "weights get",
        "weights",
        "Fetch a network, unless it is here.",
        "srkit weights get vgg19-torchvision",
    ),
    _own(
        "weights add",
        "weights",
        "Copy a file that holds a network into srkit's cache.",
        "srkit weights add vgg19-torchvision ~/Downloads/vgg19.pth",
    ),
    _own(
        "weights import",
        "weights",
        "Make a weights file of srkit from another project's.",
        "srkit weights import RRDB_ESRGAN_x4.pth --gen rrdb --out esrgan.safetensors",
    ),
    _own(
        "weights show",
        "weights",
        "Show which model a weights file is for, and what made it.",
        "srkit weights show runs/rrdb-1/weights/last.safetensors",
        tells=True,
    ),
)

COMMANDS: Final = {command.name: command for command in _ALL}
"""srkit's own commands by what is typed, in the order of the help."""

GROUPS: Final = {
    "plugin": "For authors of plugins.",
    "weights": "Pretrained networks and weights files: find, fetch, import, look into.",
}
"""Commands of two words, by their first, with what they have in common."""

HELP: Final = ("-h", "--help")
GLOBAL_VALUES: Final = ("--max-pixels", "--install-completion", "--show-completion")
"""Flags before the command that the next word belongs to."""


def command_word(words: Sequence[str]) -> str:
    """Return the first word of a command line that is neither a flag nor a flag's value; none where
    the help of all commands is asked for before it.
    """
    following = iter(words)
    for word in following:
        if word in HELP:
            break
        if word in GLOBAL_VALUES:
            next(following, None)
        elif not word.startswith("-"):
            return word
    return ""
