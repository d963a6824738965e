"""Has MPS a kernel for every operator of a run? (by torch's own table of kernels; no test runs one)

Operators of the host are looked at too, but for the making of LR, where those of the device are
told apart by a stand-in.
"""

from functools import cache
from pathlib import Path

import pytest
import torchgen
import yaml
from torch.utils._python_dispatch import TorchDispatchMode

from srkit_core.chain import bind_chain
from srkit_core.engine.trainer import train
from srkit_core.expressions import parse_chain
from srkit_core.models.build import build_degradation
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions
from srkit_core.testing.samples import pictures
from tests.card_stand_in import Card, CardRandom, know_the_card, on_card

TABLE = Path(torchgen.__file__).parent / "packaged/ATen/native/native_functions.yaml"
RUNS = {
    "gan": {
        "generator": "rrdb(blocks=1, features=8, growth=4, upsampler=nearest)",
        "discriminator": "unet-sn(features=4)",
        "loss": "l1 + vgg(layer=conv1_2, weights=random) + 0.1*ragan",
        "ema": 0.9,
    },
    "norm": {
        "generator": "srresnet(blocks=1, features=8)",
        "discriminator": "vgg(features=4)",
        "loss": "charbonnier + tv + 0.1*gan",
        "clip": 0.5,
    },
    "attention": {"generator": "rcan(groups=1, blocks=1, features=8, reduction=4)", "loss": "l1"},
}

OF_A_CPU = ["batch_norm_update_stats"]
"""What models/batch_norm.py takes on a CPU alone."""


@cache
def kernels():
    """Return the devices that each operator has a kernel for, as torch's table says."""
    rows = yaml.load(TABLE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {row["func"].partition("(")[0]: row for row in rows}


def mps_has(operator):
    """Whether an operator ("leaky_relu", "add.Tensor") has a kernel for MPS, or one for all."""
    row = kernels().get(operator)
    if row is None:  # of a library of torch's own that is no kernel, such as `prim`
        return True
    if "structured_delegate" in row:
        return mps_has(row["structured_delegate"])
    devices = [
        one.strip() for names in row.get("dispatch", {"Composite": ""}) for one in names.split(",")
    ]
    return any(one == "MPS" or one.startswith("Composite") for one in devices)


def lacking(names):
    """Return which of operators ("aten.add.Tensor") MPS has no kernel for."""
    aten = {name.removeprefix("aten.").removesuffix(".default") for name in names}
    return sorted(one for one in aten if not mps_has(one))


class Operators(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.add(str(function))
        return function(*args, **(kwargs or {}))


def test_the_table_is_read():
    assert lacking({"aten.mode.default", "aten.add.Tensor", "aten.convolution.default"}) == ["mode"]


@pytest.mark.parametrize("text", ["realesrgan", "bsrgan", "bicubic"])
def test_lr_is_made_by_what_mps_has(text, monkeypatch):
    know_the_card(monkeypatch)
    degradation = build_degradation(bind_chain(discover(), parse_chain(text), 4))
    hr, seen = on_card(pictures(16, 64, 64)), set()
    for seed in range(3):
        with Card() as card:
            degradation(hr, rng=CardRandom().manual_seed(seed))
        seen |= set(card.launches)
    assert len(seen) > 5
    assert lacking(seen) == []


@pytest.mark.parametrize("run", RUNS)
def test_a_run_takes_what_mps_has(run, tmp_path):
    fields = dict(RUNS[run])
    networks = {name: fields.pop(name) for name in ("generator", "discriminator") if name in fields}
    stage = {"steps": 1, "batch": 2, "patch": 32, "augment": "flip | turn | cutblur"} | fields
    document = networks | {"validation": {"metrics": "psnr + ssim"}, "stages": [stage]}
    options = RunOptions(data="photos", out=tmp_path / "run", device="cpu", workers=0)
    with Operators() as seen:
        train(recipe_from_dict(document), options)
    assert "aten.convolution_backward.default" in seen.names
    assert set(lacking(seen.names)) <= set(OF_A_CPU)
