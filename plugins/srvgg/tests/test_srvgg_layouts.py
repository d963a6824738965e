"""Do the published files of Real-ESRGAN's compact networks become what they were?"""

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
