"""Do compared models give the published table, and one document that says how it was made?"""

import json
import math
from importlib.metadata import version

import numpy as np
import pytest
import torch

from srkit_core.cli.app import run
from srkit_core.data.picture_set import open_picture_set, split_pictures
from srkit_core.errors import (
    DataError,
    ExpressionError,
    IncompatibleError,
    RecipeError,
    UnknownComponentError,
    WeightsError,
)
from srkit_core.evaluation.bench import Inference
from srkit_core.evaluation.demo_sheet import draw_demo_sheet
from srkit_core.evaluation.evaluate import evaluate_models
from srkit_core.evaluation.saved_pictures import save_into
from srkit_core.evaluation_files import read_evaluation_recipe
from srkit_core.evaluation_recipe import evaluation_recipe
from srkit_core.expressions import parse_call
from srkit_core.io.documents import json_text
from srkit_core.io.images import read_image, write_image
from srkit_core.models.build import build_network
from srkit_core.models.weights_card import Card
from srkit_core.models.weights_file import save_weights
from srkit_core.plan import bind_generator
from srkit_core.recipe import recipe_from_dict

SET5 = "50d09b2b7d02e54a5df9d4eb7e000b5f1813137fc869206855c89e22f8fea391"
"""The digest of Set5 as it is scored at x4."""
MACHINE = Inference(torch.device("cpu"))


@pytest.fixture
def hr(tmp_path, smooth):
    for seed, name in enumerate(("one", "inner/two")):
        write_image(tmp_path / "HR" / f"{name}.png", smooth(61, 50, seed))
    return tmp_path / "HR"


