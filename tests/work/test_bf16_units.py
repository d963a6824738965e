"""Is it known, and said, whether bf16 is fast on a processor? (stand-ins of both kinds)"""

import pytest
import torch

from srkit_core import Recipe, RunOptions, Stage, Upscaler, bf16_units, evaluate, train
from srkit_core.callbacks import Callback
from srkit_core.cli.app import run
from srkit_core.devices import choose_precision, inference_dtype, upscaling_precision
from srkit_core.recipe import Validation

CPU = torch.device("cpu")
NEW = "flags\t\t: fpu sse2 avx512f avx512_bf16 amx_bf16 amx_tile\n"
OLD = "flags\t\t: fpu sse2 avx2 avx512f avx512_vnni\n"
ARM = "Features\t: fp asimd bf16 i8mm\n"


class Notes(Callback):
    """What a run says beside its steps."""

    def __init__(self):
        self.said = []

    def on_note(self, note):
        self.said.append(note)


@pytest.fixture
def processor(monkeypatch, tmp_path):
    """Return what makes this processor one whose flags and speed in bf16 are others."""

    def stands_in(flags, slowdown):
        told = tmp_path / "cpuinfo"
        told.write_text(f"processor\t: 0\n{flags}")
        units = bf16_units.bf16_units(told)
        monkeypatch.setattr(bf16_units, "bf16_units", lambda: units)
        monkeypatch.setattr(bf16_units, "bf16_slowdown", lambda: slowdown)

    return stands_in


@pytest.mark.parametrize(
    ("flags", "slowdown", "precision"),
    [
        (NEW, 7.0, "bf16 (units: amx_bf16, avx512_bf16)"),
        (ARM, 7.0, "bf16 (units: bf16)"),
        (
            OLD,
            7.12,
            "fp32 (this processor has no units for bf16, and a convolution takes 7.1 times as long "
            "in bf16 as in fp32, measured now)",
        ),
        (
            "",
            2.0,
            "fp32 (a convolution takes 2.0 times as long in bf16 as in fp32, measured now)",
        ),
        ("", 0.5, "bf16 (measured now)"),
    ],
)
def test_the_fast_precision_is_known_from_units_or_measured(processor, flags, slowdown, precision):
    processor(flags, slowdown)
    assert bf16_units.cpu_precision() == precision
    assert choose_precision("auto", CPU) == "fp32"


def _said_by_train(folder, precision):
    stage = Stage(loss="l1", steps=1, batch=2, patch=32)
    recipe = Recipe(
        generator="srvgg(features=4, blocks=1)", validation=Validation(pictures=0), stages=[stage]
    )
    notes = Notes()
    options = RunOptions(out=folder / "run", data="photos", device="cpu", precision=precision)
    train(recipe, options, callbacks=[notes])
    return notes.said


def _said_by_evaluate(folder, precision):
    said = []
    given = {"data": "photos", "scale": 2, "degrade": "bicubic", "crop": 32, "metrics": "psnr"}
    evaluate("bicubic", **given, device="cpu", precision=precision, note=said.append)
    return said


def _said_by_eval(precision, capsys):
    words = ["eval", "bicubic", "--data", "photos", "--scale", "2", "--crop", "32"]
    assert run([*words, "--metrics", "psnr", "--device", "cpu", "--precision", precision]) == 0
    return "".join(capsys.readouterr()).splitlines()


def _said_by_upscaler(folder, precision):
    said = []
    Upscaler("bicubic", scale=2, device="cpu", precision=precision, note=said.append)
    return said


@pytest.mark.parametrize("door", [_said_by_train, _said_by_evaluate, _said_by_upscaler])
@pytest.mark.parametrize(
    ("flags", "precision", "sentences"), [(OLD, "bf16", 1), (NEW, "bf16", 0), (OLD, "auto", 0)]
)
def test_whoever_asks_for_slow_bf16_is_told_the_same_sentence_once(
    processor, tmp_path, door, flags, precision, sentences
):
    processor(flags, 7.12)
    said = [one for one in door(tmp_path, precision) if one.startswith("--precision bf16")]
    assert said == sentences * [
        "--precision bf16 is the slower one here: this processor has no units for bf16, and a "
        "convolution takes 7.1 times as long in bf16 as in fp32; try: --precision fp32"
    ]


def test_the_command_eval_says_it_too(processor, capsys):
    processor(OLD, 7.12)
    said = _said_by_eval("bf16", capsys)
    assert sum("--precision bf16 is the slower one here" in one for one in said) == 1


@pytest.mark.parametrize("flags", [OLD, NEW, ARM])
def test_auto_is_never_bf16_on_a_cpu(processor, flags):
    processor(flags, 7.12)
    assert choose_precision("auto", CPU) == "fp32"
    assert upscaling_precision(CPU) == "fp32"
    assert inference_dtype("auto", CPU) == torch.float32


def test_a_speed_is_measured_here():
    assert 0.01 < bf16_units.bf16_slowdown() < 100


def test_a_system_that_tells_nothing_is_unknown(tmp_path):
    assert bf16_units.bf16_units(tmp_path / "missing") is None
