"""Are LR and target made of HR in the right order, the same for a crop as for the whole picture?"""

import pytest
import torch

from srkit_core.augmentation.view import View
from srkit_core.data.dataset import Sample, collate
from srkit_core.data.examples import LrMaker, make_examples
from srkit_core.data.patches import cut
from srkit_core.engine.stage_run import crop_rule
from srkit_core.errors import IncompatibleError
from srkit_core.evaluation.scoring import pairs
from srkit_core.io.images import to_unit
from srkit_core.models.build import build_degradation
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict


def planned(registry, **fields):
    stage = {"loss": "l1", "steps": 1, "patch": 32}
    return plan(recipe_from_dict({"generator": "srvgg", "stages": [stage]} | fields), registry)


def lr_maker(recipe):
    return LrMaker(
        *(build_degradation(one) if one else None for one in (recipe.degradation, recipe.target))
    )


@pytest.mark.parametrize(
    "degradation", ["bicubic", "bicubic | blur(sigma=1.5)", "blur(sigma=2) | bicubic"]
)
@pytest.mark.parametrize("target", ["", "sharpen", "blur(sigma=1) | blur(sigma=0.5)"])
def test_a_crop_has_the_lr_hr_and_target_of_the_whole_picture(
    registry, smooth, degradation, target
):
    recipe = planned(registry, degradation=degradation, target=target)
    rule, made, whole = crop_rule(recipe, 0), lr_maker(recipe), smooth(288, 288)
    crop = cut(rule, whole, (128, 124), View())
    examples = make_examples(
        collate([Sample("a", crop.window, crop.corner, None)]), rule, made, torch.Generator()
    )
    hr = to_unit(torch.from_numpy(whole)[None])
    targets = made.targets(hr, torch.Generator())
    lr = made.degrade(targets, rng=torch.Generator())
    here = (..., slice(128, 160), slice(124, 156))
    assert torch.equal(examples.hr, hr[here])
    assert torch.allclose(examples.target, targets[here], atol=1e-5)
    assert (examples.lr - lr[..., 32:40, 31:39]).abs().max() < (
        1.01 / 255 if target else 1e-5
    )  # bicubic rounds to 8 bit
    assert torch.equal(examples.target, examples.hr) == (target == "")


def test_lr_is_made_of_the_target_and_not_of_hr(registry, smooth):
    with_target, without = (
        lr_maker(planned(registry, target=text)) for text in ("blur(sigma=4)", "")
    )
    hr = to_unit(torch.from_numpy(smooth(64, 64))[None])
    blurred = with_target.targets(hr, torch.Generator())
    assert not torch.equal(
        without.degrade(blurred, rng=torch.Generator()), without.degrade(hr, rng=torch.Generator())
    )


def test_validation_makes_lr_of_the_target_as_well(registry, smooth, tmp_path):
    from PIL import Image

    from srkit_core.data.picture_set import open_picture_set

    Image.fromarray(smooth(64, 64)).save(tmp_path / "a.png")
    (picture,) = open_picture_set(str(tmp_path)).pictures
    made = lr_maker(planned(registry, target="blur(sigma=4)"))
    pair = next(pairs([picture], 4, made, torch.device("cpu")))
    hr = to_unit(torch.from_numpy(smooth(64, 64))[None])
    assert torch.equal(pair.hr, hr)
    assert torch.equal(
        pair.lr, made.degrade(made.targets(hr, torch.Generator()), rng=torch.Generator())
    )
    assert not torch.equal(pair.lr, made.degrade(hr, rng=torch.Generator()))


def test_the_margin_is_that_of_everything_that_happens_to_hr(registry):
    alone, both = (
        planned(registry, degradation="bicubic"),
        planned(registry, degradation="bicubic", target="sharpen"),
    )
    assert alone.margin == 8
    assert both.margin == 8 + 52  # sharpening blurs twice over 25 pixels; in whole LR pixels 52
    assert planned(registry, degradation="paired").margin == 0


def test_a_target_keeps_the_size(registry):
    with pytest.raises(
        IncompatibleError, match="makes pictures 4 times smaller, the scale is 1"
    ) as caught:
        planned(registry, target="bicubic(factor=4)")
    assert caught.value.hint == "a target keeps the size"
    with pytest.raises(
        IncompatibleError, match="'bicubic' makes pictures smaller, and a target keeps the size"
    ):
        planned(registry, target="bicubic")
