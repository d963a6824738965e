"""Is every declared dependency imported by product code, and every import declared?"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [ROOT, *sorted((ROOT / "plugins").glob("*"))]
MODULE_OF = {"pillow": "PIL", "pyyaml": "yaml", "scikit-image": "skimage", "srkit": "srkit_core"}
PART_OF = {"pydantic_core": "pydantic"}


def _modules(requirements: list[str]) -> set[str]:
    names = {re.split(r"[^A-Za-z0-9_.-]", requirement)[0] for requirement in requirements}
    return {MODULE_OF.get(name, name.replace("-", "_")) for name in names}


def _project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _declared(folder: Path) -> set[str]:
    return _modules(_project(folder)["dependencies"])


def _optional(folder: Path) -> set[str]:
    """What only an extra brings, and product code does without."""
    extras = _project(folder).get("optional-dependencies", {}).values()
    return {module for extra in extras for module in _modules(extra)} - _declared(folder)


def _foreign(imports: dict[Path, set[str]], folder: Path) -> set[str]:
    home = folder.relative_to(ROOT)
    own = "srkit_core" if folder == ROOT else f"srkit_{folder.name.replace('-', '_')}"
    heads = {
        name.partition(".")[0]
        for path, names in imports.items()
        if path.is_relative_to(home / own)
        for name in names
    }
    return {PART_OF.get(head, head) for head in heads} - sys.stdlib_module_names - {own}


def _named(folder: Path) -> set[str]:
    """Plugins whose components are named where weights and recipes are announced, and not
    imported.
    """
    from srkit_core.expressions import parse_call
    from srkit_core.registry import discover
    from srkit_core.specs import WeightsSpec

    registry, home = discover(), _project(folder)["name"]
    own = [one.spec for one in registry.installed(WeightsSpec) if one.distribution == home]
    names = {parse_call(spec.generator).name for spec in own if spec.generator}
    needed = {registry.find("generator", name).distribution for name in names} - {home}
    return _modules([*needed])


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_what_is_declared_is_imported_and_the_other_way_round(imports, folder):
    used = _foreign(imports, folder) - _optional(folder)
    assert used | _named(folder) == _declared(folder)
