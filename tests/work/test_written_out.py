"""Does a run's recipe say every option, so that changed defaults change no repeated run?"""

from dataclasses import replace

import pytest

from srkit_core.binding import bind
from srkit_core.engine.trainer import train
from srkit_core.errors import RecipeError
from srkit_core.expressions import parse_call
from srkit_core.interfaces import ReferenceLoss
from srkit_core.named_recipes import read_recipe
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict, recipe_from_toml
from srkit_core.registry import Component, discover
from srkit_core.run_options import RunOptions
from srkit_core.specs import LossSpec

CONTEXT = {"scale": 4, "patch": 96}


@pytest.mark.parametrize("component", discover().components, ids=lambda one: one.full_name)
def test_every_component_means_the_same_with_all_options_written(component):
    registry = discover()
    for text in {component.spec.small or component.name, component.name}:
        call = replace(parse_call(text), name=component.full_name)
        if text == component.name and component.name in ("multi-scale", "shuffle", "spandrel"):
            continue  # they need another component, or the name of a network
        bound = bind(registry, component.kind, call, CONTEXT)
        again = bind(registry, component.kind, parse_call(str(bound.expression)), CONTEXT)
        assert (again.options, again.expression) == (bound.options, bound.expression)


@pytest.mark.parametrize("name", ["demo", "srresnet"])
def test_every_shipped_recipe_is_planned_to_itself(name):
    registry = discover()
    written = plan(read_recipe(name), registry).recipe
    again = recipe_from_toml(written.to_toml())
    assert again == written
    assert plan(again, registry).recipe == written


def faint(*, factor: float = 1) -> ReferenceLoss:
    """Compare brightness."""
    return lambda sr, hr: factor * (sr.mean() - hr.mean()).abs()


def faint_later(*, factor: float = 3, bias: float = 0.0) -> ReferenceLoss:
    """Compare brightness, in a later version that has another default and a new option."""
    return lambda sr, hr: factor * (sr.mean() - hr.mean()).abs() + bias


def _registry(factory):
    real = discover()
    loss = LossSpec(name="faint", factory=factory, summary="s")
    return replace(real, components=(*real.components, Component(loss, "test", "1")))


def test_a_run_goes_on_as_it_began_although_a_default_has_changed(tmp_path):
    out = tmp_path / "run"
    stage = {"loss": "l1 + faint", "steps": 1, "batch": 2, "patch": 32}
    document = {"generator": "srvgg(features=4, blocks=1)", "stages": [stage]}
    document["validation"] = {"metrics": "psnr", "pictures": 0}
    where = RunOptions(out=out, device="cpu")
    train(recipe_from_dict(document), where, registry=_registry(faint))
    began = read_recipe(str(out / "recipe.toml"))
    assert str(began.stages[0].loss) == "1.0*srkit/l1 + 1.0*test/faint(factor=1.0)"
    longer = began.model_copy(update={"stages": (began.stages[0].model_copy(update={"steps": 2}),)})
    train(longer, where, registry=_registry(faint_later), resume="newest")
    went_on = read_recipe(str(out / "recipe.toml"))
    assert str(went_on.stages[0].loss) == "1.0*srkit/l1 + 1.0*test/faint(factor=1.0, bias=0.0)"
    with pytest.raises(RecipeError, match=r"started with another stages\.0\.loss than this"):
        train(recipe_from_dict(document), where, registry=_registry(faint_later), resume="newest")
