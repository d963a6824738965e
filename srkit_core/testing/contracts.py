"""Which laws does each kind of component keep?

A plugin's test subclasses the contract of its kind and names the component, options and all::

    from srkit_core.testing.contracts import GeneratorContract


    class TestRRDB(GeneratorContract):
        expression = "rrdb(blocks=1, features=8, growth=4)"

The component is found among the installed plugins, as srkit itself finds it. Small options keep the
tests quick: most laws build the component, some of them more than once. A failure says which law
was broken.
"""

from srkit_core.testing.degradation_contract import DegradationContract
from srkit_core.testing.discriminator_contract import DiscriminatorContract
from srkit_core.testing.generator_contract import GeneratorContract
from srkit_core.testing.layout_contract import LayoutContract
from srkit_core.testing.loss_contract import AdversarialLossContract, ReferenceLossContract
from srkit_core.testing.metric_contract import MetricContract

__all__ = [
    "AdversarialLossContract",
    "DegradationContract",
    "DiscriminatorContract",
    "GeneratorContract",
    "LayoutContract",
    "MetricContract",
    "ReferenceLossContract",
]
