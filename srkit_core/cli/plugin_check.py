"""Do installed components, and all else that plugins bring, pass the checks of their kinds?"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from srkit_core.cli.check_report import print_findings, report_of
from srkit_core.cli.progress import ProgressView
from srkit_core.cli.render import JsonFlag, on_terminal, print_json
from srkit_core.errors import PluginError

if TYPE_CHECKING:
    from srkit_core.cli.check_report import CheckedWheel
    from srkit_core.registry import Registry
    from srkit_core.testing.check_process import CheckProgress, Findings

_SECONDS = 900.0
NamesToCheck = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[DISTRIBUTION|COMPONENT|WHEEL]...",
        help="What to try; everything that is installed if left out.",
    ),
]
TimeLimit = Annotated[
    float, typer.Option("--seconds", min=1, help="How long each thing that is tried may take.")
]


def plugin_check_command(
    names: NamesToCheck = None, *, as_json: JsonFlag = False, seconds: TimeLimit = _SECONDS
) -> None:
    """Try what plugins bring against the contracts of their kinds: components, layouts, weights,
    recipes and the rest; a plugin that is broken fails.

    It is tried in a process of its own, and a wheel in an environment of its own, which sees what
    is installed in this one.
    """
    wheels, named = _sorted_words(names or [])
    with _progress(as_json) as progress:
        checked = [_check_wheel(path, seconds, progress) for path in wheels]
        findings = _check_installed(named, seconds, progress) if named or not wheels else None
    if as_json:
        print_json(report_of(findings, checked))
    else:
        print_findings(findings, checked)
    _end(report_of(findings, checked))


def _sorted_words(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Tell wheels from names; raises PluginError for a folder and for an archive of sources."""
    wheels = [Path(word) for word in words if word.endswith(".whl")]
    return wheels, [word for word in words if not word.endswith(".whl")]


@contextmanager
def _progress(as_json: bool) -> "Iterator[CheckProgress]":
    """Tell what is being tried, on a terminal."""
    if as_json or not on_terminal():
        yield lambda what, done, length: None
        return
    with ProgressView() as view:
        yield lambda what, done, length: view.on_note(f"{done + 1}/{length} {what}")


def _check_installed(names: Sequence[str], seconds: float, progress: "CheckProgress") -> "Findings":
    from srkit_core.registry import discover
    from srkit_core.testing.check_process import Findings, check_in_process

    registry = discover()
    chosen, problems = _wanted(registry, names)
    findings = Findings(problems=problems)
    if chosen:
        findings = check_in_process({"names": chosen}, progress, seconds=seconds)
    findings.problems = problems
    return findings


def _wanted(
    registry: "Registry", names: Sequence[str]
) -> tuple[list[list[str]], list[Mapping[str, str]]]:
    """Return kind and full name of what is named, alone or by its distribution, and the broken
    plugins among them.

    Raises PluginError for a name of nothing, with the nearest, and for what no name can be.
    """
    everything = [(one.spec.kind, one) for one in (*registry.components, *registry.others)]
    chosen, broken = dict[tuple[str, str], None](), dict[str, Mapping[str, str]]()
    for name in names:
        plain = _plain(name)
        these = [
            (kind, one.full_name)
            for kind, one in everything
            if name in (one.name, one.full_name) or plain == one.distribution
        ]
        problems = [one for one in registry.problems if plain in (one.distribution, one.plugin)]
        if not these and not problems:
            raise _unknown(name, registry)
        chosen |= dict.fromkeys(these)
        broken |= {one.plugin: _problem(one) for one in problems}
    if not names:
        chosen = dict.fromkeys((kind, one.full_name) for kind, one in everything)
        broken = {one.plugin: _problem(one) for one in registry.problems}
    return [list(one) for one in chosen], list(broken.values())


def _problem(problem: Any) -> Mapping[str, str]:
    return {name: getattr(problem, name) for name in ("plugin", "distribution", "error")}


def _plain(name: str) -> str:
    from srkit_core.testing.wheel_file import plain_distribution

    return plain_distribution(name)


def _unknown(name: str, registry: "Registry") -> PluginError:
    import difflib

    from srkit_core.testing.wheel_file import refuse_source

    refuse_source(Path(name))
    for problem in registry.problems:
        if problem.plugin == name or name.partition("/")[0] == problem.distribution:
            fact = f"{problem.distribution} is broken: {problem.error}"
            return PluginError(fact, hint="srkit doctor")
    everything = (*registry.components, *registry.others)
    known = dict.fromkeys(
        [*(one.name for one in everything), *(one.distribution for one in everything)]
    )
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{nearest[0]}'? srkit list" if nearest else "srkit list"
    return PluginError(f"nothing installed is called '{name}'", hint=hint)


def _check_wheel(path: Path, seconds: float, progress: "CheckProgress") -> "CheckedWheel":
    """Check what is in a wheel, and, in an environment of its own, what it brings."""
    from srkit_core.cli.check_report import CheckedWheel
    from srkit_core.testing.check_process import check_in_process
    from srkit_core.testing.run_checks import run_contract
    from srkit_core.testing.wheel_contract import WheelContract
    from srkit_core.testing.wheel_environment import wheel_environment
    from srkit_core.testing.wheel_file import open_wheel

    wheel = open_wheel(path)
    contract = type("Contract", (WheelContract,), {"path": path})
    contents = list(run_contract(contract))
    with wheel_environment(wheel) as python:
        findings = check_in_process(
            {"distribution": wheel.distribution},
            progress,
            python=str(python),
            seconds=seconds,
            cwd=python.parent,
        )
    findings.problems = [
        one for one in findings.problems if one["distribution"] == wheel.distribution
    ]
    return CheckedWheel(
        wheel.path.name, wheel.distribution, wheel.version, wheel.sha256, contents, findings
    )


def _end(report: Mapping[str, Any]) -> None:
    """Raise PluginError that names what fails."""
    rows = [
        row
        for value in report.values()
        if isinstance(value, list)
        for row in value
        if "checks" in row
    ]
    failing = [_called(row) for row in rows if any(one["passed"] is False for one in row["checks"])]
    problems = [f"{one['distribution']} (broken)" for one in report["problems"]]
    if failing or problems:
        whole = failing + problems
        shown = ", ".join(whole[:5]) + (f" and {len(whole) - 5} more" if len(whole) > 5 else "")
        raise PluginError(
            f"{len(whole)} of {len(rows) + len(problems)} fail: {shown}",
            hint=f"srkit plugin check {failing[0]} --json" if failing else "srkit doctor",
        )


def _called(row: Mapping[str, Any]) -> str:
    return str(row["file"]) if "file" in row else f"{row['distribution']}/{row['name']}"
