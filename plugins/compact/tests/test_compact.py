"""Are the models of the announced digests, small, and better than bicubic?"""

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image

from srkit_compact import srkit_components
from srkit_core import evaluate, load_model, read_recipe
from srkit_core.io.images import read_image
from srkit_core.specs import WeightsSpec

WEIGHTS = [spec for spec in srkit_components() if isinstance(spec, WeightsSpec)]
ASSETS = Path(
    os.environ.get("SRKIT_ASSETS", Path(__file__).resolve().parents[4] / "shared" / "assets")
)
BY_NAME = pytest.mark.parametrize("spec", WEIGHTS, ids=lambda spec: spec.name)


@BY_NAME
def test_the_file_is_the_one_that_is_announced_and_small(spec):
    (file,) = spec.files
    (source,) = file.sources
    content = source.path.read_bytes()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.size)
    assert len(content) <= 2_000_000


@BY_NAME
def test_the_card_says_what_made_it(spec):
    model = load_model(spec.name)
    assert model.scale == 4
    assert str(model.bound.expression).endswith("srvgg(features=48, blocks=8)")
    assert str(read_recipe(spec.name).generator).endswith("srvgg(features=48, blocks=8)")


LIGHT = "blur(sigma=1.6) | bicubic | noise(sigma=3) | jpeg(quality=80)"
"""What a camera leaves: a soft lens, some noise, JPEG."""


@pytest.fixture
def unseen(tmp_path, monkeypatch):
    """A folder with crops of two photographs that training never saw, halved."""
    folder = ASSETS / "photos"
    if not folder.is_dir():
        pytest.skip("the shared photographs are not on this machine (set SRKIT_ASSETS)")
    monkeypatch.setenv("SRKIT_WEIGHTS", os.environ.get("SRKIT_WEIGHTS", str(ASSETS / "weights")))
    for stem in ("Dragonfly_by_Bolly", "Kleiber_by_Lukas_Baubkus"):
        pixels = read_image(folder / f"{stem}.jpg")
        top, left = (side // 2 - 512 for side in pixels.shape[:2])
        crop = Image.fromarray(pixels[top : top + 1024, left : left + 1024])
        crop.resize((512, 512), Image.Resampling.BICUBIC).save(tmp_path / f"{stem}.png")
    return tmp_path


@pytest.fixture
def set5():
    """The folder of Set5."""
    folder = ASSETS / "benchmarks" / "Set5"
    if not folder.is_dir():
        pytest.skip("Set5 is not on this machine (set SRKIT_ASSETS)")
    return folder


def test_the_clean_model_on_set5(set5):
    """31.21 dB of PSNR-Y, bicubic's is 28.43."""
    scores = evaluate({"ours": "compact-x4"}, set5 / "HR", lr=set5 / "LRx4", metrics="psnr")
    assert scores.mean("psnr", "ours") == pytest.approx(31.21, abs=0.02)


def test_the_photo_model_on_photographs(unseen):
    """LPIPS of AlexNet: bicubic 0.386."""
    models = {"ours": "compact-photo-x4", "bicubic": "bicubic"}
    scores = evaluate(models, unseen, degrade=LIGHT, metrics="lpips")
    assert scores.mean("lpips", "bicubic") == pytest.approx(0.386, abs=0.002)
    assert scores.mean("lpips", "ours") == pytest.approx(0.283, abs=0.004)
