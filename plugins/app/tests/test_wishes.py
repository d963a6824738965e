"""Do the fields of the page mean what the options of `srkit upscale` do?"""

import pytest

from srkit_app.wishes import Wish, wish_of
from srkit_core.errors import RecipeError


@pytest.mark.parametrize(
    ("fields", "wish"),
    [
        (("2x", "", "png"), Wish("m", 2)),
        (("4x", "ignored", "png", 90), Wish("m", 4)),
        (("custom", "3", "jpg", 90.0), Wish("m", 3, "", "jpg", 90)),
        (("custom", " 8X ", "webp"), Wish("m", 8, "", "webp")),
        (("custom", "3840x", "tif", 5), Wish("m", None, "3840x", "tif")),
        (("custom", "x1080", "png"), Wish("m", None, "x1080")),
        (("custom", "1920 x 1080", "jxl", None), Wish("m", None, "1920x1080", "jxl")),
    ],
)
def test_fields_are_options(fields, wish):
    assert wish_of("m", *fields) == wish


@pytest.mark.parametrize("text", ["", "  ", "0", "large", "-2", "2.5", "x", "100"])
def test_what_is_no_scale_and_no_size_is_refused(text):
    with pytest.raises(RecipeError, match="no scale and no size"):
        wish_of("m", "custom", text, "png")


def test_names_say_it_as_those_of_the_command_do():
    assert [Wish("m", 2).added, Wish("m", None, "900x").added] == ["_x2", "_900x"]
