"""Do other projects' files of EDSR become what they were?"""

import re

import torch

from srkit_core.testing import LayoutContract


class TestBasicSR(LayoutContract):
    layout = "basicsr-edsr"
    expression = "edsr(blocks=2, features=8)"


class TestLarge(LayoutContract):
    layout = "basicsr-edsr"
    expression = "edsr(blocks=1, features=256, res_scale=0.1)"
    scale = 3


class TestOfficial(LayoutContract):
    layout = "edsr-pytorch"
    expression = "edsr(blocks=2, features=8)"

    def foreign_name(self, name):
        return official_name(name)

    def foreign_table(self, tensors):
        constants = {
            f"{end}_mean.{kind}": torch.zeros(3)
            for end in ("sub", "add")
            for kind in ("weight", "bias")
        }
        return {**super().foreign_table(tensors), **constants}


class TestOfficialAt2(TestOfficial):
    expression = "edsr(blocks=1, features=8)"
    scale = 2


def official_name(name):
    for ours, theirs in [
        (r"conv_first\.", "head.0."),
        (r"body\.(\d+)\.conv1", r"body.\1.body.0"),
        (r"body\.(\d+)\.conv2", r"body.\1.body.2"),
        (r"conv_after_body\.", "body.2."),
        (r"upsample\.", "tail.0."),
        (r"conv_last\.", "tail.1."),
    ]:
        name = re.sub(rf"^{ours}", theirs, name)
    return name
