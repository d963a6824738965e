"""Are 200 plugins, some of them unsound, clear rows that stop nobody? (30 s: two processes)"""

import json
import os
import subprocess
import sys

import pytest
from many_plugins import MODULE, make_plugins

COUNT = 200
BROKEN = "import srkit_no_such_module\n"
TOO_NEW = MODULE.format(number=1).replace('summary="made', 'interface=7, summary="made')
LOUD = "print('{\"hello\": 1}')\n" + MODULE.format(number=2)
SAME_NAME = MODULE.format(number=4)
"""What number 3 is: a plugin that announces what number 4 does."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Run a command of srkit with 200 plugins installed."""
    folder = tmp_path_factory.mktemp("many")
    make_plugins(folder, COUNT)
    for number, text in enumerate((BROKEN, TOO_NEW, LOUD, SAME_NAME)):
        (folder / f"zz_plugin_{number}.py").write_text(text)

    def run(*words):
        environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "100"}
        return subprocess.run(
            [sys.executable, "-m", "srkit_core", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.slow
def test_each_of_200_plugins_is_a_component_or_a_clear_row(told):
    document = json.loads(told("list", "loss", "--json").stdout)
    made = [one for one in document["components"] if one["distribution"].startswith("zz-plugin")]
    assert len(made) == COUNT - 2
    problems = {one["plugin"]: one["error"] for one in document["problems"]}
    assert problems == {
        "plugin-0": "ModuleNotFoundError: No module named 'srkit_no_such_module'",
        "plugin-1": "PluginError: loss 'loss-1': it was written for interface 7 of a loss, this "
        "srkit takes 1 to 2: a newer srkit is needed",
    }
    assert document["printed"] == [
        {"plugin": "plugin-2", "distribution": "zz-plugin-2", "text": '{"hello": 1}'}
    ]
    shown = json.loads(told("show", "loss-4", "--json").stdout)
    assert [one["distribution"] for one in shown] == ["zz-plugin-3", "zz-plugin-4"]


@pytest.mark.slow
def test_a_name_of_two_plugins_and_one_of_a_broken_one_are_refused_with_what_to_do(told):
    both = told("check", "demo", "--set", "stages.gan.loss=loss-4+ragan")
    assert both.returncode == 3
    assert "'loss-4' is provided more than once: zz-plugin-3/loss-4 and zz-plugin-4/loss-4" in (
        both.stderr
    )
    broken = told("check", "demo", "--set", "stages.gan.loss=zz-plugin-1/loss-1+ragan")
    assert broken.returncode == 3
    assert "is in zz-plugin-1, which is broken" in broken.stderr
    assert told("check", "demo").returncode == 0
