"""Do the curves of a run show what its rows say?"""

import csv
import io
import os
import signal

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from srkit_core.callbacks import Callback
from srkit_core.engine.logs.curves.curves_file import CurvesFile
from srkit_core.engine.logs.curves.drawing import draw_curves
from srkit_core.engine.logs.curves.panels import draw_panel
from srkit_core.engine.logs.curves.series import (
    Era,
    Line,
    Panel,
    Point,
    eras,
    gathered,
    has_many,
    is_noisy,
    panels,
    smoothed,
)
from srkit_core.engine.trainer import train
from srkit_core.errors import DivergedError, InterruptedRunError
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_folder import RunFolder
from srkit_core.run_options import RunOptions

DISASTER = DivergedError("the loss is nan", step=6, term="loss/total", hint="")
TRAINING, VALIDATION = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)


@pytest.fixture(scope="module")
def metrics(registry):
    return {name: registry.find("metric", name).spec for name in ("psnr", "lpips")}


def rows(*written):
    """Return dictionaries as a reader of metrics.csv gives them: every column in every row, as
    text.
    """
    names = list(dict.fromkeys(name for row in written for name in row))
    return [{name: str(row.get(name, "")) for name in names} for row in written]


def warmup(step, split="train", **figures):
    return {
        "step": step,
        "epoch": 1,
        "stage": "warmup",
        "split": split,
        "loss/l1": 0.4 / step,
        "loss/total": 0.4 / step,
        "lr": 1e-3,
    } | figures


def main(step, split="train", **figures):
    played = {
        "loss/ragan": 0.7,
        "loss/total": 0.3,
        "loss/discriminator": 0.6,
        "d_real": 0.8,
        "d_fake": 0.1,
    }
    gradients = {"gradient/generator": 0.5, "gradient/discriminator": 2.0, "lr/discriminator": 1e-4}
    return warmup(step, split) | {"stage": "main"} | played | gradients | figures


def two_stages():
    return rows(
        warmup(1),
        warmup(2),
        warmup(2, "val", psnr=24.5, lpips=0.5, **{"psnr/std": 3.0, "lpips/std": 0.1}),
        main(3),
        main(4),
        main(4, "val", psnr=24.25, lpips=0.25, **{"psnr/std": 2.5, "lpips/std": 0.125}),
        main(6, "val", psnr=24.0, lpips=0.25, **{"psnr/std": 2.5, "lpips/std": 0.125}),
    )


def by_title(written, metrics):
    return {panel.title: panel for panel in panels(written, metrics)}


def points(panel, split, name=""):
    return [
        (point.step, point.value)
        for line in panel.lines
        if (line.split, line.name) == (split, name)
        for point in line.points
    ]


def size(png):
    with Image.open(io.BytesIO(png)) as picture:
        picture.verify()
        return picture.size


def pixels(png):
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))


def has_colour(png, colour):
    return (pixels(png) == colour).all(axis=2).sum()


def test_a_gan_run_has_its_panels_in_the_order_of_reading(metrics):
    titles = [panel.title for panel in panels(two_stages(), metrics)]
    assert titles == [
        "total loss",
        "psnr",
        "lpips",
        "loss term: l1",
        "loss term: ragan",
        "D(real) and D(fake)",
        "generator and discriminator loss",
        "gradient norm",
        "learning rate",
    ]


def test_a_run_of_one_loss_shows_it_once(metrics):
    written = rows(warmup(1), warmup(2), warmup(2, "val", psnr=20.0))
    assert [panel.title for panel in panels(written, metrics)] == [
        "total loss",
        "psnr",
        "learning rate",
    ]


