"""Is every augmentation that a recipe asks for known by name, its options checked and its steps in
order, without torch?
"""

import re
from operator import ne

import pytest

from srkit_core.augmentation import (
    AUGMENTATIONS,
    PHASES,
    Affine,
    AugmentStep,
    CropAugmentation,
    Flip,
    MixAugmentation,
    PixelAugmentation,
    Salient,
    ViewAugmentation,
    augmentation_names,
    bind_augment,
    describe_augmentations,
)
from srkit_core.errors import IncompatibleError, OptionError
from srkit_core.expressions import parse_chain
from srkit_core.options import check_signature, options_of


def bound(text, **about):
    return bind_augment(parse_chain(text), **about)


def test_every_option_has_a_type_a_default_that_fits_and_a_meaning():
    assert {name: check_signature(make) for name, make in AUGMENTATIONS.items()} == dict.fromkeys(
        AUGMENTATIONS
    )
    assert [
        option.name
        for make in AUGMENTATIONS.values()
        for option in options_of(make)
        if not option.doc or option.required
    ] == []


def test_options_and_probabilities_are_bound():
    assert bound("salient(of=8)@0.5 | affine(rotation=10, zoom=0) | flip(axis=vertical)").steps == (
        AugmentStep(Salient(of=8), 0.5),
        AugmentStep(Affine(rotation=10.0, shift=0.2, shear=0.2, zoom=0.0), None),
        AugmentStep(Flip(axis="vertical"), None),
    )
    assert bound("").steps == ()


def test_steps_are_told_apart_by_when_they_happen():
    chain = bound("centre | salient | jitter | affine | turn | flip | cutblur")
    names = [[type(what).__name__ for what, _ in chain.of(phase)] for phase in PHASES]
    assert names == [["Centre", "Salient"], ["Jitter", "Affine"], ["Turn", "Flip"], ["CutBlur"]]
    assert (CropAugmentation, PixelAugmentation, ViewAugmentation, MixAugmentation) == PHASES
    assert bound("flip@0.5 | cutblur@0.2").of(ViewAugmentation) == ((Flip(), 0.5),)


def test_the_table_holds_every_class_that_does_something():
    assert [name for name, made in AUGMENTATIONS.items() if made.name != name] == []
    assert [name for name, made in AUGMENTATIONS.items() if "apply" not in vars(made)] == []
    assert set(augmentation_names()) == set(AUGMENTATIONS)
    phases = [AUGMENTATIONS[name].phase for name in augmentation_names()]
    assert list(dict.fromkeys(phases)) == [phase.phase for phase in PHASES]
    assert len(set(phases)) == sum(map(ne, phases, phases[1:])) + 1
    told = describe_augmentations()
    assert re.findall("`([^`]+)`", told) == list(augmentation_names())
    assert told.startswith("`centre` and `salient` (where crops are taken), `affine`")
    assert told.endswith("), and `cutblur` (once LR is made)")


def test_a_new_class_is_listed_and_bound_in_its_phase(request):
    class Grain(PixelAugmentation, name="grain"):
        """Stands for a new one."""

    request.addfinalizer(lambda: AUGMENTATIONS.pop("grain"))
    assert augmentation_names().index("grain") + 1 == augmentation_names().index("flip")
    assert " and `grain` (before LR is made), `flip`" in describe_augmentations()
    ((what, probability),) = bound("grain@0.2 | flip").of(PixelAugmentation)
    assert (type(what), probability) == (Grain, 0.2)
    with pytest.raises(IncompatibleError) as caught:
        bound("flip | grain")
    assert caught.value.hint == 'augment = "grain | flip"'


@pytest.mark.parametrize("name", ["", "flip"])
def test_a_class_without_a_name_of_its_own_is_refused(name):
    with pytest.raises(TypeError, match=f"Nameless needs a name of its own, not '{name}'"):
        type("Nameless", (ViewAugmentation,), {}, name=name)
    assert AUGMENTATIONS["flip"] is Flip


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
