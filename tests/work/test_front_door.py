"""Does everything that Python users need work through the front door alone?"""

import json

import numpy as np
import pytest
import torch
from torch import nn

import srkit_core
from srkit_core import (
    Callback,
    Recipe,
    RunOptions,
    Stage,
    compare,
    degrade,
    discover,
    evaluate,
    load_model,
    train,
    upscale,
)
from srkit_core.errors import (
    DataError,
    IncompatibleError,
    PluginError,
    RecipeError,
    UnknownComponentError,
)
from srkit_core.interfaces import Degradation, Generator, Metric, ReferenceLoss
from srkit_core.io.images import image_size, write_image
from srkit_core.specs import DegradationSpec, GeneratorSpec, LossSpec, MetricSpec


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front door") / "my photos"
    for number in range(3):
        ramp = np.linspace(0, 255, 96 * 128 * 3).reshape(96, 128, 3)
        ramp = (ramp, ramp[::-1], np.roll(ramp, 48, axis=0))[number]  # or they show the same
        noise = np.random.default_rng(number).normal(0, 12, ramp.shape)
        write_image(folder / f"{number}.png", (ramp + noise).clip(0, 255).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def recipe():
    stage = Stage(loss="l1", steps=4, batch=2, patch=32, lr=1e-3, validate_every=2, log_every=1)
    return Recipe(generator="srvgg(features=4, blocks=1)", scale=2, stages=[stage])


@pytest.fixture(scope="module")
def run(photos, recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "first"
    return train(recipe, RunOptions(data=photos, out=out, device="cpu"))


def test_a_run_gives_its_folder_weights_history_and_best_scores(run):
    assert run.weights.is_file()
    rows = run.history()
    assert [row["step"] for row in rows if row["split"] == "train"] == [1, 2, 3, 4]
    values = {row["step"]: row["psnr"] for row in run.history("val")}
    best = run.best("psnr")
    assert best.value == max(values.values()) == values[best.step]
    assert best.weights.is_file()


def test_callbacks_hear_of_steps_validations_checkpoints_and_the_end(photos, recipe, tmp_path):
    heard = []

    class Hears(Callback):
        def on_step(self, event):
            heard.append(("step", event.step, event.length, "loss/l1" in event.values))

        def on_validation(self, event):
            heard.append(("validation", event.run_step, sorted(event.scores)))

        def on_checkpoint(self, event):
            heard.append(("checkpoint", event.run_step, event.folder.is_dir()))

        def on_stage_end(self, event):
            heard.append(("end", event.stage, event.early, sorted(event.best)))

    train(recipe, RunOptions(data=photos, out=tmp_path, device="cpu"), callbacks=[Hears()])
    scores = ["psnr", "psnr/std", "ssim", "ssim/std"]
    assert [event for event in heard if event[0] != "checkpoint"] == [
        ("step", 1, 4, True),
        ("step", 2, 4, True),
        ("validation", 2, scores),
        ("step", 3, 4, True),
        ("step", 4, 4, True),
        ("validation", 4, scores),
        ("end", "main", False, ["loss", "psnr", "ssim"]),
    ]
    first, second = (("checkpoint", step, True) for step in (2, 4))
    assert [event for event in heard if event[0] == "checkpoint"] == [first, second]
    assert heard.index(first) > heard.index(("validation", 2, scores))
    assert heard[-2] == second


def test_a_callback_that_raises_is_named_and_does_not_lose_the_run(photos, recipe, tmp_path):
    notes = []

    class Breaks(Callback):
        def on_validation(self, event):
            raise KeyError("ssim2")

    class Hears(Callback):
        on_note = staticmethod(notes.append)

    options = RunOptions(data=photos, out=tmp_path, device="cpu")
    result = train(recipe, options, callbacks=[Breaks(), Hears()])
    assert len([note for note in notes if "Breaks.on_validation raised KeyError" in note]) == 1
    assert len(result.history("val")) == 2


def test_models_are_scored_under_names_by_path_or_loaded(run, photos):
    by_path = evaluate({"ours": run.weights, "bicubic": "bicubic"}, photos, metrics="psnr")
    loaded = evaluate(load_model(run.weights), photos, metrics="psnr")
    assert by_path.names == ("ours", "bicubic")
    assert by_path.mean("psnr", "ours") == loaded.mean("psnr")
    assert by_path.protocol["scale"] == 2
    assert sorted(by_path["ours"].images) == ["0", "1", "2"]
    with pytest.raises(KeyError, match="no model 'theirs'; there are ours, bicubic"):
        _ = by_path["theirs"]


def test_scores_are_put_side_by_side_from_calls_and_files(run, photos, tmp_path):
    ours = evaluate({"ours": run.weights}, photos, metrics="psnr")
    plain = evaluate("bicubic", photos, scale=2, metrics="psnr")
    file = tmp_path / "bicubic.json"
    file.write_text(json.dumps(plain.to_dict()))
    both = compare(ours, file)
    assert both.names == ("ours", "bicubic")
    assert both.mean("psnr", "bicubic") == plain.mean("psnr")
    other = evaluate("bilinear", photos, scale=2, metrics="psnr", border=0)
    with pytest.raises(IncompatibleError, match="the protocols differ in border: 2, 0"):
        compare(ours, other)
    assert compare(plain, file).names == ("bicubic",)
    otherwise = evaluate({"bicubic": "nearest"}, photos, scale=2, metrics="psnr")
    with pytest.raises(IncompatibleError, match="two models are called 'bicubic', and their"):
        compare(plain, otherwise)
    assert compare(otherwise, file).names == ("bicubic", "bicubic (bicubic)")
    file.write_text("{}")
    with pytest.raises(DataError, match="holds no scores"):
        compare(file)


def test_scores_of_other_pictures_are_not_compared(photos, tmp_path):
    write_image(tmp_path / "other.png", np.zeros((64, 64, 3), np.uint8))
    one, other = (
        evaluate(model, data, scale=2, metrics="psnr")
        for model, data in (("bicubic", photos), ("bilinear", tmp_path))
    )
    with pytest.raises(IncompatibleError, match="the pictures differ: only one has"):
        compare(one, other)


def test_two_models_of_one_name_have_to_be_named(photos):
    with pytest.raises(RecipeError, match="two models are called 'bicubic'"):
        evaluate(["bicubic", "bicubic"], photos)


def test_a_picture_becomes_larger(run, photos, tmp_path):
    sizes = upscale(run.weights, photos / "0.png", tmp_path / "large.png")
    assert (sizes.before, sizes.after) == ((96, 128), (192, 256))
    assert image_size(tmp_path / "large.png") == (192, 256)
    with pytest.raises(IncompatibleError, match="is for scale 2, not 4"):
        load_model(run.weights, scale=4)


def test_a_degradation_can_be_looked_at(photos):
    result = degrade(photos / "0.png", "blur(sigma=0.5..2) | bicubic", scale=4, count=2, side=50)
    assert (result.scale, result.hr.shape) == (4, (48, 48, 3))
    assert [one.lr.shape for one in result.results] == [(12, 12, 3)] * 2
    assert len({one.draws["blur.sigma"] for one in result.results}) == 2


class Net(nn.Module):
    def __init__(self, features, scale, fault):
        super().__init__()
        self.fault = fault
        self.layers = nn.Sequential(
            nn.Conv2d(3, features, 3, padding=1),
            nn.Conv2d(features, 3 * scale**2, 3, padding=1),
            nn.PixelShuffle(scale),
        )

    def forward(self, lr):
        if self.fault == "network":
            raise ValueError("it does not like Thursdays")
        return self.layers(lr)


def net(*, features: int = 4, fault: str = "", scale: int) -> Generator:
    """A small network.

    Args:
        features: Channels.
        fault: What goes wrong.
    """
    return Net(features, scale, fault)


def odd(*, fault: str = "") -> ReferenceLoss:
    """Mean difference.

    Args:
        fault: What goes wrong.
    """

    def loss(sr, hr):
        if fault:
            return (sr - hr[..., 1:]).abs().mean()
        return (sr - hr).abs().mean()

    return loss


def score(*, fault: str = "") -> Metric:
    """Largest difference.

    Args:
        fault: What goes wrong.
    """

    def metric(sr, hr):
        return {}["missing"] if fault else (sr - hr).abs().amax(dim=(1, 2, 3))

    return metric


def worse(*, fault: str = "") -> Degradation:
    """Change nothing.

    Args:
        fault: What goes wrong.
    """

    def degradation(hr, *, rng):
        if fault:
            raise TypeError("no")
        return hr

    return degradation


@pytest.fixture
def mine():
    return discover().with_components(
        GeneratorSpec(name="mine", factory=net, summary="small", scales=(2,)),
        LossSpec(name="odd", factory=odd, summary="mean difference"),
        MetricSpec(name="worst", factory=score, summary="largest", higher_is_better=False),
        DegradationSpec(name="worse", factory=worse, summary="nothing"),
    )


def own_recipe(generator="mine", loss="l1 + odd", metrics="psnr + worst", degradation="bicubic"):
    stage = Stage(loss=loss, steps=2, batch=2, patch=32)
    return Recipe.model_validate(
        {
            "generator": generator,
            "scale": 2,
            "degradation": degradation,
            "validation": {"metrics": metrics},
            "stages": [stage],
        }
    )


def test_own_components_train_resume_and_are_loaded_again_with_the_same_registry(
    mine, photos, tmp_path
):
    options = RunOptions(data=photos, out=tmp_path / "run", device="cpu")
    result = train(own_recipe(), options, registry=mine)
    rows = result.history("val")
    assert rows[-1]["worst"] > 0
    assert rows[-1]["loss/odd"] == pytest.approx(rows[-1]["loss/l1"])
    longer = own_recipe().model_copy(
        update={"stages": (own_recipe().stages[0].model_copy(update={"steps": 3}),)}
    )
    resumed = train(longer, options, registry=mine, resume="newest")
    assert resumed.history("val")[-1]["step"] == 3
    model = load_model(result.weights, registry=mine)
    assert model(torch.rand(1, 3, 8, 9)).shape == (1, 3, 16, 18)
    scores = evaluate(result.weights, photos, registry=mine, metrics="psnr + worst")
    assert scores.mean("worst") > 0
    with pytest.raises(
        UnknownComponentError, match=r"generator 'local/mine' of .* was announced in a script"
    ):
        load_model(result.weights)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"generator": "mine(fault=network)"},
            "the component 'mine' of local failed when it was trained on 2x3x16x16: "
            "ValueError: it does not like Thursdays",
        ),
        (
            {"loss": "odd(fault=shape)"},
            "the component 'odd' of local failed when it compared 2x3x32x32: RuntimeError: ",
        ),
        (
            {"metrics": "worst(fault=key)"},
            "the component 'worst' of local failed when it scored 1x3x96x128: KeyError: 'missing'",
        ),
        (
            {"degradation": "worse(fault=type) | bicubic"},
            "the component 'worse' of local failed when it degraded 2x3x40x40: TypeError: no",
        ),
    ],
)
def test_an_error_of_a_component_names_it_its_home_and_what_it_did(
    mine, photos, tmp_path, fields, message
):
    options = RunOptions(data=photos, out=tmp_path / "run", device="cpu")
    with pytest.raises(PluginError) as caught:
        train(own_recipe(**fields), options, registry=mine)
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith("SRKIT_TRACE=1 shows where; srkit plugin check local/")
    assert caught.value.exit_code == 3


def test_an_own_component_that_is_not_sound_or_there_already_is_refused(mine):
    def loose(power: int = 1) -> ReferenceLoss:
        raise NotImplementedError

    with pytest.raises(PluginError, match=r"loss 'loose': parameter 'power' .* not keyword-only"):
        mine.with_components(LossSpec(name="loose", factory=loose, summary="x"))
    with pytest.raises(PluginError, match="loss 'local/odd' is there already"):
        mine.with_components(LossSpec(name="odd", factory=odd, summary="x"))


def test_every_public_name_is_listed_for_completion():
    assert dir(srkit_core) == srkit_core.__all__
