"""Do names keep apart what is written under them?"""

import numpy as np
import pytest

from srkit_core import evaluate
from srkit_core.engine.logs.columns import DECLARED, columns
from srkit_core.errors import IncompatibleError
from srkit_core.io.images import write_image
from srkit_core.reserved_names import RESERVED


def test_every_declared_column_is_reserved():
    first = {one.name.partition("/")[0] for one in DECLARED}
    assert first - RESERVED["metric"] == set()
    second = {one.name.removeprefix("loss/") for one in DECLARED if one.name.startswith("loss/")}
    assert second == RESERVED["loss"]


def test_two_columns_of_one_name_are_refused_whatever_made_them():
    with pytest.raises(IncompatibleError, match="would be called 'psnr/std'"):
        columns(["l1"], ["psnr", "psnr/std"], adversarial=False)


def test_pictures_of_each_model_have_a_folder_of_their_own_inside(tmp_path):
    write_image(tmp_path / "hr" / "one.png", np.full((16, 16, 3), 7, np.uint8))
    names = ["a/b", "a_b", "A_b", "..", ".", "", "../../up", "x\\y"]
    models = dict.fromkeys(names, "nearest")
    evaluate(models, tmp_path / "hr", scale=2, metrics="ssim", border=0, pictures=tmp_path / "out")
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png"))
    folders = ["A_b-3", "_.._up", "a_b", "a_b-2", "model", "model-2", "model-3", "x_y"]
    assert found == sorted(["hr/one.png", *(f"out/{name}/one.png" for name in folders)])
