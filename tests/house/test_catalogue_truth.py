"""Does the catalogue say what the plugins of this repository announce, and is every plugin complete
and wired?
"""

import tomllib
from pathlib import Path

import pytest

from srkit_core.catalogue import catalogue, core_distributions, distributions
from srkit_core.hooks import ENTRY_POINT_GROUP
from srkit_core.registry import discover

ROOT = Path(__file__).resolve().parents[2]
NOT_IN_ALL = ("srkit-app", "srkit-pyiqa")
"""Plugins that only an extra of their own brings, since what they need is not for everybody."""
NOT_HERE = ("srkit-pyiqa",)
"""Plugins that the default environment goes without."""
UNLISTED = ("layout",)
"""Kinds that nobody looks for by name."""


def _is_fsspec_s(one):
    """An address that srkit itself reads is never missed."""
    return (one.distribution, one.spec.kind) == ("srkit", "data-source")


PLUGINS = sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir())


def _project(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_catalogue_lists_what_the_plugins_announce():
    ours = {"srkit", *(f"srkit-{folder.name}" for folder in PLUGINS)} - set(NOT_HERE)
    registry = discover(limit=sorted(ours))
    assert registry.problems == ()
    announced = {
        (one.distribution, one.spec.kind, one.name, one.spec.summary, _own_licence(one.spec))
        for one in (*registry.components, *registry.others)
        if one.distribution in ours and one.spec.kind not in UNLISTED and not _is_fsspec_s(one)
    }
    listed = {
        (entry.distribution, entry.kind, entry.name, entry.summary, entry.licence)
        for entry in catalogue()
        if entry.distribution in ours
    }
    assert listed == announced
    assert {distribution for distribution, *_ in announced} == ours


def test_the_catalogue_says_what_is_true_of_our_distributions():
    registry = discover(limit=[f"srkit-{folder.name}" for folder in PLUGINS])
    licences = {"srkit": _project(ROOT)["project"]["license"]}
    licences |= {
        f"srkit-{folder.name}": _project(folder)["project"]["license"] for folder in PLUGINS
    }
    homes = distributions()
    assert {name: home.licence for name, home in homes.items() if name in licences} == licences
    for one in registry.components:
        oldest, newest = homes[one.distribution].interface
        assert oldest <= one.spec.interface <= newest
    assert core_distributions() == licences.keys()


def _own_licence(spec):
    return spec.licence if spec.kind == "weights" else ""


def test_all_brings_every_plugin_but_those_with_an_extra_of_their_own():
    root = _project(ROOT)
    names = [f"srkit-{folder.name}" for folder in PLUGINS]
    every = root["project"]["optional-dependencies"]["all"]
    assert [one.partition(">=")[0] for one in every] == [
        one for one in names if one not in NOT_IN_ALL
    ]
    assert root["tool"]["uv"]["sources"] == {
        name: {"workspace": True} for name in ["srkit", *names]
    }


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_a_plugin_is_a_complete_distribution(folder):
    package = f"srkit_{folder.name.replace('-', '_')}"
    project = _project(folder)["project"]
    assert project["name"] == f"srkit-{folder.name}"
    assert project["entry-points"][ENTRY_POINT_GROUP] == {folder.name: package}
    assert any(
        requirement.startswith(("srkit>=", "srkit[")) for requirement in project["dependencies"]
    )
    assert project["name"] in (folder / "README.md").read_text(encoding="utf-8")
    assert (folder / package / "__init__.py").is_file()
    assert (folder / package / "py.typed").is_file()
    assert sorted((folder / "tests").glob("test_*.py")) != []
