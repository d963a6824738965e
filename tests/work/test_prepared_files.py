"""Is every file that `srkit prepare` writes named when it is missing or damaged, and none taken for
a default?
"""

import contextlib
import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from srkit_core.cli.app import run
from srkit_core.data.picture_set import open_picture_set, readable, split_pictures
from srkit_core.data.preparation.manifest_fields import ManifestFields
from srkit_core.data.preparation.prepare_folder import prepare_folder
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.prepare_pictures import PrepareRequest
from srkit_core.errors import DataError, SrkitError
from srkit_core.io.images import write_image

PICTURES = 6
FIELDS = ManifestFields(split="0.4", licence="CC0", duplicates=True)


class Here:
    """Prepares in this process."""

    def needs(self, samples):
        self.samples = samples

    def run(self, work, items):
        for item in items:
            yield item, work(item)


def prepared_again(place, form, **fields):
    options = PrepareOptions(patch=32, format=form, degrade="bicubic")
    request = PrepareRequest(["photos"], place / form, options, ManifestFields(**fields))
    with contextlib.chdir(place):
        return prepare_folder(request, Here(), lambda *_: None)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Six photographs, prepared in both formats."""
    place = tmp_path_factory.getbasetemp() / "prepared-files"
    for number in range(PICTURES):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(place / f"photos/{number}.png", pixels)
    for form in ("packed", "files"):
        prepared_again(place, form, split="0.4", licence="CC0", duplicates=True)
    return place


@pytest.fixture
def place(made, tmp_path):
    """A copy of them."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


DAMAGES = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3]),
    "of another type": lambda path: path.write_bytes(b'["words"]'),
    "a number": lambda path: path.write_bytes(b"3"),
    "binary": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


def first(folder, pattern):
    return sorted(folder.glob(pattern))[0]


FILES = {
    "manifest": ("packed", "manifest.json"),
    "manifest of files": ("files", "manifest.json"),
    "options": ("packed", ".prepare/options.json"),
    "options of files": ("files", ".prepare/options.json"),
    "labels": ("packed", ".prepare/labels.json"),
    "record": ("packed", ".prepare/records/*.json"),
    "record of files": ("files", ".prepare/records/*.json"),
    "skipped": ("packed", "skipped.json"),
    "shard": ("packed", "shards/*.safetensors"),
    "hr": ("files", "hr/*.png"),
    "lr": ("files", "lr/*.png"),
}
READ = ("manifest", "manifest of files", "shard", "hr", "lr")
"""What training and evaluation need."""
KEPT = ("options", "options of files", "labels")
"""What cannot be found out again by preparing."""


def splits(folder, paired=False):
    made = split_pictures(open_picture_set(str(folder), paired=paired, scale=4), (), ())
    return [sorted(one.name for one in part) for part in (made.training, made.validation)]


def tried(action):
    try:
        return action(), None
    except SrkitError as error:
        return None, error


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_reading_names_the_file_or_does_not_need_it(place, name, damage):
    form, pattern = FILES[name]
    before = splits(place / form)
    path = first(place / form, pattern)
    DAMAGES[damage](path)
    for paired in (False, True):
        _, error = tried(lambda paired=paired: splits(place / form, paired))
        if name in READ:
            assert isinstance(error, DataError)
            assert path.name in error.message
            assert "prepare again" in error.hint
        else:
            assert error is None
    if name not in READ:
        assert splits(place / form) == before


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_preparing_again_makes_the_same_or_names_the_file(place, name, damage):
    form, pattern = FILES[name]
    path = first(place / form, pattern)
    before = {one: one.read_bytes() for one in sorted((place / form).rglob("*")) if one.is_file()}
    DAMAGES[damage](path)
    report, error = tried(lambda: prepared_again(place, form))
    if name in KEPT:
        assert isinstance(error, DataError)
        assert str(path) in error.message
    elif damage == "a folder" and not name.startswith("record"):
        assert error is None or path.name in error.message
    elif damage != "a folder":
        assert error is None
        after = {
            one: one.read_bytes() for one in sorted((place / form).rglob("*")) if one.is_file()
        }
        assert after == before
        if name.startswith("record") and damage != "missing":
            assert any("1 records of a run before are damaged" in note for note in report.notes)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_folder_of_a_damaged_one_is_not_taken_for_photographs(place, damage):
    """What failed: `--data prepared/hr` trained on its validation pictures."""
    before = splits(place / "files/hr")
    assert [len(part) for part in before] == [12, 12]
    DAMAGES[damage](place / "files/manifest.json")
    with pytest.raises(DataError, match=r"manifest\.json"):
        open_picture_set(str(place / "files/hr"))
    DAMAGES[damage](place / "files/.prepare/options.json")
    with pytest.raises(DataError, match=r"manifest\.json"):
        open_picture_set(str(place / "files/hr"))


def test_what_else_lies_in_a_damaged_folder_is_its_owners(place):
    write_image(place / "files/own/a.png", np.zeros((32, 32, 3), np.uint8))
    (place / "files/manifest.json").unlink()
    assert [one.name for one in open_picture_set(str(place / "files/own")).pictures] == ["a"]


