"""Does a name from outside stay in its folder, on every system, and which names are the same?"""

import unicodedata
from pathlib import Path

import pytest

from srkit_core.errors import DataError
from srkit_core.home import at_home, word_at_home
from srkit_core.inside import inside, leads_out, plain_name, shown
from srkit_core.same_name import disk_key, name_key, nearest_names

OUT = [
    "..", "../a.png", "a/../../b", "a/..", "/etc/passwd", "//server/share/x", "~/../..",
    "", ".", "./", "//", "...", ".. ", "a/.. /b", "C:/a.png", "C:a.png", "c:\\a.png", "\\a.png",
    "..\\a.png", "a\\..\\..\\b", "\\\\server\\share\\x", "a\0.png", "a\nb.png", "a/\x1b[2J.png",
    "a/.../b.png",
]  # fmt: skip
IN = [
    "a.png",
    "a/b.png",
    "./a.png",
    "a//b.png",
    "a b/ü ñ.png",
    "..a.png",
    "a..png",
    "~a.png",
    "a\\b",
]


@pytest.mark.parametrize("name", OUT)
def test_a_name_that_leads_out_is_refused(name):
    assert leads_out(name)
    with pytest.raises(DataError, match=r"of list\.txt leads out of its folder") as caught:
        inside(Path("/data"), name, "list.txt", hint="another")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", IN)
def test_other_names_stay_where_they_are(name):
    assert not leads_out(name)
    path = inside(Path("/data"), name, "list.txt", hint="another")
    assert path.is_relative_to("/data")
    assert path != Path("/data")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("..", "__"),
        (".", "_"),
        ("", "_"),
        ("a/b", "a_b"),
        ("..\\x", ".._x"),
        ("b c.png", "b c.png"),
    ],
)
def test_a_name_for_a_single_file(text, name):
    assert plain_name(text) == name
    assert not leads_out(plain_name(text))


def test_names_are_shown_without_control_characters():
    assert shown("a\x1b[2Jé\n") == "a\\x1b[2Jé\\x0a"


def test_equal_names_of_different_systems():
    whole, apart = (unicodedata.normalize(form, "Éa") for form in ("NFC", "NFD"))
    assert name_key(whole) == name_key(apart) == name_key(whole.lower())
    assert nearest_names(whole, [apart, whole, "éa"], str) == [whole]
    assert nearest_names(whole, [apart, "éa"], str) == [apart]
    assert nearest_names(whole, ["éa", "b"], str) == ["éa"]
    assert nearest_names("b", ["éa"], str) == []


def test_a_tilde_is_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("USERPROFILE", "/home/anna")
    monkeypatch.chdir(tmp_path)
    words = {
        "~": "/home/anna",
        "~/x": "/home/anna/x",
        "--out=~/x": "--out=/home/anna/x",
        "--data=~": "--data=/home/anna",
        "Set5=~/x": "Set5=/home/anna/x",
        "--val=Set5=~/x": "--val=Set5=/home/anna/x",
        "--set=data.hold_out=~/l.txt": "--set=data.hold_out=/home/anna/l.txt",
        "data.hold_out=~/l.txt": "data.hold_out=/home/anna/l.txt",
        "a~/b": "a~/b",
        "--steps=3": "--steps=3",
        "~draft.png": "~draft.png",
        "vgg(weights=4)": "vgg(weights=4)",
    }
    assert {word: word_at_home(word) for word in words} == words
    assert at_home(Path("~/x")) == Path("/home/anna/x")
    (tmp_path / "~").mkdir()
    assert at_home("~") == "~"


def test_names_are_told_apart_as_the_disk_does(tmp_path, monkeypatch):
    (tmp_path / "Here").mkdir()
    folds = (tmp_path / "hERE").exists()
    key = disk_key(tmp_path / "Here/not/yet")
    assert (key("A") == key("a")) == folds
    monkeypatch.setattr("os.path.exists", lambda path: True)
    monkeypatch.setattr("pathlib.Path.samefile", lambda path, other: True)
    assert disk_key(tmp_path / "Here")("A") == disk_key(tmp_path / "Here")("a")
