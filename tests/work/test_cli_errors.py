"""Does each thing a person can get wrong end in one clear sentence and the next thing to try?"""

from types import SimpleNamespace

import numpy as np
import pytest

from srkit_core import registry as registry_module
from srkit_core.cli.app import run
from srkit_core.io.images import write_image

TINY = [
    "--gen",
    "srvgg(features=8, blocks=1)",
    "--steps",
    "1",
    "--batch",
    "2",
    "--patch",
    "32",
    "--device",
    "cpu",
]


@pytest.fixture
def failing(capsys):
    """Run a command line that must fail; returns its exit code, fact and hint."""

    def fail(*words):
        code = run([str(word) for word in words])
        lines = capsys.readouterr().err.strip().splitlines()
        hints = [line for line in lines if line.startswith("try: ")]
        facts = [line for line in lines if line.startswith("error: ")]
        assert (len(facts), len(hints)) == (1, 1), lines
        assert lines[-1] == hints[0]
        assert not any("Traceback" in line for line in lines)
        return code, facts[0].removeprefix("error: "), hints[0].removeprefix("try: ")

    return fail


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "some photos"
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", pixels)
    return folder


@pytest.mark.parametrize(
    ("words", "code", "fact", "hint"),
    [
        (["--gen", "rdb"], 3, "no generator named 'rdb' is installed", "rrdb"),
        (["--gen", "rrdb(block=2)"], 2, "rrdb has no option 'block'", "did you mean 'blocks'?"),
        (
            ["--gen", "rrdb(blocks=many)"],
            2,
            "rrdb: option 'blocks' expects int, not 'many'",
            "srkit show rrdb",
        ),
        (
            ["--gen", "rrdb(upsampler=nearst)"],
            2,
            "rrdb: option 'upsampler' expects pixelshuffle | nearest, not 'nearst'",
            "srkit show rrdb",
        ),
        (
            ["--gen", "rrdb", "--loss", "l1+ragan"],
            2,
            "the loss 'ragan' is adversarial, but there is no discriminator",
            "--disc",
        ),
        (
            ["--gen", "rrdb", "--disc", "vgg-sn"],
            2,
            "no stage has an adversarial loss for the discriminator 'vgg-sn'",
            "--loss",
        ),
        (["--gen", "rrdb", "--scale", "5"], 2, "generator 'rrdb' has no scale 5", "--scale"),
        (
            ["--gen", "rrdb", "--steps", "0"],
            2,
            "Invalid value for '--steps': 0",
            "srkit train --help",
        ),
        (
            ["--gen", "rrdb", "--loss", "l1 + + tv"],
            2,
            "expected a component name, found '+' at column 6",
            "l1 + 0.006*vgg",
        ),
        (
            ["--gen", "rrdb", "--set", "btach=3"],
            2,
            "a recipe has no field 'btach'",
            "did you mean 'batch'?",
        ),
        (["--gen", "bicubic"], 2, "'bicubic' has nothing to train", "srkit eval bicubic"),
        (
            ["--gen", "rrdb", "--patch", "30"],
            2,
            "patch 30 of stage 'main' is not a multiple of 4",
            "--patch 32",
        ),
        (
            ["--gen", "rrdb", "--degrade", "bicubic(factor=2)"],
            2,
            "makes pictures 2 times smaller, the scale is 4",
            "bicubic",
        ),
        (
            ["--gen", "rrdb", "--frobnicate"],
            2,
            "No such option: --frobnicate",
            "srkit train --help",
        ),
        (["--gen", "rrdb", "--steps", "many"], 2, "--steps", "srkit train --help"),
        (
            ["nowhere.toml"],
            2,
            "no recipe file and no shipped recipe called 'nowhere.toml'",
            "srkit recipes",
        ),
        ([], 2, "neither a recipe nor a generator", "--gen rrdb, or a recipe"),
        (["--gen", "rrdb", "--resume"], 2, "--resume needs the run to go on with", "--out RUN"),
        ([*TINY, "--precision", "fp16"], 2, "a CPU does not compute in fp16", "--precision bf16"),
        ([*TINY, "--data", "no/such/folder"], 4, "there is no folder no/such/folder", "photos"),
        (
            [*TINY, "--set", "stages.0.optimizer.name=Adm"],
            2,
            "torch.optim has no optimizer 'Adm'",
            "did you mean 'Adam'?",
        ),
        (
            [*TINY, "--init", "nothing.safetensors"],
            4,
            "there is no weights file nothing.safetensors",
            "check the path",
        ),
        (
            [*TINY, "--set", "data.hold_out=['nobody']"],
            4,
            "no picture 'nobody' to hold out",
            "hold_out",
        ),
    ],
)
def test_what_can_be_wrong_with_a_training_command(
    failing, tmp_path, monkeypatch, words, code, fact, hint
):
    monkeypatch.chdir(tmp_path)
    found = failing("train", *words)
    assert found[0] == code
    assert fact in found[1]
    assert hint in found[2]
    assert list(tmp_path.glob("runs/*/recipe.toml")) == []


