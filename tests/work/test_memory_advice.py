"""Is what is advised when memory runs out something that helps?"""

from pathlib import Path

import pytest
import torch
from torch import nn

from srkit_core import evaluate, upscale
from srkit_core.binding import BoundComponent
from srkit_core.cli.app import run
from srkit_core.engine.memory_hint import less_memory_hint
from srkit_core.errors import OutOfMemoryError
from srkit_core.io.images import write_image
from srkit_core.models.model import Model
from srkit_core.recipe import Stage
from srkit_core.registry import Component
from srkit_core.specs import GeneratorSpec
from srkit_core.upscaling.backends import torch_backend
from srkit_core.upscaling.backends.torch_backend import TorchBackend, free_device_bytes
from srkit_core.upscaling.memory_advice import SCORED_BYTES, scoring_hint, upscaling_hint
from srkit_core.upscaling.tensor_tiles import AUTO_TILE
from srkit_core.upscaling.tile_choice import TileChoice
from srkit_core.upscaling.tiling import Tiling

GIB = 2**30


class Full(nn.Module):
    """Has no memory for pictures of more pixels than so many."""

    def __init__(self, most=0):
        super().__init__()
        self.most = most

    def forward(self, lr):
        if lr.shape[-1] * lr.shape[-2] > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return lr.repeat_interleave(2, 2).repeat_interleave(2, 3)


def fake(network=None, scale=2, **traits):
    spec = GeneratorSpec(name="full", factory=lambda: None, summary="", scales=(scale,), **traits)
    bound = BoundComponent("full", Component(spec, "srkit-fake", "1"), {}, {})
    return Model(network or Full(), bound, scale)


@pytest.fixture
def roomy(monkeypatch):
    monkeypatch.setattr(torch_backend, "free_host_bytes", lambda: 64 * GIB)


@pytest.mark.parametrize(
    ("lr", "tile", "advised"),
    [
        ((400, 500), None, 256),
        ((3000, 4000), AUTO_TILE, 128),
        ((3000, 4000), 128, 64),
        ((3000, 4000), 100, 64),
        ((3000, 4000), 2000, 512),
        ((200, 100), 512, 128),
        ((200, 100), None, 128),
        ((40, 40), None, 32),
    ],
)
def test_the_tile_is_always_smaller_than_the_one_in_use(lr, tile, advised):
    hint = scoring_hint(fake(), lr, Tiling(tile, 0), 64 * GIB, on_host=True)
    assert hint.startswith(f"--tile {advised}; SR alone takes about")
    asked = upscaling_hint(TorchBackend(fake()), lr, Path("a.png"), TileChoice(tile))
    assert tile is None or asked == f"--tile {advised}, or none, which finds one that fits"


@pytest.mark.parametrize(("lr", "tile"), [((3000, 4000), 32), ((3000, 4000), 8), ((30, 32), None)])
def test_no_tile_is_offered_below_the_smallest(lr, tile):
    hint = scoring_hint(fake(), lr, Tiling(tile, 0), 64 * GIB, on_host=True)
    assert hint == "a smaller network, or a machine with more memory"
    assert upscaling_hint(TorchBackend(fake()), lr, Path("a.png"), TileChoice(tile)) == hint
    assert "--tile" not in scoring_hint(
        fake(min_size=64), (90, 90), Tiling(64, 0), None, on_host=True
    )


def test_no_tile_is_offered_where_the_result_alone_is_too_large():
    lr = (3000, 4000)
    needed = 3000 * 4000 * 16 * SCORED_BYTES
    assert needed > 2 * GIB
    hint = scoring_hint(fake(scale=4), lr, Tiling(256, 0), 2 * GIB, on_host=True)
    assert hint.startswith(
        f"no tile helps: SR alone takes about {needed / GIB:.1f} GiB, and 2.0 GiB are free; "
    )
    assert "--tile" not in hint
    hint = scoring_hint(fake(scale=4), lr, Tiling(256, 0), None, on_host=False)
    assert hint.startswith("--tile 128")


def test_a_format_that_is_held_whole_is_told_of_one_that_is_not(monkeypatch):
    monkeypatch.setattr(torch_backend, "free_host_bytes", lambda: GIB)
    backend, lr = TorchBackend(fake(scale=4)), (3000, 4000)
    hint = upscaling_hint(backend, lr, Path("a.jpg"), TileChoice())
    assert hint == (
        "--out with the ending .png, which is written row by row: "
        ".jpg takes about 1.1 GiB at once, and 1.0 GiB are free"
    )
    hint = upscaling_hint(backend, lr, Path("a.tif"), TileChoice())
    assert hint == "a smaller network, or a machine with more memory"


def test_what_is_free_is_a_number_of_bytes():
    found = free_device_bytes(torch.device("cpu"))
    assert found is None or 2**20 < found < 2**50
    assert free_device_bytes(torch.device("meta")) is None


def test_upscale_names_picture_and_size(tmp_path, smooth, roomy):
    write_image(tmp_path / "a.png", smooth(60, 70))
    with pytest.raises(OutOfMemoryError) as caught:
        upscale(fake(), tmp_path / "a.png", tmp_path / "b.png", tile=60)
    assert caught.value.message == (
        f"memory ran out while {tmp_path / 'a.png'} was upscaled to 140x120"
    )
    side = int(caught.value.hint.removeprefix("--tile ").partition(",")[0])
    network = Full(side * side)
    upscale(fake(network), tmp_path / "a.png", tmp_path / "b.png", tile=side, overlap=0)
    assert (tmp_path / "b.png").exists()


def test_eval_names_the_picture(tmp_path, smooth, roomy):
    write_image(tmp_path / "photos" / "a.png", smooth(60, 70))
    with pytest.raises(OutOfMemoryError, match="memory ran out while a was scored") as caught:
        evaluate(fake(), tmp_path / "photos")
    assert caught.value.hint.startswith("--tile 32;")


def test_the_command_says_it_in_two_lines(tmp_path, smooth, monkeypatch, capsys, roomy):
    write_image(tmp_path / "a.png", smooth(60, 70))

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr("srkit_core.upscaling.upscale_file.upscale_bands", full)
    words = ["upscale", "nearest", str(tmp_path / "a.png"), "--out", str(tmp_path / "b.png")]
    assert run([*words, "--tile", "50"]) == 6
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"error: memory ran out while {tmp_path / 'a.png'} was upscaled to 280x240"
    assert told[1].startswith("try: --tile 32,")


def test_recomputing_is_advised_once_and_to_those_who_can():
    stage = Stage(loss="l1", steps=1, batch=1, patch=64)
    assert "--recompute" in less_memory_hint(stage, 1)
    without = less_memory_hint(stage, 1, recomputes=False)
    assert without == "a new run with a --patch smaller than 64"
