"""Does a run go on from what a crash, a full disk or a bad sector left of its files?"""

import csv
import errno
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.engine import run_record as record
from srkit_core.engine.checkpoints.checkpoint import read_progress
from srkit_core.engine.checkpoints.resume import find_checkpoint
from srkit_core.engine.logs.columns import columns_of_kind
from srkit_core.engine.trainer import train
from srkit_core.errors import DataError, DiskFullError, WeightsError
from srkit_core.io import atomic
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunFolder
from srkit_core.run_options import RunOptions

STAGE = {
    "batch": 2,
    "patch": 32,
    "log_every": 1,
    "checkpoint_every": 1,
    "validate_every": 2,
    "ema": 0.9,
}
TENSORS = (
    "generator",
    "ema",
    "discriminator",
    "generator-optimizer",
    "discriminator-optimizer",
    "pool",
)


class Died(BaseException):
    """What a process is not asked about: nobody catches it on purpose."""


class Notes(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


def recipe(**changes):
    document = {
        "generator": "srvgg(features=4, blocks=1)",
        "discriminator": "vgg-sn(features=4)",
        "validation": {"pictures": 1},
        "stages": [
            STAGE | {"name": "warmup", "loss": "l1", "steps": 2},
            STAGE | {"name": "main", "loss": "l1 + 0.1*ragan", "steps": 4, "pool": 2},
        ],
    }
    return recipe_from_dict(document | changes)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(4):
        write_image(
            folder / f"{number}.png",
            np.random.default_rng(number).integers(0, 256, (40, 40, 3), dtype=np.uint8),
        )
    return folder


@pytest.fixture(scope="module")
def undisturbed(photos, tmp_path_factory):
    return train(
        recipe(),
        RunOptions(data=str(photos), out=tmp_path_factory.mktemp("runs") / "whole", device="cpu"),
    ).folder


@pytest.fixture
def where(photos, tmp_path):
    return RunOptions(data=str(photos), out=tmp_path / "run", device="cpu")


def rows(folder):
    with (folder / "metrics.csv").open(newline="") as file:
        unlike = dict.fromkeys(columns_of_kind("timing"), "")
        return [row | unlike for row in csv.DictReader(file)]


def files(folder):
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith("later-"))


def steps(folder):
    return [path.name for path in sorted((folder / "checkpoints").iterdir())]


def same_tensors(one, other):
    left, right = load_file(one), load_file(other)
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def assert_same_run(one, other):
    assert files(one) == files(other)
    assert [
        name
        for name in files(one)
        if name.endswith(".safetensors") and not same_tensors(one / name, other / name)
    ] == []
    assert rows(one) == rows(other)


def damages():
    """Every file of a checkpoint in every way: cut to half, a bit flipped in its middle, gone,
    empty.
    """
    names = [f"{name}.safetensors" for name in TENSORS] + ["state.json", "digests.json"]
    return [(name, way) for name in names for way in ("truncated", "flipped", "missing", "empty")]


