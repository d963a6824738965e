"""Does what was built work where nothing else of srkit is?

Slow: an environment of srkit alone, to which each plugin is added and from which it is removed with
all it brought, one of everything, and one of each plugin that asks for other versions.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from release.workspace import call, uv, workspace

pytestmark = pytest.mark.slow

SRKIT, *PLUGINS = workspace()
NAMES = [one.name for one in PLUGINS]


def listed(environment) -> set[str]:
    document = json.loads(environment.run("srkit", "list", "--json"))
    assert document["problems"] == []
    return {component["distribution"] for component in document["components"]}


def told_by(environment, *words):
    """The exit code of a command and everything that it says."""
    done = subprocess.run(
        [environment.folder / "bin/srkit", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=environment.folder,
        env=dict(os.environ),
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bare(clean_environment):
    return clean_environment(SRKIT.name)


@pytest.fixture(scope="module")
def whole(clean_environment):
    return clean_environment(f"{SRKIT.name}[all]")


def test_what_is_installed_is_what_was_built(bare, built):
    """Every file of the wheel, by the digests of its record."""
    home = f"{SRKIT.file_name}.dist-info/RECORD"
    shipped = zipfile.ZipFile(built / f"{SRKIT.file_name}-py3-none-any.whl").read(home).decode()
    there = (bare.site_packages() / home).read_text("utf-8")
    wanted = {line for line in shipped.splitlines() if "sha256=" in line}
    assert wanted <= set(there.splitlines())
    assert len(wanted) > 200


def test_srkit_alone_lists_its_own_and_says_what_it_cannot(bare):
    assert listed(bare) == {"srkit"}
    assert "srresnet" in bare.run("srkit", "recipes", "srresnet")
    assert "pip install srkit-rrdb" in bare.run("srkit", "list", "--all")
    for words in (["list"], ["doctor"]):
        code, told = told_by(bare, *words)
        assert code == 0
        assert "srkit is installed without plugins" in told
        assert "pip install 'srkit[all]'" in told
    assert told_by(bare, "demo") == (
        3,
        "error: the demo trains networks of plugins, and no generator named 'srkit-srvgg/srvgg' is "
        "installed: the distribution srkit-srvgg is not\n"
        "try: pip install 'srkit[all]'\n",
    )


def test_srkit_alone_prepares_degrades_scores_and_enlarges(bare, tmp_path):
    script = "from srkit_core import bundled_photographs as them; print(them()[0])"
    photo = bare.run("python", "-c", script).strip()
    bare.run("srkit", "degrade", photo, "--out", tmp_path / "s.png", "--degrade", "bicubic")
    bare.run("srkit", "upscale", "bicubic", photo, "--scale", "2", "--out", tmp_path / "l.png")
    bare.run("srkit", "eval", "bicubic", "--data", "photos", "--json", tmp_path / "e.json")
    bare.run("srkit", "prepare", "photos", tmp_path / "prepared", "--degrade", "bicubic")
    scores = json.loads((tmp_path / "e.json").read_text("utf-8"))
    assert 20 < scores["models"][0]["metrics"]["psnr"]["mean"] < 40
    assert (tmp_path / "l.png").stat().st_size > (tmp_path / "s.png").stat().st_size > 0


def test_all_brings_every_plugin_and_runs_the_demo(whole, tmp_path):
    installed = set(json.loads(whole.run("srkit", "doctor", "--json"))["plugins"])
    assert installed >= listed(whole)
    assert set(NAMES) - set(versions(whole)) == {"srkit-app", "srkit-pyiqa"}
    whole.run("srkit", "demo", "--out", tmp_path / "demo")
    models = json.loads((tmp_path / "demo/scores.json").read_text("utf-8"))["models"]
    bicubic, best = (one["metrics"]["psnr"]["mean"] for one in models[:2])
    assert best - bicubic > 0.8  # 1.007 dB where docs/demo.png was drawn
    assert "note: srkit is installed without plugins" not in told_by(whole, "list")[1]


def versions(environment) -> dict[str, str]:
    """The version of everything that is installed."""
    told = uv("pip", "list", "-q", "--python", environment.folder, "--format", "json")
    return {one["name"]: one["version"] for one in json.loads(told)}


# srkit-pyiqa would bring a hundred distributions; its own tests stand a stub in their place.
ALONE = [one for one in PLUGINS if one.name != "srkit-pyiqa"]


@pytest.fixture
def environment(distribution, bare, clean_environment):
    """An environment with one plugin and what it needs, and nothing else."""
    if distribution.pins:
        yield clean_environment(distribution.name)
        return
    before = versions(bare)
    bare.install(distribution.name)
    yield bare
    if brought := set(versions(bare)) - set(before):
        bare.uninstall(*brought)
    assert versions(bare) == before


@pytest.mark.parametrize("distribution", ALONE, ids=lambda one: one.name)
def test_a_plugin_alone_passes_its_checks_and_leaves_no_trace(environment, distribution):
    there = listed(environment)
    assert there <= {"srkit", *NAMES}
    told = json.loads(environment.run("srkit", "plugin", "check", distribution.name, "--json"))
    rows = [row for rows in told.values() if isinstance(rows, list) for row in rows]
    assert {row["distribution"] for row in rows} == {distribution.name}
    environment.uninstall(*(there - {"srkit"} | {distribution.name}))
    assert listed(environment) == {"srkit"}


def test_what_people_write_is_typed_by_the_installed_wheel(root, bare, tmp_path):
    examples = root / "examples"
    python = ["--python-executable", bare.folder / "bin/python"]
    mypy = [sys.executable, "-m", "mypy", "--strict", *python, "--cache-dir", tmp_path]
    for written in (*sorted(examples.glob("*.py")), examples / "third_party_plugin/srkit_edge"):
        call(*mypy, written, cwd=tmp_path)
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from srkit_core import Recipe\nRecipe(generator=5, stages=[])\n")
    told = subprocess.run([*mypy, wrong], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert 'Argument "generator" to "Recipe" has incompatible type "int"' in told.stdout


def test_a_stranger_s_plugin_installs_and_works(root, bare, tmp_path):
    uv("build", "-q", "--wheel", "-o", tmp_path, root / "examples/third_party_plugin")
    bare.install(str(next(tmp_path.glob("srkit_edge-*.whl"))))
    assert listed(bare) == {"srkit", "srkit-edge"}
    assert "power" in bare.run("srkit", "show", "edge")
    bare.uninstall("srkit-edge")
    assert listed(bare) == {"srkit"}


def test_a_plugin_that_raises_on_import_is_shown_and_disturbs_nothing(bare):
    broken = bare.site_packages() / "srkit_broken-1.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: srkit-broken\nVersion: 1\n")
    (broken / "entry_points.txt").write_text("[srkit.plugins]\nbroken = srkit_broken\n")
    module = bare.site_packages() / "srkit_broken.py"
    module.write_text("raise RuntimeError('it was a bad day')\n")
    told = bare.run("srkit", "list")
    assert "srkit-broken" in told
    assert "RuntimeError: it was a bad day" in told
    assert "psnr" in told
    module.unlink()
    shutil.rmtree(broken)