def test_figures_are_those_of_the_rows_by_split(metrics):
    found = by_title(two_stages(), metrics)
    assert points(found["total loss"], "train") == [(1, 0.4), (2, 0.2), (3, 0.3), (4, 0.3)]
    assert points(found["total loss"], "val") == [(2, 0.2), (4, 0.3), (6, 0.3)]
    assert points(found["loss term: ragan"], "train") == [(3, 0.7), (4, 0.7)]
    assert points(found["D(real) and D(fake)"], "train", "D(fake)") == [(3, 0.1), (4, 0.1)]
    assert points(found["D(real) and D(fake)"], "val", "D(real)") == [(4, 0.8), (6, 0.8)]
    both = found["generator and discriminator loss"]
    assert points(both, "val", "generator") == [(2, 0.2), (4, 0.3), (6, 0.3)]
    assert points(both, "val", "discriminator") == [(4, 0.6), (6, 0.6)]
    assert points(found["gradient norm"], "train", "discriminator") == [(3, 2.0), (4, 2.0)]
    assert points(found["learning rate"], "train", "generator") == [
        (1, 1e-3),
        (2, 1e-3),
        (3, 1e-3),
        (4, 1e-3),
    ]
    assert points(found["learning rate"], "val", "generator") == []


def test_a_metric_has_its_unit_deviation_and_the_best_of_each_stage_in_its_direction(metrics):
    found = by_title(two_stages(), metrics)
    assert [found[name].unit for name in ("psnr", "lpips")] == ["dB", ""]
    assert found["psnr"].best == (Point(2, "warmup", 24.5, 3.0), Point(4, "main", 24.25, 2.5))
    assert found["lpips"].best == (Point(2, "warmup", 0.5, 0.1), Point(4, "main", 0.25, 0.125))
    assert [(point.step, point.value) for point in found["total loss"].best] == [(2, 0.2), (4, 0.3)]


def test_a_band_is_drawn_unless_it_would_hide_how_the_figures_move(metrics):
    found = by_title(two_stages(), metrics)
    assert found["psnr"].band is None
    assert found["lpips"].band == found["lpips"].lines[0]


def test_several_validation_sets_are_lines_of_one_panel(metrics):
    figures = {"psnr/std": 21.0, "psnr/std/std": 1.5, "psnr/$_x": 30.0, "psnr/$_x/std": 2.0}
    found = by_title(rows(warmup(1), warmup(2, "val", **figures)), metrics)["psnr"]
    assert [(line.name, line.points) for line in found.lines] == [
        ("std", (Point(2, "warmup", 21.0, 1.5),)),
        ("$_x", (Point(2, "warmup", 30.0, 2.0),)),
    ]
    assert found.best == (Point(2, "warmup", 21.0, 1.5),)


def test_stages_begin_where_the_one_before_ended():
    assert eras(two_stages()) == [Era("warmup", 0, 2), Era("main", 2, 6)]


def test_what_is_not_a_number_is_left_out(metrics):
    written = rows(
        main(1, psnr="nan"),
        main(2, **{"loss/total": float("inf"), "loss/discriminator": 0.0}),
        main(3, d_real=float("nan")),
    )
    found = by_title(written, metrics)
    assert points(found["total loss"], "train") == [(1, 0.3), (3, 0.3)]
    assert points(found["D(real) and D(fake)"], "train", "D(real)") == [(1, 0.8), (2, 0.8)]
    both = found["generator and discriminator loss"]
    assert points(both, "train", "generator") == [(1, 0.3), (3, 0.3)]
    assert points(both, "train", "discriminator") == [(1, 0.6), (2, 0.0), (3, 0.6)]
    assert "psnr" not in found


def test_a_long_line_is_gathered_into_medians_within_its_stages():
    noisy = [
        Point(step, "one" if step <= 460 else "two", 1000.0 if step % 10 == 0 else step % 10)
        for step in range(1, 1001)
    ]
    line, rows_of_one = gathered(Line("train", tuple(noisy)))
    assert (len(line.points), rows_of_one) == (50, 20)
    assert line.points[0] == Point(11, "one", 5.5)
    assert {point.value for point in line.points} == {5.5}
    assert [point.stage for point in line.points] == ["one"] * 23 + ["two"] * 27


