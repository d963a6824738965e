"""What is on this machine, and what is wrong with it?"""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer

from srkit_core.cli.bare_install import bare_note
from srkit_core.cli.extension_report import printed_at_import
from srkit_core.cli.output import say, say_text
from srkit_core.cli.render import print_json, print_table
from srkit_core.cli.weights import at_hand, print_known

_LIBRARIES = (
    "srkit",
    "torch",
    "torchvision",
    "accelerate",
    "safetensors",
    "pillow",
    "numpy",
    "scikit-image",
    "pydantic",
    "typer",
)
_VARIABLES = (
    "SRKIT_PLUGINS",
    "SRKIT_TRACE",
    "SRKIT_WEIGHTS",
    "SRKIT_CACHE",
    "SRKIT_MAX_PIXELS",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
)


def doctor_command(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead.")
    ] = False,
) -> None:
    """Show versions, devices, settings, pretrained networks at hand, and the tracebacks of broken
    plugins.
    """
    from srkit_core.registry import discover

    registry = discover()
    report = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version(name) for name in _LIBRARIES},
        "plugins": registry.versions,
        "devices": _devices(),
        "cpu_precision": _cpu_precision(),
        "settings": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "weights": at_hand(registry),
        "problems": [
            {
                "plugin": one.plugin,
                "distribution": one.distribution,
                "error": one.error,
                "traceback": one.traceback,
                "faults": list(one.faults),
            }
            for one in registry.problems
        ],
        "printed": printed_at_import(registry),
    }
    if as_json:
        print_json(report)
    else:
        _print(report)
        if note := bare_note(registry):
            say(note)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _devices() -> list[str]:
    from srkit_core.devices import BACKENDS

    try:
        return [device for backend in BACKENDS for device in backend.devices()]
    except (ImportError, OSError) as error:
        return [f"none, torch cannot be imported: {error}"]


def _cpu_precision() -> str:
    from srkit_core.bf16_units import cpu_precision

    try:
        return cpu_precision()
    except (ImportError, OSError) as error:
        return f"unknown, torch cannot be imported: {error}"


def _print(report: dict[str, Any]) -> None:
    say(
        f"Python {report['python']} on {report['platform']}",
        f"devices: {'; '.join(report['devices'])}",
        f"faster precision on the CPU: {report['cpu_precision']}",
        "",
    )
    print_table(
        ["package", "version"],
        [[name, number] for name, number in (report["versions"] | report["plugins"]).items()],
    )
    for name, value in report["settings"].items():
        say(f"{name}={value}")
    say()
    print_known(report["weights"])
    for problem in report["problems"]:
        named = f"{problem['plugin']} of {problem['distribution']}"
        say("", f"broken plugin {named}: {problem['error']}")
        say_text(f"{problem['traceback']}\n")
    for one in report["printed"]:
        say(f"{one['plugin']} of {one['distribution']} prints when imported: {one['text']}")
    say("", *([] if report["problems"] else ["no plugin is broken"]))
