"""Does the road from pictures to scores and larger pictures work, one command a step?"""

import csv
import json
import os
import re
import signal

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.io.images import image_size, read_image, write_image

TINY = ["--gen", "srvgg(features=8, blocks=1)", "--batch", "2", "--patch", "32", "--device", "cpu"]


@pytest.fixture
def cli(capsys):
    """Run a command line that must succeed; returns what it printed."""

    def call(*words):
        code = run([str(word) for word in words])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out

    return call


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("with space") / "my photos"
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 20, 3), dtype=np.uint8)
        write_image(folder / "inside" / f"{number}.png", pixels.repeat(8, axis=0).repeat(8, axis=1))
    return folder


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    """The run of the issue's command, with smaller networks' own sizes left as they are."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    words = [
        "train",
        "--gen",
        "rrdb(blocks=2)",
        "--disc",
        "vgg-sn",
        "--loss",
        "l1+tv+ragan",
        "--warmup",
        "2",
        "--steps",
        "2",
        "--data",
        photos,
    ]
    assert run([*map(str, words), "--batch", "2", "--patch", "32", "--out", str(folder)]) == 0
    return folder


def test_a_training_command_leaves_a_run_folder(trained):
    with (trained / "metrics.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["step"], row["stage"], row["split"]) for row in found] == [
        *[("1", "warmup", "train"), ("2", "warmup", "train"), ("2", "warmup", "val")],
        *[("3", "main", "train"), ("4", "main", "train"), ("4", "main", "val")],
    ]
    assert (
        'loss = "1.0*srkit/l1 + 2e-08*srkit-tv/tv(norm=l2) + 0.005*srkit-ragan/ragan('
        in (trained / "recipe.toml").read_text()
    )


def test_weights_say_what_they_are(cli, trained):
    told = cli("weights", "show", trained / "weights/last.safetensors", "--json")
    facts = json.loads(told)
    assert facts["generator"] == (
        "srkit-rrdb/rrdb(blocks=2, features=64, growth=32, upsampler=pixelshuffle, attention=none)"
    )
    assert (facts["scale"], facts["step"]) == (4, 4)
    assert facts["numbers"] == 16_919_555 - 21 * 719_424
    assert facts["versions"].keys() >= {"srkit", "torch", "srkit-rrdb", "srkit-ragan"}


def test_eval_needs_only_the_weights_and_the_pictures(cli, trained, photos, tmp_path):
    words = [
        "eval",
        "bicubic",
        trained / "weights/last.safetensors",
        trained / "weights/warmup/last.safetensors",
        "--data",
        photos,
    ]
    told = cli(
        *words,
        "--json",
        tmp_path / "s.json",
        "--csv",
        tmp_path / "s.csv",
        "--pictures",
        tmp_path / "sr",
    )
    document = json.loads((tmp_path / "s.json").read_text())
    assert [model["name"] for model in document["models"]] == [
        "bicubic",
        "weights/last.safetensors",
        "warmup/last.safetensors",
    ]
    protocol = document["protocol"]
    assert (protocol.pop("pictures")["count"], protocol.pop("precision")) == (4, "float32")
    assert protocol.pop("srkit") == "0.1.0"
    assert protocol | {"definition": ""} == {
        "channel": "y",
        "definition": "",
        "border": 4,
        "quantisation": "8 bit",
        "scale": 4,
        "lr": "made from HR",
        "kernel": "bicubic",
        "metrics": {"psnr": "srkit 0.1.0", "ssim": "srkit 0.1.0"},
    }
    first = document["models"][0]
    values = [image["psnr"] for image in first["images"]]
    assert [image["name"] for image in first["images"]] == [
        f"inside/{number}" for number in range(4)
    ]
    assert first["metrics"]["psnr"] == {
        "mean": np.mean(values),
        "std": np.std(values),
        "interval": None,
        "unit": "dB",
        "higher_is_better": True,
    }
    assert f"{np.mean(values):.4f}" in told
    with (tmp_path / "s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [
        *(f"inside/{number}" for number in range(4)),
        "mean",
    ] * 3
    assert float(rows[4]["psnr"]) == pytest.approx(np.mean(values))
    assert image_size(tmp_path / "sr" / "bicubic" / "inside" / "0.png") == (128, 160)


def test_an_evaluation_recipe_names_rows(cli, trained, photos, tmp_path):
    recipe = tmp_path / "compare.toml"
    recipe.write_text(
        f'data = "{photos}"\nprotocol = "rgb"\n[models]\n"ours" = '
        f'"{trained / "weights/last.safetensors"}"\n"theirs" = "bicubic"\n'
    )
    told = cli("eval", recipe, "--metrics", "psnr").splitlines()
    assert re.split(r"\s{2,}", told[-3]) == ["model", "psnr (dB) ↑"]
    assert [line.split()[0] for line in told[-2:]] == ["ours", "theirs"]


def test_upscale_takes_files_and_folders(cli, trained, photos, tmp_path):
    weights = trained / "weights/last.safetensors"
    cli("upscale", weights, photos / "inside/0.png", "--out", tmp_path / "one file.png")
    cli("upscale", weights, photos, "--out", tmp_path / "many", "--tile", "16", "--overlap", "8")
    assert image_size(tmp_path / "one file.png") == (512, 640)
    assert sorted(path.name for path in (tmp_path / "many/inside").glob("[!.]*")) == [
        f"{number}.png" for number in range(4)
    ]
    whole, tiled = read_image(tmp_path / "one file.png"), read_image(tmp_path / "many/inside/0.png")
    assert np.abs(whole.astype(int) - tiled).max() <= 8


def test_a_repeated_recipe_takes_its_folders_from_beside_it(cli, trained, photos, tmp_path):
    told = cli("train", trained / "recipe.toml", "--out", tmp_path / "again", "--steps", "1")
    assert f"taken from environment.json: data {photos}, device auto, precision auto" in told
    environment = json.loads((tmp_path / "again/environment.json").read_text())
    assert environment["data"]["source"] == str(photos)
    assert (
        environment["data"]["fingerprint"]
        == json.loads((trained / "environment.json").read_text())["data"]["fingerprint"]
    )


def test_the_default_folder_is_the_next_free_one(cli, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2):
        assert f"weights: runs/srvgg-{number}/weights/last.safetensors" in cli(
            "train", *TINY, "--steps", "1", "--data", photos
        )


def test_several_validation_sets_have_columns_of_their_own(cli, photos, tmp_path):
    cli(
        "train",
        *TINY,
        "--steps",
        "1",
        "--data",
        photos,
        "--val",
        f"a={photos}",
        "--val",
        f"b={photos}",
        "--out",
        tmp_path / "run",
    )
    with (tmp_path / "run/metrics.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert last["psnr/a"] == last["psnr/b"] != ""
    assert "psnr" not in last
    assert (tmp_path / "run/weights/main/best-psnr.safetensors").is_file()


def test_paired_folders_train_without_a_degradation(cli, photos, tmp_path):
    for number in range(3):
        pixels = read_image(photos / "inside" / f"{number}.png")
        write_image(tmp_path / "data/High Resolution" / f"{number}.png", pixels)
        write_image(tmp_path / "data/low_resolution" / f"{number}x4.png", pixels[::4, ::4])
    cli(
        "train",
        *TINY,
        "--steps",
        "2",
        "--degrade",
        "paired",
        "--data",
        tmp_path / "data",
        "--out",
        tmp_path / "run",
    )
    assert 'degradation = "paired"' in (tmp_path / "run/recipe.toml").read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_says_how_to_go_on_and_exits_with_its_code(
    photos, tmp_path, capsys, monkeypatch, number, code
):
    from srkit_core.cli.progress import ProgressView

    shown = ProgressView.on_step

    def on_step(self, event):
        shown(self, event)
        if event.step == 3:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(ProgressView, "on_step", on_step)
    assert (
        run(["train", *TINY, "--steps", "5", "--data", str(photos), "--out", str(tmp_path / "run")])
        == code
    )
    told = capsys.readouterr().err
    assert f"error: stopped after step 3; everything is saved in {tmp_path / 'run'}" in told
    assert f"try: srkit train --resume --out {tmp_path / 'run'}" in told
    monkeypatch.setattr(ProgressView, "on_step", shown)
    assert run(["train", "--resume", "--out", str(tmp_path / "run")]) == 0
    with (tmp_path / "run/metrics.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["1", "5", "5"]


def test_list_and_show_speak_json(cli):
    listed = json.loads(cli("list", "--json"))
    assert listed["problems"] == []
    assert {"kind", "name", "distribution", "version", "summary"} == set(listed["components"][0])
    assert {(one["kind"], one["name"]) for one in listed["components"]} >= {
        ("generator", "rrdb"),
        ("discriminator", "vgg-sn"),
        ("loss", "ragan"),
    }
    shown = json.loads(cli("show", "rrdb", "--json", "--build"))
    assert shown["parameters"] == 16_919_555
    assert shown["options"][0] == {
        "name": "blocks",
        "type": "int >= 1",
        "default": 23,
        "required": False,
        "doc": shown["options"][0]["doc"],
    }
    assert shown["traits"]["scales"] == [1, 2, 4]
    assert {one["kind"] for one in json.loads(cli("show", "bicubic", "--json"))} == {
        "generator",
        "degradation",
    }
    assert (
        json.loads(cli("show", "bicubic", "--kind", "generator", "--json"))["kind"] == "generator"
    )


@pytest.mark.parametrize(
    ("component", "parameters"),
    [
        ("srkit-rrdb/rrdb", "16,919,555"),
        ("vgg-sn", "5,211,713"),
        ("srresnet", "1,549,462"),
        ("vgg", "5,215,553"),
    ],
)
def test_show_counts_parameters(cli, component, parameters):
    assert f"parameters: {parameters} (with the defaults)" in cli("show", component, "--build")


def test_check_run_tries_each_stage(cli, tmp_path):
    recipe = tmp_path / "small.toml"
    stage = "steps = 1\nbatch = 2\npatch = 32\n"
    recipe.write_text(
        'generator = "srvgg(features=8, blocks=1)"\ndiscriminator = "vgg(features=4)"\n'
        f'[[stages]]\nname = "one"\nloss = "l1"\n{stage}[[stages]]\nname = "two"\nloss = '
        f'"gan"\n{stage}'
    )
    told = cli("check", recipe, "--run").splitlines()
    assert told[0] == "recipe 'run': every component is installed and fits"
    assert [line.split(":")[0] for line in told[-3:-1]] == ["one", "two"]


def test_recipes_print_and_have_a_schema(cli):
    from srkit_core.recipe import recipe_from_toml

    assert recipe_from_toml(cli("recipes", "srresnet")).name == "srresnet"
    assert "stages" in json.loads(cli("recipes", "--schema"))["properties"]
    evaluating = json.loads(cli("recipes", "--schema", "--evaluation"))
    assert {"models", "sets", "baseline"} < set(evaluating["properties"])
    listed = [line.split()[0] for line in cli("recipes").splitlines()]
    assert listed[0] == "recipe"
    assert {"demo", "esrgan", "realesrgan", "srgan-faces", "benchmark", "cross-domain"} < set(
        listed
    )
    assert cli("recipes", "benchmark").startswith("# The field's four test sets")


def test_plugins_may_be_left_out(cli, monkeypatch):
    monkeypatch.setenv("SRKIT_PLUGINS", "tv")
    assert {one["distribution"] for one in json.loads(cli("list", "--json"))["components"]} == {
        "srkit",
        "srkit-tv",
    }
    assert {
        one["distribution"]
        for one in json.loads(cli("--no-plugins", "list", "--json"))["components"]
    } == {"srkit"}


def test_doctor_reports_versions_and_devices(cli):
    report = json.loads(cli("doctor", "--json"))
    assert report["problems"] == []
    assert report["versions"].keys() >= {"srkit", "torch"}
    assert report["devices"][-1].startswith("cpu")


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["--resume"], "newest"), (["--resume", "12"], "12"), (["--resume", "epoch=3"], "epoch=3")],
)
def test_resume_takes_the_next_word_only_if_it_is_a_place(words, expected):
    from srkit_core.cli.app import _with_resume_value

    full = _with_resume_value(["train", *words, "--out", "x"])
    assert full[1:] in (
        [f"--resume={expected}", "--out", "x"],
        ["--resume", expected, "--out", "x"],
    )
    assert _with_resume_value(["train", "--resume", "recipe.toml"]) == [
        "train",
        "--resume=newest",
        "recipe.toml",
    ]


def test_pictures_of_one_stem_in_a_folder_keep_their_endings(tmp_path, capsys):
    for name in ("a.png", "a.bmp", "b.png"):
        write_image(tmp_path / "in" / name, np.zeros((8, 8, 3), dtype=np.uint8) + 9)
    (tmp_path / "in" / "c.png").write_text("words")
    assert run(["upscale", "bicubic", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 4
    assert sorted(path.name for path in (tmp_path / "out").glob("[!.]*")) == [
        "a.bmp.png",
        "a.png.png",
        "b.png",
    ]
    assert capsys.readouterr().err.splitlines()[-2:] == [
        f"error: 1 picture was not upscaled: {tmp_path / 'in/c.png'}: cannot read "
        f"{tmp_path / 'in/c.png'}: it is not a picture of a known format",
        "try: see above for all of them; the same command does what is missing",
    ]
