"""Is a list that was kept never told where anything has changed?"""

import json
import sys
from pathlib import Path

import pytest

from srkit_core.cli import list as list_module
from srkit_core.cli import list_cache, listing
from srkit_core.cli.app import run

PLUGIN = """
from pathlib import Path
from srkit_core.hooks import hookimpl
from srkit_core.specs import LossSpec

TEXT = (Path(__file__).parent / "summary.txt").read_text()

def far(*, weight: float = 1.0):
    "Far off.\\n\\nArgs:\\n    weight: how much."

@hookimpl
def srkit_components():
    return [LossSpec(name="far", factory=far, summary=TEXT)]
"""


def install(folder, name="srkit_far"):
    package = folder / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(PLUGIN)
    (package / "summary.txt").write_text("a loss far off")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[srkit.plugins]\n{name} = {name}\n")
    return package


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Return what `srkit list loss` says as a process of its own, and whether it looked anew."""
    folder = tmp_path / "site"
    install(folder)
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(list_module, "own_process", lambda: True)
    monkeypatch.setattr(list_cache, "_SETTLED_NS", -(10**18))
    monkeypatch.syspath_prepend(str(folder))
    found, discovered = [], listing._discovered
    monkeypatch.setattr(listing, "_discovered", lambda: found.append(1) or discovered())

    def tell(*words):
        found.clear()
        for name in [one for one in sys.modules if one.startswith("srkit_far")]:
            del sys.modules[name]
        assert run(["list", *words]) == 0
        return capsys.readouterr().out, len(found)

    tell.folder = folder
    return tell


def test_what_has_not_changed_is_looked_at_once(told):
    first, looked = told("loss")
    assert looked == 1
    assert "a loss far off" in first
    assert told("loss") == (first, 0)
    assert told("--json")[1] == 0
    assert json.loads(told("--json")[0])["problems"] == []
    assert "srkit-far" in told("--all")[0]


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda f: (f / "srkit_far/summary.txt").write_text("a loss, farther"), "farther"),
        (  # of another length: Python's byte code knows its source by length and second
            lambda f: (f / "srkit_far/__init__.py").write_text(PLUGIN.replace('"far"', '"away"')),
            "loss  away ",
        ),
        (lambda f: install(f, "srkit_far_too"), "srkit-far-too"),
        (
            lambda f: (f / "srkit_far-1.0.dist-info/METADATA").write_text(
                "Metadata-Version: 2.1\nName: srkit_far\nVersion: 1.1\n"
            ),
            " 1.1 ",
        ),
    ],
    ids=["a file that it reads", "its code", "another plugin", "its version"],
)
def test_a_change_is_seen_at_once(told, change, shown):
    before, _ = told("loss")
    assert shown not in before
    change(told.folder)
    after, looked = told("loss")
    assert (looked, shown in after) == (1, True)


def test_a_plugin_that_is_taken_away_is_gone(told):
    assert "srkit-far" in told("loss")[0]
    (told.folder / "srkit_far-1.0.dist-info/entry_points.txt").unlink()
    after, looked = told("loss")
    assert (looked, "srkit-far" in after) == (1, False)


def test_a_broken_plugin_is_a_row_each_time_and_is_never_kept(told, tmp_path):
    (told.folder / "srkit_far/__init__.py").write_text("import nowhere_to_be_found")
    for _ in range(2):
        said, looked = told()
        assert looked == 1
        assert "broken" in said
        assert "nowhere_to_be_found" in said
    assert not (tmp_path / "cache/list.json").exists()
    (told.folder / "nowhere_to_be_found.py").write_text("")
    (told.folder / "srkit_far/__init__.py").write_text(PLUGIN)
    assert "broken" not in told()[0]


def test_what_has_just_changed_is_not_kept(told, tmp_path, monkeypatch):
    monkeypatch.setattr(list_cache, "_SETTLED_NS", 10**18)  # since 1995 or so
    (told.folder / "srkit_far/summary.txt").write_text("just now")
    assert [told()[1], told()[1]] == [1, 1]
    assert not (tmp_path / "cache/list.json").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"circumstances": 1}', "null"])
def test_a_damaged_file_is_looked_past(told, tmp_path, content):
    first, _ = told()
    (tmp_path / "cache/list.json").write_text(content)
    assert told() == (first, 1)
    assert told() == (first, 0)


def test_other_circumstances_are_another_list(told, monkeypatch):
    told()
    assert told()[1] == 0
    monkeypatch.setenv("SRKIT_PLUGINS", "")
    said, looked = told("loss")
    assert (looked, "srkit-far" in said) == (1, False)
    monkeypatch.delenv("SRKIT_PLUGINS")
    assert "srkit-far" in told("loss")[0]


def test_a_cache_that_cannot_be_written_changes_nothing(told, tmp_path):
    first, _ = told()
    (tmp_path / "cache/list.json").unlink()
    (tmp_path / "cache").rmdir()
    (tmp_path / "cache").write_text("no folder")
    assert told() == (first, 1)


def test_a_call_from_a_program_keeps_nothing(told, tmp_path, monkeypatch):
    monkeypatch.setattr(list_module, "own_process", lambda: False)
    assert [told()[1], told()[1]] == [1, 1]
    assert not (tmp_path / "cache").exists()


def test_the_hook_hears_only_while_somebody_listens(tmp_path):
    cache = list_cache.ListCache(used=False)
    with cache.watching() as watched:
        Path(tmp_path).iterdir()
    assert watched.looked_at == set()
