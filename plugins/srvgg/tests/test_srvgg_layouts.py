"""Do the published files of Real-ESRGAN's compact networks become what they were?"""

from srkit_core.testing import LayoutContract


class TestCompact(LayoutContract):
    layout = "srvgg"
    expression = "srvgg(features=8, blocks=3)"


class TestCompactAt2(LayoutContract):
    layout = "srvgg"
    expression = "srvgg(features=4, blocks=1)"
    scale = 2
