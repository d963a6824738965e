"""Is an optimizer found by name, of torch or of a plugin, and its options checked without torch?"""

from importlib.util import find_spec

import pytest

from srkit_core.errors import AmbiguousError, OptionError
from srkit_core.interfaces import MakeOptimizer
from srkit_core.optimizer_binding import BoundOptimizer, bind_optimizer
from srkit_core.optimizer_config import OptimizerConfig
from srkit_core.registry import discover
from srkit_core.specs import OptimizerSpec


def lion(*, betas: tuple[float, float] = (0.9, 0.99), decay: float = 0.0) -> MakeOptimizer:
    raise AssertionError("nobody builds it")


REGISTRY = discover(limit=()).with_components(
    OptimizerSpec(name="lion", factory=lion, summary="signs"),
    OptimizerSpec(name="Adam", factory=lion, summary="another of that name"),
)


def bound(name, registry=REGISTRY, **options):
    return bind_optimizer(registry, OptimizerConfig.model_validate({"name": name, **options}))


def test_one_of_a_plugin_is_found_with_all_its_options():
    for name in ("lion", "local/lion"):
        found = bound(name, lr=0.5, betas=[0.5, 1])
        options = {"betas": (0.5, 1.0), "decay": 0.0}
        assert found == BoundOptimizer(name, 0.5, options, lion, "local/lion")
        assert found.written_out.options == options
        assert found.written_out.lr == 0.5


@pytest.mark.skipif(find_spec("torch") is None, reason="reads the installed torch")
def test_the_bare_name_of_one_of_torch_is_torchs():
    assert bound("Adam", eps=1e-6) == BoundOptimizer("Adam", None, {"eps": 1e-6})
    assert bound("local/Adam").owner == "local/Adam"
    with pytest.raises(OptionError) as caught:
        bound("lionn")
    assert str(caught.value) == "torch.optim has no optimizer 'lionn'"
    assert caught.value.hint == "did you mean 'lion'?"


def test_an_option_that_does_not_fit_is_refused():
    with pytest.raises(OptionError, match="lion has no option 'momentum'"):
        bound("lion", momentum=0.9)
    with pytest.raises(OptionError, match="lion: option 'decay' expects float, not 'much'"):
        bound("lion", decay="much")


def test_a_name_that_two_announce_is_refused():
    spec = OptimizerSpec(name="lion", factory=lion, summary="another")
    both = REGISTRY.with_components(spec, distribution="zz")
    with pytest.raises(AmbiguousError):
        bound("lion", both)
    assert bound("zz/lion", both).owner == "zz/lion"
