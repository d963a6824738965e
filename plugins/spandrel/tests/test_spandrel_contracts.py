"""Do the generator and the layout of spandrel keep what srkit asks of theirs?"""

from srkit_core.testing import GeneratorContract, LayoutContract


class TestSpandrel(GeneratorContract):
    expression = 'spandrel(network="MoSR(n_block=1, dim=8)")'


class TestFilesOfSpandrel(LayoutContract):
    layout = "spandrel"
