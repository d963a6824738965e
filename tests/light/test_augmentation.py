"""Is every augmentation that a recipe asks for known by name, its options checked and its steps in
order, without torch?
"""

import re
from dataclasses import dataclass

import pytest

from srkit_core.augmentation import (
    PHASES,
    AugmentStep,
    CropAugmentation,
    MixAugmentation,
    PixelAugmentation,
    ViewAugmentation,
    augmentation_names,
    bind_augment,
    describe_augmentations,
)
from srkit_core.builtin.augmentations import AUGMENTATIONS, Affine, Flip, Salient
from srkit_core.errors import (
    AmbiguousError,
    IncompatibleError,
    OptionError,
    PluginError,
    UnknownComponentError,
)
from srkit_core.expressions import parse_chain
from srkit_core.options import check_signature, options_of
from srkit_core.registry import discover
from srkit_core.specs import AugmentationSpec


@dataclass(frozen=True, kw_only=True)
class Grain(PixelAugmentation):
    """Stands for a new one.

    Args:
        size: Of a grain.
    """

    size: int = 1


OWN = discover(limit=())
MORE = OWN.with_components(AugmentationSpec(name="grain", factory=Grain, summary="grain"))


def bound(text, registry=OWN, **about):
    return bind_augment(registry, parse_chain(text), **about)


def announced(factory, name="odd", **about):
    return OWN.with_components(
        AugmentationSpec(name=name, factory=factory, summary="one of a test's own"), **about
    )


def test_every_option_has_a_type_a_default_that_fits_and_a_meaning():
    assert [check_signature(spec.factory) for spec in AUGMENTATIONS] == [None] * len(AUGMENTATIONS)
    assert [
        option.name
        for spec in AUGMENTATIONS
        for option in options_of(spec.factory)
        if not option.doc or option.required
    ] == []


def test_options_and_probabilities_are_bound():
    steps = bound("salient(of=8)@0.5 | affine(rotation=10, zoom=0) | flip(axis=vertical)").steps
    assert [(step.what, step.probability, step.owner) for step in steps] == [
        (Salient(of=8), 0.5, "srkit/salient"),
        (Affine(rotation=10.0, shift=0.2, shear=0.2, zoom=0.0), None, "srkit/affine"),
        (Flip(axis="vertical"), None, "srkit/flip"),
    ]
    assert steps[1].options == {"rotation": 10.0, "shift": 0.2, "shear": 0.2, "zoom": 0.0}
    assert bound("").steps == ()


def test_steps_are_told_apart_by_when_they_happen():
    chain = bound("centre | salient | jitter | affine | turn | flip | cutblur")
    names = [[type(step.what).__name__ for step in chain.of(phase)] for phase in PHASES]
    assert names == [["Centre", "Salient"], ["Jitter", "Affine"], ["Turn", "Flip"], ["CutBlur"]]
    assert (CropAugmentation, PixelAugmentation, ViewAugmentation, MixAugmentation) == PHASES
    (flip,) = bound("flip@0.5 | cutblur@0.2").of(ViewAugmentation)
    assert flip == AugmentStep(Flip(), 0.5, "srkit/flip", {"axis": "horizontal"})


def test_built_ins_come_through_the_door():
    found = OWN.installed(AugmentationSpec)
    assert [one.full_name for one in found] == [
        "srkit/affine",
        "srkit/centre",
        "srkit/cutblur",
        "srkit/cutmix",
        "srkit/flip",
        "srkit/jitter",
        "srkit/mixup",
        "srkit/salient",
        "srkit/turn",
    ]
    assert [one.name for one in found if "apply" not in vars(one.spec.factory)] == []
    told = describe_augmentations(OWN)
    assert re.findall("`([^`]+)`", told) == list(augmentation_names(OWN))
    assert told.startswith("`centre` and `salient` (where crops are taken), `affine`")
    assert told.endswith("), and `cutblur`, `cutmix` and `mixup` (once LR is made)")