def test_rates_are_not_noise(metrics):
    rates = by_title(rows(*(warmup(step) for step in range(1, 301))), metrics)
    assert [has_many(rates[name].lines[0]) for name in ("total loss", "learning rate")] == [
        True,
        False,
    ]


def test_groups_do_not_reach_over_a_stage():
    line, _ = gathered(
        Line(
            "train",
            tuple(Point(step, "one" if step <= 5 else "two", step) for step in range(1, 301)),
        )
    )
    assert [point.value for point in line.points[:4]] == [3.0, 8.5, 14.5, 20.5]


@pytest.mark.parametrize(
    ("written", "height"),
    [(two_stages(), 885), (rows(warmup(1)), 325), ([], 325)],
    ids=["gan", "one row", "none"],
)
def test_a_picture_is_1200_pixels_wide(metrics, written, height):
    assert size(draw_curves(written, metrics)) == (1200, height)


def test_training_and_validation_have_their_colours(metrics):
    trained = draw_curves(rows(warmup(1), warmup(2)), metrics)
    assert has_colour(trained, TRAINING) > 200
    assert has_colour(trained, VALIDATION) == 0
    assert has_colour(draw_curves(two_stages(), metrics), VALIDATION) > 200


def test_a_single_row_shows_its_point(metrics):
    below_the_key = pixels(draw_curves(rows(warmup(1)), metrics))[60:]
    blue = (below_the_key[..., 2] > 150) & (below_the_key[..., 0] < 60)
    assert 4 <= blue.any(axis=0).sum() <= 40


def test_names_are_words_and_not_formulas(metrics):
    figures = {"psnr/_a": 21.0, "psnr/$\\frac{": 30.0}
    assert size(
        draw_curves(rows(warmup(1) | {"stage": "$x"}, warmup(2, "val", **figures)), metrics)
    ) == (1200, 325)


def test_negative_losses_and_a_rate_of_nothing_are_drawn(metrics):
    written = rows(
        main(1, lr=0.0, **{"loss/discriminator": -3.0}),
        main(2, lr=0.0, **{"loss/discriminator": 40.0}),
    )
    assert size(draw_curves(written, metrics)) == (1200, 885)


def test_twenty_thousand_rows_are_one_picture(metrics):
    noise = np.random.default_rng(0).lognormal(size=20_000)
    written = rows(
        *(main(step, **{"loss/total": value}) for step, value in enumerate(noise.tolist(), 1))
    )
    line, rows_of_one = gathered(by_title(written, metrics)["total loss"].lines[0])
    assert (len(line.points), rows_of_one) == (50, 400)
    assert max(point.value for point in line.points) < 1.5
    assert size(draw_curves(written, metrics)) == (1200, 885)


class Told(Callback):
    def __init__(self):
        self.notes = []

    def on_note(self, text):
        self.notes.append(text)


