"""Is a new plugin whole, under which names, and is nothing left of one that was not made?"""

import ast
import sys
import tomllib
from importlib import import_module
from types import SimpleNamespace

import pytest

from srkit_core.cli.app import run
from srkit_core.cli.plugin_new import KINDS_OF_PLUGINS
from srkit_core.interfaces import INTERFACES
from srkit_core.registry import discover
from srkit_core.scaffold.plugin_folder import write_plugin_folder
from srkit_core.scaffold.plugin_names import check_plugin_name
from srkit_core.scaffold.template_files import substituted, template_names

KINDS = [name for name in template_names() if name != "adversarial"]
EVERY = template_names()


def words(name, template):
    kind = ["loss", "--adversarial"] if template == "adversarial" else [template]
    return ["plugin", "new", name, "--kind", *kind]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def made(tmp_path):
    """Make a plugin of a template, and return its folder."""

    def make(template, name="zz-first"):
        assert run(words(name, template)) == 0
        return tmp_path / f"srkit-{name}"

    return make


@pytest.mark.parametrize("template", EVERY)
def test_a_new_plugin_is_a_whole_distribution(template, made):
    folder = made(template)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        ".github/workflows/check.yml",
        ".github/workflows/publish.yml",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "srkit_zz_first/__init__.py",
        "srkit_zz_first/py.typed",
        "tests/test_zz_first.py",
    } <= files
    for path in folder.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "srkit-zz-first"
    assert project["dependencies"][0].startswith("srkit>=")
    assert project["entry-points"]["srkit.plugins"] == {"zz-first": "srkit_zz_first"}
    assert project["optional-dependencies"]["test"][0].startswith("srkit[dev]>=")
    assert "Apache License" in (folder / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("template", EVERY)
def test_a_new_plugin_is_announced_without_a_fault(template, made, monkeypatch):
    monkeypatch.syspath_prepend(made(template, f"zz-{template}"))
    package = import_module(f"srkit_zz_{template}")
    del sys.modules[package.__name__]
    point = SimpleNamespace(
        name=f"zz-{template}",
        dist=SimpleNamespace(name=f"srkit-zz-{template}", version="0.1.0"),
        load=lambda: package,
    )
    registry = discover([point])
    assert [problem.error for problem in registry.problems] == []
    announced = [(one.spec.kind, one.name) for one in (*registry.components, *registry.others)]
    assert ("loss" if template == "adversarial" else template, f"zz-{template}") in announced


@pytest.mark.parametrize("template", EVERY)
def test_a_new_plugin_says_for_which_interface_it_is(template, made):
    """In words: left out, it would be that of whatever srkit loads it."""
    version = INTERFACES["loss" if template == "adversarial" else template]
    package = (made(template) / "srkit_zz_first/__init__.py").read_text(encoding="utf-8")
    assert package.count(f"            interface={version},\n") == 1


def test_it_says_the_next_commands(made, capsys):
    made("loss")
    told = capsys.readouterr().out
    assert "srkit-zz-first: the loss 'zz-first', 11 files that work as they are" in told
    lines = [line.strip() for line in told.splitlines()]
    assert lines[lines.index("next:") + 1] == "cd srkit-zz-first"
    assert 'pip install -e ".[test]"' in told
    assert "srkit plugin check srkit-zz-first" in lines
    assert "srkit train --gen srvgg --loss l1+zz-first --steps 50 --batch 4 --patch 64" in lines
    assert "then change what it computes, in srkit_zz_first/loss.py;" in lines
    assert lines[-1] == "tests/test_zz_first.py"


def test_a_folder_of_another_name_with_blanks(tmp_path, capsys):
    assert run([*words("zz-first", "loss"), "--out", "a b/c", "--licence", "MIT"]) == 0
    assert "cd 'a b/c'" in capsys.readouterr().out
    folder = tmp_path / "a b/c"
    assert (folder / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert 'license = "MIT"' in (folder / "pyproject.toml").read_text(encoding="utf-8")
    assert 'licence="MIT"' in (folder / "srkit_zz_first/__init__.py").read_text(encoding="utf-8")


def test_a_licence_that_is_not_known_is_to_be_put_there(tmp_path):
    assert run([*words("zz-first", "loss"), "--licence", "MPL-2.0"]) == 0
    text = (tmp_path / "srkit-zz-first/LICENSE").read_text(encoding="utf-8")
    assert text.startswith("SPDX-License-Identifier: MPL-2.0\n")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("lambda", "'lambda' is a word of Python"),
        ("list", "'list' is a word of Python"),
        ("loss", "its package has another 'loss'"),
        ("core", "'core' would be the package srkit_core, which is installed already"),
        ("total", "the name 'total' is taken"),
        ("srkit-edges", "srkit adds 'srkit-' itself"),
        ("9edges", "its name may hold letters, digits, '-' and '_'"),
        ("a/b", "its name may hold letters, digits, '-' and '_'"),
        ("../edges", "its name may hold letters, digits, '-' and '_'"),
        ("edges-", "it ends in a sign"),
        ("e" * 41, "it has 41 letters, and may have 40"),
    ],
)
def test_a_name_that_cannot_be(name, why, tmp_path, capsys):
    assert run(words(name, "loss")) == 2
    told = capsys.readouterr().err
    assert why in told
    assert "\ntry: another name" in told
    assert list(tmp_path.iterdir()) == []


