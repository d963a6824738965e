"""Is a component found by what people call it elsewhere?"""

import pytest

from srkit_core.catalogue import catalogue
from srkit_core.other_names import (
    OTHER_NAMES,
    PROVIDED_BY_NOTHING,
    meant_by,
    near_names,
    plain,
)
from srkit_core.registry import discover
from srkit_core.specs import KINDS


@pytest.mark.parametrize(
    ("kind", "name", "meant"),
    [
        ("generator", "esrgan", "rrdb"),
        ("generator", "RRDB", "rrdb"),
        ("generator", "Real-ESRGAN", "rrdb"),
        ("generator", "RRDBNet", "rrdb"),
        ("generator", "SRVGGNetCompact", "srvgg"),
        ("generator", "EDSR", "edsr"),
        ("generator", "MSRResNet", "srresnet"),
        ("discriminator", "PatchGAN", "patch"),
        ("discriminator", "UNetDiscriminatorSN", "unet-sn"),
        ("discriminator", "vgg_sn", "vgg-sn"),
        ("discriminator", "multiscale", "multi-scale"),
        ("loss", "l2", "mse"),
        ("loss", "MSE", "mse"),
        ("loss", "mae", "l1"),
        ("loss", "perceptual", "vgg"),
        ("loss", "relativistic", "ragan"),
        ("loss", "total_variation", "tv"),
        ("metric", "PSNR", "psnr"),
        ("metric", "psnr-y", "psnr"),
        ("degradation", "usm", "sharpen"),
        ("degradation", "JPG", "jpeg"),
    ],
)
def test_a_name_of_the_field_finds_ours(kind, name, meant):
    assert meant_by(kind, name)[0] == meant
    assert near_names(kind, name, ["rlgan", meant])[0] == meant


def test_the_table_names_components_that_exist_and_no_name_twice():
    there = {(one.kind, one.name) for one in (*catalogue(), *discover(limit=()).components)}
    assert {(kind, own) for kind in KINDS for own in OTHER_NAMES[kind]} - there == set()
    for kind in KINDS:
        others = [name for names in OTHER_NAMES[kind].values() for name in names]
        assert sorted(set(others)) == sorted(others)
        assert [name for name in others if name != plain(name)] == []
        assert PROVIDED_BY_NOTHING & {*others, *map(plain, OTHER_NAMES[kind])} == set()


def test_a_slip_of_the_pen_is_near_and_a_stranger_is_not():
    known = ["rrdb", "rcan", "edsr", "srresnet"]
    assert near_names("generator", "rrbd", known) == ["rrdb"]
    assert near_names("generator", "SRRESNT", known) == ["srresnet"]
    assert near_names("generator", "SwinIR", known) == []
    assert near_names("generator", "han", ["rcan"]) == []


def test_what_nothing_provides_is_said():
    registry = discover(limit=())
    with pytest.raises(Exception, match="nothing that srkit's catalogue knows provides it"):
        registry.find("generator", "SwinIR")
    with pytest.raises(Exception, match="there is a metric of that name"):
        registry.find("loss", "PSNR")


def test_what_is_not_installed_is_offered_by_the_name_that_was_typed():
    registry = discover([], limit=())
    with pytest.raises(Exception, match="no generator named 'ESRGAN'") as caught:
        registry.find("generator", "ESRGAN")
    assert caught.value.hint == "pip install srkit-rrdb"
