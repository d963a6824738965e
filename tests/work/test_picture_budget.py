"""Do sheets come apart into what was laid out, and do pictures fit the bytes they may take?"""

import io

import numpy as np
import pytest
from PIL import Image
from report_runs import noise

from srkit_core.evaluation.picture_sheet import cut_sheet, picture_sheet
from srkit_core.report.picture_budget import fitted
from srkit_core.report.shown_pictures import Shot, ShotSource, ShownPicture, spread

COLUMNS = ["bicubic", "sr", "hr"]


@pytest.mark.parametrize("size", [(256, 256), (400, 300), (60, 100), (100, 60), (1, 1)])
def test_a_sheet_comes_apart_into_its_cells(size):
    rows = [
        {name: noise(*size, seed=3 * row + place) for place, name in enumerate(COLUMNS)}
        for row in range(3)
    ]
    found = cut_sheet(picture_sheet(rows, COLUMNS), COLUMNS)
    top, left = (max(side - 256, 0) // 2 for side in size)
    for row, cut in zip(rows, found, strict=True):
        for name in COLUMNS:
            np.testing.assert_array_equal(cut[name], row[name][top : top + 256, left : left + 256])


def test_a_white_picture_of_full_size_is_kept():
    white = np.full((256, 256, 3), 255, dtype=np.uint8)
    rows = [{"sr": noise(256, 256)}, {"sr": white}, {"sr": noise(256, 256, seed=1)}]
    found = cut_sheet(picture_sheet(rows, ["sr"]), ["sr"])
    assert [one["sr"].shape for one in found] == [(256, 256, 3)] * 3


def test_a_sheet_of_other_columns_has_no_rows():
    sheet = picture_sheet([{"sr": noise(64, 64)}], ["sr"])
    assert cut_sheet(sheet, COLUMNS) == []


def pictures(count=4, steps=24, side=32):
    return [
        ShownPicture(
            f"picture {number}",
            [
                ShotSource("HR", [Shot(noise(side, side, seed=number))]),
                ShotSource(
                    "SR",
                    [
                        Shot(noise(side, side, seed=100 * number + one), one)
                        for one in range(1, steps + 1)
                    ],
                    steps,
                ),
            ],
        )
        for number in range(1, count + 1)
    ]


def test_pictures_that_fit_are_exact():
    found = fitted(pictures())
    assert found.notes == []
    shot = found.pictures[0].sources[1].shots[-1]
    with Image.open(io.BytesIO(found.files[shot.digest])) as image:
        np.testing.assert_array_equal(np.array(image.convert("RGB")), shot.pixels)
    assert found.address(shot).startswith(f"data:image/{found.kind};base64,")


def test_steps_go_first_then_exact_pixels_then_pictures():
    some = pictures()
    whole = sum(map(len, fitted(some).files.values()))
    half = fitted(some, most=int(0.6 * whole))
    assert half.notes == ["12 of 24 validations are shown, evenly spread"]
    assert [one.step for one in half.pictures[0].sources[1].shots][::11] == [1, 24]
    few = fitted(some, most=int(0.2 * whole))
    assert sum(map(len, few.files.values())) <= 0.2 * whole
    assert any("WebP of quality 90" in note for note in few.notes)
    least = fitted(some, most=int(0.05 * whole))
    assert "4 pictures are shown" in least.notes[1]
    assert len(least.pictures) < 4
    assert fitted(some, most=10).notes == ["none of the 4 pictures fits into this page"]


def test_steps_are_spread_evenly():
    assert spread(range(10), 4) == [0, 3, 6, 9]
    assert spread([5, 6], 4) == [5, 6]
    assert spread([5, 6, 7], 1) == [7]
