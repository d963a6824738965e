"""Are the models of the announced digests, small, and better than bicubic?"""

import hashlib
import os
from pathlib import Path

import pytest
from PIL import Image
from safetensors.numpy import load_file

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
    assert f"x{model.scale}" == f"x{spec.scale}" == spec.name[-2:]
    tensors = load_file(spec.files[0].sources[0].path)
    assert sum(one.size for one in tensors.values()) == spec.parameters
    assert str(model.bound.expression).endswith("srvgg(features=48, blocks=8)")
    assert str(read_recipe(spec.name).generator).endswith("srvgg(features=48, blocks=8)")


LIGHT = "blur(sigma={}) | bicubic | noise(sigma=3) | jpeg(quality=80)"
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


@pytest.mark.parametrize(("scale", "psnr"), [(2, 37.45), (4, 31.21)])
def test_the_clean_model_on_set5(scale, psnr, set5):
    """PSNR-Y; bicubic's is 33.67 dB at x2, 28.43 at x4."""
    models = {"ours": f"compact-x{scale}"}
    scores = evaluate(models, set5 / "HR", lr=set5 / f"LRx{scale}", metrics="psnr")
    assert scores.mean("psnr", "ours") == pytest.approx(psnr, abs=0.02)


@pytest.mark.parametrize(
    ("scale", "sigma", "most", "bicubic"), [(2, 0.8, 0.178, 0.210), (4, 1.6, 0.287, 0.386)]
)
def test_the_photo_model_on_photographs(scale, sigma, most, bicubic, unseen):
    """LPIPS of AlexNet."""
    models = {"ours": f"compact-photo-x{scale}", "bicubic": "bicubic"}
    scores = evaluate(models, unseen, degrade=LIGHT.format(sigma), metrics="lpips")
    assert scores.mean("lpips", "bicubic") == pytest.approx(bicubic, abs=0.002)
    assert scores.mean("lpips", "ours") < most
