"""Are the weights those that are announced, and do they enlarge better than bicubic?"""

import hashlib
import shutil
from pathlib import Path

from srkit_core import bundled_photographs, evaluate, load_model
from srkit_core.specs import Shipped, WeightsSpec

from srkit_mini import srkit_components


def test_the_file_is_the_one_that_is_announced() -> None:
    """Digest and size, of the file that is installed."""
    (spec,) = [one for one in srkit_components() if isinstance(one, WeightsSpec)]
    (file,) = spec.files
    (source,) = file.sources
    assert isinstance(source, Shipped)
    content = source.path.read_bytes()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.size)


def test_it_is_a_model_by_its_name() -> None:
    """The file says which generator it is for."""
    model = load_model("mini-x4")
    assert model.scale == 4
    assert str(model.bound.expression) == "srkit-mini/mini(features=16, blocks=4)"


def test_it_beats_bicubic(tmp_path: Path) -> None:
    """On a photograph that its training never saw: 31.96 against 31.47 dB of PSNR-Y."""
    (photograph,) = [one for one in bundled_photographs() if one.stem == "chelsea"]
    shutil.copy(photograph, tmp_path)
    scores = evaluate({"ours": "mini-x4", "bicubic": "bicubic"}, tmp_path, metrics="psnr")
    assert scores.mean("psnr", "ours") > scores.mean("psnr", "bicubic") + 0.4
