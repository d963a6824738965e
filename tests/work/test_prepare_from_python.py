"""Does `prepare` do from Python what the command does, and refuse what makes no sense?"""

import inspect
import json
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from srkit_core.cli.app import run
from srkit_core.cli.prepare import prepare_command
from srkit_core.data.preparation.prepare_options import PrepareOptions
from srkit_core.data.preparation.prepare_pictures import prepare
from srkit_core.errors import RecipeError, SrkitError


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Three pictures of 64 x 80 pixels, a copy of the first, and a broken one."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(3):
        coarse = np.random.default_rng(number).integers(0, 256, (8, 6, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((80, 64), Image.Resampling.BICUBIC).save(
            folder / f"{number}.png"
        )
    Image.open(folder / "0.png").save(folder / "copy.jpg", quality=95)
    (folder / "broken.png").write_bytes((folder / "1.png").read_bytes()[:-300])
    return folder


def _everything(out):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def _prepared(photos, out, **options):
    """Prepare with options of both kinds: what is written, and how."""
    pixels = {one.name for one in fields(PrepareOptions)}
    written = PrepareOptions(**{name: one for name, one in options.items() if name in pixels})
    return prepare(
        photos, out, written, **{name: one for name, one in options.items() if name not in pixels}
    )


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (
            ["--patch", "32", "--degrade", "bicubic", "--split", "0.4", "--keep-duplicates"],
            {"patch": 32, "degrade": "bicubic", "split": "0.4", "keep_duplicates": True},
        ),
        (
            ["--patch", "whole", "--format", "files", "--resize", "48x40", "--layout", "HQ,LQ"],
            {"patch": None, "format": "files", "resize": (48, 40), "layout": ("HQ", "LQ")},
        ),
        (
            ["--patch", "32", "--stride", "16", "--format", "files", "--names", "{index:05d}.png"],
            {"patch": 32, "stride": 16, "format": "files", "names": "{index:05d}.png"},
        ),
    ],
)
def test_the_command_and_the_function_write_the_same_bytes(photos, tmp_path, words, options):
    assert run(["prepare", str(photos), str(tmp_path / "typed"), "--workers", "1", *words]) == 0
    _prepared(photos, tmp_path / "called", workers=1, **options)
    assert _everything(tmp_path / "called") == _everything(tmp_path / "typed")


def test_the_report_says_what_came_and_progress_is_heard(photos, tmp_path):
    steps = []
    report = prepare(
        [photos],
        str(tmp_path / "out"),
        PrepareOptions(patch=32),
        workers=1,
        licence="CC0-1.0",
        progress=lambda *step: steps.append(step),
    )
    assert (report.files, report.written, report.pictures, report.patches) == (5, 4, 3, 18)
    assert (report.out, report.splits) == (tmp_path / "out", {"train": 3})
    assert [reason for _, reason in report.tally.filtered] == ["it looks like 0.png"]
    assert [path for path, _ in report.tally.skipped] == [(photos / "broken.png").as_posix()]
    assert steps == [
        *(("headers", done, 5) for done in range(1, 6)),
        *(("pictures", done, 5) for done in range(1, 6)),
    ]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {one["licence"] for one in manifest["pictures"]} == {"CC0-1.0"}
    again = prepare(photos, tmp_path / "out", PrepareOptions(patch=32), workers=1)
    assert (again.written, again.renewed) == (0, False)
    assert again.notes == ("licence as before: CC0-1.0",)


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        ({"patch": 0}, "--patch takes 1 or more, not 0"),
        ({"stride": -4}, "--stride takes 1 or more, not -4"),
        ({"scale": 0}, "--scale takes 1 or more, not 0"),
        ({"variants": 0}, "--variants takes 1 or more, not 0"),
        ({"limit": 0}, "--limit takes 1 or more, not 0"),
        ({"resize": (64, 0)}, "--resize takes 1 or more, not 0"),
        ({"patch": 30}, "--patch 30 is no whole number of LR pixels at scale 4"),
        ({"format": "tar"}, "--format takes packed or files, not 'tar'"),
        ({"layout": ("a", "b")}, "--layout is for files"),
        ({"format": "files", "layout": ("..", "b")}, "two folders, not '..,b'"),
        ({"format": "files", "names": "{stem}.jpg"}, "does not end in a lossless format"),
        ({"degrade": "bicubic |"}, "bicubic |"),
        ({"cluster": "tcp://nowhere:1", "time_limit": 5.0}, "--time-limit is for processes"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_written(
    photos, tmp_path, options, fact
):
    with pytest.raises(SrkitError) as caught:
        _prepared(photos, tmp_path / "out", **options)
    assert isinstance(caught.value, RecipeError)
    assert fact in caught.value.message
    assert not (tmp_path / "out").exists()


def test_every_option_of_the_command_is_one_of_the_function_with_the_same_default():
    typed, called = (inspect.signature(one).parameters for one in (prepare_command, prepare))
    pixels = {one.name for one in fields(PrepareOptions)}
    assert typed.keys() - called.keys() == {"max_failures", *pixels}
    assert called.keys() - typed.keys() == {"progress", "options"}
    assert all(typed[name].default == called[name].default for name in typed.keys() & called.keys())
    assert all(typed[name].default is None for name in pixels)  # the function's own default