def test_that_of_a_plugin_is_listed_and_bound_in_its_phase():
    assert augmentation_names(MORE).index("grain") + 1 == augmentation_names(MORE).index("jitter")
    assert "`affine`, `grain` and `jitter` (before LR is made)" in describe_augmentations(MORE)
    for name in ("grain", "local/grain"):
        (step,) = bound(f"{name}(size=3)@0.2 | flip", MORE).of(PixelAugmentation)
        assert (step.what, step.probability, step.owner) == (Grain(size=3), 0.2, "local/grain")
    with pytest.raises(IncompatibleError) as caught:
        bound("flip | grain", MORE)
    assert caught.value.hint == 'augment = "grain | flip"'
    with pytest.raises(IncompatibleError, match="'grain' changes HR before LR is made"):
        bound("grain | flip", MORE, stored=True)


def test_a_name_that_several_announce_is_refused_and_the_full_one_is_not():
    registry = MORE.with_components(
        AugmentationSpec(name="grain", factory=Grain, summary="grain"), distribution="zz"
    )
    with pytest.raises(AmbiguousError) as caught:
        bound("grain", registry)
    assert caught.value.candidates == ("local/grain", "zz/grain")
    assert bound("zz/grain", registry).steps[0].owner == "zz/grain"


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UnknownComponentError, match="no augmentation named 'filp'") as caught:
        bound("filp | turn")
    assert caught.value.hint == "did you mean 'flip'?"


def test_a_function_that_says_what_it_returns_may_announce_one():
    def finest(*, grain: bool = True) -> PixelAugmentation:
        """Make grain of size 2."""
        return Grain(size=2) if grain else Flip()

    registry = announced(finest)
    assert bound("odd | flip", registry).steps[0].what == Grain(size=2)
    with pytest.raises(PluginError, match="'local/odd' is a Flip, not a PixelAugmentation"):
        bound("odd(grain=false)", registry)


def unsaid(*, n: int = 1):
    raise AssertionError("nobody calls it")


def failing(*, n: int = 1) -> ViewAugmentation:
    raise RuntimeError(f"no {n}")


@pytest.mark.parametrize(
    ("factory", "fact"),
    [
        (unsaid, "augmentation 'local/odd' does not say of which phase it is"),
        (failing, "augmentation 'local/odd' is not made: RuntimeError: no 1"),
    ],
)
def test_a_broken_one_is_named_where_it_is_used_and_nowhere_else(factory, fact):
    registry = announced(factory)
    with pytest.raises(PluginError) as caught:
        bound("odd", registry)
    assert caught.value.message == fact
    assert len(bound("flip | turn", registry).steps) == 2
    told = describe_augmentations(registry)
    assert told.endswith("), and `cutblur`, `cutmix` and `mixup` (once LR is made)")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "affine(rotate=9)",
            "affine has no option 'rotate'",
            "did you mean 'rotation'? write affine(rotation=90.0, shift=0.2, ",
        ),
        (
            "affine(rotation=wild)",
            "affine: option 'rotation' expects float, not 'wild'",
            "write affine(rotation=90.0, ",
        ),
        (
            "jitter(hue=0.6)",
            "jitter: option 'hue' expects float in 0..0.5, not 0.6",
            "write jitter(brightness=0.1, ",
        ),
        (
            "centre(margin=0.7)",
            "centre: option 'margin' expects float in 0..0.5, not 0.7",
            "write centre(margin=0.5)",
        ),
        ("turn(by=45)", "turn has no option 'by'", "write turn"),
        (
            "cutblur(size=2)",
            "cutblur: option 'size' expects float in 0..1, not 2",
            "write cutblur(size=0.7)",
        ),
        (
            "flip(axis=both)",
            "flip: option 'axis' expects horizontal | vertical, not 'both'",
            "write flip(axis=horizontal)",
        ),
        (
            "salient(of=1)",
            "salient: option 'of' expects int in 2..64, not 1",
            "write salient(of=4)",
        ),
    ],
)
def test_an_option_that_does_not_fit_is_refused_with_the_way_to_write_it(text, message, hint):
    with pytest.raises(OptionError) as caught:
        bound(text)
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


def test_stored_lr_follows_flips_turns_crops_and_mixing_only():
    assert len(bound("centre | salient | flip | turn | cutblur", stored=True).steps) == 5
    for name in ("affine", "jitter"):
        with pytest.raises(
            IncompatibleError,
            match=f"'{name}' changes HR before LR is made, but paired LR is made already",
        ):
            bound(f"{name}@0.1 | flip", stored=True)
