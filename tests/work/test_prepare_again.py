"""Does a repeated preparation keep to its plan, and leave alone what it has not written?"""

import json
import os
import shutil

import numpy as np
import pytest

from srkit_core.data.preparation import output_folder, record_book
from srkit_core.data.preparation.perceptual_hash import NearDuplicates
from srkit_core.data.preparation.prepare_folder import prepare_folder
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.prepare_pictures import PrepareRequest
from srkit_core.errors import RecipeError
from srkit_core.io.images import write_image

FILES = {"format": "files", "degrade": "bicubic", "names": "{index:05d}.png"}


class Here:
    """Works in this process, and counts; gives up before the item `last`."""

    def __init__(self, last=-1):
        self.worked, self._last = [], last

    def needs(self, samples):
        self.samples = samples

    def run(self, work, items):
        for item in items:
            if len(self.worked) == self._last:
                raise KeyboardInterrupt
            self.worked.append(work.__name__)
            yield item, work(item)


@pytest.fixture
def photos(tmp_path):
    """Four pictures, of which `b` has a good header and a broken body."""
    for number, name in enumerate("abcd"):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(tmp_path / "photos" / f"{name}.png", pixels)
    whole = (tmp_path / "photos" / "b.png").read_bytes()
    (tmp_path / "photos" / "b.png").write_bytes(whole[: len(whole) // 2])
    return tmp_path / "photos"


def _prepare(photos, out, executor=None, *, redo=False, **options):
    options = PrepareOptions(**{"patch": 32, "stride": 32} | options)
    request = PrepareRequest([str(photos)], out, options, redo=redo)
    return prepare_folder(request, executor or Here(), lambda *_: None)


def _everything(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def _foreign(out):
    """Put a run, a note and a link to a folder into a prepared folder."""
    elsewhere = out.parent / "elsewhere"
    for file in (
        out / "run1" / "weights" / "last.safetensors",
        out / "notes.txt",
        out / ".mine.7.part",
        elsewhere / "kept.txt",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.name)
    (out / "run1" / "empty").mkdir()
    (out / "link").symlink_to(elsewhere, target_is_directory=True)
    return [
        out / "run1/weights/last.safetensors",
        out / "notes.txt",
        out / ".mine.7.part",
        out / "run1/empty",
        out / "link/kept.txt",
    ]


@pytest.mark.parametrize(
    ("before", "after", "redo"),
    [
        ({}, {}, False),
        ({}, {}, True),
        (FILES, FILES, False),
        (FILES, FILES, True),
        (FILES, {}, True),
        ({}, FILES, True),
        (FILES, FILES | {"layout": ("HQ", "LQ")}, True),
    ],
)
def test_what_prepare_has_not_written_stays(photos, tmp_path, before, after, redo):
    out = tmp_path / "out"
    _prepare(photos, out, **before)
    foreign = _foreign(out)
    _prepare(photos, out, redo=redo, **after)
    assert [path for path in foreign if not path.exists()] == []
    _prepare(photos, tmp_path / "fresh", **after)
    ours = {
        name: content
        for name, content in _everything(out).items()
        if name.split("/")[0] not in ("run1", "notes.txt", ".mine.7.part")
    }
    assert ours == _everything(tmp_path / "fresh")


@pytest.mark.parametrize("redo", [False, True])
def test_links_are_not_followed(photos, tmp_path, redo):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    _prepare(photos, out)
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("kept")
    (out / "shards" / "inner").symlink_to(elsewhere, target_is_directory=True)
    _prepare(photos, out, redo=redo)
    assert not os.path.lexists(out / "shards" / "inner")
    (out / "shards").rename(elsewhere / "shards")
    (out / "shards").symlink_to(elsewhere, target_is_directory=True)
    _prepare(photos, out, redo=redo)
    assert (elsewhere / "kept.txt").read_text() == "kept"
    assert (out / "shards").is_symlink()


def test_what_nothing_refers_to_goes_from_our_folders(photos, tmp_path):
    _prepare(photos, tmp_path / "out")
    before = _everything(tmp_path / "out")
    for name in (
        "shards/old.safetensors",
        "shards/deep/er/old.png",
        ".manifest.12.part.json",
        ".prepare/.options.12.part.json",
    ):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text("half")
    _prepare(photos, tmp_path / "out")
    assert _everything(tmp_path / "out") == before
    assert not (tmp_path / "out" / "shards" / "deep").exists()


def test_a_folder_of_others_is_not_made_ours_by_another_layout(photos, tmp_path):
    _prepare(photos, tmp_path / "out")
    (tmp_path / "out" / "HQ").mkdir()
    (tmp_path / "out" / "HQ" / "mine.png").write_text("mine")
    before = _everything(tmp_path / "out")
    with pytest.raises(RecipeError, match=r"HQ was not written by srkit prepare"):
        _prepare(photos, tmp_path / "out", redo=True, **FILES | {"layout": ("HQ", "LQ")})
    assert _everything(tmp_path / "out") == before


@pytest.mark.parametrize("moment", [0, 1, 2])
def test_a_redoing_that_is_killed_while_it_clears_goes_on(photos, tmp_path, monkeypatch, moment):
    out, clears, rmtree = tmp_path / "out", [], output_folder.shutil.rmtree
    _prepare(photos, out, **FILES)
    (out / "notes.txt").write_text("mine")

    def tired(path):
        if len(clears) == moment:
            raise KeyboardInterrupt
        clears.append(path)
        rmtree(path)

    with monkeypatch.context() as patched:
        patched.setattr(output_folder.shutil, "rmtree", tired)
        with pytest.raises(KeyboardInterrupt):
            _prepare(photos, out, redo=True)
    assert not (out / "manifest.json").exists()
    _prepare(photos, out, redo=True)
    _prepare(photos, tmp_path / "fresh")
    assert _everything(out) == _everything(tmp_path / "fresh") | {"notes.txt": b"mine"}


@pytest.mark.parametrize("limit", [None, 2, 3])
def test_a_broken_body_keeps_its_place_in_the_plan(photos, tmp_path, limit):
    report = _prepare(photos, tmp_path / "out", limit=limit, **FILES)
    before = _everything(tmp_path / "out")
    pictures = json.loads((tmp_path / "out" / "manifest.json").read_text())["pictures"]
    names = {None: "acd", 2: "a", 3: "ac"}[limit]
    assert [one["name"] for one in pictures] == [f"{name}.png" for name in names]
    assert [one["files"][0] for one in pictures] == [
        f"hr/{4 * 'abcd'.index(name):05d}.png" for name in names
    ]
    assert report.tally.skipped[0][0].endswith("b.png")
    executor = Here()
    again = _prepare(photos, tmp_path / "out", executor, limit=limit, **FILES)
    assert (executor.worked, again.written, again.tally) == ([], 0, report.tally)
    assert _everything(tmp_path / "out") == before


@pytest.mark.parametrize("last", range(5, 8))
def test_an_interruption_after_a_broken_body_ends_as_an_undisturbed_run(photos, tmp_path, last):
    with pytest.raises(KeyboardInterrupt):
        _prepare(
            photos,
            tmp_path / "out",
            Here(last),
            variants=2,
            limit=6,
            **FILES | {"names": "{index}.png"},
        )
    _prepare(photos, tmp_path / "out", variants=2, limit=6, **FILES | {"names": "{index}.png"})
    _prepare(photos, tmp_path / "fresh", variants=2, limit=6, **FILES | {"names": "{index}.png"})
    assert _everything(tmp_path / "out") == _everything(tmp_path / "fresh")


def test_a_broken_body_that_is_mended_is_used(photos, tmp_path):
    _prepare(photos, tmp_path / "out", **FILES)
    write_image(
        photos / "b.png", np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    )
    executor = Here()
    _prepare(photos, tmp_path / "out", executor, **FILES)
    assert executor.worked == ["examine", "prepare_picture"]
    _prepare(photos, tmp_path / "fresh", **FILES)
    assert _everything(tmp_path / "out") == _everything(tmp_path / "fresh")


def test_a_broken_body_that_falls_out_of_the_plan_is_not_named_any_more(photos, tmp_path):
    _prepare(photos, tmp_path / "out", limit=2, **FILES)
    (photos / "d.png").rename(photos / "0.png")
    _prepare(photos, tmp_path / "out", limit=2, **FILES)
    _prepare(photos, tmp_path / "fresh", limit=2, **FILES)
    assert _everything(tmp_path / "out") == _everything(tmp_path / "fresh")


@pytest.mark.parametrize("layout", ["..,hr", ",lr", "../elsewhere,lr"])
def test_options_that_were_tampered_with_lead_nowhere(photos, tmp_path, layout):
    out = tmp_path / "out"
    _prepare(photos, out, **FILES)
    foreign = _foreign(out)
    words = json.loads((out / ".prepare" / "options.json").read_text()) | {"layout": layout}
    (out / ".prepare" / "options.json").write_text(json.dumps(words))
    _prepare(photos, out, redo=True)
    assert [path for path in foreign if not path.exists()] == []


def test_redoing_where_nothing_was_done_is_doing(photos, tmp_path):
    _prepare(photos, tmp_path / "out", redo=True)
    _prepare(photos, tmp_path / "fresh")
    assert _everything(tmp_path / "out") == _everything(tmp_path / "fresh")


def test_each_record_is_read_once_and_that_of_a_new_picture_never(photos, tmp_path, monkeypatch):
    read, load = [], record_book.load_record
    monkeypatch.setattr(
        record_book, "load_record", lambda out, name: (read.append(name), load(out, name))[1]
    )
    _prepare(photos, tmp_path / "out")
    assert read == []
    shutil.copy(photos / "a.png", photos / "new.png")
    report = _prepare(photos, tmp_path / "out")
    assert report.files == len(read) + 1
    assert len(set(read)) == len(read) > 3


def test_pictures_of_one_hash_cost_no_more_than_one():
    kept = NearDuplicates()
    for number in range(5000):
        kept.keep(7, str(number))
    assert set(kept.all_like(6)) == {"0"}
    assert len(list(kept.all_like(7))) == 4
