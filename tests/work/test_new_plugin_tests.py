"""Do the tests that a new plugin brings pass, here and without being installed?"""

import importlib.util
import inspect
import sys

import pytest

from srkit_core.cli.app import run
from srkit_core.registry import discover
from srkit_core.scaffold.template_files import template_names
from srkit_core.testing.component_under_test import installed_registry


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Make a plugin that is as good as installed: its folder, with its metadata, is on the path."""

    def make(template):
        name = f"zz-{template}"
        kind = ["loss", "--adversarial"] if template == "adversarial" else [template]
        folder, metadata = tmp_path / "made", tmp_path / "made/x.dist-info"
        assert run(["plugin", "new", name, "--kind", *kind, "--out", str(folder)]) == 0
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: srkit-{name}\nVersion: 0.1.0\n"
        )
        (metadata / "entry_points.txt").write_text(
            f"[srkit.plugins]\n{name} = srkit_zz_{template}\n"
        )
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", str(folder))  # for processes that tests start
        installed_registry.cache_clear()
        return folder

    yield make
    for name in [name for name in sys.modules if name.startswith("srkit_zz_")]:
        del sys.modules[name]
    installed_registry.cache_clear()


def every_case(module):
    """Yield every test of a module: its name, a function, and the parameters of the case."""
    for name, one in vars(module).items():
        if name.startswith("test_"):
            marks = [mark for mark in getattr(one, "pytestmark", []) if mark.name == "parametrize"]
            cases = [_named(mark.args[0], values) for mark in marks for values in mark.args[1]]
            yield from ((name, one, case) for case in cases or [{}])
        elif inspect.isclass(one) and name.startswith("Test"):
            found = [what for what in dir(one) if what.startswith("test_")]
            yield from ((what, getattr(one(), what), {}) for what in found)


def _named(names, values):
    return {names: values} if isinstance(names, str) else dict(zip(names, values, strict=True))


@pytest.mark.parametrize("template", template_names())
def test_the_tests_of_a_new_plugin_pass(template, made, request):
    path = made(template) / f"tests/test_zz_{template}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    request.getfixturevalue("capsys").readouterr()
    passed = []
    for name, test, case in every_case(module):
        fixtures = inspect.signature(test).parameters.keys() - case.keys()
        test(**case, **{one: request.getfixturevalue(one) for one in sorted(fixtures)})
        passed.append(name)
    assert discover().problems == ()
    assert passed