def test_kinds_that_are_not(tmp_path, capsys):
    assert run(words("zz-first", "los")) == 2
    told = capsys.readouterr().err
    assert "error: there is no kind 'los'" in told
    assert f"--kind {', '.join(KINDS_OF_PLUGINS)}" in told
    assert run([*words("zz-first", "metric"), "--adversarial"]) == 2
    assert "error: a metric is not adversarial" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_names_of_every_spelling():
    names = check_plugin_name("loss", "My_Own--loss")
    assert names.distribution == "srkit-my-own-loss"
    assert (names.package, names.identifier) == ("srkit_my_own_loss", "my_own_loss")
    assert names.full_name == "srkit-my-own-loss/My_Own--loss"


def test_a_name_that_others_have_is_said(capsys):
    assert run(words("l1", "loss")) == 0
    told = capsys.readouterr().out
    assert "note: srkit has a loss 'l1' too: who has both types srkit-l1/l1" in told
    assert "--loss l1+srkit-l1/l1 " in told
    assert run(words("fft", "loss")) == 0
    assert "note: srkit has a loss 'fft' too" in capsys.readouterr().out


def test_what_is_there_stays(tmp_path, capsys):
    folder = tmp_path / "srkit-zz-first"
    folder.mkdir()
    assert run(words("zz-first", "loss")) == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert run(words("zz-first", "metric")) == 2
    told = capsys.readouterr().err
    assert "error: the folder srkit-zz-first is there already, and not empty" in told
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    (tmp_path / "file").touch()
    assert run([*words("zz-first", "loss"), "--out", "file"]) == 2
    assert "error: file is there already, and no folder" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(tmp_path):
    class Interrupting(dict):
        def items(self):
            yield "first.txt", b"1"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_plugin_folder(tmp_path / "srkit-zz", Interrupting())
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert run([*words("zz-first", "loss"), "--out", "file/plugin"]) == 4
    assert "error: cannot write file/plugin: " in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_placeholder_without_a_value_is_an_error():
    assert substituted("$a and $$b", {"a": "1"}) == "1 and $b"
    with pytest.raises(KeyError, match="name"):
        substituted("$name", {"a": "1"})
    with pytest.raises(ValueError, match="Invalid placeholder"):
        substituted("a $ sign", {})


def test_the_kinds_that_are_offered_are_those_with_templates():
    assert sorted(KINDS_OF_PLUGINS) == sorted(set(template_names()) - {"adversarial"})
