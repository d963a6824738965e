"""Does a validation decode once, share its work, and go on where memory runs out?"""

import csv
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from srkit_core.binding import BoundComponent
from srkit_core.callbacks import Callback
from srkit_core.data.kept_tensors import KeptTensors
from srkit_core.data.picture import Picture
from srkit_core.engine import run_context
from srkit_core.engine.machine.processes import Processes
from srkit_core.engine.trainer import train
from srkit_core.errors import NotFiniteError
from srkit_core.evaluation import scoring
from srkit_core.evaluation.protocol import Protocol
from srkit_core.evaluation.scoring import Pair, build_metrics, score_model
from srkit_core.evaluation.tile_limit import TileLimit
from srkit_core.expressions import parse_sum
from srkit_core.io.images import write_image
from srkit_core.metric_binding import bind_metrics
from srkit_core.models.model import Model
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import Component, discover
from srkit_core.run_options import RunOptions
from srkit_core.specs import EVERYWHERE, GeneratorSpec

CPU = torch.device("cpu")
NAMES = ("a", "b", "c", "d", "e")


class Notes(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


@pytest.fixture
def trained(tmp_path):
    for folder, names in (("photos", ("x", "y")), ("val", NAMES)):
        for number, name in enumerate(names):
            rng = np.random.default_rng(number)
            squares = rng.integers(0, 256, (12, 13 + number, 3), dtype=np.uint8)
            pixels = squares.repeat(8, axis=0).repeat(8, axis=1)
            write_image(tmp_path / folder / f"{name}.png", pixels)

    def run(name, every=1, listener=None):
        stage = {"loss": "l1 + 0.1*ragan", "steps": 3, "batch": 2, "patch": 48}
        wanted = recipe_from_dict(
            {
                "generator": "srvgg(features=4, blocks=1)",
                "discriminator": "vgg-sn(features=4)",
                "degradation": "blur(sigma=0.2..2) | bicubic",
                "validation": {"pictures": 1, "metrics": "psnr"},
                "stages": [stage | {"log_every": 1, "validate_every": every}],
            }
        )
        options = RunOptions(
            data=str(tmp_path / "photos"),
            val={"": str(tmp_path / "val")},
            out=tmp_path / name,
            device="cpu",
        )
        train(wanted, options, callbacks=[listener or Notes()])
        lines = list(csv.DictReader((tmp_path / name / "metrics.csv").open()))
        timing = ("images_per_s", "memory_mb", "elapsed_s")
        return [{key: line[key] for key in line if key not in timing} for line in lines]

    return run


@pytest.fixture
def reads(monkeypatch):
    counts, read = Counter(), Picture.read

    def counted(self, *rest, **more):
        counts.update({self.name} & {*NAMES})
        return read(self, *rest, **more)

    monkeypatch.setattr(Picture, "read", counted)
    return counts


def test_each_picture_is_decoded_as_often_for_three_validations_as_for_one(trained, reads):
    trained("one", every=3)
    once = dict(reads)
    reads.clear()
    rows = trained("three", every=1)
    assert sum(row["split"] == "val" for row in rows) == 3
    assert dict(reads) == once == dict.fromkeys(NAMES, 2)  # for losses and for scores


def test_what_finds_no_room_is_decoded_again_and_the_figures_are_the_same(
    trained, reads, monkeypatch
):
    kept = trained("kept")
    reads.clear()
    monkeypatch.setattr(run_context, "_room_for_pictures", lambda processes: 0)
    assert trained("again") == kept
    assert dict(reads) == dict.fromkeys(NAMES, 3 + 3 + 1)  # three validations, and bicubic's


@pytest.mark.parametrize(("free", "world", "room"), [(2**34, 1, 2**32), (2**34, 8, 2**29)])
def test_all_processes_keep_a_quarter_of_what_is_free(monkeypatch, free, world, room):
    monkeypatch.setattr(run_context, "free_host_bytes", lambda: free)
    assert run_context._room_for_pictures(SimpleNamespace(world=world)) == room
    monkeypatch.setattr(run_context, "free_host_bytes", lambda: None)
    assert run_context._room_for_pictures(SimpleNamespace(world=world)) == 2**30


def test_a_picture_is_kept_as_its_pixels_and_comes_back_bit_for_bit():
    pixels = torch.randint(0, 256, (1, 6, 8, 3), dtype=torch.uint8)
    hr = pixels.permute(0, 3, 1, 2).float().div(255).contiguous()
    lr = torch.rand(1, 3, 3, 4) * 1.2 - 0.1
    kept = KeptTensors(144 + 144)
    for _ in range(3):
        again = kept.get("one", lambda: (lr, hr), CPU)
        assert torch.equal(again[0], lr)
        assert torch.equal(again[1], hr)
        assert again[1].is_contiguous(memory_format=torch.channels_last)
    assert (kept.made, kept.held) == (1, 144 + 144)
    for _ in range(3):
        assert torch.equal(kept.get("two", lambda: (hr,), CPU)[0], hr)
    assert (kept.made, kept.held) == (4, 288)


def test_losses_of_shared_batches_are_those_of_one_process(trained, monkeypatch):
    alone, shares, rank = trained("alone"), [], 0

    def gathered(self, work):
        nonlocal rank
        found = []
        for other in (1, 0):
            rank = other
            found.append(list(work()))
        shares.append([len(one) for one in found])
        return found[0] + found[1]

    monkeypatch.setattr(Processes, "is_mine", lambda self, number: number % 2 == rank)
    monkeypatch.setattr(Processes, "gathered", gathered)
    assert trained("shared") == alone
    assert shares == [[1, 2]] * 3  # five pictures are three batches of two


def test_what_one_process_raises_all_of_them_raise(monkeypatch):
    fault = NotFiniteError("NaN", hint="x")
    two = Processes(SimpleNamespace(num_processes=2, process_index=0), "fp32")
    monkeypatch.setattr(Processes, "collect", lambda self, mine: [*mine, (None, fault)])
    with pytest.raises(NotFiniteError, match="NaN"):
        two.gathered(lambda: [1])
    monkeypatch.setattr(Processes, "collect", lambda self, mine: [*mine, ([2, 3], None)])
    assert two.gathered(lambda: [1]) == [1, 2, 3]
    assert [number for number in range(5) if two.is_mine(number)] == [0, 2, 4]


class Small(torch.nn.Module):
    """Has memory for so many LR pixels at a time."""

    def __init__(self, most):
        super().__init__()
        self.most, self.refused = most, 0

    def forward(self, lr):
        if lr.shape[-1] * lr.shape[-2] > self.most:
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return lr.repeat_interleave(2, 2).repeat_interleave(2, 3)


def scored(network, notes, **traits):
    spec = GeneratorSpec(name="s", factory=lambda: None, summary="", scales=(2,), **traits)
    model = Model(network, BoundComponent("s", Component(spec, "srkit-s", "1"), {}, {}), 2)
    rng = torch.Generator().manual_seed(0)
    examples = [
        Pair(name, *(torch.rand(1, 3, side * 90, side * 100, generator=rng) for side in (1, 2)))
        for name in ("a", "b")
    ]
    metrics = build_metrics(bind_metrics(discover(), parse_sum("psnr")))
    limit = TileLimit(notes.append)
    return score_model("", model, iter(examples), Protocol("rgb", 2), metrics, limit=limit)


def test_a_tile_that_does_not_fit_is_halved_until_it_does_and_that_is_remembered():
    notes, network = [], Small(60 * 60)
    found, whole = scored(network, notes, receptive=3), scored(Small(10**9), [], receptive=3)
    for name in ("a", "b"):
        assert found.images[name]["psnr"] == pytest.approx(whole.images[name]["psnr"], abs=1e-5)
    assert notes == [
        "warning: memory ran out while a was scored: validation goes on in tiles of 50 LR pixels"
    ]
    assert network.refused == 1


def test_a_network_that_sees_everywhere_is_said_to_see_less_in_tiles():
    notes, model = [], SimpleNamespace(receptive=EVERYWHERE)
    limit, lr = TileLimit(notes.append), torch.zeros(1, 3, 200, 300)
    assert [limit.halve(model, lr, "a") for _ in range(4)] == [True, True, True, False]
    assert [note.partition("in tiles of ")[2] for note in notes[:2]] == [
        f"{side} LR pixels, which see less than the whole picture" for side in (150, 75)
    ]
    assert limit.tiling(model, lr).tile == 37


def test_a_picture_that_fits_in_no_tile_is_left_out_and_the_run_goes_on(trained, monkeypatch):
    upscaled, heard = scoring.upscale_tiled, Notes()

    def full(model, lr, tiling):
        if lr.shape[-1] == 28:  # of `b`, the widths are 26, 28, 30, 32 and 34
            raise torch.OutOfMemoryError("CUDA out of memory")
        return upscaled(model, lr, tiling)

    monkeypatch.setattr(scoring, "upscale_tiled", full)
    rows = [row for row in trained("small", listener=heard) if row["split"] == "val"]
    assert len(rows) == 3
    assert all(float(row["psnr"]) > 0 for row in rows)
    left = "warning: memory ran out while b was scored, in the smallest tiles too: it is left out"
    assert heard.notes.count(left) == 4  # for bicubic too