class Throughput:
    """Stands still but for what is asked of it."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def folder(tmp_path):
    with (tmp_path / "metrics.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(two_stages()[0]))
        writer.writeheader()
        writer.writerows(two_stages())
    return RunFolder(tmp_path)


def drawn_after(curves, folder, clock, seconds):
    clock.seconds = seconds
    curves.refresh()
    there = folder.curves.exists()
    folder.curves.unlink(missing_ok=True)
    return there


def test_drawing_waits_a_minute(folder, metrics):
    clock = Throughput()
    curves = CurvesFile(folder, metrics, Told(), clock=clock)
    assert [
        drawn_after(curves, folder, clock, seconds) for seconds in (0, 59, 60, 61, 119, 120)
    ] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]


def test_slow_drawing_waits_a_hundred_times_as_long(folder, metrics, monkeypatch):
    clock = Throughput()

    def slow(*_, **__):
        clock.seconds += 3
        return b""

    monkeypatch.setattr("srkit_core.engine.logs.curves.drawing.draw_curves", slow)
    curves = CurvesFile(folder, metrics, Told(), clock=clock)
    assert [drawn_after(curves, folder, clock, seconds) for seconds in (60, 362, 363)] == [
        True,
        False,
        True,
    ]


def test_other_processes_draw_nothing(folder, metrics):
    CurvesFile(folder, metrics, Told(), is_main=False).draw()
    assert not folder.curves.exists()


def test_a_fault_of_drawing_is_told_once_and_leaves_the_picture_before(
    folder, metrics, monkeypatch
):
    listener = Told()
    curves = CurvesFile(folder, metrics, listener)
    curves.draw()
    before = folder.curves.read_bytes()

    def broken(*_, **__):
        raise ValueError("no ink")

    monkeypatch.setattr("srkit_core.engine.logs.curves.drawing.draw_curves", broken)
    curves.draw()
    curves.draw()
    assert listener.notes == ["curves.png could not be drawn: no ink"]
    assert folder.curves.read_bytes() == before


@pytest.mark.parametrize(
    ("error", "drawn"),
    [
        (DivergedError("nan", step=6, term="loss/total", hint=""), True),
        (KeyboardInterrupt(), False),
    ],
)
def test_a_run_that_ends_badly_has_its_curves_unless_it_must_stop_at_once(
    folder, metrics, error, drawn
):
    with pytest.raises(type(error)), CurvesFile(folder, metrics, Told()).drawn_at_end():
        raise error
    assert folder.curves.exists() == drawn


class Stopping(Told):
    """Asks for a stop after a number of steps, as Ctrl-C does."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def on_download(self, *_):
        pass

    def on_step(self, *_):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)


def recipe():
    stage = {"batch": 2, "patch": 32, "log_every": 1, "validate_every": 2, "steps": 3}
    return recipe_from_dict(
        {
            "generator": "srvgg(features=8, blocks=1)",
            "discriminator": "vgg-sn(features=4)",
            "data": {"hold_out": ["chelsea"]},
            "stages": [
                stage | {"name": "warmup", "loss": "l1"},
                stage | {"name": "main", "loss": "l1 + 0.1*ragan"},
            ],
        }
    )


def test_a_run_leaves_its_curves_and_a_resumed_one_has_each_figure_once(tmp_path, metrics):
    where = RunOptions(out=tmp_path / "run", device="cpu")
    with pytest.raises(InterruptedRunError):
        train(recipe(), where, callbacks=[Stopping(5)])
    stopped = (where.out / "curves.png").read_bytes()
    listener = Stopping(0)
    train(recipe(), where, resume="newest", callbacks=[listener])
    with (where.out / "metrics.csv").open(newline="") as file:
        found = by_title(list(csv.DictReader(file)), metrics)
    assert [step for step, _ in points(found["total loss"], "train")] == [1, 2, 3, 4, 5, 6]
    assert [step for step, _ in points(found["psnr"], "val")] == [2, 3, 5, 6]
    assert size((where.out / "curves.png").read_bytes()) == (1200, 885)
    assert size(stopped) == (1200, 885)
    assert stopped != (where.out / "curves.png").read_bytes()
    assert [note for note in listener.notes if "curves.png" in note] == []


def test_a_stage_that_ends_leaves_its_curves(tmp_path):
    where, seen = RunOptions(out=tmp_path / "run", device="cpu"), []

    class Looking(Stopping):
        def on_step(self, *_):
            seen.append((where.out / "curves.png").exists())

    train(recipe(), where, callbacks=[Looking(0)])
    assert seen == [False, False, False, True, True, True]


def noisy(count, stage="main"):
    """Rows of training that zigzag around 1."""
    return [
        warmup(step, stage=stage, **{"loss/total": 1 + 0.5 * (-1) ** step})
        for step in range(1, count + 1)
    ]


def test_training_is_smoothed_and_every_row_is_shown_beside(metrics):
    """A moving mean of three zigzags a third as far; the first and the last row have nobody on one
    side.
    """
    (line,) = by_title(rows(*noisy(40)), metrics)["total loss"].lines
    assert is_noisy(line)
    mean, width = smoothed(line)
    assert width == 3
    assert [point.step for point in mean.points] == [point.step for point in line.points]
    assert mean.points[0].value == line.points[0].value
    inner = [abs(point.value - 1) for point in mean.points[1:-1]]
    assert inner == pytest.approx([0.5 / 3] * 38)
    png = pixels(draw_curves(rows(*noisy(40)), metrics))
    assert len(np.unique(png.reshape(-1, 3), axis=0)) > 1