def lr_of(hr, scale, names=("one", "inner/two")):
    folder = hr.parent / f"LRx{scale}"
    for name in names:
        pixels = read_image(hr / f"{name}.png")
        write_image(
            folder / f"{name}x{scale}.png",
            pixels[: 61 // scale * scale : scale, : 50 // scale * scale : scale],
        )
    return folder


def trained(path, registry, scale):
    bound = bind_generator(registry, parse_call("srvgg(features=8, blocks=1)"), scale)
    save_weights(path, build_network(bound).state_dict(), Card(bound.expression, scale, "", {}, 5))
    return str(path)


def compared(registry, place, notes=None, seen=None, **fields):
    wanted = evaluation_recipe({"models": {"bicubic": "bicubic"}, **fields})
    return evaluate_models(
        wanted,
        wanted.models,
        open_picture_set(str(place)),
        registry,
        MACHINE,
        note=(notes if notes is not None else []).append,
        seen=seen,
    )


def test_lr_of_a_folder_fits_prepared_pictures(hr, registry, tmp_path):
    low = lr_of(hr, 4)
    assert (
        run(["prepare", str(hr), str(tmp_path / "packed"), "--patch", "16", "--keep-duplicates"])
        == 0
    )
    plain, packed = (
        compared(registry, place, lr=str(low), border=0).models[0].images
        for place in (hr, tmp_path / "packed")
    )
    assert len(packed) == 2
    assert list(packed.values()) == list(plain.values())


@pytest.fixture(scope="module")
def set5(assets):
    return assets / "benchmarks" / "Set5"


@pytest.fixture(scope="module")
def on_official_files(set5, registry):
    notes = []
    result = compared(registry, set5 / "HR", notes, lr=set5 / "LRx4")
    assert notes == ["scale 4, from the sizes of HR and LR"]
    return result


def test_bicubic_on_set5_is_the_published_row(assets, on_official_files):
    golden = json.loads((assets / "goldens" / "set5_x4.json").read_text())["Set5"]
    scores = on_official_files.models[0]
    assert (scores.mean("psnr"), scores.mean("ssim")) == (
        pytest.approx(28.43, abs=0.005),
        pytest.approx(0.811, abs=0.0005),
    )
    assert len(scores.images) == 5
    for name, values in scores.images.items():
        psnr, ssim = golden[f"{name}.png"]["bicubic"]
        assert (values["psnr"], values["ssim"]) == (
            pytest.approx(psnr, abs=1e-4),
            pytest.approx(ssim, abs=1e-5),
        )


def test_lr_that_is_made_is_the_official_one(set5, registry, on_official_files):
    notes = []
    made = compared(registry, set5 / "HR", notes)
    assert made.models[0].images == on_official_files.models[0].images
    assert notes == ["scale 4, the default; choose with --scale N"]


def test_the_other_lr_in_circulation_is_a_border(set5, registry):
    stored, made = (
        compared(registry, set5 / "HR", **how)
        for how in ({"lr": set5 / "LRx4_selfexsr"}, {"degrade": "bicubic(border=replicate)"})
    )
    assert made.models[0].images == stored.models[0].images


@pytest.mark.parametrize(("scale", "psnr"), [(2, 33.66), (3, 30.39)])
def test_bicubic_at_other_scales_is_the_published_row(set5, registry, scale, psnr):
    """The first row of the tables since VDSR (Kim et al. 2016, table 2)."""
    result = compared(registry, set5 / "HR", lr=set5 / f"LRx{scale}")
    assert result.models[0].mean("psnr") == pytest.approx(psnr, abs=0.03)
    assert result.protocol["scale"] == scale


def test_the_document_has_the_shape_that_is_promised(set5, on_official_files):
    document = json.loads(json_text(on_official_files.to_dict()))
    assert document["protocol"] == {
        "channel": "y",
        "definition": "Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255, not rounded",
        "border": 4,
        "quantisation": "8 bit",
        "scale": 4,
        "lr": str(set5 / "LRx4"),
        "kernel": "as stored",
        "precision": "float32",
        "metrics": dict.fromkeys(("psnr", "ssim"), f"srkit {version('srkit')}"),
        "srkit": version("srkit"),
        "pictures": {"count": 5, "sha256": SET5, "from": str(set5 / "HR")},
        "lr_sha256": "db08918d0237dae72028173b72d79e13f09593763ecb7292b9487cf34ebf5956",
    }
    (model,) = document["models"]
    assert model.keys() == {"name", "metrics", "images"}
    assert list(model["metrics"]["psnr"]) == ["mean", "std", "interval", "unit", "higher_is_better"]
    assert (model["metrics"]["psnr"]["unit"], model["metrics"]["ssim"]["higher_is_better"]) == (
        "dB",
        True,
    )
    values = [image["psnr"] for image in model["images"]]
    assert [image["name"] for image in model["images"]] == [
        "baby",
        "bird",
        "butterfly",
        "head",
        "woman",
    ]
    assert model["metrics"]["psnr"]["mean"] == pytest.approx(sum(values) / 5)
    assert model["metrics"]["psnr"]["std"] == pytest.approx(float(np.std(values)))


def test_the_protocol_is_chosen_and_described(registry, hr):
    result = compared(
        registry, hr, scale=2, protocol="rgb", border=0, metrics="psnr", degrade="bilinear"
    )
    described = result.protocol
    assert (described["channel"], described["border"], described["scale"]) == ("rgb", 0, 2)
    assert (described["lr"], described["kernel"], list(described["metrics"])) == (
        "made from HR",
        "bilinear",
        ["psnr"],
    )
    assert list(result.models[0].specs) == ["psnr"]
    assert compared(registry, hr, scale=2).protocol["border"] == 2


def test_models_are_compared_in_their_order(registry, hr):
    result = compared(registry, hr, models={"Keys": "bicubic", "box": "nearest"}, scale=4)
    assert [one.name for one in result.models] == ["Keys", "box"]
    assert result.models[0].mean("psnr") > result.models[1].mean("psnr")


def test_the_scale_comes_from_the_model(registry, hr, tmp_path):
    notes = []
    model = trained(tmp_path / "w.safetensors", registry, 3)
    result = compared(registry, hr, notes, models={"net": model, "bicubic": "bicubic"})
    assert (result.protocol["scale"], notes) == (3, [])
    assert [list(one.images) for one in result.models] == [["inner/two", "one"]] * 2


def test_the_scale_comes_from_the_sizes_or_a_flag(registry, hr):
    notes = []
    assert compared(registry, hr, notes, lr=lr_of(hr, 2)).protocol["scale"] == 2
    assert compared(registry, hr, notes, scale=3).protocol["scale"] == 3
    assert notes == ["scale 2, from the sizes of HR and LR"]


def test_scales_that_disagree_are_refused(registry, hr, tmp_path):
    two, four = (trained(tmp_path / f"x{scale}.safetensors", registry, scale) for scale in (2, 4))
    with pytest.raises(
        IncompatibleError, match=f"these have different scales: {two} x2, {four} x4"
    ):
        compared(registry, hr, models={"a": two, "b": four})
    with pytest.raises(
        IncompatibleError, match=f"these have different scales: {two} x2, --scale x3"
    ):
        compared(registry, hr, models={"a": two}, scale=3)


@pytest.mark.parametrize(("stored", "asked"), [(2, 4), (4, 2)])
def test_lr_of_another_scale_is_refused(registry, hr, stored, asked):
    with pytest.raises(DataError, match=f"that is not scale {asked}"):
        compared(registry, hr, lr=lr_of(hr, stored), scale=asked)


def test_lr_is_found_in_the_same_subfolder(registry, hr, smooth):
    write_image(hr / "inner" / "one.png", smooth(40, 40, seed=3))
    folder = lr_of(hr, 2)
    write_image(folder / "inner" / "onex2.png", smooth(40, 40, seed=3)[::2, ::2])
    result = compared(registry, hr, lr=folder)
    assert result.protocol["scale"] == 2
    assert list(result.models[0].images) == ["inner/one", "inner/two", "one"]
    assert min(values["psnr"] for values in result.models[0].images.values()) > 25


def test_a_missing_lr_picture_is_named(registry, hr):
    with pytest.raises(DataError, match=f"{hr}/one.png has no LR picture in "):
        compared(registry, hr, lr=lr_of(hr, 2, names=("inner/two",)))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"metrics": "2*psnr"}, ExpressionError),
        ({"metrics": "pnsr"}, UnknownComponentError),
        ({"degrade": "bicubic(factor=2)", "scale": 4}, IncompatibleError),
        ({"models": {"a": "srvgg"}}, WeightsError),
    ],
)
def test_what_cannot_be_compared_is_refused(registry, hr, fields, error):
    with pytest.raises(error):
        compared(registry, hr, **fields)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        (f"scale = {'9' * 5000}\n", "is not TOML: "),
        ("scale = " + "[" * 5000, "is not TOML: "),
        (b'data = "\xff"', "is not a text file"),
        ("[models]\n", "models: "),
        (None, "cannot read .*: "),
    ],
)
def test_a_file_that_is_no_evaluation_recipe_is_named(tmp_path, text, fact):
    path = tmp_path / "table.toml"
    if text is None:
        path.mkdir()
    else:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecipeError, match=fact):
        read_evaluation_recipe(path, {})


