"""Does the check of announcements follow what a package imports?"""

import pytest

from srkit_core.testing.announcement import heavy_imports


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / f"package_of_{tmp_path.name}"
    folder.mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def write(**sources):
        for name, source in sources.items():
            (folder / f"{name}.py").write_text(source, encoding="utf-8")
        return folder.name

    return write


def test_imports_are_followed_through_the_package(package):
    name = package(
        __init__="from .words import thing",
        words="import os\nfrom . import work as other\nthing = 1",
        work="try:\n    from numpy import linalg\nexcept ImportError:\n    pass",
    )
    assert heavy_imports(name) == {"numpy"}
    assert heavy_imports(f"{name}.words") == {"numpy"}


def test_imports_that_come_later_or_never_do_not_count(package):
    name = package(
        __init__="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\ndef "
        "make():\n    import numpy\n    return numpy",
        work="import torch",
    )
    assert heavy_imports(name) == set()
    assert heavy_imports(f"{name}.work") == {"torch"}
