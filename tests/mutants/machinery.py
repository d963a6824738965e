"""How is a component that is broken in one way shown to fail one check and keep all others?

A module of this package names the mutants of a kind in `MUTANTS`, and components that keep every
check in `SOUND`; `test_mutants.py` finds both, and tries every check on every row.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path

from srkit_core.errors import PluginError, WeightsError
from srkit_core.registry import Registry
from srkit_core.testing.checks import ExpectedFailureError, NotTriedError, checks_of, run_check
from srkit_core.testing.explanations import explanation
from srkit_core.testing.surroundings import kept

REFUSED = "the registry"
"""What catches a mutant whose spec is refused when it is announced; no check is run then."""

Held = Callable[[], type]
"""Makes the contract of one component: a class whose methods marked with `check` are tried."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A component that is broken in one way.

    Exactly the check `caught_by` fails (or REFUSED), with a text in which `says` (a regular
    expression) is found. `also` are further checks that this fault cannot but fail, each with the
    reason; `left_out` are checks that are not run on it, each with the reason. A mutant with
    `escapes` passes every check, and that says why no kit can see it.
    """

    name: str
    held: Held
    caught_by: str = ""
    says: str = ""
    also: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    escapes: str = ""

    def __post_init__(self) -> None:
        assert bool(self.caught_by) != bool(self.escapes), f"{self.name}: caught, or escaping?"
        assert bool(self.says) == bool(self.caught_by), f"{self.name}: what does the failure say?"


def held(contract: type, spec: object, **attributes: object) -> Held:
    """Return the maker of a contract of a component that no distribution provides."""
    return partial(hold, contract, spec, **attributes)


def hold(contract: type, spec: object, **attributes: object) -> type:
    """Return the contract of a component that no distribution provides.

    Raises PluginError where its spec is refused.
    """
    registry = Registry(()).with_components(spec, distribution="srkit-mutant")
    found = {"expression": spec.name, **attributes, "registry": lambda self: registry}
    return type(f"Held{contract.__name__}", (contract,), found)


def also(why, *checks):
    """Return what else a fault cannot but fail, for one reason."""
    return {f"test_{name}": why for name in checks}


def failures(contract: type, left_out: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the text of every check that fails, by the name of the check."""
    names = [name for _, name in checks_of(contract) if name not in (left_out or {})]
    tried = {name: _failure(contract, name) for name in names}
    return {name: text for name, text in tried.items() if text is not None}


def prove(mutant: Mutant) -> None:
    """Assert that the check that is said to catch a mutant does, readably, and no other."""
    if mutant.caught_by == REFUSED:
        text = _refusal(mutant.held)
        assert re.search(mutant.says, text), f"it is refused with '{text}'"
        return
    contract = mutant.held()
    known = {name for _, name in checks_of(contract)}
    named = {*mutant.also, *mutant.left_out, *([mutant.caught_by] if mutant.caught_by else [])}
    assert named <= known, f"these are no checks: {sorted(named - known)}"
    found = failures(contract, mutant.left_out)
    wanted = set() if mutant.escapes else {mutant.caught_by, *mutant.also}
    assert set(found) == wanted, f"failing: {found}"
    if mutant.caught_by:
        text = found[mutant.caught_by]
        assert re.search(mutant.says, text), f"'{mutant.says}' is not in '{text}'"


def tables() -> dict[str, tuple[tuple[Mutant, ...], tuple[tuple[str, Held], ...]]]:
    """Return the mutants and the sound components of every module of this package, by its name."""
    here = Path(__file__).parent
    names = sorted(file.stem for file in here.glob("*.py"))
    modules = {
        name: import_module(f"{__package__}.{name}")
        for name in names
        if name not in ("__init__", "machinery", "conftest") and not name.startswith("test_")
    }
    return {
        name: (tuple(getattr(one, "MUTANTS", ())), tuple(getattr(one, "SOUND", ())))
        for name, one in modules.items()
    }


def _failure(contract: type, name: str) -> str | None:
    try:
        with kept():
            run_check(contract(), getattr(contract, name))
    except WeightsError:
        raise
    except (ExpectedFailureError, NotTriedError):
        return None
    except Exception as error:  # a component may raise anything
        return explanation(error)
    return None


def _refusal(maker: Held) -> str:
    try:
        maker()
    except PluginError as error:
        return error.message
    return "nothing: it is taken"
