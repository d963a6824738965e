"""Is what `--data` names read as it was meant, on every system?"""

import pytest

from srkit_core.data_source import DataSource, anchored, parse_data_sources, with_lr_apart
from srkit_core.errors import RecipeError
from srkit_core.run_options import RunOptions


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
        (
            "3*HR with LR + other as paired",
            [DataSource("HR", 3.0, lr="LR"), DataSource("other", paired=True)],
        ),
        ("hf://me/hr with s3://lr", [DataSource("hf://me/hr", lr="s3://lr")]),
        ("Paris with", [DataSource("Paris with")]),
    ],
)
def test_places_and_weights(text, places, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(parse_data_sources(text)) == places
    assert parse_data_sources(" + ".join(map(str, places))) == parse_data_sources(text)


@pytest.mark.parametrize(
    "name", ["A + B", "3*A", "list.txt in data", "x", "me with you", "sets as paired"]
)
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


def test_words_of_a_path_may_be_those_of_the_language(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("me with you", "low"):
        (tmp_path / name).mkdir()
    assert parse_data_sources("me with you with low") == (DataSource("me with you", lr="low"),)
    whole = f"{tmp_path / 'me with you'} with {tmp_path / 'low'}"
    assert anchored("me with you with low + x as paired") == f"{whole} + x as paired"
    assert parse_data_sources("me with you as paired") == (DataSource("me with you", paired=True),)


def test_hr_and_lr_given_apart_are_joined_in_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert with_lr_apart("2*A + B", "LA + LB") == "2*A with LA + B with LB"
    assert RunOptions(data="A", lq="LA") == RunOptions(data="A with LA")
    assert RunOptions(data="A", lq="LA").arguments()["data"] == "A with LA"
    with pytest.raises(RecipeError, match="which names no HR"):
        RunOptions(lq="LA")


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
