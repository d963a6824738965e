"""Does a callback of a plugin hear a run, and can no callback change or lose one?"""

import csv
import json
import os
import random
import signal
import threading
from contextlib import suppress
from dataclasses import asdict

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from srkit_core import Callback, RunResult, discover, train
from srkit_core.cli.app import run
from srkit_core.engine.logs.columns import columns_of_kind
from srkit_core.errors import (
    DivergedError,
    InterruptedRunError,
    OptionError,
    OutOfMemoryError,
    PluginError,
    UnknownComponentError,
)
from srkit_core.interfaces import Generator
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions
from srkit_core.specs import CallbackSpec, GeneratorSpec

METHODS = (
    "on_note",
    "on_run_start",
    "on_step",
    "on_picture_scored",
    "on_validation",
    "on_checkpoint",
    "on_stage_end",
    "on_run_end",
)
EVENTS = METHODS[1:]


def forgetful(*, scale: int) -> Generator:
    """A network that draws: a step of it depends on torch's generator of random numbers."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.Dropout(0.3),
        nn.Conv2d(8, 3 * scale**2, 3, padding=1),
        nn.PixelShuffle(scale),
    )


FORGETFUL = GeneratorSpec(name="forgetful", factory=forgetful, summary="draws", scales=(2,))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", pixels)
    return folder


@pytest.fixture(scope="module")
def registry():
    return discover().with_components(FORGETFUL)


def _recipe(**changes):
    stage = {"loss": "l1", "steps": 4, "batch": 2, "patch": 16, "log_every": 1, "lr": 1e-3}
    stage |= {"validate_every": 2, "checkpoint_every": 2, **changes}
    return recipe_from_dict(
        {
            "generator": "local/forgetful",
            "scale": 2,
            "validation": {"pictures": 0, "metrics": "psnr"},
            "stages": [stage],
        }
    )


@pytest.fixture
def trained(pictures, registry, tmp_path):
    """Train four steps; return the weights at the end and the rows, without times."""

    def trained(*callbacks, name="run", wish=None, **where):
        options = RunOptions(data=pictures, out=tmp_path / name, device="cpu", **where)
        train(wish or _recipe(), options, registry=registry, callbacks=callbacks)
        return _left(tmp_path / name)

    return trained


@pytest.fixture(scope="module")
def undisturbed(pictures, registry, tmp_path_factory):
    """What is left by a run that nobody hears."""
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    train(_recipe(), RunOptions(data=pictures, out=out, device="cpu"), registry=registry)
    return _left(out)


def _left(folder):
    timing = columns_of_kind("timing")
    with (folder / "metrics.csv").open() as file:
        rows = [
            {name: value for name, value in row.items() if name not in timing}
            for row in csv.DictReader(file)
        ]
    tensors = load_file(folder / "weights/last.safetensors")
    return rows, {name: tensor.tolist() for name, tensor in tensors.items()}


class Hears(Callback):
    """Keeps everything it is told."""

    def __init__(self):
        self.told, self.notes = [], []

    def on_note(self, text):
        self.notes.append(text)

    def on_run_start(self, event):
        self.told.append(("on_run_start", event))

    def on_step(self, event):
        self.told.append(("on_step", event))

    def on_picture_scored(self, event):
        self.told.append(("on_picture_scored", event))

    def on_validation(self, event):
        self.told.append(("on_validation", event))

    def on_checkpoint(self, event):
        self.told.append(("on_checkpoint", event))

    def on_stage_end(self, event):
        self.told.append(("on_stage_end", event))

    def on_run_end(self, event):
        self.told.append(("on_run_end", event))


def test_events_come_in_their_order_with_the_figures_of_the_run(trained, tmp_path):
    hears = Hears()
    rows, _ = trained(hears)
    told = [name for name, _ in hears.told]
    assert [name for name in told if name != "on_checkpoint"] == [
        "on_run_start",
        *("on_step", "on_step", "on_picture_scored", "on_picture_scored", "on_validation"),
        *("on_step", "on_step", "on_picture_scored", "on_validation"),
        "on_stage_end",
        "on_run_end",
    ]
    checkpoints = [place for place, name in enumerate(told) if name == "on_checkpoint"]
    assert len(checkpoints) == 2  # each once its files are whole, which other steps do not wait for
    assert checkpoints[0] > told.index("on_validation")
    assert told.index("on_stage_end") == checkpoints[1] + 1
    start, end = hears.told[0][1], hears.told[-1][1]
    assert (start.folder, start.device, start.precision) == (tmp_path / "run", "cpu", "fp32")
    assert (start.run_step, start.run_length, start.recipe.scale) == (0, 4, 2)
    assert (end.folder, end.run_step, end.reason, end.error) == (
        tmp_path / "run",
        4,
        "finished",
        "",
    )
    psnr = [event.scores["psnr"] for name, event in hears.told if name == "on_validation"]
    assert [f"{value:.6g}" for value in psnr] == [
        f"{float(row['psnr']):.6g}" for row in rows if row["split"] == "val"
    ]
    steps = [event for name, event in hears.told if name == "on_step"]
    assert [(one.step, one.run_step, one.length) for one in steps] == [
        (number, number, 4) for number in (1, 2, 3, 4)
    ]
    assert json.loads(json.dumps(asdict(steps[0])["values"]))["loss/total"] > 0
    assert RunResult(end.folder).best("psnr").value == pytest.approx(max(psnr))


def _broken(method, fault):
    def raises(self, *_):
        self.calls += 1
        raise fault

    return type("Broken", (Callback,), {method: raises, "calls": 0})()


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        *((method, ValueError("no network")) for method in METHODS),
        ("on_step", SystemExit(3)),
        ("on_step", SystemExit("bye")),
        ("on_checkpoint", RecursionError("deep")),
    ],
)
def test_one_that_raises_is_named_once_and_the_run_ends_as_it_would(
    method, fault, trained, undisturbed
):
    broken, hears = _broken(method, fault), Hears()
    assert trained(broken, hears) == undisturbed
    assert broken.calls == 1
    told = [note for note in hears.notes if note.startswith("warning: the callback")]
    assert told == [
        f"warning: the callback Broken.{method} raised {type(fault).__name__}: {fault}; "
        "it is not called again, and the run goes on"
    ]


def _draws(event):
    torch.manual_seed(0)
    torch.rand(7)
    np.random.seed(0)
    random.seed(0)


def _stops_gradients(event):
    torch.set_grad_enabled(False)


def _changes_type(event):
    torch.set_default_dtype(torch.float64)


def _changes_threads(event):
    torch.set_num_threads(3)


def _empties(event):
    for value in vars(event).values():
        if isinstance(value, dict):
            value.clear()
            value["loss/total"] = float("nan")


def _overwrites(event):
    for name in ("step", "run_step", "length", "stage"):
        with suppress(AttributeError):
            object.__setattr__(event, name, 10**6)


def _moves(event):
    os.chdir("/")


def _spends(event):
    sum(range(10**6))


MUTANTS = [
    _draws,
    _stops_gradients,
    _changes_type,
    _changes_threads,
    _empties,
    _overwrites,
    _moves,
    _spends,
]


@pytest.mark.parametrize("does", MUTANTS, ids=[one.__name__ for one in MUTANTS])
def test_what_one_does_to_the_world_changes_no_bit_of_the_run(
    does, trained, undisturbed, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    meddler = type("Meddler", (Callback,), {name: lambda _, event: does(event) for name in EVENTS})
    hears = Hears()
    assert trained(meddler(), hears, name="watched") == undisturbed
    assert [name for name, _ in hears.told].count("on_step") == 4
    assert all(event.run_step <= 4 for name, event in hears.told if name == "on_step")
    assert (torch.is_grad_enabled(), torch.get_default_dtype()) == (True, torch.float32)


def test_a_relative_run_folder_is_where_it_was_after_one_moved_away(
    pictures, registry, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    meddler = type("Meddler", (Callback,), {"on_step": lambda _, event: _moves(event)})()
    options = RunOptions(data=pictures, device="cpu")
    result = train(_recipe(), options, registry=registry, callbacks=[meddler])
    assert (tmp_path / result.folder / "weights/last.safetensors").is_file()


def test_ctrl_c_within_one_ends_the_run_which_goes_on_later(trained, undisturbed, tmp_path):
    """A callback that hangs is ended so: the second Ctrl-C raises in it."""
    hears = Hears()
    presses = type("Presses", (Callback,), {"on_step": _press_twice})()
    with pytest.raises(KeyboardInterrupt):
        trained(presses, hears)
    assert [name for name, _ in hears.told][-1] == "on_run_end"
    assert hears.told[-1][1].reason == "interrupted"
    options = RunOptions(out=tmp_path / "run", device="cpu")
    local = discover().with_components(FORGETFUL)
    train(_recipe(), options, resume="newest", registry=local)
    assert _left(tmp_path / "run") == undisturbed


def _press_twice(self, event):
    if event.run_step == 3:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        threading.Event().wait(60)


class Asks(Callback):
    """Asks for a stop after the first step, as Ctrl-C does."""

    def on_step(self, event):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("cause", "reason", "error"),
    [
        (Asks(), "interrupted", InterruptedRunError),
        ("diverges", "diverged", DivergedError),
        ("memory", "out-of-memory", OutOfMemoryError),
        ("bug", "failed", ZeroDivisionError),
    ],
)
def test_the_end_is_told_with_its_reason(cause, reason, error, trained, monkeypatch):
    hears, more = Hears(), []
    if isinstance(cause, Callback):
        more.append(cause)
    elif cause == "diverges":
        monkeypatch.setattr(torch.optim.Adam, "step", _blow_up)
    else:
        fault = MemoryError("no room") if cause == "memory" else ZeroDivisionError("one by none")
        monkeypatch.setattr(torch.optim.Adam, "step", _raises(fault))
    with pytest.raises(error):
        trained(hears, *more)
    name, event = hears.told[-1]
    assert (name, event.reason) == ("on_run_end", reason)
    assert event.error
    assert event.run_step in (0, 1)


def _blow_up(self, closure=None):
    for group in self.param_groups:
        for parameter in group["params"]:
            parameter.data.fill_(float("inf"))


def _raises(fault):
    def step(self, closure=None):
        raise fault

    return step


def test_a_run_that_is_refused_has_neither_begun_nor_ended(pictures, registry, tmp_path):
    hears = Hears()
    options = RunOptions(data=pictures, out=tmp_path / "run", device="cpu")
    wish = _recipe(patch=15)
    with pytest.raises(Exception, match="15"):
        train(wish, options, registry=registry, callbacks=[hears])
    assert hears.told == []


class Mail(Callback):
    """Writes a line for each event of the kinds it is asked for."""

    def __init__(self, path, every, subject):
        self.path, self.every, self.subject = path, every, subject

    def on_step(self, event):
        if event.run_step % self.every == 0:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{self.subject} {event.run_step}\n")


def _mail(path):
    def mail(*, every: int = 2, subject: str = "step") -> Callback:
        """Write a line as training goes on.

        Args:
            every: steps between two lines.
            subject: what the line begins with.
        """
        return Mail(path, every, subject)

    return mail


def none_at_all() -> Callback:
    """Build what hears nothing."""
    return object()


def cannot() -> Callback:
    """Build nothing."""
    raise OSError("no such server")


@pytest.fixture
def letters(installed, tmp_path):
    """The distribution srkit-mail with three callbacks; where its lines go."""
    path = tmp_path / "letters.txt"
    specs = [
        CallbackSpec(name="mail", factory=_mail(path), summary="a line now and then"),
        CallbackSpec(name="silent", factory=none_at_all, summary="no callback"),
        CallbackSpec(name="cannot", factory=cannot, summary="fails"),
    ]
    installed(*specs, name="mail", distribution="srkit-mail")
    return path


@pytest.fixture
def typed(pictures, tmp_path):
    """The words of a short training."""
    words = ["train", "--gen", "srvgg(features=4, blocks=1)", "--scale", "2", "--steps", "2"]
    words += ["--batch", "1", "--patch", "16", "--data", str(pictures), "--device", "cpu"]
    return [*words, "--loss", "l1"]


def test_a_callback_of_a_plugin_is_named_on_the_command_line_and_kept(
    letters, typed, tmp_path, capsys
):
    out = str(tmp_path / "run")
    wanted = ["--callback", 'mail(every=1, subject="did")', "--callback", "srkit-mail/mail"]
    assert run([*typed, "--out", out, *wanted]) == 0
    assert letters.read_text().splitlines() == ["did 1", "did 2", "step 2"]
    arguments = json.loads((tmp_path / "run/environment.json").read_text())["arguments"]
    assert arguments["callback"] == wanted[1::2]
    capsys.readouterr()
    assert run(["train", "--resume", "--out", out, "--steps", "3"]) == 0
    told = capsys.readouterr().out
    assert "callback ('mail(every=1, subject=\"did\")', 'srkit-mail/mail')" in told
    assert letters.read_text().splitlines()[3:] == ["did 3"]
    assert run(["train", "--resume", "--out", out, "--steps", "4", "--callback", "none"]) == 0
    assert letters.read_text().splitlines()[3:] == ["did 3"]
    arguments = json.loads((tmp_path / "run/environment.json").read_text())["arguments"]
    assert arguments["callback"] == ["none"]


@pytest.mark.parametrize(
    ("text", "code", "fact", "hint"),
    [
        ("mial", 3, "no callback named 'mial' is installed", "did you mean 'mail'?"),
        ("mail(evry=1)", 2, "mail has no option 'evry'", "did you mean 'every'? srkit show mail"),
        ("mail(every=a)", 2, "mail: option 'every' expects int, not 'a'", "srkit show mail"),
        ("mail(", 2, "", ""),
        ("cannot", 3, "srkit-mail/cannot failed to build 'cannot': OSError: no such server", ""),
        ("silent", 3, "the callback 'srkit-mail/silent' builds object, which is no Callback", ""),
    ],
)
@pytest.mark.usefixtures("letters")
def test_one_that_cannot_be_used_is_refused_before_anything_is_written(
    text, code, fact, hint, typed, tmp_path, capsys
):
    out = tmp_path / "run"
    assert run([*typed, "--out", str(out), "--callback", text]) == code
    said = capsys.readouterr().err
    assert fact in said
    assert hint in said
    assert not out.exists()


def test_options_are_checked_from_python_too(letters, registry, pictures, tmp_path):
    mailing = discover()
    for wanted, error in [
        ("mail(evry=1)", OptionError),
        ("post", UnknownComponentError),
        ("cannot", PluginError),
    ]:
        options = RunOptions(data=pictures, out=tmp_path / "run", callback=(wanted,))
        with pytest.raises(error):
            train(_recipe(), options, registry=mailing.with_components(FORGETFUL))
    local = mailing.with_components(
        FORGETFUL, CallbackSpec(name="own", factory=_mail(letters), summary="of one's own")
    )
    options = RunOptions(data=pictures, out=tmp_path / "run", device="cpu", callback=("own",))
    train(_recipe(), options, registry=local)
    assert letters.read_text().splitlines() == ["step 2", "step 4"]


def test_one_of_a_plugin_is_named_by_its_full_name_where_it_fails(installed, pictures, tmp_path):
    def clumsy() -> Callback:
        """Stumble at once."""
        return _broken("on_step", ValueError("no ink"))

    installed(CallbackSpec(name="clumsy", factory=clumsy, summary="s"), distribution="srkit-mail")
    hears = Hears()
    local = discover().with_components(FORGETFUL)
    options = RunOptions(data=pictures, out=tmp_path / "run", device="cpu", callback=("clumsy",))
    train(_recipe(), options, registry=local, callbacks=[hears])
    assert (
        "warning: the callback srkit-mail/clumsy.on_step raised ValueError: no ink; "
        "it is not called again, and the run goes on"
    ) in hears.notes
