"""Is a name under which something else is written refused where it is announced?"""

import pytest

from srkit_core.errors import IncompatibleError, PluginError, RecipeError
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.reserved_names import RESERVED, name_fault
from srkit_core.run_options import RunOptions
from srkit_core.specs import GeneratorSpec, LayoutSpec, LossSpec, MetricSpec, WeightsSpec

REFUSED = [
    *(("metric", name) for name in ("step", "epoch", "stage", "split", "lr", "loss", "LR", "Loss")),
    *(("metric", name) for name in ("d_real", "d_fake", "d_gap", "gradient", "memory_mb")),
    *(("metric", name) for name in ("images_per_s", "elapsed_s", "name", "model", "image")),
    *(("metric", name) for name in ("left_out", "psnr/std", "a/b", ".std", "psnr.2", "", "x ")),
    *(("loss", name) for name in ("total", "discriminator", "Total", "l1/std", "../l1")),
    *(("validation set", name) for name in ("std", "STD", "a/b", "a/std", "a\nb", "\x1b[2J")),
    *(("weights", name) for name in ("../up", "a/b", ".hidden", "", "a:b", "a+b", "x\\y")),
    *(("stage", name) for name in ("con", "NUL", "com1", "lpt9")),
    *(("layout", name) for name in ("a/b", "")),
    *(("generator", name) for name in ("a/b", "a.b")),
]
TAKEN = [
    ("metric", "steps"),
    ("metric", "total"),
    ("metric", "std"),
    ("loss", "step"),
    ("loss", "lr"),
    ("generator", "total"),
    ("validation set", "my photos"),
    ("validation set", "photos-étés"),
    ("validation set", "psnr"),
    ("validation set", ""),
    ("weights", "realesr-general-x4v3"),
    ("layout", "esrgan-2019"),
]


def spec_of(kind, name):
    cls, more = {
        "metric": (MetricSpec, {"higher_is_better": True}),
        "loss": (LossSpec, {}),
        "generator": (GeneratorSpec, {"scales": (4,)}),
    }[kind]
    return cls(name=name, factory=lambda: None, summary="", **more)


@pytest.mark.parametrize(("kind", "name"), REFUSED)
def test_a_taken_name_is_refused(kind, name):
    assert name_fault(kind, name) is not None


@pytest.mark.parametrize(("kind", "name"), TAKEN)
def test_a_free_name_is_taken(kind, name):
    assert name_fault(kind, name) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("metric", "loss") for name in sorted(RESERVED[kind])],
)
def test_components_of_one_s_own_are_refused_by_name(kind, name):
    with pytest.raises(PluginError) as refused:
        discover().with_components(spec_of(kind, name))
    assert refused.value.message == (
        f"{kind} '{name}': the name '{name}' is taken: something else is written under it"
    )


def test_every_installed_name_is_free():
    registry = discover()
    assert registry.problems == ()
    found = [(one.kind, one.name) for one in registry.components]
    found += [("weights", one.name) for one in registry.weights]
    found += [("layout", one.name) for one in registry.layouts]
    assert [one for one in found if name_fault(*one)] == []


def test_weights_and_layouts_of_a_plugin_are_looked_at_too():
    from srkit_core.spec_faults import check_specs

    weights = WeightsSpec(name="../../x", files=(), licence="", summary="", source="")
    layout = LayoutSpec(name="a/b", generator="x", marks=(), options=dict, source="")
    for spec in (weights, layout):
        with pytest.raises(PluginError, match="its name may hold letters"):
            check_specs([spec])


@pytest.mark.parametrize("name", ["std", "a/b"])
def test_a_validation_set_is_refused_before_anything_happens(name):
    with pytest.raises(RecipeError, match=f"^the validation set '{name}': "):
        RunOptions(val={name: "photos"})


def recipe(*stages, metrics="psnr", loss="l1"):
    stage = {"loss": loss, "steps": 1}
    return recipe_from_dict(
        {
            "generator": "net",
            "validation": {"metrics": metrics},
            "stages": [stage | one for one in stages or ({},)],
        }
    )


def test_stages_that_differ_in_capitals_share_a_folder_on_many_systems():
    with pytest.raises(RecipeError, match="two stages share a name: main, Main"):
        recipe({"name": "main"}, {"name": "Main"})


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["con"], "the name 'con' is taken"),
        (["main", "LPT1"], "the name 'LPT1' is taken"),
    ],
)
def test_a_stage_has_a_folder_everywhere(names, fault):
    with pytest.raises(RecipeError, match=fault):
        recipe(*({"name": name} for name in names))


def test_components_that_differ_in_capitals_are_numbered():
    own = [spec_of("metric", "PSNR"), spec_of("loss", "L1"), spec_of("generator", "net")]
    registry = discover().with_components(*own)
    planned = plan(recipe(metrics="psnr + PSNR", loss="L1 + l1"), registry)
    assert [one.label for one in planned.validation.usual.metrics] == ["psnr", "PSNR.2"]
    assert [one.label for one in planned.stages[0].terms] == ["L1", "l1.2"]


@pytest.mark.parametrize(
    ("field", "figure"), [("patience_on", "last"), ("start_from", "best-last")]
)
def test_last_is_no_figure(field, figure):
    registry = discover().with_components(spec_of("generator", "net"))
    with pytest.raises(IncompatibleError, match=f"{field} of stage 'b' is 'last'"):
        plan(recipe({"name": "a"}, {"name": "b", field: figure}), registry)
