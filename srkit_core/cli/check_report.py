"""How are the findings of checks told, to people and as JSON?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from srkit_core import __version__
from srkit_core.cli.render import print_table, print_text
from srkit_core.component_kinds import KINDS

if TYPE_CHECKING:
    from srkit_core.testing.check_process import Findings, Tried
    from srkit_core.testing.checks import CheckResult

_PLURAL: Final = {
    "weights": "weights",
    "data-source": "data_sources",
    "data source": "data_sources",
}


@dataclass(frozen=True)
class CheckedWheel:
    """A wheel, what the checks of its contents found, and those of what it brings."""

    file: str
    distribution: str
    version: str
    sha256: str
    contents: "Sequence[CheckResult]"
    findings: "Findings"


def report_of(findings: "Findings | None", wheels: Sequence[CheckedWheel]) -> dict[str, Any]:
    """Return the document that `--json` prints: components first, then a list for every other kind
    that was tried.
    """
    whole = [*([findings] if findings else []), *(one.findings for one in wheels)]
    tried = [one for each in whole for one in each.tried]
    others = dict[str, list[dict[str, Any]]]()
    for one in tried:
        if one.kind not in KINDS:
            others.setdefault(_list_of(one.kind), []).append(_described(one))
    versions = next((each.versions for each in whole if each.versions), {"srkit": __version__})
    return {
        "kit": __version__,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "components": [_described(one) for one in tried if one.kind in KINDS],
        **dict(sorted(others.items())),
        **({"wheels": [_described_wheel(one) for one in wheels]} if wheels else {}),
        "problems": [dict(problem) for each in whole for problem in each.problems],
        "versions": dict(versions),
    }


def print_findings(findings: "Findings | None", wheels: Sequence[CheckedWheel]) -> None:
    """Print a table of everything that was tried, and below it what fails."""
    tried = [one for each in wheels for one in each.findings.tried]
    tried = [*(findings.tried if findings else []), *tried]
    rows = [["wheel", one.file, one.distribution, *_counts(one.contents)] for one in wheels]
    rows += [[one.kind, one.name, one.distribution, *_counts(one.results)] for one in tried]
    bad = frozenset(number for number, row in enumerate(rows) if "fail" in row[-1])
    if rows:
        print_table(["kind", "name", "distribution", "checks", "found"], rows, bad=bad)
    for line in _lines(findings, wheels, tried):
        print_text(line)


def _lines(
    findings: "Findings | None", wheels: Sequence[CheckedWheel], tried: "Sequence[Tried]"
) -> Iterator[str]:
    whole = [*([findings] if findings else []), *(one.findings for one in wheels)]
    told = [(f"wheel {one.file}", one.contents) for one in wheels]
    told += [(f"{one.kind} {one.full_name}", one.results) for one in tried]
    for name, results in told:
        for result in results:
            if result.outcome in ("failed", "expected"):
                yield f"{_shown(result.outcome)}{name}: {_words(result.name)}: {result.why}"
        reasons = [one.why for one in results if one.outcome == "not tried"]
        for reason in dict.fromkeys(reasons):
            yield f"not tried: {name}: {reason}"
    for problem in (problem for each in whole for problem in each.problems):
        yield f"broken: {problem['distribution']}: {problem['error']}"
    yield from (f"sha256 of {one.file}: {one.sha256}" for one in wheels)


def _shown(outcome: str) -> str:
    return "fails: " if outcome == "failed" else "expected to fail: "


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _counts(results: "Sequence[CheckResult]") -> list[str]:
    """Return how many checks there are, and in words what they found."""
    count = Counter[str](one.outcome for one in results)
    found = [
        f"{count[outcome]} {words}"
        for outcome, words in (
            ("failed", "fail"),
            ("expected", "expected to fail"),
            ("not tried", "not tried"),
        )
        if count[outcome]
    ]
    fine = "all pass" if results else "none of this kind yet"
    return [str(len(results)), ", ".join(found) or fine]


def _list_of(kind: str) -> str:
    return _PLURAL.get(kind, f"{kind}s".replace("-", "_").replace(" ", "_"))


def _described(one: "Tried") -> dict[str, Any]:
    facts = {"kind": one.kind, "name": one.name, "distribution": one.distribution}
    return facts | {"checks": [_check(result) for result in one.results]}


def _described_wheel(one: CheckedWheel) -> dict[str, Any]:
    facts = {"file": one.file, "distribution": one.distribution, "version": one.version}
    return {
        **facts,
        "sha256": one.sha256,
        "checks": [_check(result) for result in one.contents],
    }


def _check(result: "CheckResult") -> dict[str, Any]:
    facts = {"topic": result.topic, "name": result.name, "passed": result.passed, "why": result.why}
    return facts | ({"expected": True} if result.outcome == "expected" else {})
