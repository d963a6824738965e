"""Do names that came from outside stay in the folder they are meant for, whoever wrote them?"""

import contextlib
import hashlib
import json
import unicodedata
from pathlib import Path

import fsspec
import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.data.picture_set import open_picture_set
from srkit_core.errors import DataError
from srkit_core.io.images import write_image
from srkit_core.pretrained import add_weights
from srkit_core.specs import WeightsFile, WeightsSpec

OUT = ["../out.png", "a/../../out.png", "..\\out.png", "C:/out.png", "c:out.png", "a\0.png"]
OUT += ["\\out.png", "a\nb.png", ".. /out.png", ".../out.png"]
WHOLE, APART = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


def fill(folder, *names):
    for number, name in enumerate(names):
        pixels = np.random.default_rng(number).integers(0, 256, (24, 24, 3), dtype=np.uint8)
        write_image(folder / name, pixels)
    return folder


def everything(folder):
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())


@pytest.fixture
def remote(tmp_path, monkeypatch):
    """Two pictures in fsspec's memory, and srkit's cache in a folder of its own."""
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    fill(tmp_path / "here", "a.png", "sub/b.png")
    system = fsspec.filesystem("memory")
    for name in ("a.png", "sub/b.png"):
        system.pipe(f"/bucket/set/{name}", (tmp_path / "here" / name).read_bytes())
    yield system
    system.rm("/bucket", recursive=True)


@pytest.mark.parametrize("end", ["..", "../..", ".", "...", "..%2f..", ".. ", "..\\", "a\0"])
def test_an_address_never_touches_what_others_fetched(remote, tmp_path, end):
    """What failed: an address that ends in `..` deleted all other fetched data."""
    open_picture_set("memory://bucket/set")
    fill(tmp_path / "cache", "data/other/set/x.png", "own.png")
    before = everything(tmp_path / "cache")
    for place in (f"memory://bucket/set/{end}", f"memory://{end}", f"memory://bucket/none/{end}"):
        with contextlib.suppress(DataError):
            open_picture_set(place)
        after = everything(tmp_path / "cache")
        assert set(before) <= set(after)
        for name in set(after) - set(before):
            assert len(Path(name).parts) > 2
            assert name.startswith("data/")


@pytest.mark.parametrize("name", OUT)
def test_a_remote_name_that_leads_out_is_refused(remote, tmp_path, name):
    remote.store[f"/bucket/set/{name}"] = remote.store["/bucket/set/a.png"]
    before = everything(tmp_path)
    try:
        with pytest.raises(DataError, match="leads out of its folder") as caught:
            open_picture_set("memory://bucket/set")
        assert caught.value.message.isprintable()
    finally:
        del remote.store[f"/bucket/set/{name}"]
    assert [one for one in everything(tmp_path) if one not in before and ".png" in one] == []


def test_nothing_is_fetched_or_deleted_through_a_link(remote, tmp_path):
    kept = open_picture_set("memory://bucket/set").pictures[0].path.parent
    fill(tmp_path / "mine", "photo.png", "b.png")
    before = {one: one.read_bytes() for one in (tmp_path / "mine").iterdir()}
    (kept / "linked").symlink_to(tmp_path / "mine", target_is_directory=True)
    open_picture_set("memory://bucket/set")
    (kept / "sub/b.png").unlink()
    (kept / "sub").rmdir()
    (kept / "sub").symlink_to(tmp_path / "mine", target_is_directory=True)
    with pytest.raises(DataError, match="is a link, and nothing is fetched through it"):
        open_picture_set("memory://bucket/set")
    assert {one: one.read_bytes() for one in (tmp_path / "mine").iterdir()} == before


def test_what_a_search_passes_over_is_not_fetched(remote):
    for name in ("__MACOSX/._a.png", "._a.png", "@eaDir/a.png", ".git/a.png"):
        remote.store[f"/bucket/set/{name}"] = remote.store["/bucket/set/a.png"]
    assert [one.name for one in open_picture_set("memory://bucket/set").pictures] == ["a", "sub/b"]


@pytest.mark.parametrize("name", [*OUT[:5], "/etc/out.png", ".", "./", "..", "sub/.."])
@pytest.mark.parametrize("form", ["{}", "a.png, {}", "{}, a.png", "{} (24,24,3)"])
def test_a_list_that_leads_out_is_refused(tmp_path, name, form):
    fill(tmp_path, "data/a.png", "out.png", "data/HR/a.png", "data/LR/a.png")
    (tmp_path / "list.txt").write_text(form.format(name) + "\n")
    place = f"{tmp_path / 'list.txt'} in {tmp_path / 'data'}"
    for paired in (False, True):
        if form == "a.png, {}" and not paired:
            continue
        with pytest.raises(DataError, match=r"of .*list\.txt leads out of its folder"):
            open_picture_set(place, paired=paired)


