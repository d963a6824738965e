"""Is the pretrained network of a run chosen once, recorded, and kept when the run goes on?"""

import hashlib
import json
from dataclasses import replace

import pytest

from srkit_core.callbacks import Callback
from srkit_core.engine.trainer import train
from srkit_core.errors import WeightsError
from srkit_core.pinning import choose_networks, components_of, found_here, networks_of, pin
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions
from srkit_core.specs import LossSpec, MetricSpec, WeightsFile, WeightsSpec


def bright(*, weights: str = "auto"):
    """Compare brightness.

    Args:
        weights: auto, the name of a network, or a path.
    """
    return lambda sr, hr: (sr.mean() - hr.mean()).abs()


def score(*, weights: str = "auto"):
    """Score brightness.

    Args:
        weights: auto or the name of a network.
    """
    return lambda sr, hr: (sr - hr).abs().mean(dim=(1, 2, 3))


def needed(options):
    return (("one", "two"),) if options["weights"] == "auto" else ((options["weights"],),)


def network(name):
    content = name.encode() * 100
    file = WeightsFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    return WeightsSpec(name=name, files=(file,), licence="MIT", summary="s", source="s"), content


@pytest.fixture
def registry():
    """What is installed, with a loss and a metric that read one of two networks."""
    real = discover()
    loss = LossSpec(name="bright", factory=bright, summary="s", pretrained=needed)
    metric = MetricSpec(
        name="score", factory=score, summary="s", higher_is_better=False, pretrained=needed
    )
    return real.with_components(
        loss, metric, network("one")[0], network("two")[0], distribution="test"
    )


@pytest.fixture
def bring(tmp_path, monkeypatch):
    """Put networks onto this machine, and take the others away."""
    folder = tmp_path / "weights of mine"
    folder.mkdir()
    monkeypatch.setenv("SRKIT_WEIGHTS", str(folder))
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))

    def make(*names):
        for old in folder.iterdir():
            old.unlink()
        for name in names:
            (folder / f"file of {name}").write_bytes(network(name)[1])
        return folder

    return make


def recipe(loss="l1 + 0.5*bright", metrics="psnr + score", steps=2):
    stage = {"loss": loss, "steps": steps, "batch": 2, "patch": 32, "checkpoint_every": 1}
    validation = {"metrics": metrics, "pictures": 0}
    return recipe_from_dict(
        {"generator": "srvgg(features=4, blocks=1)", "validation": validation, "stages": [stage]}
    )


def test_the_first_that_is_here_is_written_into_losses_and_metrics(registry, bring):
    bring("two")
    pinned = pin(recipe(), registry)
    assert str(pinned.plan.recipe.stages[0].loss) == "1.0*srkit/l1 + 0.5*test/bright(weights=two)"
    assert str(pinned.plan.recipe.validation.metrics) == "srkit/psnr + test/score(weights=two)"
    assert [one.spec.name for one in pinned.networks] == ["two"]
    bring("one", "two")
    assert (
        str(pin(recipe(), registry).plan.recipe.stages[0].loss)
        == "1.0*srkit/l1 + 0.5*test/bright(weights=one)"
    )


def test_what_a_run_chose_is_kept_although_another_would_come_first(registry, bring):
    bring("two")
    before = pin(recipe(), registry).plan.recipe
    bring("one", "two")
    chosen = choose_networks(plan(recipe(), registry), registry, recorded=before)
    assert str(chosen.stages[0].loss) == "1.0*srkit/l1 + 0.5*test/bright(weights=two)"
    assert str(chosen.validation.metrics) == "srkit/psnr + test/score(weights=two)"
    bring("one")
    with pytest.raises(WeightsError, match="the pretrained network two is not on this machine"):
        choose_networks(plan(recipe(), registry), registry, recorded=before)


def test_a_network_that_is_named_is_taken_and_no_other(registry, bring):
    bring("one")
    with pytest.raises(WeightsError, match="the pretrained network two is not on this machine"):
        pin(recipe("l1 + bright(weights=two)"), registry)


def test_a_path_is_written_out_and_its_file_known(registry, bring, monkeypatch):
    folder = bring("two")
    monkeypatch.chdir(folder.parent)
    pinned = pin(recipe(f'l1 + bright(weights="{folder.name}/file of two")', "psnr"), registry)
    assert str(folder / "file of two") in str(pinned.plan.recipe.stages[0].loss)
    assert [one.spec.name for one in pinned.networks] == ["two"]


def test_auto_is_written_out_and_still_ends_as_the_network_that_was_chosen(registry, bring):
    bring("two")
    written = plan(recipe(), registry).recipe
    assert str(written.stages[0].loss) == "1.0*srkit/l1 + 0.5*test/bright(weights=auto)"
    pinned = pin(written, registry).plan.recipe
    assert str(pinned.stages[0].loss) == "1.0*srkit/l1 + 0.5*test/bright(weights=two)"
    assert pin(pinned, registry).plan.recipe == pinned


def test_the_only_network_there_is_today_is_written_out_too(registry, assets, monkeypatch):
    monkeypatch.setenv("SRKIT_WEIGHTS", str(assets / "weights"))
    pinned = pin(recipe("vgg + vgg(network=vgg16, layer=conv5_3)", "psnr"), registry).plan.recipe
    assert [dict(term.call.options)["weights"] for term in pinned.stages[0].loss.terms] == [
        "vgg19-oxford",
        "vgg16-torchvision",
    ]


def test_the_networks_of_parts_are_each_fetched_once(registry, bring):
    bring("one")
    planned = plan(recipe("bright + 2*bright"), registry)
    assert [one.spec.name for one in networks_of(components_of(planned), registry)] == ["one"]
    assert found_here(("two", "one"), registry)
    assert not found_here(("two",), registry)


class Notes(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


def test_a_run_says_and_records_what_it_read_and_refuses_another_file(registry, bring, tmp_path):
    folder, out, told = bring("two"), tmp_path / "run", Notes()
    train(recipe(), RunOptions(out=out, device="cpu"), registry=registry, callbacks=[told])
    assert f"pretrained network two from {folder / 'file of two'}" in told.notes
    environment = json.loads((out / "environment.json").read_text())
    digest = hashlib.sha256(network("two")[1]).hexdigest()
    assert environment["weights"] == [
        {"name": "two", "path": str(folder / "file of two"), "sha256": digest}
    ]
    assert "bright(weights=two)" in (out / "recipe.toml").read_text()
    bring("one", "two")
    train(recipe(steps=3), RunOptions(out=out, device="cpu"), registry=registry, resume="newest")
    assert "bright(weights=two)" in (out / "recipe.toml").read_text()
    spec, _ = network("two")
    content = b"another file of the same network"
    other = WeightsFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    changed = tuple(
        replace(one, spec=replace(spec, files=(*spec.files, other))) if one.spec == spec else one
        for one in registry.others
    )
    bring()
    (folder / "other").write_bytes(content)
    with pytest.raises(
        WeightsError, match=r"the run began with two of sha256 .*, which now is .*other of sha256"
    ):
        train(
            recipe(steps=4),
            RunOptions(out=out, device="cpu"),
            registry=replace(registry, others=changed),
            resume="newest",
        )
