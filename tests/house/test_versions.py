"""Has every distribution the one version, and is it moved by one command?"""

import re
import runpy
import shutil
import tomllib

import pytest


def _documents(root):
    files = [root / "pyproject.toml", *sorted(root.glob("plugins/*/pyproject.toml"))]
    return [tomllib.loads(file.read_text(encoding="utf-8"))["project"] for file in files]


def _own_requirements(documents):
    """What srkit and its plugins want of each other, as ranges."""
    every = [
        one
        for document in documents
        for names in (document["dependencies"], *document.get("optional-dependencies", {}).values())
        for one in names
    ]
    return [re.sub(r"^[a-z-]+", "", one) for one in every if re.match(r"srkit[a-z-]*[^[a-z-]", one)]


def test_every_distribution_has_one_version_and_fits_the_others(root):
    documents = _documents(root)
    (version,) = {document["version"] for document in documents}
    major, minor, _ = version.split(".")
    fits = f">={major}.{minor},<{major}.{int(minor) + 1}"
    ranges = _own_requirements(documents)
    assert set(ranges) == {fits}
    assert len(ranges) > 2 * 17


@pytest.mark.parametrize(
    ("version", "fits"), [("0.2.0", ">=0.2,<0.3"), ("0.1.7", ">=0.1,<0.2"), ("1.4.0", ">=1.4,<2")]
)
def test_one_command_moves_the_version(root, tmp_path, monkeypatch, version, fits):
    for file in (root / "pyproject.toml", *root.glob("plugins/*/pyproject.toml")):
        copy = tmp_path / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(root / ".ci/set-version"))["main"](version)
    documents = _documents(tmp_path)
    assert {document["version"] for document in documents} == {version}
    assert set(_own_requirements(documents)) == {fits}
    others = (root / "pyproject.toml").read_text(encoding="utf-8")
    assert (tmp_path / "pyproject.toml").read_text().count("\n") == others.count("\n")