def test_a_table_of_a_file_is_made(registry, hr, tmp_path):
    path = tmp_path / "table.toml"
    path.write_text(
        f'data = "{hr}"\nprotocol = "rgb"\nmetrics = "ssim"\nscale = 2\n[models]\n"the box" = '
        '"nearest"\n'
    )
    wanted = read_evaluation_recipe(path, {"border": 3})
    result = evaluate_models(
        wanted, wanted.models, open_picture_set(wanted.data), registry, MACHINE, note=print
    )
    assert (result.models[0].name, list(result.models[0].specs)) == ("the box", ["ssim"])
    assert (result.protocol["channel"], result.protocol["border"], result.protocol["scale"]) == (
        "rgb",
        3,
        2,
    )


def test_pictures_are_saved_per_model(registry, hr, tmp_path):
    compared(
        registry,
        hr,
        models={"a/b": "bicubic", "c": "nearest"},
        scale=2,
        seen=save_into(tmp_path / "out"),
    )
    saved = sorted(
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.png")
    )
    assert saved == ["a_b/inner/two.png", "a_b/one.png", "c/inner/two.png", "c/one.png"]
    assert read_image(tmp_path / "out" / "c" / "one.png").shape == (60, 50, 3)


def test_pictures_of_one_name_are_all_scored(registry, hr, smooth):
    write_image(hr / "one.jpg", smooth(61, 50, 5))
    assert list(compared(registry, hr, scale=2).models[0].images) == [
        "inner/two",
        "one.jpg",
        "one.png",
    ]


def test_a_network_whose_precision_is_lower_still_scores(registry, hr, tmp_path):
    model = trained(tmp_path / "w.safetensors", registry, 2)
    wanted = evaluation_recipe({"models": {"net": model}})
    exact, rough = (
        evaluate_models(
            wanted,
            wanted.models,
            open_picture_set(str(hr)),
            registry,
            Inference(torch.device("cpu"), precision, tile=16),
            note=print,
        )
        .models[0]
        .mean("psnr")
        for precision in (torch.float32, torch.bfloat16)
    )
    assert exact != rough
    assert math.isclose(exact, rough, rel_tol=0.05)


def test_a_showcase_draws_and_scores_what_a_recipe_holds_out(registry, tmp_path):
    stage = {"loss": "l1", "steps": 1, "batch": 1, "patch": 32}
    document = {
        "generator": "srvgg",
        "scale": 2,
        "data": {"hold_out": ["rocket"]},
        "validation": {"metrics": "psnr"},
        "stages": [stage],
    }
    result = draw_demo_sheet(
        {"box": "nearest", "Keys": "bicubic"},
        recipe_from_dict(document),
        registry,
        tmp_path / "sheet.png",
    )
    assert [list(one.images) for one in result.models] == [["rocket"], ["rocket"]]
    assert read_image(tmp_path / "sheet.png").shape == (22 + 256 + 6 + 22, 3 * (256 + 6) + 6, 3)
    (rocket,) = split_pictures(open_picture_set("photos"), ["rocket"], ()).validation
    pixels = rocket.read(2)[0]
    top, left = ((side - 256) // 2 for side in pixels.shape[:2])
    shown = read_image(tmp_path / "sheet.png")[22 : 22 + 256, 6 + 2 * 262 : 6 + 2 * 262 + 256]
    assert np.array_equal(shown, pixels[top : top + 256, left : left + 256])
