"""Which generators are broken in one way, beside those of their state, values and surroundings?"""

from mutants.machinery import Mutant, held
from mutants.networks import Repeat, generator
from srkit_core.testing import GeneratorContract

SOUND = (("a convolution and repeated pixels", held(GeneratorContract, generator(Repeat))),)
MUTANTS: tuple[Mutant, ...] = ()
