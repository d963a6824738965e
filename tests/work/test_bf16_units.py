"""Is it known, and said, whether bf16 is fast on a processor? (stand-ins of both kinds)"""

import pytest
import torch

from srkit_core import Recipe, RunOptions, Stage, bf16_units, train
from srkit_core.callbacks import Callback
from srkit_core.devices import choose_precision
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


@pytest.mark.parametrize(
    ("flags", "precision", "warnings"), [(OLD, "bf16", 1), (NEW, "bf16", 0), (OLD, "auto", 0)]
)
def test_a_run_in_slow_bf16_says_so_in_one_sentence(
    processor, tmp_path, flags, precision, warnings
):
    processor(flags, 7.12)
    stage = Stage(loss="l1", steps=1, batch=2, patch=32)
    recipe = Recipe(
        generator="srvgg(features=4, blocks=1)", validation=Validation(pictures=0), stages=[stage]
    )
    options = RunOptions(out=tmp_path / "run", data="photos", device="cpu", precision=precision)
    notes = Notes()
    train(recipe, options, callbacks=[notes])
    said = [one for one in notes.said if one.startswith("--precision bf16")]
    assert len(said) == warnings
    assert all("takes 7.1 times as long in bf16" in one for one in said)


def test_a_speed_is_measured_here():
    assert 0.01 < bf16_units.bf16_slowdown() < 100


def test_a_system_that_tells_nothing_is_unknown(tmp_path):
    assert bf16_units.bf16_units(tmp_path / "missing") is None
