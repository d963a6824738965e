"""Do the published files of ESRGAN and Real-ESRGAN become what they were?"""

import re

from srkit_core.testing import LayoutContract
from srkit_core.testing.checks import NotTriedError


class TestESRGAN(LayoutContract):
    layout = "esrgan"
    expression = "rrdb(blocks=2, features=8, growth=4, upsampler=nearest)"


class TestPixelShuffleAtScale2(LayoutContract):
    layout = "esrgan"
    expression = "rrdb(blocks=1, features=8, growth=4)"
    scale = 2


class TestAttentionAtScale1(LayoutContract):
    layout = "esrgan"
    expression = "rrdb(blocks=1, features=8, growth=4, upsampler=nearest, attention=self)"
    scale = 1


class TestNamesOf2019(LayoutContract):
    layout = "esrgan-2019"
    expression = "rrdb(blocks=2, features=8, growth=4, upsampler=nearest)"

    def foreign_name(self, name):
        name = re.sub(r"body\.(\d+)\.rdb(\d)", r"RRDB_trunk.\1.RDB\2", name)
        for ours, theirs in [
            ("conv_body", "trunk_conv"),
            ("conv_up", "upconv"),
            ("conv_hr", "HRconv"),
        ]:
            name = name.replace(ours, theirs)
        return name


class TestNamesOf2018(LayoutContract):
    layout = "esrgan-2018"
    expression = "rrdb(blocks=2, features=8, growth=4, upsampler=nearest)"

    def foreign_name(self, name):
        places = {
            "conv_first": 0,
            "conv_body": "1.sub.2",
            "conv_up1": 3,
            "conv_up2": 6,
            "conv_hr": 8,
            "conv_last": 10,
        }
        head, _, rest = name.partition(".")
        if head in places:
            return f"model.{places[head]}.{rest}"
        inside = re.fullmatch(r"body\.(\d+)\.rdb(\d)\.conv(\d)\.(.*)", name)
        if not inside:  # attention, which that program does not have
            return super().foreign_name(name)
        block, dense, conv, kind = inside.groups()
        return f"model.1.sub.{block}.RDB{dense}.conv{conv}.0.{kind}"


class TestNcnn(LayoutContract):
    layout = "esrgan-ncnn"
    expression = "rrdb(blocks=2, features=8, growth=4, upsampler=nearest)"

    def foreign_name(self, name):
        return place_of(name, blocks=2)

    def foreign_table(self, tensors):
        blocks = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("body."))
        return {place_of(name, blocks): value.contiguous() for name, value in tensors.items()}


def place_of(name, blocks):
    """Return what ncnn's files call a tensor: the place of its convolution, from both ends."""
    inside = [f"rdb{dense}.conv{conv}" for dense in (1, 2, 3) for conv in range(1, 6)]
    body = [f"body.{block}.{one}" for block in range(blocks) for one in inside]
    order = ["conv_first", *body, "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"]
    convolution, _, kind = name.rpartition(".")
    if convolution not in order:  # attention, which no such file has
        raise NotTriedError(f"no name in a file becomes {name}")
    place = order.index(convolution)
    return f"ncnn.{place}.{len(order) - 1 - place}.{kind}"
