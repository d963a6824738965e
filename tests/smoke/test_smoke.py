"""Does the command line work, from a list to large pictures, with the versions installed here?

Not part of the default suite: `.ci/run` runs it with the lowest versions that are declared, and
with another Python. It uses nothing but commands.
"""

import csv
import json
import shutil
from math import isfinite
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from srkit_core.cli.app import run

BUNDLED = Path(skimage.__file__).parent / "data"
TINY = ["--gen", "srvgg(features=8, blocks=1)", "--batch", "4", "--patch", "64", "--device", "cpu"]
GAN = ["--disc", "vgg-sn(features=8)", "--loss", "l1 + ragan"]


@pytest.fixture
def srkit(capsys):
    """Run a command that must succeed; returns what it printed."""

    def call(*words):
        code = run([str(word) for word in words])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out

    return call


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The run folder of a GAN after 4 steps on the bundled photographs, and 2 more after that."""
    folder = tmp_path_factory.mktemp("smoke") / "run"
    assert run(["train", *TINY, *GAN, "--steps", "4", "--out", str(folder)]) == 0
    assert run(["train", "--out", str(folder), "--resume", "--steps", "6"]) == 0
    return folder


@pytest.fixture(scope="module")
def cat():
    """A bundled photograph of 451 x 300 pixels."""
    return BUNDLED / "chelsea.png"


def test_every_plugin_is_listed_and_none_is_broken(srkit):
    document = json.loads(srkit("list", "--json"))
    assert document["problems"] == []
    kinds = [component["kind"] for component in document["components"]]
    assert set(kinds) == {"generator", "discriminator", "loss", "metric", "degradation"}
    assert len(kinds) >= 45


def test_a_generator_says_its_options_and_its_size(srkit):
    document = json.loads(srkit("show", "rrdb", "--json", "--build"))
    assert document["parameters"] == 16_919_555
    assert [option["name"] for option in document["options"]][:3] == [
        "blocks",
        "features",
        "growth",
    ]


def test_recipes_are_listed_and_checked(srkit):
    assert {"demo", "srresnet"} <= {line.split()[0] for line in srkit("recipes").splitlines()}
    assert "every component is installed and fits" in srkit("check", "srresnet")
    assert json.loads(srkit("recipes", "--schema"))["type"] == "object"


def test_a_gan_is_trained_and_resumed(trained):
    rows = list(csv.DictReader((trained / "metrics.csv").open(encoding="utf-8")))
    assert [(row["step"], row["split"]) for row in rows] == [
        ("1", "train"), ("4", "train"), ("4", "val"), ("6", "train"), ("6", "val"),
    ]  # fmt: skip
    assert all(0 < float(row["loss/l1"]) < 0.2 for row in rows)
    assert all(isfinite(float(row["loss/ragan"])) for row in rows)
    assert all(20 < float(row["psnr"]) < 40 for row in rows if row["split"] == "val")
    with Image.open(trained / "curves.png") as curves:
        assert min(curves.size) > 200


def test_trained_weights_are_scored_beside_bicubic(srkit, trained, cat, tmp_path):
    weights = trained / "weights/last.safetensors"
    srkit("eval", "bicubic", weights, "--data", cat, "--metrics", "psnr+ssim",
          "--json", tmp_path / "scores.json")  # fmt: skip
    bicubic, ours = json.loads((tmp_path / "scores.json").read_text())["models"]
    assert bicubic["metrics"]["psnr"]["mean"] == pytest.approx(31.4735, abs=1e-3)
    assert bicubic["metrics"]["ssim"]["mean"] == pytest.approx(0.80626, abs=1e-4)
    assert 20 < ours["metrics"]["psnr"]["mean"] < 40


def test_trained_weights_know_who_they_are_and_upscale(srkit, trained, tmp_path):
    weights = trained / "weights/last.safetensors"
    told = srkit("weights", "show", weights)
    assert "srvgg(features=8, blocks=1)" in told
    assert "4,328" in told
    Image.fromarray(_gradient()).save(tmp_path / "small.png")
    srkit("upscale", weights, tmp_path / "small.png", "--out", tmp_path / "large.png")
    with Image.open(tmp_path / "large.png") as large:
        assert large.size == (160, 96)


def test_two_pictures_are_prepared_with_their_lr(srkit, cat, tmp_path):
    (tmp_path / "two").mkdir()
    for picture in (cat, BUNDLED / "coffee.png"):
        shutil.copy(picture, tmp_path / "two")
    srkit("prepare", tmp_path / "two", tmp_path / "out", "--degrade", "bicubic", "--patch", "128")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [one["name"] for one in manifest["pictures"]] == ["chelsea.png", "coffee.png"]
    assert [one["patches"] for one in manifest["pictures"]] == [12, 20]
    srkit("eval", "bicubic", "--data", tmp_path / "out", "--degrade", "paired",
          "--csv", tmp_path / "scores.csv")  # fmt: skip
    rows = list(csv.DictReader((tmp_path / "scores.csv").open(encoding="utf-8")))
    assert float(rows[0]["psnr"]) == pytest.approx(31.4735, abs=1e-3)


def test_a_picture_is_degraded_as_the_world_does(srkit, cat, tmp_path):
    sheet = tmp_path / "sheet.png"
    told = srkit("degrade", cat, "--out", sheet, "--degrade", "realesrgan", "--count", "2",
                 "--side", "64")  # fmt: skip
    assert [line[0] for line in told.splitlines() if "jpeg" in line] == ["1", "2"]
    assert sheet.stat().st_size > 1000


def test_pictures_of_every_format_are_read(srkit, tmp_path):
    """All hold the same pixels, as well as their compression can."""
    (tmp_path / "in").mkdir()
    _write_formats(tmp_path / "in")
    srkit("upscale", "nearest", tmp_path / "in", "--scale", "1", "--out", tmp_path / "out")
    shifts = {
        path.stem: np.abs(np.asarray(Image.open(path).convert("RGB"), dtype=int) - _gradient())
        for path in (tmp_path / "out").glob("*.png")
    }
    assert set(shifts) == {"png", "jpg", "webp", "tiff16", "jp2", "avif", "heic"}
    assert {name for name, shift in shifts.items() if shift.mean() > 3} == set()


def test_a_camera_raw_is_read(srkit, assets, tmp_path):
    srkit("prepare", assets / "camera/colorchart.dng", tmp_path / "out", "--workers", "1")
    assert len(json.loads((tmp_path / "out/manifest.json").read_text())["pictures"]) == 1


def test_trackers_write_their_logs(srkit, monkeypatch, cat, tmp_path):
    monkeypatch.setenv("WANDB_MODE", "offline")
    srkit("train", *TINY, "--loss", "l1", "--steps", "1", "--data", cat, "--val", cat,
          "--out", tmp_path / "run", "--track", "tensorboard", "--track", "wandb")  # fmt: skip
    assert len(list((tmp_path / "run").rglob("events.out.tfevents*"))) >= 1
    assert len(list((tmp_path / "run").rglob("run-*.wandb"))) == 1


def test_pictures_come_from_a_remote_file_system(srkit, monkeypatch, cat, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    fsspec.filesystem("memory").pipe_file("/photos/cat.png", cat.read_bytes())
    srkit("eval", "bicubic", "--data", "memory://photos", "--json", tmp_path / "scores.json")
    (scores,) = json.loads((tmp_path / "scores.json").read_text())["models"]
    assert scores["metrics"]["psnr"]["mean"] == pytest.approx(31.4735, abs=1e-3)


def test_pictures_are_prepared_on_a_cluster(srkit, cat, tmp_path):
    distributed = pytest.importorskip("distributed")
    quiet = {"dashboard_address": None, "worker_dashboard_address": None}
    with distributed.LocalCluster(1, threads_per_worker=1, processes=False, **quiet) as local:
        srkit("prepare", cat, tmp_path / "out", "--cluster", local.scheduler_address)
    assert len(json.loads((tmp_path / "out/manifest.json").read_text())["pictures"]) == 1


def _gradient():
    """A picture (24, 40, 3) that every compression keeps."""
    rows, columns = np.mgrid[:24, :40]
    return np.stack([rows * 8, columns * 5, 200 - rows * 3], axis=2).astype(np.uint8)


def _write_formats(folder):
    import imagecodecs
    import pillow_heif
    import tifffile

    pixels = _gradient()
    for ending in ("png", "jpg", "webp"):
        Image.fromarray(pixels).save(folder / f"{ending}.{ending}", quality=95)
    tifffile.imwrite(folder / "tiff16.tif", pixels.astype(np.uint16) * 257, photometric="rgb")
    (folder / "jp2.jp2").write_bytes(imagecodecs.jpeg2k_encode(pixels, level=0, codecformat="jp2"))
    (folder / "avif.avif").write_bytes(imagecodecs.avif_encode(pixels, level=95))
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(folder / "heic.heic", quality=95)
