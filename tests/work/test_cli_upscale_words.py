"""Which word is the model, which are pictures, and into which files are they upscaled?"""

import shlex
from dataclasses import replace

import numpy as np
import pytest

from srkit_core.cli.app import run
from srkit_core.errors import UnknownComponentError
from srkit_core.io.images import image_size, write_image
from srkit_core.specs import WeightsFile, WeightsSpec
from srkit_core.upscaling import command_words
from srkit_core.upscaling.command_words import default_model, part_words


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of three small photographs, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(["a b.jpg", "photos/1.jpg", "photos/in/2.webp"]):
        pixels = np.random.default_rng(number).integers(0, 256, (12, 16, 3), dtype=np.uint8)
        write_image(tmp_path / name, pixels)
    return tmp_path


@pytest.fixture
def told(here, capsys):
    """Run a command line; returns its code and the lines on standard error."""

    def tell(words):
        code = run(shlex.split(words))
        return code, *capsys.readouterr().err.splitlines()

    return tell


def below(folder):
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("[!.]*") if "_x" in str(one))


def test_results_lie_beside_files_and_beside_folders(here, told):
    assert told("upscale bicubic 'a b.jpg' photos --scale 2") == (0,)
    assert below(here) == [
        "a b_x2.png", "photos_x2", "photos_x2/1.png", "photos_x2/in", "photos_x2/in/2.png",
    ]  # fmt: skip
    assert image_size(here / "a b_x2.png") == (24, 32)


def test_a_picture_that_is_named_twice_is_upscaled_once(here, told):
    assert told("upscale nearest 'a b.jpg' './a b.jpg' '*.jpg' --scale 2 --out large") == (0,)
    assert [one.name for one in (here / "large").glob("[!.]*")] == ["a b.png"]


def test_the_folder_that_one_is_in_has_its_results_beside_it(here, told, monkeypatch):
    monkeypatch.chdir(here / "photos")
    assert told("upscale bicubic . --scale 3") == (0,)
    assert below(here)[1:] == ["photos_x3/1.png", "photos_x3/in", "photos_x3/in/2.png"]


@pytest.fixture(scope="module")
def bare(registry):
    """The registry of an install without our own models."""
    kept = [one for one in registry.others if not one.name.startswith("compact")]
    return replace(registry, others=tuple(kept))


def test_without_a_model_it_is_our_own(here, told, bare, monkeypatch):
    with pytest.raises(UnknownComponentError, match="no model is named, and the usual") as caught:
        default_model(None, bare)
    assert caught.value.exit_code == 3
    assert caught.value.hint.startswith("pip install 'srkit[models]'; or name one: srkit upscale")
    monkeypatch.setattr(command_words, "default_model", lambda *_: "nearest")
    assert told("upscale 'a b.jpg'") == (0, "with nearest, as no model is named")
    assert below(here) == ["a b_x4.png"]


def test_the_model_for_a_scale_is_the_one_for_4_where_there_is_none(bare):
    def having(*names):
        every = [
            WeightsSpec(
                name=name,
                files=(WeightsFile(sha256="0" * 63 + str(place), size=1),),
                licence="MIT",
                summary="a stand-in",
                source="none",
                generator="srkit-srvgg/srvgg",
                scale=4,
            )
            for place, name in enumerate(names)
        ]
        return bare.with_components(*every, distribution="srkit-stand-in")

    one, both = having("compact-photo-x4"), having("compact-photo-x4", "compact-photo-x2")
    assert [default_model(scale, one) for scale in (None, 2, 3, 4)] == ["compact-photo-x4"] * 4
    assert [default_model(scale, both)[-2:] for scale in (None, 1, 2, 3, 8)] == [
        "x4", "x2", "x2", "x4", "x4",
    ]  # fmt: skip
    assert part_words(["compact-photo-x2", "a.jpg"], both) == ("compact-photo-x2", ("a.jpg",))


