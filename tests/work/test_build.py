"""Are components built as the plan says, each under its own seed, with failures that name the
plugin?
"""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from srkit_core.binding import bind
from srkit_core.chain import bind_chain
from srkit_core.errors import OptionError, PluginError
from srkit_core.expressions import parse_call, parse_chain
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import Degradation, Discriminator, Generator, Metric
from srkit_core.models.build import (
    build,
    build_degradation,
    build_network,
    count_parameters,
    to_device,
)
from srkit_core.registry import discover
from srkit_core.specs import DegradationSpec, DiscriminatorSpec, GeneratorSpec, MetricSpec


def net(*, scale: int, features: int = 4, fault: str = "") -> Generator:
    if fault == "option":
        raise OptionError("features do not fit", component="net", option="features")
    if fault:
        raise ZeroDivisionError(fault)
    return nn.Sequential(nn.Conv2d(3, features, 3), nn.Conv2d(features, 3, 1), nn.PixelShuffle(1))


def plain(*, scale: int) -> Generator:
    return lambda lr: lr.repeat_interleave(scale, -1).repeat_interleave(scale, -2)


def several(*, of: tuple[Discriminator, ...], patch: int) -> Discriminator:
    return SimpleNamespace(of=of, patch=patch)


def critic(*, width: int = 1) -> Discriminator:
    return SimpleNamespace(width=width)


def add(*, what: float) -> Degradation:
    return lambda hr, rng: hr + what


def double() -> Degradation:
    return lambda hr, rng: hr * 2


def noise() -> Degradation:
    return lambda hr, rng: hr + torch.rand(hr.shape, generator=rng)


def constant() -> Metric:
    return lambda sr, hr: torch.zeros(len(sr))


SPECS = [
    GeneratorSpec(name="net", factory=net, summary="two convolutions", scales=(1,)),
    GeneratorSpec(name="plain", factory=plain, summary="no module", scales=(2,)),
    DiscriminatorSpec(name="several", factory=several, summary="holds others"),
    DiscriminatorSpec(name="critic", factory=critic, summary="one"),
    DegradationSpec(name="add", factory=add, summary="brighter"),
    DegradationSpec(name="double", factory=double, summary="twice as bright"),
    DegradationSpec(name="noise", factory=noise, summary="random"),
    MetricSpec(name="constant", factory=constant, summary="zero", higher_is_better=True),
]


@pytest.fixture(scope="module")
def registry():
    plugin = SimpleNamespace(srkit_components=hookimpl(lambda: SPECS))
    found = discover(
        [
            SimpleNamespace(
                name="tiny",
                dist=SimpleNamespace(name="srkit-tiny", version="1"),
                load=lambda: plugin,
            )
        ]
    )
    assert found.problems == ()
    return found


@pytest.fixture
def bound(registry):
    return lambda kind, text, **context: bind(registry, kind, parse_call(text), context)


def chain(registry, text):
    return build_degradation(bind_chain(registry, parse_chain(text), 1))


def weights(module):
    return torch.cat([tensor.flatten() for tensor in module.state_dict().values()])


def test_a_seed_decides_the_weights_and_nothing_else_is_touched(bound):
    generator = bound("generator", "net", scale=1)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = (weights(build(generator, seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_nested_components_are_built_first_with_their_context(bound):
    built = build(
        bound("discriminator", "several(of=[critic(width=2), critic])", patch=64, scale=4)
    )
    assert ([one.width for one in built.of], built.patch) == ([2, 1], 64)


def test_a_failing_factory_is_named_with_its_plugin(bound):
    with pytest.raises(
        PluginError,
        match=r"srkit-tiny/net failed to build 'srkit-tiny/net\(features=4, fault=broken\)': "
        r"ZeroDivisionError: broken",
    ):
        build(bound("generator", "net(fault=broken)", scale=1))


def test_a_factory_may_refuse_an_option_itself(bound):
    with pytest.raises(OptionError, match="features do not fit"):
        build(bound("generator", "net(fault=option)", scale=1))


def test_what_is_no_module_becomes_one(bound):
    network = build_network(bound("generator", "plain", scale=2))
    assert isinstance(network, nn.Module)
    assert torch.equal(network(torch.ones(1, 3, 2, 2)), torch.ones(1, 3, 4, 4))
    assert (list(network.parameters()), count_parameters(network)) == ([], 0)


def test_parameters_are_counted_where_they_learn(bound):
    network = build_network(bound("generator", "net(features=5)", scale=1))
    assert count_parameters(network) == (3 * 9 * 5 + 5) + (5 * 3 + 3)
    network[0].requires_grad_(False)
    assert count_parameters(network) == 5 * 3 + 3
    assert count_parameters(build(bound("metric", "constant"))) == 0


def test_convolutions_are_placed_channels_last(bound):
    network = to_device(build_network(bound("generator", "net", scale=1)), torch.device("cpu"))
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not network[0].weight.is_contiguous()


def test_a_chain_happens_from_left_to_right(registry):
    hr = torch.full((1, 3, 2, 2), 0.25)
    rng = torch.Generator()
    assert torch.equal(
        chain(registry, "add(what=0.5) | double")(hr, rng=rng), torch.full_like(hr, 1.5)
    )
    assert torch.equal(
        chain(registry, "double | add(what=0.5)")(hr, rng=rng), torch.full_like(hr, 1.0)
    )
    assert torch.equal(hr, torch.full_like(hr, 0.25))


def test_a_step_happens_to_its_share_of_pictures_and_leaves_the_others(registry):
    pictures = torch.arange(2000.0).view(2000, 1, 1, 1).expand(2000, 3, 2, 2)
    changed = (
        chain(registry, "add(what=0.5)@0.3")(pictures, rng=torch.Generator().manual_seed(0))
        - pictures
    )
    share = (changed[:, 0, 0, 0] == 0.5).float().mean().item()
    assert share == pytest.approx(0.3, abs=0.03)
    assert torch.equal(changed, changed[:, :1, :1, :1].expand_as(changed))
    assert changed.unique().tolist() == [0, 0.5]


def test_all_randomness_of_a_chain_comes_from_its_source(registry):
    degrade = chain(registry, "noise@0.5 | noise")
    pictures = torch.zeros(8, 3, 4, 4)

    def run(seed: int) -> Tensor:
        return degrade(pictures, rng=torch.Generator().manual_seed(seed))

    before = torch.get_rng_state()
    assert torch.equal(run(3), run(3))
    assert not torch.equal(run(3), run(4))
    assert torch.equal(torch.get_rng_state(), before)
