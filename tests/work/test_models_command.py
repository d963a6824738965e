"""Does `srkit models` show what is taken by name, within 80 columns?"""

import json

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.cli.models import known_models
from srkit_core.downloads import sha256
from srkit_core.registry import discover
from srkit_core.specs import Shipped, WeightsFile, WeightsSpec


@pytest.fixture(autouse=True)
def nothing_here(tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("SRKIT_WEIGHTS", raising=False)
    monkeypatch.setenv("COLUMNS", "80")


FIELDS = {"name", "scale", "parameters", "size_bytes", "licence", "source", "here"}


def test_every_model_is_told_with_what_the_contract_names(capsys):
    assert run(["models", "--json"]) == 0
    models = {one["name"]: one for one in json.loads(capsys.readouterr().out)["models"]}
    assert all(one.keys() >= FIELDS for one in models.values())
    plus = models["realesrgan-x4plus"]
    assert (plus["scale"], plus["parameters"], plus["here"]) == (4, 16_697_987, False)
    assert (plus["size_bytes"], plus["licence"]) == (67_040_989, "BSD-3-Clause")
    assert "vgg19-torchvision" not in models
    assert (models["esrgan-x4"]["size_bytes"], models["edsr-x4"]["size_bytes"]) == (
        66_929_193,
        None,
    )
    assert {"esrgan-psnr-x4", "bsrgan-x4", "edsr-baseline-x3"} <= models.keys()


def test_the_table_fits_80_columns_and_names_baselines_and_the_next_command(capsys):
    assert run(["models"]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80
    assert "realesrgan-x4plus         x4     16,697,987" in said
    assert "edsr-x4                   x4     43,089,923  ~172 MB   to fetch  MIT" in said
    assert "without weights, for any scale: bicubic, bilinear, lanczos, nearest" in said
    assert said.splitlines()[-1].startswith("srkit upscale compact-photo-x2 photo.jpg")


def test_what_a_file_holds_is_counted_where_its_plugin_does_not_say(plugin, tmp_path, monkeypatch):
    from safetensors.numpy import save_file

    path = tmp_path / "own.safetensors"
    save_file({"a": np.zeros((3, 4), np.float32), "b": np.zeros(5, np.float32)}, path)
    file = WeightsFile(sha256=sha256(path), size=path.stat().st_size, sources=(Shipped(path),))
    told = {"licence": "CC0-1.0", "summary": "s", "source": "s", "generator": "srvgg", "scale": 2}
    spec = WeightsSpec(name="own-x2", files=(file,), **told)
    (model,) = known_models(discover([plugin(spec, distribution="srkit-own")]))
    assert (model["parameters"], model["here"], model["scale"]) == (17, True, 2)
