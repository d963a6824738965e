"""Does a run begin from networks that were brought: whole, in part, with their optimizers?"""

import json
import re

import pytest
import torch
from safetensors.torch import load_file

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.errors import RecipeError, WeightsError
from srkit_core.io.images import write_image
from srkit_core.models.discriminator_file import read_discriminator_card
from srkit_core.models.weights_card import read_card
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

GENERATOR = "rrdb(blocks=1, features=4, growth=2)"
DISCRIMINATOR = "unet-sn(features=2)"
STAGE = {"loss": "l1 + gan", "steps": 2, "batch": 2, "patch": 16, "checkpoint_every": 1, "keep": 9}


class Heard(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


def small(*stages, **fields):
    document = {
        "generator": GENERATOR,
        "discriminator": DISCRIMINATOR,
        "validation": {"pictures": 0, "metrics": "psnr"},
        "stages": [
            STAGE | {"name": f"s{number}"} | stage for number, stage in enumerate(stages or [{}])
        ],
    }
    return recipe_from_dict(document | fields)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(4):
        torch.manual_seed(number)
        write_image(folder / f"{number}.png", (torch.rand(48, 48, 3) * 255).byte().numpy())
    return folder


@pytest.fixture(scope="module")
def before(tmp_path_factory, pictures):
    """A run of a stage without a discriminator and one with it."""
    out = tmp_path_factory.mktemp("before") / "run"
    recipe = small({"loss": "l1"}, {"lr": 1e-2})
    return train(recipe, RunOptions(data=pictures, out=out, device="cpu")).folder


@pytest.fixture
def begun(pictures, tmp_path):
    """Begin a run, and return its folder and what was said."""

    def begin(recipe, name="new", **options):
        heard = Heard()
        where = RunOptions(data=pictures, out=tmp_path / name, device="cpu", **options)
        return train(recipe, where, callbacks=[heard]).folder, heard.notes

    return begin


def state(folder, step, name):
    return load_file(folder / "checkpoints" / f"step-{step:08d}" / f"{name}.safetensors")


def learnt(folder, step, name):
    """Its weights, without the vectors of spectral normalisation, which every pass moves."""
    found = state(folder, step, name)
    return {name: one for name, one in found.items() if not name.endswith(("_u", "_v"))}


def farthest(one, other):
    return max((one[name] - other[name]).abs().max().item() for name in one)


def still(**fields):
    """A stage that moves nothing to speak of."""
    return {"lr": 1e-12, "steps": 1} | fields


def test_a_run_keeps_the_discriminator_of_each_stage_with_a_card(before):
    kept = before / "weights" / "s1" / "discriminator.safetensors"
    card = read_discriminator_card(kept)
    assert str(card.discriminator) == "srkit-unet-disc/unet-sn(features=2, skip=true)"
    assert (card.patch, card.scale, card.step) == (16, 4, 4)
    saved, checkpoint = load_file(kept), state(before, 4, "discriminator")
    assert farthest(saved, checkpoint) == 0
    assert not (before / "weights" / "s0" / "discriminator.safetensors").exists()
    with pytest.raises(WeightsError, match="holds a discriminator, not a generator"):
        read_card(kept)


@pytest.mark.parametrize("word", ["run", "file", "checkpoint"])
def test_a_discriminator_is_brought(before, begun, word):
    place = {
        "run": before,
        "file": before / "weights" / "s1" / "discriminator.safetensors",
        "checkpoint": before / "checkpoints" / "step-00000004",
    }[word]
    folder, notes = begun(small(still()), init_disc=place)
    begun_from = state(folder, 1, "discriminator")
    assert farthest(learnt(before, 4, "discriminator"), begun_from) < 1e-9
    fresh, _ = begun(small(still()), "fresh")
    assert farthest(state(fresh, 1, "discriminator"), begun_from) > 1e-2
    assert farthest(state(fresh, 1, "generator"), state(folder, 1, "generator")) < 1e-9
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["arguments"]["init_disc"] == str(place)
    assert re.fullmatch("[0-9a-f]{64}", environment["init_disc"]["sha256"])
    said = "is a run: taking the discriminator of stage 's1', after step 4"
    assert any(said in note for note in notes) == (word == "run")


@pytest.mark.parametrize(
    ("recipe", "options", "fact"),
    [
        (
            small({"loss": "l1"}, discriminator=None),
            {"init_disc": "RUN"},
            "--init-disc brings a discriminator, and the recipe 'run' has none",
        ),
        (
            small(discriminator="unet-sn(features=3)"),
            {"init_disc": "RUN"},
            "holds weights of another architecture: features=2, where this run has features=3",
        ),
        (
            small(discriminator="vgg-sn(features=2)"),
            {"init_disc": "RUN"},
            "of the discriminator 'unet-sn', and this run trains 'vgg-sn'",
        ),
        (
            small({"discriminator_from": "fresh"}),
            {"init_disc": "RUN"},
            "stage 's0' begins with a fresh discriminator, and --init-disc brings one",
        ),
        (small(), {"init_disc": "RUN/weights/last.safetensors"}, "holds a generator, not a disc"),
        (small(), {"init": "RUN/weights/s1/discriminator.safetensors"}, "holds a discriminator"),
        (small(), {"init_disc": "nowhere"}, "there are no weights 'nowhere' to start from"),
        (small(), {"init_partial": True}, "--init-partial says how initial weights are taken"),
        (
            small(),
            {"init": "RUN", "init_partial": True, "init_optimizers": True},
            "an optimizer goes on with whole networks only",
        ),
        (
            small({"optimizer": {"name": "AdamW"}}),
            {"init": "RUN", "init_optimizers": True},
            "the optimizer of the generator was Adam",
        ),
        (
            small({"loss": "l1"}, {}),
            {"init_disc": "RUN", "init_optimizers": True},
            "stage 's0' has no discriminator whose optimizer could go on",
        ),
        (
            small(),
            {"init": "RUN/weights/last.safetensors", "init_optimizers": True},
            "--init-optimizers takes a run folder with a checkpoint",
        ),
    ],
)
def test_what_cannot_be_brought_is_refused_before_anything_is_written(
    before, begun, tmp_path, recipe, options, fact
):
    words = {
        name: value.replace("RUN", str(before)) if isinstance(value, str) else value
        for name, value in options.items()
    }
    with pytest.raises((RecipeError, WeightsError), match=re.escape(fact)):
        begun(recipe, **words)
    assert not (tmp_path / "new" / "recipe.toml").exists()


def test_a_run_without_a_discriminator_has_none_to_bring(begun):
    folder, _ = begun(small({"loss": "l1"}, discriminator=None), "alone")
    with pytest.raises(WeightsError, match="has no discriminator"):
        begun(small(), init_disc=folder)


def test_optimizers_go_on_from_the_newest_checkpoint(before, begun):
    """Beside weights and moments, nothing differs from a run that goes on: the same gradients give
    the same step.
    """
    options = {"init": before, "init_disc": before, "init_optimizers": True}
    folder, notes = begun(small(still()), **options)
    assert any("the optimizer of the generator goes on from" in note for note in notes)
    for role in ("generator", "discriminator"):
        assert farthest(learnt(before, 4, role), state(folder, 1, role)) < 1e-9
        then, now = (
            state(run, step, f"{role}-optimizer") for run, step in ((before, 4), (folder, 1))
        )
        steps = [name for name in then if name.endswith(".step")]
        assert {now[name].item() - then[name].item() for name in steps} == {1.0}
        name = next(name for name in then if name.endswith("exp_avg_sq"))
        assert torch.all(now[name] >= 0.98 * then[name])
    anew, _ = begun(small(still()), "anew", init=before, init_disc=before)
    assert {state(anew, 1, "generator-optimizer")[name].item() for name in steps} == {1.0}


def test_what_fits_is_taken_of_another_scale_and_of_more_blocks(before, begun):
    wide = "rrdb(blocks=2, features=4, growth=2)"
    folder, notes = begun(small(still(), generator=wide, scale=2), init=before, init_partial=True)
    theirs, ours = state(before, 4, "generator"), state(folder, 1, "generator")
    best = load_file(next((before / "weights" / "s1").glob("best-psnr*")))
    taken = {name for name in best if name in ours and best[name].shape == ours[name].shape}
    assert set(theirs) - taken == {"conv_first.weight"}
    assert farthest({name: best[name] for name in taken}, ours) < 1e-9
    said = "\n".join(notes)
    assert f"{len(taken)} of {len(ours)} tensors of rrdb are taken" in said
    assert "not taken: conv_first.weight (4, 3, 3, 3), here (4, 12, 3, 3)" in said
    assert "begin anew: conv_first.weight; body.1.rdb1.conv1.weight" in said
    assert "; and " in said


def test_weights_that_do_not_fit_name_the_way(before, begun):
    wide = small(generator="rrdb(blocks=2, features=4, growth=2)")
    with pytest.raises(WeightsError) as refused:
        begun(wide, init=before)
    assert refused.value.hint.endswith("; or --init-partial takes the tensors that fit")
    other = small(generator="srvgg(features=3, blocks=1)")
    with pytest.raises(WeightsError, match=r"has no tensor that fits srkit-srvgg/srvgg\("):
        begun(other, init=before, init_partial=True)


def test_part_of_a_discriminator_is_taken(before, begun):
    wanted = small(still(), discriminator="unet-sn(features=2, skip=false)")
    folder, notes = begun(wanted, init_disc=before, init_partial=True)
    assert any("28 of 28 tensors of unet-sn are taken" in note for note in notes), notes
    assert (
        farthest(
            {"conv0.weight": state(before, 4, "discriminator")["conv0.weight"]},
            state(folder, 1, "discriminator"),
        )
        < 1e-9
    )


def test_an_imported_discriminator_is_shown_and_trained(before, begun, tmp_path, capsys):
    named = {
        name.replace("parametrizations.weight.original", "weight_orig")
        .replace("parametrizations.weight.0._u", "weight_u")
        .replace("parametrizations.weight.0._v", "weight_v"): value
        for name, value in state(before, 4, "discriminator").items()
    }
    published, out = tmp_path / "net_d_400000.pth", tmp_path / "d.safetensors"
    torch.save({"params": named}, published)
    words = ["weights", "import", str(published), "--kind", "discriminator", "--out", str(out)]
    assert run([*words, "--disc", "unet-sn"]) == 0
    told = capsys.readouterr().out
    assert "is unet-sn-basicsr: srkit-unet-disc/unet-sn(features=2, skip=true)\n" in told
    assert run(["weights", "show", str(out)]) == 0
    told = capsys.readouterr().out
    assert "discriminator: srkit-unet-disc/unet-sn(features=2, skip=true)\npatch: 128\n" in told
    for number, file in enumerate((published, out)):
        folder, _ = begun(small(still()), f"run{number}", init_disc=file)
        assert (
            farthest({"conv9.weight": named["conv9.weight"]}, state(folder, 1, "discriminator"))
            < 1e-9
        )
    assert run(["weights", "import", str(published), "--out", str(tmp_path / "g.safetensors")]) == 4
    assert "holds a discriminator (unet-sn-basicsr), not a generator" in capsys.readouterr().err
    assert run([*words[:3], "--disc", "unet-sn", "--out", str(tmp_path / "h.safetensors")]) == 2
    assert "--disc is of a discriminator" in capsys.readouterr().err


def test_check_says_what_networks_begin_from(before, tmp_path, capsys):
    recipe = tmp_path / "mine.toml"
    recipe.write_text(small().to_toml())
    kept = before / "weights" / "s1" / "discriminator.safetensors"
    assert run(["check", str(recipe), "--init", str(before), "--init-disc", str(kept)]) == 0
    told = capsys.readouterr().out
    assert f"the discriminator starts from {kept}" in told
    assert "the generator starts from" in told
    other = ["--disc", "unet-sn(features=3)", "--init-disc", str(kept)]
    assert run(["check", str(recipe), *other]) == 4
    assert "features=2, where this run has features=3" in capsys.readouterr().err


def test_a_resumed_run_no_longer_needs_what_it_began_from(before, begun, pictures, tmp_path):
    kept = tmp_path / "d.safetensors"
    kept.write_bytes((before / "weights" / "s1" / "discriminator.safetensors").read_bytes())
    folder, _ = begun(small(still()), init_disc=kept)
    kept.unlink()
    train(small(still(steps=2)), RunOptions(out=folder, device="cpu"), resume="newest")
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["arguments"]["init_disc"] == str(kept)
    assert state(folder, 2, "discriminator")


def test_weights_at_an_address_are_kept(before, begun, tmp_path, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    last = (before / "weights" / "last.safetensors").read_bytes()
    system = fsspec.filesystem("memory")
    system.pipe("/mine/last.safetensors", last)
    address = "memory://mine/last.safetensors"
    folder, notes = begun(small(still()), init=address)
    system.rm("/mine", recursive=True)
    again, _ = begun(small(still()), "again", init=address)
    (kept,) = (tmp_path / "cache" / "weights" / "addresses").glob("*/last.safetensors")
    (note,) = [
        one for one in notes if one.startswith(f"the weights of {address} are kept in {kept}")
    ]
    assert "nothing pins them" in note
    for one in (folder, again):
        assert farthest(state(one, 1, "generator"), load_file(kept)) < 1e-9
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["arguments"]["init"] == address
    with pytest.raises(WeightsError, match=r"there is no file at memory://nowhere"):
        begun(small(), "gone", init="memory://nowhere")