@pytest.mark.parametrize(
    ("words", "scale"),
    [
        ("photos --size 32x", 2),  # of 16 x 12
        ("photos --size x6", 2),
        ("photos --size 33x", 4),
        ("photos --size 16x25", 4),
        ("photos --size 32x --out elsewhere", 2),
        ("photos small.png --size 32x", 4),  # the other is of 8 x 6
        ("photos broken.png --size 32x", 2),
        ("photos --scale 2", 2),
        ("photos --scale 3", 4),
        ("photos", 4),
    ],
)
def test_sides_that_at_most_double_are_made_by_the_model_for_2(here, told, words, scale):
    pytest.importorskip("srkit_compact")
    write_image(here / "small.png", np.zeros((6, 8, 3), np.uint8))
    (here / "broken.png").write_text("words")
    _, first, *_ = told(f"upscale {words} --dry-run")
    assert first == f"with compact-photo-x{scale}, as no model is named"


@pytest.mark.parametrize(
    ("words", "model"),
    [
        ("bicubic x.jpg", "bicubic"),
        ("bicubic(rounded=false) x.jpg", "bicubic(rounded=false)"),
        ("srkit/bicubic x.jpg", "srkit/bicubic"),
        ("hf://one/two/x.safetensors x.jpg", "hf://one/two/x.safetensors"),
        ("gone/x.safetensors x.jpg", "gone/x.safetensors"),
        ("bicubc x.jpg", "bicubc"),
        ("weights.txt x.jpg", "weights.txt"),
        ("x.jpg y.jpg", ""),
        ("*.jpg y.jpg", ""),
        ("no/such y.jpg", ""),
        ("photos y.jpg", ""),
        ("photos", ""),
        ("gone", ""),
    ],
)
def test_the_first_word_is_the_model_where_it_names_one(words, model, here, registry):
    (here / "weights.txt").touch()
    every = shlex.split(words)
    assert part_words(every, registry) == (model, tuple(every[1:] if model else every))


def test_an_existing_path_wins_over_a_name_unless_results_go_there(here, registry):
    (here / "bicubic").mkdir()
    assert part_words(["bicubic", "x.jpg"], registry) == ("", ("bicubic", "x.jpg"))
    found = part_words(["bicubic", "x.jpg"], registry, here / "bicubic")
    assert found == ("bicubic", ("x.jpg",))


def test_a_model_alone_asks_for_a_picture(told):
    assert told("upscale bicubic") == (
        2,
        "error: bicubic is a model, and no picture is named",
        "try: srkit upscale bicubic photo.jpg",
    )


def test_a_name_that_is_misspelt_is_named(told):
    code, fact, hint = told("upscale bicubc 'a b.jpg'")
    assert (code, hint) == (4, "try: did you mean 'bicubic'?")
    assert fact == "error: 'bicubc' is neither a weights file nor a baseline"


def test_a_pattern_between_quotes_is_filled_in(here, told):
    assert told("upscale nearest 'photos/**/*.*' --scale 2 --out large") == (0,)
    assert sorted(one.name for one in (here / "large").glob("[!.]*")) == ["1.png", "2.png"]


def test_a_pattern_that_a_shell_filled_in_makes_no_more_of_results(here, told):
    assert told("upscale nearest 'a b.jpg' --scale 2") == (0,)
    code, *said = told("upscale nearest 'a b.jpg' 'a b_x2.png' --scale 2 --overwrite")
    assert (code, said) == (0, ["left out, being made by srkit: a b_x2.png"])
    assert told("upscale nearest 'a b_x2.png' --scale 2") == (0,)
    assert image_size(here / "a b_x2_x2.png") == (48, 64)


def test_two_stems_that_are_alike_keep_their_endings(here, told):
    write_image(here / "a b.png", np.zeros((4, 4, 3), np.uint8))
    assert told("upscale nearest 'a b.png' 'a b.jpg' --scale 2") == (0,)
    assert below(here) == ["a b.jpg_x2.png", "a b.png_x2.png"]