def damage(path, way):
    content = bytearray(path.read_bytes())
    if way == "missing":
        path.unlink()
        return
    if way == "flipped":
        content[len(content) // 2] ^= 1
    path.write_bytes({"truncated": content[: len(content) // 2], "empty": b""}.get(way, content))


@pytest.mark.parametrize(("name", "way"), damages())
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_taken(
    undisturbed, tmp_path, name, way
):
    copy = RunFolder(tmp_path / "run")
    shutil.copytree(undisturbed, copy.path)
    damage(copy.checkpoint(6) / name, way)
    listener = Notes()
    found = find_checkpoint(copy, "newest", listener)
    assert found.progress.position.total == 5
    (note,) = listener.notes
    assert str(copy.checkpoint(6)) in note
    assert "damaged" in note
    assert note.endswith("; trying the one before it")


def test_every_bit_of_a_checkpoint_s_small_files_counts(undisturbed, tmp_path):
    """A progress with one digit changed would be believed.

    Where a change is not noticed it must mean nothing.
    """
    folder = tmp_path / "step"
    shutil.copytree(RunFolder(undisturbed).checkpoint(6), folder)
    true = read_progress(folder)
    for path in (folder / "state.json", folder / "digests.json"):
        whole = path.read_bytes()
        for place in range(0, len(whole), 3):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(WeightsError, match="damaged"):
                read_progress(folder)
        path.write_bytes(whole)
    assert read_progress(folder) == true


@pytest.mark.parametrize("text", ["[]", "{}", "null", '{"state.json": 3}'])
def test_digests_that_say_nothing_are_not_believed(undisturbed, tmp_path, text):
    shutil.copytree(RunFolder(undisturbed).checkpoint(6), tmp_path / "step")
    (tmp_path / "step/digests.json").write_text(text)
    with pytest.raises(WeightsError, match="is damaged"):
        read_progress(tmp_path / "step")


def test_a_run_with_a_damaged_checkpoint_ends_as_an_undisturbed_one(undisturbed, tmp_path, capsys):
    copy = tmp_path / "run"
    shutil.copytree(undisturbed, copy)
    damage(copy / "checkpoints/step-00000006/discriminator-optimizer.safetensors", "flipped")
    assert run(["train", "--resume", "--out", str(copy)]) == 0
    told = capsys.readouterr().out
    assert "discriminator-optimizer.safetensors was altered; trying the one before it" in told
    assert "going on after step 5" in told
    assert_same_run(copy, undisturbed)


class Full:
    """A file that the disk has room for half of."""

    def __init__(self, file):
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def writelines(self, parts):
        content = b"".join(map(bytes, parts))
        self._file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_disk(monkeypatch, place, spared):
    """Let a file at some place be half written, as on a full disk, after some of its like."""
    opened, seen = Path.open, []

    def limited(path, mode="r", *arguments, **options):
        file = opened(path, mode, *arguments, **options)
        if mode != "wb" or place not in path.as_posix():
            return file
        seen.append(path)
        return Full(file) if len(seen) > spared else file

    monkeypatch.setattr(Path, "open", limited)


PLACES = [
    *((f"step-00000005.part/.{name}", 0) for name in (*TENSORS, "state", "digests")),
    ("pictures/.step-00000004", 0),
    ("weights/main/.best-psnr", 0),
    ("weights/main/.last", 1),
    ("weights/.last", 4),
]


@pytest.mark.parametrize(("place", "spared"), PLACES)
def test_a_disk_that_fills_up_leaves_whole_files_and_the_run_goes_on_as_if_nothing_had_been(
    undisturbed, where, monkeypatch, place, spared
):
    with monkeypatch.context() as patched:
        fill_disk(patched, place, spared)
        with pytest.raises(DiskFullError, match="the disk is full") as caught:
            train(recipe(), where)
    assert caught.value.exit_code == 4
    assert [name for name in files(where.out) if ".part" in name] == []
    read_progress(RunFolder(where.out).checkpoints()[-1])
    assert_same_run(train(recipe(), where, resume="newest").folder, undisturbed)


@contextmanager
def no_file_above(size):
    """Let the system refuse, as on a full disk, what would make a file larger than this.

    Python ignores its signal.
    """
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_may_not_be_so_large_is_said_to_be_and_not_left_half(tmp_path):
    path = tmp_path / "large.bin"
    with no_file_above(1000), pytest.raises(DiskFullError) as caught:
        atomic.write_bytes(path, bytes(1001))
    assert (
        str(caught.value) == f"{path} was not written: it would be larger than a file may be here"
    )
    assert caught.value.hint.startswith("ulimit -f")
    assert list(tmp_path.iterdir()) == []


def long_recipe():
    """So many rows that the log outgrows every other file."""
    stage = STAGE | {"loss": "l1", "steps": 90, "checkpoint_every": 8, "validate_every": 100}
    return recipe(scale=2, discriminator=None, validation={"pictures": 0}, stages=[stage])


def test_a_row_that_was_half_written_is_taken_back_and_the_run_goes_on(where):
    whole = train(
        long_recipe(), RunOptions(data=where.data, out=where.out.with_name("whole"), device="cpu")
    ).folder
    late = ("metrics.csv", "curves.png")  # the curves are drawn at the end
    others = max(
        path.stat().st_size for path in whole.rglob("*") if path.is_file() and path.name not in late
    )
    limit = (whole / "metrics.csv").stat().st_size - 700
    assert others < limit
    with (
        no_file_above(limit),
        pytest.raises(DiskFullError, match=r"metrics\.csv was not written: it would be larger"),
    ):
        train(long_recipe(), where)
    assert (where.out / "metrics.csv").read_bytes().endswith(b"\n")
    assert steps(where.out)[-1] == "step-00000080"
    assert_same_run(train(long_recipe(), where, resume="newest").folder, whole)


def test_a_log_that_somebody_deleted_is_not_begun_without_its_header(where):
    class Clumsy(Notes):
        def on_step(self, *_):
            (where.out / "metrics.csv").unlink()

    with pytest.raises(DataError, match=r"cannot write .*metrics\.csv"):
        train(recipe(), where, callbacks=[Clumsy()])
    assert not (where.out / "metrics.csv").exists()


def test_a_log_that_cannot_be_flushed_is_said_to_be(where, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("srkit_core.engine.logs.csv_log.flush", full)
    with pytest.raises(DiskFullError, match=r"metrics\.csv was not written"):
        train(recipe(), where)


def test_a_validation_that_failed_is_made_up_for(undisturbed, where, monkeypatch):
    """What fails after the row is written must not leave the row, nor forget the best figures."""

    def fail(*_):
        raise DataError("gone", hint="")

    with monkeypatch.context() as patched:
        patched.setattr("srkit_core.engine.stage_run.keep_pictures", fail)
        with pytest.raises(DataError, match="gone"):
            train(recipe(), where)
    assert steps(where.out) == ["step-00000001", "step-00000002"]
    assert_same_run(train(recipe(), where, resume="newest").folder, undisturbed)


@pytest.mark.parametrize("name", ["describe", "write_json", "write_text"])
def test_a_run_that_dies_before_it_has_begun_can_be_begun_again(where, monkeypatch, name):
    def die(*_):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(record, name, die)
        with pytest.raises(Died):
            train(recipe(), where)
    assert not (where.out / "recipe.toml").exists()
    train(recipe(), where)


def test_what_a_killed_process_left_half_written_is_gone_after_a_resume(where, undisturbed):
    shutil.copytree(undisturbed, where.out)
    left = [
        "weights/main/.last.4711.part.safetensors",
        ".metrics.4711.part.csv",
        "pictures/.step-00000002.4711.part.png",
    ]
    left += ["checkpoints/.step-00000006.part/generator.safetensors"]
    for name in left:
        (where.out / name).parent.mkdir(exist_ok=True)
        (where.out / name).write_bytes(b"half")
    train(recipe(), where, resume="newest")
    assert files(where.out) == files(undisturbed)


@pytest.mark.parametrize("moves", [0, 1, 2, 4])
def test_a_run_killed_while_it_sets_later_steps_aside_goes_on(
    where, undisturbed, monkeypatch, moves
):
    shutil.copytree(undisturbed, where.out)
    rename, moved = Path.rename, []

    def dying(path, target):
        if "later-" in str(target):
            if len(moved) == moves:
                raise Died
            moved.append(path)
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dying)
        with pytest.raises(Died):
            train(recipe(), where, resume=4)
    assert_same_run(train(recipe(), where, resume="newest").folder, undisturbed)
