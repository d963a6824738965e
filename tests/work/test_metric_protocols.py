"""May the metrics of one evaluation see different pixels, and does what is written say so?"""

import json

import numpy as np
import pytest
import torch

from srkit_core.cli.app import run
from srkit_core.data.picture import Picture
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError
from srkit_core.evaluation.metric_sizes import check_metric_sizes
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scoring import build_metrics, score
from srkit_core.expressions import parse_sum
from srkit_core.io.images import write_image
from srkit_core.metric_binding import bind_metrics
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

BOTH = "psnr + psnr(protocol=rgb, border=0)"


def by_hand(sr, hr):
    return 10 * np.log10(1 / ((sr - hr) ** 2).mean())


def luma(pixels):
    return (pixels @ np.array([65.481, 128.553, 24.966]) + 16) / 255


def photographs(folder, seeds, side=48):
    for seed in seeds:
        rng = np.random.default_rng(seed)
        write_image(folder / f"{seed}.png", rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    return folder


def test_each_metric_sees_what_was_written_for_it(registry):
    metrics = build_metrics(bind_metrics(registry, parse_sum(f"{BOTH} + psnr(border=2)")))
    rng = np.random.default_rng(0)
    sr, hr = (rng.integers(0, 256, (24, 20, 3)) / 255 for _ in range(2))
    tensors = [torch.from_numpy(one).permute(2, 0, 1)[None].float() for one in (sr, hr)]
    found = score(*tensors, Protocol("y", 4), metrics)
    assert list(found) == ["psnr", "psnr.2", "psnr.3"]
    inner, ring = (slice(4, -4), slice(4, -4)), (slice(2, -2), slice(2, -2))
    assert found["psnr"] == pytest.approx(by_hand(luma(sr[inner]), luma(hr[inner])), abs=1e-5)
    assert found["psnr.2"] == pytest.approx(by_hand(sr, hr), abs=1e-5)
    assert found["psnr.3"] == pytest.approx(by_hand(luma(sr[ring]), luma(hr[ring])), abs=1e-5)


def test_a_picture_is_too_small_for_the_border_of_its_metric_alone(registry, tmp_path):
    small = Picture("a", tmp_path / "a.png", "a", 8, 8)
    terms = bind_metrics(registry, parse_sum("psnr(border=0)"))
    check_metric_sizes([small], 4, Protocol("y", 4), terms)
    with pytest.raises(DataError, match=r"8x8 pixels, 0 without a border of 4: psnr\.2 needs 1"):
        check_metric_sizes(
            [small], 4, Protocol("y", 4), bind_metrics(registry, parse_sum("psnr(border=0) + psnr"))
        )


def test_training_and_evaluation_agree_and_say_how_each_was_taken(tmp_path):
    data = photographs(tmp_path / "data", range(4))
    stage = {"loss": "l1", "steps": 1, "batch": 1, "patch": 32}
    wanted = recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "scale": 2,
            "validation": {"pictures": 0, "metrics": f"{BOTH} + psnr(border=2)"},
            "stages": [stage],
        }
    )
    result = train(wanted, RunOptions(data=str(data), out=tmp_path / "run", device="cpu"))
    out = tmp_path / "scores.json"
    words = ["eval", str(tmp_path / "run"), "--split", "val", "--device", "cpu", "--json", str(out)]
    assert run(words) == 0
    document = json.loads(out.read_text())
    (row,) = result.history("val")
    for label in ("psnr", "psnr.2"):
        mean = document["models"][0]["metrics"][label]["mean"]
        assert mean == pytest.approx(row[label], abs=1e-4)
    assert row["psnr"] - row["psnr.2"] > 0.5  # luma and RGB are not the same figure
    protocol = document["protocol"]
    assert (protocol["channel"], protocol["border"]) == ("y", 2)
    assert protocol["metric_protocols"] == {
        "psnr.2": {
            "channel": "rgb",
            "definition": "RGB",
            "border": 0,
            "quantisation": "8 bit",
        }
    }