def test_two_plugins_with_one_name(failing, monkeypatch, tmp_path):
    import srkit_rrdb

    twin = SimpleNamespace(srkit_components=srkit_rrdb.srkit_components)
    points = [*registry_module.entry_points(group="srkit.plugins")]
    double = SimpleNamespace(
        name="fork", dist=SimpleNamespace(name="my-fork", version="1"), load=lambda: twin
    )
    monkeypatch.setattr(registry_module, "entry_points", lambda group: [*points, double])
    monkeypatch.chdir(tmp_path)
    code, fact, hint = failing("train", "--gen", "rrdb")
    assert (code, fact) == (
        3,
        "the generator name 'rrdb' is provided more than once: my-fork/rrdb and srkit-rrdb/rrdb",
    )
    assert hint == "write the full name: my-fork/rrdb"
    assert (
        run(
            [
                "train",
                *TINY[2:],
                "--gen",
                "srkit-rrdb/rrdb(blocks=1, features=8, growth=4)",
                "--out",
                str(tmp_path / "run"),
            ]
        )
        == 0
    )
    assert run(["weights", "show", str(tmp_path / "run/weights/last.safetensors")]) == 0


def test_an_empty_folder(failing, tmp_path):
    (tmp_path / "empty").mkdir()
    code, fact, _ = failing("train", *TINY, "--data", tmp_path / "empty", "--out", tmp_path / "run")
    assert (code, fact) == (4, f"{tmp_path / 'empty'} holds no picture")
    assert not (tmp_path / "run").exists()


def test_a_text_file_called_png_is_named_skipped_and_counted(photos, tmp_path, capsys):
    (photos / "notes.png").write_text("no picture")
    (photos / "readme.md").write_text("no picture either")
    assert run(["train", *TINY, "--data", str(photos), "--out", str(tmp_path / "run")]) == 0
    told = capsys.readouterr().out
    assert f"skipped {photos / 'notes.png'}: it is not a picture" in told
    assert f"ignored 1 files of {photos} without a picture ending" in told


