"""Are pictures side by side shown pixel by pixel, under their names?"""

import numpy as np
import pytest

from srkit_core.evaluation.picture_sheet import enlarged, picture_sheet

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


@pytest.mark.parametrize("size", [(8, 10), (40, 30), (33, 7)])
@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_lr_shows_the_region_of_its_neighbours_enlarged_by_nearest(size, scale):
    lr, side = noise(*size), 64
    hr = lr.repeat(scale, axis=0).repeat(scale, axis=1)
    paper = picture_sheet([{"lr": lr, "hr": hr}], ["lr", "hr"], side=side)
    shape = tuple(min(length * scale, side) for length in size)
    assert paper.shape == (TITLE + shape[0] + GAP, 2 * (side + GAP) + GAP, 3)
    shown = cell(paper, TITLE, 0, side, shape)
    assert np.array_equal(shown, cell(paper, TITLE, 1, side, shape))
    top, left = (max(length * scale - side, 0) // 2 for length in size)
    assert np.array_equal(shown, hr[top : top + side, left : left + side])


def test_a_sheet_of_lr_alone_shows_the_region_that_hr_would():
    lr, hr = noise(40, 40), noise(160, 160)
    alone = picture_sheet([{"lr": lr, "hr": hr}], ["lr"], side=64)
    both = picture_sheet([{"lr": lr, "hr": hr}], ["lr", "hr"], side=64)
    assert np.array_equal(cell(alone, TITLE, 0, 64, (64, 64)), cell(both, TITLE, 0, 64, (64, 64)))


@pytest.mark.parametrize(("height", "lr"), [(103, 25), (100, 25), (9, 2), (7, 7)])
def test_a_picture_that_is_no_multiple_is_enlarged_over_its_whole_length(height, lr):
    """103 pixels of 25: each is shown four or five times, and none is left out."""
    small = np.arange(lr, dtype=np.uint8)[:, None, None].repeat(3, axis=2)
    shown = enlarged(small, height, 1)[:, 0, 0]
    times = np.bincount(shown)
    assert len(times) == lr
    assert set(times) <= {height // lr, -(-height // lr)}


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
