"""Is what `--data` names read as it was meant, on every system?"""

import pytest

from srkit_core.errors import RecipeError
from srkit_core.places import Place, anchored, parse_places


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("photos", [Place("photos")]),
        ("my pictures", [Place("my pictures")]),
        ("3*DIV2K + Flickr2K", [Place("DIV2K", 3.0), Place("Flickr2K")]),
        (
            r"3*D:\data\DIV2K + 0.5*\\server\share",
            [Place(r"D:\data\DIV2K", 3.0), Place(r"\\server\share", 0.5)],
        ),
        (
            "hf://datasets/me/div2k + .25 * s3://bucket/a+b",
            [Place("hf://datasets/me/div2k"), Place("s3://bucket/a+b", 0.25)],
        ),
        ("a+b", [Place("a+b")]),
        ("1e-5*a + 1234567.5*b", [Place("a", 1e-5), Place("b", 1234567.5)]),
        ("3*photos", [Place("photos", 3.0)]),
        ("Summer in Paris", [Place("Summer in Paris")]),
    ],
)
def test_places_and_weights(text, places, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(parse_places(text)) == places
    assert parse_places(" + ".join(map(str, places))) == parse_places(text)


@pytest.mark.parametrize("name", ["A + B", "3*A", "list.txt in data", "x"])
def test_what_exists_as_it_is_written_wins(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    assert parse_places(name) == (Place(name),)
    assert anchored(name) == str(tmp_path / name)


def test_a_list_lies_in_its_folder_or_names_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "meta info.txt").write_text("a.png\n")
    (tmp_path / "data").mkdir()
    listing = tmp_path / "meta info.txt"
    assert parse_places(str(listing)) == (Place(str(tmp_path), 1.0, listing),)
    assert parse_places(f"4*{listing} in data + photos") == (
        Place("data", 4.0, listing),
        Place("photos"),
    )
    assert (
        anchored("4*meta info.txt in data + photos")
        == f"4*{listing} in {tmp_path / 'data'} + photos"
    )
    assert parse_places(anchored("meta info.txt")) == (Place(str(tmp_path), 1.0, listing),)


@pytest.mark.parametrize("text", ["a +  + b", "a + ", " + a"])
def test_a_missing_place_is_refused(text):
    with pytest.raises(RecipeError, match="names no place"):
        parse_places(text)


@pytest.mark.parametrize("text", ["0*a + b", "a + 0.0*b"])
def test_a_weight_is_above_0(text):
    with pytest.raises(RecipeError, match="a weight is a number above 0, not that of"):
        parse_places(text)


def test_addresses_are_told_from_paths():
    written = ("hf://datasets/a", "C:/data", r"C:\data", "memory://x", "photos")
    assert [Place(where).is_address for where in written] == [
        True, False, False, True, False,
    ]  # fmt: skip
