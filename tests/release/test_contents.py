"""Is in every wheel and sdist what is meant to be there, and nothing else?

Slow: builds every distribution, about 20 s.
"""

import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import PurePosixPath

import pytest
from release.workspace import Distribution, uv, workspace

pytestmark = pytest.mark.slow

EVERY = [pytest.param(one, id=one.name) for one in workspace()]
CODE = {".py", ".typed"}
BUNDLED = {
    *("LICENSE", "registry.toml", "examples/recipes", "examples/evaluations"),
    *("scaffold", "report/page"),
}
TEMPLATES = "srkit_core/scaffold/templates/"
"""What `srkit plugin new` makes, tests and all."""
CARRIED = {
    "srkit-compact": {
        *(
            f"{name}.{ending}"
            for name in ("compact-x2", "compact-x4", "compact-photo-x2", "compact-photo-x4")
            for ending in ("safetensors", "toml")
        ),
        "photographs.tsv",
    },
    "srkit": {"evaluation/published.toml"},
}
"""What a plugin carries beside its code: weights, what they were trained on, and by what."""
MOST_BYTES = {"srkit-compact": 3 * 2**20}
"""Of a wheel, 1 MiB where it carries no weights."""


def wheel(built, distribution: Distribution) -> zipfile.ZipFile:
    return zipfile.ZipFile(built / f"{distribution.file_name}-py3-none-any.whl")


def members(built, distribution: Distribution) -> dict[str, bytes]:
    """What is in the sdist, by its path below the folder that it unpacks to."""
    with tarfile.open(built / f"{distribution.file_name}.tar.gz") as archive:
        files = [one for one in archive.getmembers() if one.isfile()]
        return {
            one.name.removeprefix(f"{distribution.file_name}/"): archive.extractfile(one).read()
            for one in files
        }


def test_there_is_one_wheel_and_one_sdist_of_each(built):
    wanted = {
        f"{one.file_name}{ending}"
        for one in workspace()
        for ending in ("-py3-none-any.whl", ".tar.gz")
    }
    assert {one.name for one in built.iterdir() if one.name[0] != "."} == wanted


def test_an_index_would_take_them(built):
    """Names, versions, licences and descriptions, as twine checks them."""
    files = sorted(one for one in built.iterdir() if one.suffix in (".whl", ".gz"))
    told = uv("tool", "run", "--from", "twine>=6.1", "twine", "check", "--strict", *files)
    assert told.count("PASSED") == len(files)


@pytest.mark.parametrize("distribution", EVERY)
def test_metadata_says_what_it_is(built, root, distribution):
    archive = wheel(built, distribution)
    home = f"{distribution.file_name}.dist-info"
    told = HeaderParser().parsestr(archive.read(f"{home}/METADATA").decode())
    assert (told["Name"], told["Version"]) == (
        distribution.name,
        distribution.project["version"],
    )
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Requires-Python"] == ">=3.11"
    assert told["Summary"] == distribution.project["description"]
    assert len(told.get_payload()) > 100, "the README is its description"
    assert archive.read(f"{home}/licenses/LICENSE") == (root / "LICENSE").read_bytes()
    assert "[srkit.plugins]" in archive.read(f"{home}/entry_points.txt").decode()


@pytest.mark.parametrize("distribution", EVERY)
def test_a_wheel_holds_its_package_and_nothing_else(built, distribution):
    archive = wheel(built, distribution)
    names = [name for name in archive.namelist() if not name.endswith("/")]
    package = next(name for name in names if name.endswith("/py.typed")).partition("/")[0]
    inside = [name for name in names if ".dist-info/" not in name]
    assert {name.partition("/")[0] for name in inside} == {package}
    data = [name for name in inside if PurePosixPath(name).suffix not in CODE]
    carried = {f"{package}/{name}" for name in CARRIED.get(distribution.name, ())}
    assert {name for name in data if not _is_meant(name)} == carried
    ours = [name for name in names if not name.startswith(TEMPLATES)]
    assert [name for name in ours if "/tests/" in f"/{name}"] == []
    assert sum(one.compress_size for one in archive.infolist()) < MOST_BYTES.get(
        distribution.name, 2**20
    )


def _is_meant(name: str) -> bool:
    below = name.partition("/")[2].removeprefix("_bundled/")
    return any(below == one or below.startswith(f"{one}/") for one in BUNDLED)


@pytest.mark.parametrize("distribution", EVERY)
def test_an_sdist_holds_what_its_wheel_is_built_from(built, distribution):
    inside = members(built, distribution)
    package = next(name for name in inside if name.endswith("/py.typed")).partition("/")[0]
    kept = {name.partition("/")[0] for name in inside}
    usual = {package, "LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
    more = {
        "srkit": {"CHANGELOG.md", "examples", "registry.toml"},
        "srkit-compact": {"training"},
    }
    assert kept == usual | more.get(distribution.name, set())
    modules = {name for name in wheel(built, distribution).namelist() if name.endswith(".py")}
    assert modules <= set(inside)


def test_srkit_s_wheel_carries_catalogue_recipes_and_templates(built):
    srkit = next(one for one in workspace() if one.name == "srkit")
    assert {
        "srkit_core/_bundled/registry.toml",
        "srkit_core/_bundled/examples/recipes/demo.toml",
        "srkit_core/_bundled/examples/evaluations/benchmark.toml",
        "srkit_core/_bundled/LICENSE",
        "srkit_core/scaffold/templates/shared/.github/workflows/check.yml.tmpl",
        "srkit_core/scaffold/templates/weights/PACKAGE/COMPONENT.safetensors",
    } <= set(wheel(built, srkit).namelist())
