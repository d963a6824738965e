"""Are the models of the announced digests, small, and better than bicubic?"""

import hashlib
import os
from pathlib import Path

import pytest

from srkit_compact import srkit_components
from srkit_core import evaluate, load_model, read_recipe
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