TYPES = {
    "split of a picture": lambda d: d["pictures"][0].update(split="vat"),
    "no split": lambda d: d["pictures"][0].pop("split"),
    "size as text": lambda d: d["pictures"][0].update(size=["64", "64"]),
    "size as a fraction": lambda d: d["pictures"][0].update(size=[64.0, 64]),
    "scale as text": lambda d: d.update(scale="4"),
    "version as text": lambda d: d.update(version="1"),
    "version as a truth": lambda d: d.update(version=True),
    "no version": lambda d: d.pop("version"),
    "no format": lambda d: d.pop("format"),
    "another format": lambda d: d.update(format="zip"),
    "pictures as a table": lambda d: d.update(pictures={}),
    "one shard twice": lambda d: d["pictures"][0].update(shard=d["pictures"][1]["shard"]),
    "a name twice": lambda d: d["pictures"][0].update(name=d["pictures"][1]["name"]),
    "a shard outside": lambda d: d["pictures"][0].update(shard="../../x.safetensors"),
    "no shard": lambda d: d["pictures"][0].update(shard=""),
}


@pytest.mark.parametrize("change", TYPES)
@pytest.mark.parametrize("hidden", ["with", "without"])
def test_a_wrong_type_in_a_manifest_is_told(place, change, hidden):
    path = place / "packed/manifest.json"
    document = json.loads(path.read_text())
    TYPES[change](document)
    path.write_text(json.dumps(document))
    if hidden == "without":
        shutil.rmtree(place / "packed/.prepare")
    with pytest.raises(DataError, match=r"manifest\.json is damaged: ") as caught:
        open_picture_set(str(place / "packed"))
    assert caught.value.path


RECORD_TYPES = {
    "bytes as text": lambda d: d.update(bytes="7"),
    "patches as text": lambda d: d["outputs"][0].update(patches="3"),
    "a missing field": lambda d: d.pop("sha256"),
    "an unknown field": lambda d: d.update(more=1),
    "outputs as a table": lambda d: d.update(outputs={}),
    "files of three": lambda d: d["outputs"][0].update(files=[["a", 1, 2]]),
}


@pytest.mark.parametrize("change", RECORD_TYPES)
def test_a_wrong_type_in_a_record_is_made_again(place, change):
    path = first(place / "packed", ".prepare/records/*.json")
    before = path.read_bytes()
    document = json.loads(before)
    RECORD_TYPES[change](document)
    path.write_text(json.dumps(document))
    report = prepared_again(place, "packed")
    assert (report.written, path.read_bytes()) == (0 if "picture" in change else 1, before)


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b'{"split": 3}', b'{"split": "0.4"'])
def test_the_way_on_from_lost_labels_works(place, monkeypatch, content):
    path = place / "packed/.prepare/labels.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"labels\.json .*, which says which pictures") as caught:
        prepared_again(place, "packed", split="0.4")
    assert caught.value.hint == (
        "--split, --licence and --drop-duplicates, all three together, write it anew"
    )
    monkeypatch.chdir(place)
    line = ["prepare", "photos", str(place / "packed"), "--patch", "32"]
    line += ["--degrade", "bicubic", "--workers", "1"]
    assert run([*line, "--split", "0.4", "--licence", "CC0", "--drop-duplicates"]) == 0
    assert json.loads(path.read_text()) == {"split": "0.4", "licence": "CC0", "duplicates": False}


SHARDS = {
    "floats": lambda hr: {"hr": hr.astype(np.float32)},
    "gray": lambda hr: {"hr": np.ascontiguousarray(hr[..., 0])},
    "another size": lambda hr: {"hr": np.ascontiguousarray(hr[:32]), "lr": hr[:8, :16].copy()},
    "no hr": lambda hr: {"lr": hr},
}


@pytest.mark.parametrize("change", SHARDS)
def test_a_shard_of_other_content_is_named(place, change):
    path = first(place / "packed", "shards/*.safetensors")
    save_file(SHARDS[change](np.zeros((64, 64, 3), np.uint8)), path)
    with pytest.raises(DataError, match=f"cannot read {path}: it h"):
        open_picture_set(str(place / "packed"))


def test_a_shard_without_lr_is_named_where_lr_is_wanted(place):
    path = sorted((place / "packed").glob("shards/*.safetensors"))[-1]
    save_file({"hr": np.zeros((64, 64, 3), np.uint8)}, path)
    assert len(open_picture_set(str(place / "packed")).pictures) == PICTURES
    with pytest.raises(DataError, match=f"cannot read {path}: it holds no LR"):
        open_picture_set(str(place / "packed"), paired=True, scale=4)


def test_a_broken_body_of_a_prepared_picture_is_no_skipped_one(place):
    path = first(place / "files", "hr/*.png")
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes(len(content) - 120) + content[-20:])
    with pytest.raises(DataError, match=f"cannot read {path}: ") as caught:
        readable(open_picture_set(str(place / "files")))
    assert caught.value.hint == "copy it again, or srkit prepare again"
