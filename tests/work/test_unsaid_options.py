"""Are options that shapes cannot show known, read, or told as assumed, and does a person win?"""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from srkit_core.cli.app import run
from srkit_core.errors import OptionError
from srkit_core.expressions import parse_call
from srkit_core.io.images import write_image
from srkit_core.models.build import build_network
from srkit_core.models.find_model import load_model
from srkit_core.models.foreign_weights import import_weights
from srkit_core.plan import bind_generator
from srkit_core.specs import LayoutSpec

EDSR = "edsr(blocks=2, features=16)"
RCAN = "rcan(groups=1, blocks=2, features=16, reduction=4)"
SRGAN = "srresnet(blocks=1, features=8)"
MEAN = torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)
LR = torch.rand(1, 3, 9, 7, generator=torch.Generator().manual_seed(0))


def state(registry, expression, scale=4, seed=3):
    return build_network(
        bind_generator(registry, parse_call(expression), scale), seed=seed
    ).state_dict()


def saved(registry, path, expression):
    torch.save({"params": state(registry, expression)}, path)
    return path


def by_hand(tensors, res_scale, img_range):
    """EDSR x4 as BasicSR computes it."""

    def conv(name, x):
        return functional.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], padding=1)

    x = first = conv("conv_first", (LR - MEAN) * img_range)
    for block in range(2):
        branch = conv(f"body.{block}.conv2", conv(f"body.{block}.conv1", x).relu())
        x = x + branch * res_scale
    x = conv("conv_after_body", x) + first
    for number in (0, 2):
        x = functional.pixel_shuffle(conv(f"upsample.{number}", x), 2)
    return conv("conv_last", x) / img_range + MEAN


