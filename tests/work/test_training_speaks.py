"""Does training say what its figures are, when it ends and what it learns from?"""

import io
import json

import pytest
from rich.console import Console

from srkit_core.callbacks import Callback, StepEvent
from srkit_core.cli import progress
from srkit_core.cli.app import run
from srkit_core.cli.progress import ProgressView
from srkit_core.data.bundled_photographs import bundled_photographs
from srkit_core.data.picture_set import open_picture_set
from srkit_core.engine import step_timing
from srkit_core.engine.run_data import describe_pictures
from srkit_core.engine.step_timing import StepTiming
from srkit_core.engine.trainer import train
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover
from srkit_core.run_options import RunOptions

ROW = {"loss/total": 0.04123, "d_real": 0.62, "d_fake": 0.41, "images_per_s": 12.345}


class Notes(Callback):
    def __init__(self):
        self.told = []

    def on_note(self, text):
        self.told.append(text)

    def on_download(self, *_):
        pass


GAME = "  D(real) 0.62  D(fake) 0.41"


@pytest.mark.parametrize(("width", "game"), [(80, ""), (120, GAME)])
def test_the_bar_names_its_figures_and_moves_between_rows(monkeypatch, width, game):
    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    with ProgressView() as view:
        bar, seen = view._bar._progress, []
        for step, values in enumerate([ROW, {}, {}], 1):
            view.on_step(StepEvent("main", step, 1_000_000, step, values))
            seen.append((bar.tasks[0].completed, bar.tasks[0].fields["figures"]))
        shown = io.StringIO()
        Console(width=width, file=shown, force_terminal=True, color_system=None).print(
            bar.get_renderable()
        )
    figures = f"12.3 pictures/s  loss 0.0412{game}"
    assert seen == [(1, figures), (2, figures), (3, figures)]
    (line,) = shown.getvalue().splitlines()
    assert "3/1000000" in line
    assert line.rstrip().endswith(figures)


def test_the_bar_says_the_time_left_of_weeks_in_days(monkeypatch):
    monkeypatch.setattr(progress, "on_terminal", lambda: True)
    with ProgressView() as view:
        bar = view._bar._progress
        now = [0.0]
        bar.get_time = lambda: now[0]
        for step in range(1, 5):
            now[0] += 60.0  # a step of a large network
            view.on_step(StepEvent("main", step, 100_000, step, {}))
        left = bar.columns[3].render(bar.tasks[0]).plain
    assert left == "69 days left"


def test_lines_say_days_too(capsys, monkeypatch):
    now = iter([0.0, 6.7, 6.7])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with ProgressView() as view:
        for step in (1, 2):
            view.on_step(StepEvent("main", step, 1_000_000, step, ROW))
    first, second = capsys.readouterr().out.splitlines()
    assert first == (
        "main 1/1000000  loss/total 0.04123  d_real 0.62  d_fake 0.41  images_per_s 12.35"
    )
    assert second.endswith("  78 days left")


@pytest.mark.parametrize(
    ("length", "said", "whole"),
    [
        (
            "steps = 1000000",
            "main: about 2.39 pictures a second; 1,000,000 steps of 6.7 s take 78 days",
            "the whole run takes about 78 days, validation not counted",
        ),
        (
            "epochs = 100",
            "main: about 2.39 pictures a second; 100 steps of 6.7 s take 11:10 min",
            "the whole run takes about 11:10 min, validation not counted",
        ),
    ],
    ids=["steps", "epochs"],
)
def test_check_run_multiplies(capsys, monkeypatch, tmp_path, length, said, whole):
    timing = StepTiming("main", 16, 6.7, 1000.0, None, False)
    monkeypatch.setattr(step_timing, "time_stages", lambda *_: [timing])
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f'generator = "srvgg"\n[[stages]]\nloss = "l1"\npatch = 64\n{length}\n')
    assert run(["check", str(recipe), "--run"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == [said, whole]


def test_check_run_counts_steps_in_which_the_discriminator_learns_alone(
    capsys, monkeypatch, tmp_path
):
    """Of 10 steps 4 are frozen, and every second one of the others trains both: 3 of 4 s, 7 of
    1 s, and 0.5 s for the pictures of each.
    """
    timing = StepTiming("main", 16, 4.0, 1000.0, 32.0, False, alone=1.0)
    monkeypatch.setattr(step_timing, "time_stages", lambda *_: [timing])
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'generator = "srvgg"\ndiscriminator = "unet-sn"\n[[stages]]\nloss = "l1 + gan"\n'
        "patch = 64\nsteps = 10\nfreeze = 4\ngenerator_every = 2\n"
    )
    assert run(["check", str(recipe), "--run"]) == 0
    told = capsys.readouterr().out.splitlines()
    took = "10 steps of 2.4 s take 0:24 min, in 7 of them the discriminator learns alone"
    assert " ".join(told[-3:-1]).endswith(took)
    assert told[-1] == "the whole run takes about 0:24 min, validation not counted"


def test_a_step_in_which_the_discriminator_learns_alone_is_timed_apart():
    stage = {"loss": "l1 + gan", "steps": 9, "batch": 1, "patch": 32}
    document = {
        "generator": "srvgg(features=4, blocks=1)",
        "discriminator": "vgg(features=2)",
        "stages": [stage | {"name": "both"}, stage | {"name": "apart", "freeze": 2}],
    }
    planned = plan(recipe_from_dict(document), discover())
    both, apart = step_timing.time_stages(planned, RunOptions(device="cpu"))
    assert both.alone is None
    assert apart.alone is not None
    assert apart.alone > 0
    assert apart.duration(4, 4) == pytest.approx(4 * apart.alone)


def test_bundled_photographs_are_called_so(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for file in bundled_photographs()[:3]:
        (photos / file.name).write_bytes(file.read_bytes())
    sources = ("photos", f"photos + {photos}", str(photos))
    assert [describe_pictures(open_picture_set(one).pictures) for one in sources] == [
        "13 bundled photographs",
        "16 pictures (13 of them bundled photographs)",
        "3 pictures",
    ]


def test_a_run_names_them_in_its_words_and_its_environment(tmp_path):
    stage = {"loss": "l1", "steps": 1, "batch": 1, "patch": 32}
    recipe = recipe_from_dict(
        {
            "generator": "srvgg(features=4, blocks=1)",
            "validation": {"pictures": 0, "metrics": "psnr"},
            "data": {"hold_out": ["chelsea"]},
            "stages": [stage],
        }
    )
    notes = Notes()
    folder = train(recipe, RunOptions(out=tmp_path / "run", device="cpu"), callbacks=[notes]).folder
    (line,) = [text for text in notes.told if text.startswith("training on")]
    assert line == f"training on cpu in fp32, 12 bundled photographs, into {folder}"
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["data"]["bundled_photographs"] == 13
