"""Do the published files of Real-ESRGAN's compact networks become what they were?"""

import pytest
import torch
from safetensors.torch import save_file

from srkit_core import discover
from srkit_core.errors import WeightsError
from srkit_core.expressions import parse_call
from srkit_core.models.foreign_weights import recognise
from srkit_core.testing import LayoutContract


class TestCompact(LayoutContract):
    layout = "srvgg"
    expression = "srvgg(features=8, blocks=3)"


class TestCompactAt2(LayoutContract):
    layout = "srvgg"
    expression = "srvgg(features=4, blocks=1)"
    scale = 2


class TestNcnn(LayoutContract):
    layout = "srvgg-ncnn"
    expression = "srvgg(features=8, blocks=3)"

    def foreign_name(self, name):
        return place_of(name, blocks=3)

    def foreign_table(self, tensors):
        last = max(int(name.split(".")[1]) for name in tensors)
        return {place_of(name, (last - 2) // 2): value for name, value in tensors.items()}


def place_of(name, blocks):
    """Return what ncnn's files call a tensor: the place of its layer, from both ends."""
    place, kind = int(name.split(".")[1]), name.split(".")[2]
    slope = place % 2 and kind == "weight"
    return f"ncnn.{place}.{2 + 2 * blocks - place}.{'slope' if slope else kind}"


@pytest.mark.parametrize("scale", [1, 2])
def test_a_file_for_gray_pictures_is_told_as_such(tmp_path, scale):
    table = {
        "body.0.weight": torch.zeros(8, 1, 3, 3),
        "body.0.bias": torch.zeros(8),
        "body.1.weight": torch.zeros(8),
        "body.2.weight": torch.zeros(scale**2, 8, 3, 3),
        "body.2.bias": torch.zeros(scale**2),
    }
    save_file(table, tmp_path / "gray.safetensors")
    with pytest.raises(WeightsError) as caught:
        recognise(tmp_path / "gray.safetensors", discover(), parse_call("srvgg"))
    assert "it is for pictures of 1 channel, and srvgg for red, green and blue" in str(caught.value)
