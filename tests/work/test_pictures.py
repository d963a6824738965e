"""Are pictures side by side shown pixel by pixel, under their names?"""

import numpy as np
import pytest

from srkit_core.evaluation.picture_sheet import picture_sheet

GAP, TITLE = 6, 22


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def cell(paper, row_top, column, side, shape):
    left = GAP + column * (side + GAP)
    return paper[row_top : row_top + shape[0], left : left + shape[1]]


def test_every_cell_shows_its_centre_unchanged():
    rows = [
        {"sr": noise(40, 50, seed=2 * number), "hr": noise(40, 50, seed=2 * number + 1)}
        for number in range(2)
    ]
    paper = picture_sheet(rows, ["hr", "sr"], side=32)
    assert paper.shape == (TITLE + 2 * (32 + GAP), 2 * (32 + GAP) + GAP, 3)
    assert (paper.dtype, paper.flags.writeable) == (np.uint8, True)
    for number, row in enumerate(rows):
        for column, name in enumerate(["hr", "sr"]):
            assert np.array_equal(
                cell(paper, TITLE + number * (32 + GAP), column, 32, (32, 32)),
                row[name][4:36, 9:41],
            )


def test_small_pictures_are_not_enlarged():
    lr, hr = noise(8, 10), noise(32, 40)
    paper = picture_sheet([{"lr": lr, "hr": hr}], ["lr", "hr"], side=64)
    assert paper.shape == (TITLE + 32 + GAP, 2 * (64 + GAP) + GAP, 3)
    assert np.array_equal(cell(paper, TITLE, 0, 64, (8, 10)), lr)
    assert np.array_equal(cell(paper, TITLE, 1, 64, (32, 40)), hr)
    assert (paper[TITLE + 8 :, :GAP] == 255).all()


def test_titles_and_captions_are_written_where_they_belong():
    rows = [{"a": noise(20, 90), "b": noise(20, 90)}, {"a": noise(20, 90), "b": noise(20, 90)}]
    plain = picture_sheet(rows, ["a", "b"], side=90)
    paper = picture_sheet(rows, ["a", "b"], side=90, captions=[{"a": "psnr 30"}, {"b": "psnr 28"}])
    line = 20 + GAP + TITLE
    assert paper.shape[0] == TITLE + 2 * line
    written = [
        [
            (cell(paper, TITLE + row * line + 20, column, 90, (TITLE, 90)) < 128).any()
            for column in (0, 1)
        ]
        for row in (0, 1)
    ]
    assert written == [[True, False], [False, True]]
    assert np.array_equal(paper[:TITLE], plain[:TITLE])
    assert (cell(plain, 0, 0, 90, (TITLE, 90)) < 128).any()
    assert not np.array_equal(
        cell(plain, 0, 0, 90, (TITLE, 90)), cell(plain, 0, 1, 90, (TITLE, 90))
    )


def test_a_sheet_without_rows_has_titles_only():
    assert picture_sheet([], ["a", "b"]).shape == (TITLE, 2 * (256 + GAP) + GAP, 3)


def test_a_column_that_a_row_lacks_is_an_error():
    with pytest.raises(KeyError, match="sr"):
        picture_sheet([{"hr": noise(8, 8)}], ["sr", "hr"])
