"""Do other projects' files of RCAN become what they were?"""

import re

from srkit_core.testing import LayoutContract


class TestBasicSR(LayoutContract):
    layout = "basicsr-rcan"
    expression = "rcan(groups=2, blocks=3, features=8, reduction=4)"


class TestOfficial(LayoutContract):
    layout = "rcan-pytorch"
    expression = "rcan(groups=2, blocks=3, features=8, reduction=4)"
    scale = 3

    def foreign_name(self, name):
        for ours, theirs in [
            (r"conv_first\.", "head.0."),
            (
                r"body\.(\d+)\.residual_group\.(\d+)\.rcab\.3\.attention\.1",
                r"body.\1.body.\2.body.3.conv_du.0",
            ),
            (
                r"body\.(\d+)\.residual_group\.(\d+)\.rcab\.3\.attention\.3",
                r"body.\1.body.\2.body.3.conv_du.2",
            ),
            (r"body\.(\d+)\.residual_group\.(\d+)\.rcab\.([02])", r"body.\1.body.\2.body.\3"),
            (r"body\.(\d+)\.conv\.", r"body.\1.body.3."),
            (r"conv_after_body\.", "body.2."),
            (r"upsample\.", "tail.0."),
            (r"conv_last\.", "tail.1."),
        ]:
            name = re.sub(rf"^{ours}", theirs, name)
        return name
