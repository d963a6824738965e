"""Are pictures at an address of a plugin's scheme fetched, kept as long as they are the same, and
is a source that is broken named?
"""

import json

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.data.picture_set import open_picture_set
from srkit_core.errors import AmbiguousError, DataError
from srkit_core.interfaces import PictureSource
from srkit_core.io.images import write_image
from srkit_core.specs import DataSourceSpec


class Shelf:
    """Pictures in memory, with a version each."""

    def __init__(self):
        self.pictures, self.read_names = {}, []

    def files(self, address):
        return {name: version for name, (version, _) in self.pictures.items()}

    def read(self, address, name):
        self.read_names.append(name)
        return self.pictures[name][1]


def spec(source, name="mydb"):
    def made() -> PictureSource:
        """Open it."""
        return source

    return DataSourceSpec(name=name, factory=made, summary="a shelf")


@pytest.fixture
def png(tmp_path):
    def made(seed):
        pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(tmp_path / "one.png", pixels)
        return (tmp_path / "one.png").read_bytes()

    return made


@pytest.fixture
def shelf(installed, tmp_path, monkeypatch, png):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    source = Shelf()
    source.pictures = {
        "a.png": ("1", png(1)),
        "deep/b.png": ("1", png(2)),
        "notes.txt": ("1", b"no picture"),
        ".hidden/c.png": ("1", png(3)),
    }
    installed(spec(source), distribution="zz-shelf")
    return source


def names(address):
    return [one.name for one in open_picture_set(address).pictures]


def test_pictures_are_fetched_once_and_follow_the_address(shelf, png):
    assert names("mydb://shelf/photos") == ["a", "deep/b"]
    assert shelf.read_names == ["a.png", "deep/b.png"]
    shelf.pictures["a.png"] = ("2", png(9))
    shelf.pictures["c.png"] = ("1", png(3))
    del shelf.pictures["deep/b.png"]
    assert names("mydb://shelf/photos") == ["a", "c"]
    assert shelf.read_names[2:] == ["a.png", "c.png"]
    kept = open_picture_set("MYDB://shelf/photos").pictures[0].path
    assert kept.read_bytes() == png(9)


def test_one_picture_is_an_address_of_its_own(shelf, png):
    shelf.pictures = {"": ("1", png(4))}
    assert names("mydb://shelf/one.png") == ["one"]


def test_training_and_evaluation_take_the_address(shelf, tmp_path, capsys):
    words = ["train", "--gen", "srvgg(features=4, blocks=1)", "--steps", "1", "--batch", "1"]
    words += ["--patch", "32", "--data", "mydb://shelf/photos", "--out", str(tmp_path / "run")]
    assert run([*words, "--device", "cpu", "--workers", "0"]) == 0
    assert "the pictures of mydb://shelf/photos are kept in" in capsys.readouterr().out
    scores = tmp_path / "scores.json"
    words = ["eval", "bicubic", "--data", "mydb://shelf/photos", "--metrics", "psnr"]
    assert run([*words, "--json", str(scores)]) == 0
    images = json.loads(scores.read_text(encoding="utf-8"))["models"][0]["images"]
    assert [one["name"] for one in images] == ["a", "deep/b"]


@pytest.mark.parametrize("name", ["../out.png", "/out.png", "deep/../../out.png"])
def test_a_name_does_not_lead_out_of_the_cache(shelf, tmp_path, name, png):
    shelf.pictures[name] = ("1", png(5))
    with pytest.raises(DataError, match="out of its folder"):
        names("mydb://shelf/photos")
    assert not list(tmp_path.rglob("out.png"))


def test_a_scheme_that_nobody_reads_is_told_with_the_nearest(shelf):
    with pytest.raises(DataError) as caught:
        names("mybd://shelf")
    assert caught.value.message == "nothing that is installed reads mybd:// (mybd://shelf)"
    assert caught.value.hint == "did you mean 'mydb'?"


def test_a_scheme_that_two_plugins_read_is_refused(shelf, installed):
    installed(spec(Shelf()), distribution="zz-other")
    with pytest.raises(AmbiguousError):
        names("mydb://shelf")


class Failing(Shelf):
    def files(self, address):
        raise ConnectionError("the shelf has gone")


class Numbers(Shelf):
    def files(self, address):
        return {"a.png": 3}


class Texts(Shelf):
    def files(self, address):
        return {"a.png": "1"}

    def read(self, address, name):
        return "a text"


@pytest.mark.parametrize(
    ("source", "fact"),
    [
        (Failing(), "ConnectionError: the shelf has gone"),
        (Numbers(), "TypeError: it lists 3, which is no text"),
        (Texts(), "TypeError: it read str of 'a.png', not bytes"),
        (3, "TypeError: it is a int without files and read"),
    ],
)
def test_a_broken_source_is_named(installed, tmp_path, monkeypatch, source, fact):
    monkeypatch.setenv("SRKIT_CACHE", str(tmp_path / "cache"))
    installed(spec(source), distribution="zz-shelf")
    with pytest.raises(DataError) as caught:
        names("mydb://shelf")
    named = "cannot read mydb://shelf: the data source 'zz-shelf/mydb' fails: "
    assert caught.value.message == named + fact
