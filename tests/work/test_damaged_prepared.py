"""What does a prepared place say that is damaged, or does not fit?"""

import json

import pytest
from prepared_places import (
    files,
    loaded,
    pack,
    plain,
)

from srkit_core.data.picture_set import open_picture_set
from srkit_core.errors import DataError


def broken(folder, change):
    document = json.loads((folder / "manifest.json").read_text())
    change(document)
    (folder / "manifest.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda d: d.update(version=2), r"manifest.json is of version 2, this srkit reads 1$"),
        (
            lambda d: d.update(format="tar"),
            r"manifest.json is damaged: format: Input should be 'packed' or 'files'$",
        ),
        (lambda d: d.pop("pictures"), r"manifest.json is damaged: pictures: Field required$"),
        (lambda d: d.update(pictures=[]), r"holds no picture: none could be used$"),
        (
            lambda d: d["pictures"][1].update(size=[64, 0]),
            r"manifest.json is damaged: pictures.1.size.1: Input should be greater than 0$",
        ),
        (
            lambda d: d["pictures"][1].update(name="bïld 0"),
            r"manifest.json is damaged: it holds 'bïld 0' twice$",
        ),
        (
            lambda d: d["pictures"][1].update(shard="../a.safetensors"),
            r"manifest.json is damaged: '../a.safetensors' is no file below it$",
        ),
        (
            lambda d: d["pictures"][1].update(shard="/a.safetensors"),
            r"manifest.json is damaged: '/a.safetensors' is no file below it$",
        ),
        (
            lambda d: d["pictures"][1].update(shard="shards/x.safetensors"),
            r"cannot read .*x.safetensors: No such file or directory$",
        ),
        (
            lambda d: d["pictures"][1].update(size=[640, 64]),
            r"bïld 1.safetensors: it has 128x64 pixels, its manifest says 64x640$",
        ),
    ],
)
def test_a_damaged_manifest_is_told_in_a_sentence(packed, change, fact):
    broken(packed, change)
    with pytest.raises(DataError, match=fact) as caught:
        open_picture_set(str(packed))
    assert caught.value.hint
    assert caught.value.path


def test_a_manifest_that_is_no_json_and_one_of_another_program(packed, tmp_path):
    (packed / "manifest.json").write_text('{"version": 1, "form')
    with pytest.raises(DataError, match=r"cannot read .*manifest.json: Unterminated string"):
        open_picture_set(str(packed))
    (plain(tmp_path / "plain") / "manifest.json").write_text(
        '{"version": "1.0", "name": "an album"}'
    )
    assert len(open_picture_set(str(tmp_path / "plain")).pictures) == 5


def damaged(path, how):
    content = path.read_bytes()
    header = int.from_bytes(content[:8], "little")
    ways = {
        "short": content[:-7],
        "long": content + b"1234567",
        "header": content[:8] + b"x" * header + content[8 + header :],
        "empty": b"",
        "length": (2**40).to_bytes(8, "little") + content[8:],
    }
    path.write_bytes(ways[how])


@pytest.mark.parametrize("how", ["short", "long", "header", "empty", "length"])
def test_a_shard_damaged_while_training_is_skipped_and_one_before_is_an_error(packed, caplog, how):
    bad = packed / "shards" / "bïld 3.safetensors"
    pictures = open_picture_set(str(packed)).pictures
    damaged(bad, how)
    names = [name for batch in loaded(pictures) for name in batch.names]
    assert "bïld 3" not in names
    assert len(names) == 30
    assert [record.message for record in caplog.records] == [
        f"skipped: cannot read {bad}: it is truncated or damaged (copy it again, or srkit prepare "
        "again)"
    ] or caplog.records[0].message.startswith(
        f"skipped: cannot read {bad}: it is truncated or damaged"
    )
    with pytest.raises(DataError, match=f"cannot read {bad}: it is truncated or damaged"):
        open_picture_set(str(packed))


def test_a_shard_of_another_size_or_without_lr_is_named(packed, tmp_path):
    picture = open_picture_set(str(packed)).pictures[1]
    (pack(tmp_path / "other", sizes=[(96, 96)]) / "shards" / "bïld 0.safetensors").replace(
        packed / "shards" / "bïld 1.safetensors"
    )
    for look in (lambda: picture.read(4), lambda: open_picture_set(str(packed))):
        with pytest.raises(
            DataError, match=r"bïld 1\.safetensors: it has 96x96 pixels, its manifest says 128x64"
        ):
            look()


def test_paired_training_needs_stored_lr_of_the_scale(packed, tmp_path):
    with pytest.raises(DataError, match=r"the LR of .* is of scale 4, not 2$") as caught:
        open_picture_set(str(packed), paired=True, scale=2)
    assert caught.value.hint == "--scale 4, or --degrade bicubic"
    without = pack(tmp_path / "b", lr=False)
    with pytest.raises(DataError, match=r"was prepared without LR$"):
        open_picture_set(str(without), paired=True, scale=4)
    assert len(open_picture_set(str(without)).pictures) == 5


def test_files_of_another_scale_are_refused_before_any_is_read(tmp_path):
    folder = files(tmp_path / "f", ("HQ", "LQ"))
    with pytest.raises(DataError, match="is of scale 4, not 2"):
        open_picture_set(str(folder), paired=True, scale=2)


@pytest.mark.parametrize("name", ["../a", "/tmp/a", "a/../../b", r"..\a", "C:/a"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    folder = pack(tmp_path / "a")
    document = json.loads((folder / "manifest.json").read_text())
    document["pictures"][0]["name"] = name
    (folder / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="names no picture"):
        open_picture_set(str(folder))