def test_an_error_when_no_picture_is_left(failing, tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    code, fact, _ = failing("train", *TINY, "--data", tmp_path, "--out", tmp_path / "run")
    assert (code, fact) == (
        4,
        f"none of the 1 files of {tmp_path} can be used; notes.png: "
        "it is not a picture of a known format",
    )


def test_pictures_smaller_than_the_crop(failing, photos, tmp_path):
    code, fact, hint = failing(
        "train", *TINY, "--patch", "64", "--data", photos, "--out", tmp_path / "run"
    )
    assert (code, fact) == (4, f"all 3 pictures of {photos} are smaller than the crop of 64 pixels")
    assert "--patch" in hint


@pytest.fixture
def trained(photos, tmp_path):
    assert run(["train", *TINY, "--data", str(photos), "--out", str(tmp_path / "a run")]) == 0
    return tmp_path / "a run"


def test_weights_of_another_architecture(failing, trained, photos, tmp_path):
    weights = trained / "weights/last.safetensors"
    code, fact, hint = failing(
        "train",
        *TINY,
        "--gen",
        "srvgg(features=4, blocks=1)",
        "--data",
        photos,
        "--init",
        weights,
        "--out",
        tmp_path / "x",
    )
    assert code == 4
    assert fact.startswith(
        f"{weights} holds weights of another architecture: features=8, where this run has "
        "features=4"
    )
    gen = "--gen 'srkit-srvgg/srvgg(features=8, blocks=1)'"
    assert hint == f"{gen}; or --init-partial takes the tensors that fit"


@pytest.mark.parametrize("command", ["eval", "upscale", "weights"])
def test_a_truncated_weights_file(failing, trained, photos, tmp_path, command):
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes((trained / "weights/last.safetensors").read_bytes()[:-100])
    words = {
        "eval": ["eval", cut, "--data", photos],
        "upscale": ["upscale", cut, photos, "--out", tmp_path / "x"],
        "weights": ["weights", "show", cut],
    }
    code, fact, hint = failing(*words[command])
    assert code == 4
    assert f"{cut} is truncated or no safetensors file" in fact
    assert hint == "copy or download it again"


def test_an_output_folder_that_holds_a_run(failing, trained, photos):
    before = (trained / "metrics.csv").read_bytes()
    code, fact, hint = failing("train", *TINY, "--data", photos, "--out", trained)
    assert (code, fact) == (2, f"{trained} already holds a run")
    assert "--resume" in hint
    assert (trained / "metrics.csv").read_bytes() == before


def test_a_resume_refuses_another_recipe(failing, trained, photos):
    code, fact, _ = failing(
        "train", *TINY, "--seed", "3", "--data", photos, "--out", trained, "--resume"
    )
    assert (code, fact) == (
        2,
        f"{trained} was started with another seed than this command line asks for: 0 then, 3 now",
    )


def test_a_finished_run_exits_with_0(trained, capsys):
    assert run(["train", "--out", str(trained), "--resume"]) == 0
    assert "is finished: 1 steps" in capsys.readouterr().out


def test_upscale_loses_nothing(failing, photos, tmp_path):
    out = tmp_path / "large.png"
    assert run(["upscale", "bicubic", str(photos / "0.png"), "--out", str(out)]) == 0
    before = out.read_bytes()
    code, fact, hint = failing("upscale", "nearest", photos / "0.png", "--out", out)
    assert (code, fact) == (2, f"{out} exists already, made by another model")
    assert "--overwrite" in hint
    assert out.read_bytes() == before
    assert run(["upscale", "nearest", str(photos / "0.png"), "--out", str(out), "--overwrite"]) == 0
    assert out.read_bytes() != before


@pytest.mark.parametrize(
    ("words", "code", "fact"),
    [
        (["eval", "bicubic"], 2, "there is nothing to evaluate on"),
        (
            ["eval", "bicubik", "--data", "photos"],
            4,
            "'bicubik' is neither a weights file nor a baseline",
        ),
        (
            ["eval", "rrdb", "--data", "photos"],
            4,
            "'rrdb' is neither a weights file nor a baseline",
        ),
        (
            ["eval", "bicubic", "--data", "photos", "--metrics", "pnsr"],
            3,
            "no metric named 'pnsr' is installed",
        ),
        (
            ["eval", "bicubic", "--data", "photos", "--metrics", "2*psnr"],
            2,
            "a metric has no weight",
        ),
        (
            ["eval", "bicubic", "--data", "photos", "--precision", "fp16", "--device", "cpu"],
            2,
            "fp16",
        ),
        (["eval", "bicubic", "--data", "photos", "--device", "cuda"], 2, "no usable device 'cuda'"),
        (["eval", "model.pth", "--data", "photos"], 4, "there is no weights file model.pth"),
        (
            ["upscale", "bicubic", "nothing.png", "--out", "x.png"],
            4,
            "there is no file nothing.png",
        ),
        (["upscale", "bicubic", "nothing.png"], 4, "there is no file nothing.png"),
        (["show", "rrdbb"], 3, "no generator named 'rrdbb' is installed"),
        (["show", "nothing-like-it"], 3, "'nothing-like-it' is installed"),
        (["list", "colour"], 2, "there is no kind 'colour'"),
        (["check", "srresnett"], 2, "no shipped recipe called 'srresnett'"),
        (["recipes", "deno"], 2, "no shipped recipe called 'deno'"),
        (["weights", "show", "none.safetensors"], 4, "there is no weights file none.safetensors"),
        (["frobnicate"], 2, "No such command 'frobnicate'"),
    ],
)
def test_what_can_be_wrong_with_other_commands(failing, tmp_path, monkeypatch, words, code, fact):
    if "cuda" in words and __import__("torch").cuda.is_available():
        pytest.skip("this machine has a GPU")
    monkeypatch.chdir(tmp_path)
    found = failing(*words)
    assert found[0] == code
    assert fact in found[1]


def test_a_bug_is_confessed_without_a_traceback_unless_asked_for(failing, capsys, monkeypatch):
    from srkit_core.cli import recipes

    monkeypatch.setattr(recipes, "print_table", lambda *_, **__: 1 / 0)
    code, fact, hint = failing("recipes")
    assert (code, fact) == (1, "srkit failed unexpectedly: ZeroDivisionError: division by zero")
    assert "SRKIT_TRACE=1" in hint
    monkeypatch.setenv("SRKIT_TRACE", "1")
    assert run(["recipes"]) == 1
    assert "Traceback" in capsys.readouterr().err