@pytest.mark.parametrize(
    ("count", "expected"), [(20, False), (21, True), (200, True), (201, False)]
)
def test_a_few_rows_are_legible_and_many_are_gathered(metrics, count, expected):
    (line,) = by_title(rows(*noisy(count)), metrics)["total loss"].lines
    assert (is_noisy(line), has_many(line)) == (expected, count > 200)


def test_smoothing_does_not_reach_over_a_stage(metrics):
    table = rows(
        *noisy(20, "first"),
        *[warmup(20 + step, stage="second", **{"loss/total": 9.0}) for step in range(1, 11)],
    )
    (line,) = by_title(table, metrics)["total loss"].lines
    mean = smoothed(line)[0]
    assert {point.value for point in mean.points if point.stage == "second"} == {9.0}
    assert max(point.value for point in mean.points if point.stage == "first") < 2


def test_bicubic_is_a_line_that_is_seen(metrics):
    table = two_stages()
    found = {one.title: one for one in panels(table, metrics, {"psnr": 35.0})}
    assert found["psnr"].baselines == (("", 35.0),)
    assert found["lpips"].baselines == ()
    with_line, without = (
        (pixels(draw_curves(table, metrics, bicubic)).max(axis=2) < 110).sum()
        for bicubic in ({"psnr": 35.0}, {})
    )
    assert with_line > without + 200


def test_each_validation_set_has_its_bicubic(metrics):
    table = rows(
        {"step": 2, "stage": "main", "split": "val", "psnr/a": 21.0, "psnr/b": 24.0},
    )
    (panel,) = panels(table, metrics, {"psnr/a": 20.0, "psnr/b": 23.0, "psnr/a/std": 1.0})
    assert panel.baselines == (("a", 20.0), ("b", 23.0))


def test_words_are_no_wider_than_their_panel(metrics):
    name = "a-set-of-photographs-with-a-long-name"
    figures = {f"psnr/{name}": 24.123, f"psnr/{name}/std": 1.234}
    written = rows(warmup(1), warmup(2, "val", **figures), main(3), main(4, "val", **figures))
    figure = Figure(figsize=(12, 3), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(1, 3, 1)
    draw_panel(axes, by_title(written, metrics)["psnr"], eras(written))
    (told,) = (text for text in axes.texts if text.get_text().startswith(f"best on {name}"))
    assert 4.5 <= told.get_fontsize() < 7.5
    assert told.get_window_extent().width <= axes.get_window_extent().width


def test_names_of_lines_are_inside_their_panel(metrics):
    figure = Figure(figsize=(12, 3), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot(1, 3, 1)
    found = by_title(two_stages(), metrics)["generator and discriminator loss"]
    draw_panel(axes, found, eras(two_stages()))
    canvas.draw()
    inside, legend = axes.get_window_extent(), axes.get_legend().get_window_extent()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "generator",
        "discriminator",
    ]
    assert inside.x0 <= legend.x0 < legend.x1 <= inside.x1
    assert inside.y0 <= legend.y0 < legend.y1 <= inside.y1


@pytest.mark.parametrize(
    ("value", "said"),
    [(1e-4, "1e-4"), (1.04e-4, "1.04e-4"), (0.02, "0.02"), (0, "0"), (27.5, "27.5")],
)
def test_small_figures_are_said_by_their_power_of_ten(value, said):
    figure = Figure(figsize=(4, 3), dpi=100)
    axes = figure.add_subplot()
    line = Line("train", (Point(1, "main", value), Point(2, "main", value)))
    draw_panel(axes, Panel("learning rate", (line,)), [Era("main", 0, 2)])
    assert axes.yaxis.get_major_formatter()(value, 0) == said
