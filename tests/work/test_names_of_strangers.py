"""Do names mean what they meant when a stranger announces every name that srkit has?"""

from dataclasses import replace
from functools import wraps
from importlib.metadata import entry_points
from types import SimpleNamespace

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.errors import AmbiguousError
from srkit_core.hooks import ENTRY_POINT_GROUP, hookimpl
from srkit_core.io.images import write_image
from srkit_core.named_recipes import read_recipe
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.specs import ComponentSpec, WeightsSpec

SHORT = [
    word for field in ("steps=1", "batch=1", "patch=32", "lr_warmup=0") for word in ("--set", field)
]


def trap(spec):
    """Return an announcement of the same name and options that nobody may build."""

    @wraps(spec.factory)
    def stranger(**options):
        raise AssertionError(f"the {spec.kind} {spec.name} of a stranger was built")

    return replace(spec, factory=stranger)


@pytest.fixture
def stranger(monkeypatch):
    """Install a plugin that announces every component and all weights that are installed."""
    own = discover()
    specs = [trap(one.spec) for one in own.components]
    specs += [replace(one.spec, gain=9.0) for one in own.installed(WeightsSpec)]
    module = SimpleNamespace(srkit_components=hookimpl(lambda: specs))
    point = SimpleNamespace(
        name="zz", dist=SimpleNamespace(name="zz-stranger", version="9"), load=lambda: module
    )
    every = [*entry_points(group=ENTRY_POINT_GROUP), point]
    monkeypatch.setattr("srkit_core.registry.entry_points", lambda group: every)
    found = discover()
    assert found.problems == ()
    assert len(found.components) == 2 * len(own.components)
    return found


@pytest.fixture
def trained(stranger, tmp_path):
    """A run of the shipped recipe of two stages, of a step each."""
    folder = tmp_path / "run"
    assert run(["train", "demo", *SHORT, "--out", str(folder), "--device", "cpu"]) == 0
    return folder


def test_a_shipped_recipe_is_that_of_srkit(stranger):
    planned = plan(read_recipe("demo"), stranger)
    bound = [
        planned.generator,
        planned.discriminator,
        *(one.bound for one in planned.validation.terms),
    ]
    bound += [term.bound for stage in planned.stages for term in stage.terms]
    bound += [step.bound for step in planned.degradation.steps]
    homes = {one.component.distribution for one in bound}
    assert homes == {"srkit", "srkit-srvgg", "srkit-spectral-norm-disc", "srkit-ragan"}


def test_what_srkit_takes_where_nothing_is_written_is_its_own(stranger):
    stage = {"loss": "srkit/l1", "steps": 1}
    wish = {"generator": "srkit-srvgg/srvgg", "stages": [stage]}
    planned = plan(recipe_from_dict(wish), stranger)
    assert str(planned.recipe.degradation).startswith("srkit/bicubic(")
    assert str(planned.recipe.validation.metrics).count("srkit/") == 2


@pytest.mark.parametrize("field", ["generator", "discriminator"])
def test_what_a_person_writes_bare_is_refused_with_both_full_names(stranger, field):
    names = {"generator": "srkit-rrdb/rrdb", "discriminator": "srkit-vgg-disc/vgg"}
    names[field] = names[field].rpartition("/")[2]
    stage = {"loss": "srkit/l1 + srkit/gan", "steps": 1}
    with pytest.raises(AmbiguousError) as refused:
        plan(recipe_from_dict({**names, "stages": [stage]}), stranger)
    assert refused.value.name == names[field]
    assert f"zz-stranger/{names[field]}" in refused.value.candidates


def test_the_command_line_refuses_a_bare_name_and_says_what_to_write(stranger, capsys, tmp_path):
    words = ["train", "--gen", "srvgg", "--steps", "1", "--out", str(tmp_path / "run")]
    assert run(words) == 3
    said = capsys.readouterr().err
    assert "the generator name 'srvgg' is provided more than once" in said
    assert "try: write the full name: srkit-srvgg/srvgg" in said
    assert not (tmp_path / "run").exists()


