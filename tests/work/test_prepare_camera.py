"""Is every good camera file prepared, and every bad one named with its reason?"""

import json

import pytest
from safetensors.numpy import load_file

from srkit_core.cli.app import run
from srkit_core.io.images import read_image

pytestmark = pytest.mark.slow

BAD = {
    "Canon-R6-pruned.CR3": "cannot develop it (Input/output error): it is cut off, or of a kind",
    "corrupted.heic": "Insufficient input data",
    "pillow_broken.png": "its header cannot be read",
    "pillow_truncated_image.png": "too small",
    "pillow_truncated_jpeg.jpg": "its data have no end",
}
SAME = {"exif_landscape_3.jpg", "exif_landscape_6.jpg"}


def test_camera_files(assets, tmp_path, capsys):
    camera, out = assets / "camera", tmp_path / "mit Leerzeichen und Ümläuten"
    assert run(["prepare", str(camera), str(out), "--patch", "32", "--workers", "2"]) == 0
    printed = capsys.readouterr().out
    manifest = json.loads((out / "manifest.json").read_text())
    left_out = json.loads((out / "skipped.json").read_text())
    skipped = {one["path"].rpartition("/")[2]: one["reason"] for one in left_out["skipped"]}
    assert set(skipped) == set(BAD)
    assert all(fact in skipped[name] for name, fact in BAD.items())
    assert all(name in printed for name in BAD)
    assert {one["path"].rpartition("/")[2] for one in left_out["filtered"]} == SAME
    used = {one["name"]: one for one in manifest["pictures"]}
    assert set(used) == {file.name for file in camera.iterdir()} - set(BAD) - SAME
    for name in ("_DSC2164.ARW", "arrow.heic", "realesrgan_tree_alpha_16bit.png"):
        height, width = used[name]["size"]
        assert (
            load_file(out / used[name]["shard"])["hr"] == read_image(camera / name)[:height, :width]
        ).all()
