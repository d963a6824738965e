"""Does BasicSR itself load what is exported, strictly, and compute the same picture?

Asks the Python of an environment that has BasicSR, which SRKIT_BASICSR_PYTHON names. The tables of
names beside it are written by hand after BasicSR's code, and need none.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch

from srkit_core import export_model
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.model import Model
from srkit_core.plan import bind_generator

VARIABLE = "SRKIT_BASICSR_PYTHON"
NETWORKS = [  # ours, scale, BasicSR's module, class and options
    (
        "rrdb(blocks=2, features=16, growth=8, upsampler=nearest)",
        scale,
        "rrdbnet_arch.RRDBNet",
        {"num_feat": 16, "num_block": 2, "num_grow_ch": 8, "scale": scale},
    )
    for scale in (1, 2, 4)
] + [
    (
        "srvgg(features=16, blocks=3)",
        4,
        "srvgg_arch.SRVGGNetCompact",
        {"num_feat": 16, "num_conv": 3, "upscale": 4, "act_type": "prelu"},
    ),
    *(
        (
            "srresnet(layout=msr, blocks=2, features=16)",
            scale,
            "srresnet_arch.MSRResNet",
            {"num_feat": 16, "num_block": 2, "upscale": scale},
        )
        for scale in (2, 3, 4)
    ),
    *(
        (
            f"edsr(blocks=2, features=16, res_scale={own}, img_range={white})",
            scale,
            "edsr_arch.EDSR",
            {"num_feat": 16, "num_block": 2, "upscale": scale, "res_scale": 1, "img_range": 255.0},
        )
        for scale, own, white in ((2, 1.0, 255.0), (3, 0.25, 1.0), (4, 1.0, 255.0))
    ),
    (
        "edsr(blocks=1, features=256, res_scale=0.1)",
        2,
        "edsr_arch.EDSR",
        {"num_feat": 256, "num_block": 1, "upscale": 2, "res_scale": 0.1, "img_range": 255.0},
    ),
]
ASKED = """
import importlib, json, sys
import torch
for folder, where, options in json.load(open(sys.argv[1])):
    module, name = where.split(".")
    cls = getattr(importlib.import_module("basicsr.archs." + module), name)
    network = cls(num_in_ch=3, num_out_ch=3, **options).eval()
    weights = torch.load(folder + "/theirs.pth", weights_only=True)["params"]
    network.load_state_dict(weights, strict=True)
    pair = torch.load(folder + "/pair.pth", weights_only=True)
    with torch.no_grad():
        off = (network(pair["lr"]).clamp(0, 1) - pair["sr"]).abs().max().item()
    print(json.dumps([folder, off]))
"""


def exported(registry, expression, scale, folder):
    """Export a network with a picture and what it makes of it."""
    bound = bind_generator(registry, parse_call(expression), scale)
    model = Model(build_network(bound, seed=3).eval(), bound, scale)
    folder.mkdir()
    export_model(model, "pth", folder / "theirs.pth")
    lr = torch.rand((1, 3, 24, 20), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        sr = model(lr.clone()).clamp(0, 1).contiguous()
    torch.save({"lr": lr, "sr": sr}, folder / "pair.pth")


@pytest.mark.slow
def test_basicsr_loads_it_strictly_and_computes_the_same(registry, tmp_path):
    python = os.environ.get(VARIABLE)
    if not python or not Path(python).is_file():
        pytest.skip(f"{VARIABLE} names no Python of an environment that has BasicSR")
    rows = []
    for number, (expression, scale, where, options) in enumerate(NETWORKS):
        exported(registry, expression, scale, tmp_path / str(number))
        rows.append([str(tmp_path / str(number)), where, options])
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    command = [python, "-c", ASKED, str(tmp_path / "rows.json")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert said.returncode == 0, said.stderr[-2000:]
    found = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("[")]
    assert len(found) == len(NETWORKS)
    assert [off for _, off in found if off > 1e-5] == []


def both(*layers):
    return {f"{layer}.{tensor}" for layer in layers for tensor in ("weight", "bias")}


IN_BLOCK = [f"rdb{dense}.conv{conv}" for dense in (1, 2, 3) for conv in range(1, 6)]
TABLES = [
    (
        "rrdb(blocks=2, features=8, upsampler=nearest)",
        4,
        both("conv_first", "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")
        | both(*(f"body.{block}.{one}" for block in (0, 1) for one in IN_BLOCK)),
    ),
    (
        "srvgg(features=8, blocks=2)",
        4,
        both("body.0", "body.2", "body.4", "body.6")
        | {f"body.{number}.weight" for number in (1, 3, 5)},
    ),
    (
        "srresnet(layout=msr, blocks=1, features=8)",
        4,
        both("conv_first", "body.0.conv1", "body.0.conv2", "upconv1", "upconv2")
        | both("conv_hr", "conv_last"),
    ),
    (
        "edsr(blocks=1, features=8)",
        4,
        both("conv_first", "body.0.conv1", "body.0.conv2", "conv_after_body")
        | both("upsample.0", "upsample.2", "conv_last"),
    ),
    (
        "rcan(groups=1, blocks=1, features=8, reduction=4)",
        3,
        both("sub_mean", "add_mean", "head.0", "body.0.body.0.body.0", "body.0.body.0.body.2")
        | both("body.0.body.0.body.3.conv_du.0", "body.0.body.0.body.3.conv_du.2")
        | both("body.0.body.1", "body.1", "tail.0.0", "tail.1"),
    ),
]


@pytest.mark.parametrize(("expression", "scale", "names"), TABLES, ids=[one[0] for one in TABLES])
def test_a_file_has_the_official_names_and_no_others(registry, tmp_path, expression, scale, names):
    exported(registry, expression, scale, tmp_path / "one")
    content = torch.load(tmp_path / "one" / "theirs.pth", weights_only=True)
    assert set(content["params"]) == names