def test_flags_alone_train_with_srkit_s_own_loss(stranger, tmp_path):
    generator = "srkit-srvgg/srvgg(features=8, blocks=1)"
    words = ["train", "--gen", generator, "--steps", "1", "--batch", "1", "--patch", "32"]
    assert run([*words, "--out", str(tmp_path / "run"), "--device", "cpu"]) == 0
    assert 'loss = "1.0*srkit/l1"' in (tmp_path / "run/recipe.toml").read_text()


def test_a_run_trains_resumes_repeats_and_is_checked(trained, tmp_path, capsys):
    recorded = (trained / "recipe.toml").read_text()
    for name in (
        "srkit-srvgg/srvgg(",
        "srkit-spectral-norm-disc/vgg-sn(",
        "srkit/l1",
        "srkit/psnr",
    ):
        assert name in recorded
    assert run(["check", str(trained)]) == 0
    assert run(["check", "demo"]) == 0
    more = ["--steps", "2", "--resume", "--device", "cpu"]
    assert run(["train", str(trained), *more]) == 0
    again = ["--out", str(tmp_path / "again"), "--device", "cpu"]
    assert run(["train", str(trained / "recipe.toml"), *again]) == 0
    assert (tmp_path / "again/recipe.toml").is_file()


def test_weights_of_a_run_are_scored_and_upscale(trained, tmp_path, capsys):

    write_image(tmp_path / "hr/a.png", np.full((64, 64, 3), 90, np.uint8))
    words = ["eval", str(trained), "srkit/bicubic", "--data", str(tmp_path / "hr")]
    assert run([*words, "--device", "cpu"]) == 0
    out = ["--out", str(tmp_path / "x4.png"), "--device", "cpu"]
    assert run(["upscale", str(trained), str(tmp_path / "hr/a.png"), *out]) == 0
    assert (tmp_path / "x4.png").is_file()
    assert run(["weights", "show", str(trained)]) == 0
    assert "srkit-srvgg/srvgg(" in capsys.readouterr().out


def test_a_component_finds_srkit_s_networks_under_their_names(stranger):
    from srkit_core.catalogue import core_distributions

    own = stranger.preferring(core_distributions())
    assert own.pretrained("vgg19-torchvision").gain == 1.0


def test_every_trapped_name_is_there_twice(stranger):
    names = [(one.spec.kind, one.name) for one in stranger.components]
    assert all(names.count(one) == 2 for one in names)
    assert all(isinstance(one.spec, ComponentSpec) for one in stranger.components)


def test_what_was_uninstalled_is_named_with_its_version_and_how_to_get_it(
    tmp_path, capsys, monkeypatch
):
    run_folder, photo = tmp_path / "run", tmp_path / "a.png"
    write_image(photo, np.full((64, 64, 3), 90, np.uint8))
    generator = "srvgg(features=8, blocks=1)"
    words = ["train", "--gen", generator, "--steps", "1", "--batch", "1", "--patch", "32"]
    assert run([*words, "--out", str(run_folder), "--device", "cpu"]) == 0
    version = discover().versions["srkit-srvgg"]
    monkeypatch.setenv("SRKIT_PLUGINS", "")
    for typed in (
        ["check", str(run_folder)],
        ["train", str(run_folder), "--resume", "--steps", "2"],
        ["train", str(run_folder / "recipe.toml"), "--out", str(tmp_path / "again")],
        ["eval", str(run_folder), "--data", str(tmp_path)],
        ["upscale", str(run_folder), str(photo), "--out", str(tmp_path / "b.png")],
    ):
        capsys.readouterr()
        assert run(typed) == 3
        fact, way = capsys.readouterr().err.splitlines()[-2:]
        assert fact.startswith("error: generator 'srkit-srvgg/srvgg' of ")
        assert fact.endswith(f" is not installed; made with srkit-srvgg {version}")
        assert way == "try: pip install srkit-srvgg"
