"""Are the names of a list read, in every form people write, and put into a recipe?"""

import pytest

from srkit_core.errors import DataError, RecipeError
from srkit_core.lists import read_list
from srkit_core.named_recipes import read_recipe
from srkit_core.recipe import recipe_from_dict
from srkit_core.recipe_files import with_listed_names

SMALL = {"generator": "net", "stages": [{"loss": "l1", "steps": 1}]}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("0001_s001.png (480,480,3)", "0001_s001.png"),
        ("0001_s001.png (480, 480,3) 1", "0001_s001.png"),
        ("my photo (2).jpg", "my photo (2).jpg"),
        ("  sub/été.png\t(12,9)", "sub/été.png"),
        ("0801", "0801"),
        ("IMG_0001 (1)", "IMG_0001 (1)"),
        ("IMG_0001 (1) 2", "IMG_0001 (1) 2"),
        ("IMG_0001 (1).png (480, 480) 3", "IMG_0001 (1).png"),
    ],
)
def test_a_line_is_a_name_and_perhaps_what_basicsr_adds(tmp_path, line, name):
    (tmp_path / "list.txt").write_text(f"\n# about\n{line}\n", encoding="utf-8")
    assert read_list(tmp_path / "list.txt") == [name]


def test_a_list_that_says_nothing_is_refused(tmp_path):
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\xff")
    for name, fact in [
        ("empty", "names no picture"),
        ("bytes", "it is not a text in UTF-8"),
        ("gone", "No such file or directory"),
    ]:
        with pytest.raises(DataError, match=fact) as caught:
            read_list(tmp_path / f"{name}.txt")
        assert str(tmp_path / f"{name}.txt") in caught.value.message


def test_lists_of_a_recipe_file_are_looked_for_beside_it(tmp_path):
    (tmp_path / "val.txt").write_text("a\nb.png (4,4,3)\n")
    (tmp_path / "mine.toml").write_text(
        'generator = "net"\n[data]\nhold_out = "val.txt"\ntest = 0.1\n[[stages]]\nloss = '
        '"l1"\nsteps = 1\n'
    )
    data = read_recipe(str(tmp_path / "mine.toml")).data
    assert (data.hold_out, data.test) == (("a", "b.png"), 0.1)


def test_a_recipe_without_lists_is_left_alone():
    recipe = recipe_from_dict(SMALL | {"data": {"hold_out": ["a"], "test": 0.05}})
    assert with_listed_names(recipe, None) is recipe


@pytest.mark.parametrize("part", [0, 1.0, 2, True, "", [1], -0.1])
def test_a_part_is_a_share_names_or_a_list(part):
    with pytest.raises(
        RecipeError,
        match=r"data\.hold_out: expects a share between 0 and 1, a list of names, or the path",
    ):
        recipe_from_dict(SMALL | {"data": {"hold_out": part}})


def test_shares_leave_something_to_train_on():
    with pytest.raises(
        RecipeError, match=r"data: hold_out and test leave nothing to train on: 0.6 \+ 0.4"
    ):
        recipe_from_dict(SMALL | {"data": {"hold_out": 0.6, "test": 0.4}})
