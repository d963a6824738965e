"""Is what `--data` names read as it was meant, on every system?"""

import pytest

from srkit_core.data_source import DataSource, anchored, parse_data_sources
from srkit_core.errors import RecipeError


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("photos", [DataSource("photos")]),
        ("my pictures", [DataSource("my pictures")]),
        ("3*DIV2K + Flickr2K", [DataSource("DIV2K", 3.0), DataSource("Flickr2K")]),
        (
            r"3*D:\data\DIV2K + 0.5*\\server\share",
            [DataSource(r"D:\data\DIV2K", 3.0), DataSource(r"\\server\share", 0.5)],
        ),
        (
            "hf://datasets/me/div2k + .25 * s3://bucket/a+b",
            [DataSource("hf://datasets/me/div2k"), DataSource("s3://bucket/a+b", 0.25)],
        ),
        ("a+b", [DataSource("a+b")]),
        ("1e-5*a + 1234567.5*b", [DataSource("a", 1e-5), DataSource("b", 1234567.5)]),
        ("3*photos", [DataSource("photos", 3.0)]),
        ("Summer in Paris", [DataSource("Summer in Paris")]),
    ],
)
def test_places_and_weights(text, places, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(parse_data_sources(text)) == places
    assert parse_data_sources(" + ".join(map(str, places))) == parse_data_sources(text)


@pytest.mark.parametrize("name", ["A + B", "3*A", "list.txt in data", "x"])
def test_what_exists_as_it_is_written_wins(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    assert parse_data_sources(name) == (DataSource(name),)
    assert anchored(name) == str(tmp_path / name)


def test_a_list_lies_in_its_folder_or_names_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "meta info.txt").write_text("a.png\n")
    (tmp_path / "data").mkdir()
    listing = tmp_path / "meta info.txt"
    assert parse_data_sources(str(listing)) == (DataSource(str(tmp_path), 1.0, listing),)
    assert parse_data_sources(f"4*{listing} in data + photos") == (
        DataSource("data", 4.0, listing),
        DataSource("photos"),
    )
    assert (
        anchored("4*meta info.txt in data + photos")
        == f"4*{listing} in {tmp_path / 'data'} + photos"
    )
    assert parse_data_sources(anchored("meta info.txt")) == (
        DataSource(str(tmp_path), 1.0, listing),
    )


@pytest.mark.parametrize("text", ["a +  + b", "a + ", " + a"])
def test_a_missing_place_is_refused(text):
    with pytest.raises(RecipeError, match="names no place"):
        parse_data_sources(text)


@pytest.mark.parametrize("text", ["0*a + b", "a + 0.0*b"])
def test_a_weight_is_above_0(text):
    with pytest.raises(RecipeError, match="a weight is a number above 0, not that of"):
        parse_data_sources(text)


def test_addresses_are_told_from_paths():
    written = ("hf://datasets/a", "C:/data", r"C:\data", "memory://x", "photos")
    assert [DataSource(where).is_address for where in written] == [
        True, False, False, True, False,
    ]  # fmt: skip