@pytest.mark.parametrize(("res_scale", "img_range"), [(1.0, 255.0), (0.1, 255.0), (0.1, 1.0)])
def test_a_written_option_wins_and_the_output_is_that_of_its_program(
    registry, tmp_path, capsys, res_scale, img_range
):
    path, out = saved(registry, tmp_path / "w.pth", EDSR), tmp_path / "o.safetensors"
    wish = f"edsr(res_scale={res_scale}, img_range={img_range})"
    assert run(["weights", "import", str(path), "--gen", wish, "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "assumed: rgb_mean=[0.4488, 0.4371, 0.404]" in told
    with torch.no_grad():
        sr = load_model(out, registry=registry)(LR)
        expected = by_hand(state(registry, EDSR), res_scale, img_range)
        assert torch.allclose(sr, expected, atol=1e-5)
        other = by_hand(state(registry, EDSR), 1.1 - res_scale, img_range)
    assert (expected - other).abs().max() > 1e-4


def test_rcan_has_its_factor_too(registry, tmp_path):
    path = saved(registry, tmp_path / "w.pth", RCAN)
    found, tensors = import_weights(path, registry, parse_call("rcan(res_scale=0.1, img_range=1)"))
    half = build_network(found.bound)
    half.load_state_dict(tensors)
    block = half.body[0].residual_group[0]
    x = torch.rand(1, 16, 5, 5)
    with torch.no_grad():
        assert torch.allclose(block(x), x + 0.1 * block.rcab(x), atol=1e-6)
        assert torch.equal(half.body[0](x), x + half.body[0].conv(half.body[0].residual_group(x)))
    assert found.assumed == ("rgb_mean",)
    assert "img_range=1" in str(found.bound.expression)


@pytest.mark.parametrize(
    ("expression", "assumed"),
    [
        (EDSR, "res_scale=1.0, img_range=255.0, rgb_mean=[0.4488, 0.4371, 0.404]"),
        (
            "edsr(blocks=1, features=256)",
            "res_scale=0.1, img_range=255.0, rgb_mean=[0.4488, 0.4371, 0.404]",
        ),
        (RCAN, "res_scale=1.0, img_range=255.0, rgb_mean=[0.4488, 0.4371, 0.404]"),
        (SRGAN, "head=tanh, skip=after, bn_eps=1e-05"),
        ("srresnet(blocks=1, features=8, slopes=channel)", "head=tanh, skip=after, bn_eps=0.001"),
        ("srresnet(blocks=1, features=8, norm=none)", "head=tanh, skip=after"),
        ("srresnet(layout=msr, blocks=1, features=8)", ""),
        ("rrdb(blocks=1, features=4, growth=2, upsampler=nearest)", ""),
        ("rrdb(blocks=1, features=4, growth=2, attention=channel)", ""),
        ("srvgg(features=8, blocks=1)", ""),
    ],
)
def test_what_is_assumed_is_told_by_every_command(registry, tmp_path, capsys, expression, assumed):
    path, out = saved(registry, tmp_path / "w.pth", expression), tmp_path / "o.safetensors"
    assert import_weights(path, registry)[0].assumptions == assumed
    assert run(["weights", "import", str(path), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert (f"assumed: {assumed} (the file does not say" in told) == bool(assumed)
    assert run(["weights", "show", str(out)]) == 0
    assert (f", assumed {assumed}\n" in capsys.readouterr().out) == bool(assumed)
    write_image(tmp_path / "x.png", np.zeros((8, 8, 3), np.uint8))
    assert (
        run(["upscale", str(path), str(tmp_path / "x.png"), "--out", str(tmp_path / "y.png")]) == 0
    )
    told = "".join(capsys.readouterr())
    assert (f"assumed: {assumed} (the file does not say" in told) == bool(assumed)


@pytest.mark.parametrize(
    ("expression", "wish", "bound"),
    [
        (EDSR, "edsr(res_scale=0.1)", "res_scale=0.1"),
        (EDSR, "edsr(rgb_mean=[0, 0, 0])", "rgb_mean=[0.0, 0.0, 0.0]"),
        (SRGAN, "srresnet(head=linear)", "head=linear"),
        (SRGAN, "srresnet(bn_eps=0.001)", "bn_eps=0.001"),
        (SRGAN, "srresnet(skip=before)", "skip=before"),
        (RCAN, "rcan(reduction=4)", "reduction=4"),
        ("rcan(groups=1, blocks=1, features=16, reduction=5)", "rcan(reduction=5)", "reduction=5"),
    ],
)
def test_no_option_that_fits_is_refused(registry, tmp_path, expression, wish, bound):
    path = saved(registry, tmp_path / "w.pth", expression)
    found, _ = import_weights(path, registry, parse_call(wish))
    assert bound in str(found.bound.expression)


def test_the_command_that_imports_does_not_write_what_is_only_assumed(registry, tmp_path, capsys):
    path = saved(registry, tmp_path / "w.pth", EDSR)
    assert run(["weights", "show", str(path)]) == 4
    assert "--gen 'edsr(blocks=2, features=16)' --out" in capsys.readouterr().err


@pytest.mark.parametrize("wish", ["edsr(blocks=3)", "edsr(features=8, res_scale=0.1)"])
def test_one_that_the_shapes_contradict_is(registry, tmp_path, wish):
    path = saved(registry, tmp_path / "w.pth", EDSR)
    with pytest.raises(OptionError, match=r"--gen says (blocks|features)=\d, but .*w.pth has"):
        import_weights(path, registry, parse_call(wish))


def official(tensors, img_range, mean=(0.4488, 0.4371, 0.4040)):
    """Name tensors as the official code does, which stores the mean colour."""
    names = [
        ("conv_first.", "head.0."),
        ("conv_after_body.", "body.2."),
        ("upsample.", "tail.0."),
        ("conv_last.", "tail.1."),
        (".conv1.", ".body.0."),
        (".conv2.", ".body.2."),
    ]
    renamed = {}
    for name, value in tensors.items():
        ours, theirs = next(pair for pair in names if pair[0] in name)
        renamed[name.replace(ours, theirs, 1)] = value
    shift = torch.tensor(mean) * img_range
    eye = torch.eye(3).view(3, 3, 1, 1)
    return renamed | {
        "sub_mean.weight": eye,
        "sub_mean.bias": -shift,
        "add_mean.weight": eye,
        "add_mean.bias": shift,
    }


@pytest.mark.parametrize(
    ("img_range", "mean"),
    [(255.0, (0.4488, 0.4371, 0.404)), (1.0, (0.4488, 0.4371, 0.404)), (255.0, (0.5, 0.4, 0.3))],
)
def test_what_a_project_stores_is_read(registry, tmp_path, img_range, mean):
    path = tmp_path / "w.pt"
    torch.save(official(state(registry, EDSR), img_range, mean), path)
    found, _ = import_weights(path, registry)
    assert found.bound.options["img_range"] == img_range
    assert found.bound.options["rgb_mean"] == mean
    assert found.assumed == ("res_scale",)


def test_published_files_are_known_by_digest(registry, tmp_path):
    """The digest is of another file here: no published one is small."""
    path = saved(registry, tmp_path / "w.pth", EDSR)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    known = {"res_scale": 0.1, "img_range": 255.0, "rgb_mean": (0.4488, 0.4371, 0.404)}
    for head in (digest, digest[:8]):
        others = tuple(
            replace(one, spec=replace(one.spec, known={head: known}))
            if isinstance(one.spec, LayoutSpec) and one.spec.generator == "edsr"
            else one
            for one in registry.others
        )
        found, _ = import_weights(path, replace(registry, others=others))
        assert (found.bound.options["res_scale"], found.assumed) == (0.1, ())


def test_the_published_digests_are_whole_or_long_enough(registry):
    heads = [head for one in registry.layouts for head in one.known]
    assert len(heads) == 12
    assert all(len(head) in (8, 64) and int(head, 16) for head in heads)


def test_the_real_srresnet_is_known_by_name_and_digest(registry, assets, tmp_path):
    path = assets / "weights" / "srresnet_x4_pretrained.pth"
    found, _ = import_weights(path, registry)
    assert found.assumed == ()
    options = found.bound.options
    assert (options["head"], options["skip"], options["bn_eps"]) == ("tanh", "after", 0.001)