def test_a_list_may_hold_whole_paths_below_its_folder(tmp_path):
    fill(tmp_path, "data/a.png", "data/sub/b.png")
    (tmp_path / "list.txt").write_text(f"{tmp_path}/data/a.png\n./sub//b.png\n")
    source = open_picture_set(f"{tmp_path / 'list.txt'} in {tmp_path / 'data'}")
    assert [one.name for one in source.pictures] == ["a", "sub/b"]
    (tmp_path / "out.txt").write_text(f"{tmp_path}/other/a.png\n")
    with pytest.raises(DataError, match="leads out of its folder") as caught:
        open_picture_set(f"{tmp_path / 'out.txt'} in {tmp_path / 'data'}")
    assert caught.value.hint.startswith("names below one folder, or '")


LISTS = {
    "Windows separators": "sub\\deep\\b.png\r\nsub\\c.png\r\n",
    "Windows separators and sizes": "sub\\deep\\b.png (24,24,3)\r\nsub\\c.png (24,24,3)\r\n",
    "upper case": "SUB/deep/B.PNG\nsub/C.png\n",
}


@pytest.mark.parametrize("case", LISTS)
def test_lists_of_other_systems_work(tmp_path, case):
    fill(tmp_path, "sub/deep/b.png", "sub/c.png")
    (tmp_path / "list.txt").write_bytes(LISTS[case].encode())
    source = open_picture_set(str(tmp_path / "list.txt"))
    assert [one.name for one in source.pictures] == ["sub/deep/b", "sub/c"]


@pytest.mark.parametrize(("written", "stored"), [(WHOLE, APART), (APART, WHOLE)])
def test_lists_match_names_in_nfc_and_nfd(tmp_path, written, stored):
    fill(tmp_path, f"{stored}/{stored}.png", f"HR/{stored}.png", f"LR/{stored}.png")
    (tmp_path / "list.txt").write_text(f"{written}/{written}.png\n", encoding="utf-8")
    (one,) = open_picture_set(str(tmp_path / "list.txt")).pictures
    assert one.path == tmp_path / stored / f"{stored}.png"
    (tmp_path / "pairs.txt").write_text(f"HR\\{written}.png, LR\\{written}.png\n", encoding="utf-8")
    (one,) = open_picture_set(str(tmp_path / "pairs.txt"), paired=True).pictures
    assert (one.path.stem, one.lr.stem) == (stored, stored)


@pytest.mark.parametrize("name", [*OUT, "/etc/out.png", "", ".", "a/.."])
@pytest.mark.parametrize("field", ["shard", "files", "name"])
def test_a_manifest_that_leads_out_is_refused(tmp_path, field, name):
    form = "files" if field == "files" else "packed"
    picture = {"name": "a", "size": [24, 24], "patches": 1, "split": "train", "group": "a"}
    value = [name] if field == "files" else name
    document = {"version": 1, "format": form, "scale": 4, "pictures": [picture | {field: value}]}
    fill(tmp_path, "set/hr/a.png", "out.png")
    (tmp_path / "set/manifest.json").write_text(json.dumps(document))
    if field == "name" and name == "c:out.png":
        return  # a name like a drive is none: nothing is opened by it
    with pytest.raises(
        DataError, match=r"manifest\.json is damaged: '.*' (is no file|names no pic)"
    ):
        open_picture_set(str(tmp_path / "set"))


@pytest.mark.parametrize("row", ["..", "../..", "a/b", "..\\x", ".", "C:", "/etc"])
def test_a_row_of_an_evaluation_recipe_stays_in_the_folder_of_pictures(tmp_path, monkeypatch, row):
    fill(tmp_path / "data", "a.png")
    monkeypatch.chdir(fill(tmp_path / "work/here", "x.png"))
    text = (
        f'data = "{tmp_path / "data"}"\nmetrics = "psnr"\n[models]\n{json.dumps(row)} = "nearest"\n'
    )
    Path("mine.toml").write_text(text)
    assert run(["eval", "mine.toml", "--pictures", "made"]) == 0
    (picture,) = Path("made").rglob("*.png")
    assert len(picture.parts) == 3
    assert sorted(one.name for one in tmp_path.rglob("*.png")) == ["a.png", "a.png", "x.png"]


def test_a_network_never_names_another_place(tmp_path, monkeypatch):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "deep/down/cache"))
    (tmp_path / "file").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    for name in ("../../../evil", "/etc/evil", "..", "a/../../../b"):
        file = WeightsFile(sha256=digest, size=7)
        spec = WeightsSpec(name=name, files=(file,), licence="", summary="", source="")
        found = add_weights(spec, tmp_path / "file")
        assert found.path.parent == tmp_path / "deep/down/cache/weights"
