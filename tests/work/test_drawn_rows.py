"""Is a long log drawn from few of its rows, without losing what an eye sees?"""

import csv
import tracemalloc
from statistics import median

import pytest

from srkit_core.engine.logs.curves import drawn_rows as module
from srkit_core.engine.logs.curves.drawn_rows import drawn_rows
from srkit_core.engine.logs.curves.series import eras, gathered, panels
from srkit_core.errors import DataError
from srkit_core.report.run_story import read_run

HEADER = "step,epoch,stage,split,loss/total,lr,psnr\n"
STAGES = ("first", "second")


def loss_of(step):
    """Noise about a falling line, with one spike."""
    return 1e6 if step == 12_345 else 5000 - step / 20 + (step * 7919) % 101


def write_log(path, steps):
    with path.open("w", newline="") as file:
        file.write(HEADER)
        for step in range(1, steps + 1):
            stage = STAGES[step > steps // 3]
            file.write(f"{step},{step // 100},{stage},train,{loss_of(step)},{1 / step},\n")
            if step % 1000 == 0:
                file.write(f"{step},{step // 100},{stage},val,,,{20 + step / 1e5}\n")
    return path


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return write_log(tmp_path_factory.mktemp("run") / "metrics.csv", 60_000)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 1000)


def test_a_short_log_stays_as_it_is(log):
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    short = write_log(log.with_name("short.csv"), 900)
    assert drawn_rows(short, "").each == 1
    assert drawn_rows(short, "").rows == [*rows[:300]] + [
        row | {"stage": "second"} for row in rows[300:900]
    ]


def test_a_long_log_keeps_spikes_stages_validations_and_medians(log, few):
    with log.open(newline="") as file:
        whole = list(csv.DictReader(file))
    rows, each = drawn_rows(log, "")
    train = [row for row in rows if row["split"] == "train"]
    assert each == 61
    assert 900 < len(train) < 1200
    assert [row for row in rows if row["split"] == "val"] == [
        row for row in whole if row["split"] == "val"
    ]
    assert eras(rows) == eras(whole)
    losses = [float(row["loss/total"]) for row in train]
    all_losses = [loss_of(step) for step in range(1, 60_001)]
    assert (max(losses), min(losses)) == (1e6, min(all_losses))
    rates = [float(row["lr"]) for row in train]
    assert rates == sorted(rates, reverse=True)
    drawn, exact = (gathered(panels(some, {})[0].lines[0])[0].points for some in (rows, whole))
    assert abs(median(p.value for p in drawn) - median(p.value for p in exact)) < 50
    assert all(p.value < 5200 for p in drawn)


def test_a_long_log_is_never_all_in_memory(log, few):
    tracemalloc.start()
    drawn_rows(log, "")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < log.stat().st_size


def test_not_finite_figures_are_no_ends(tmp_path, few):
    path = tmp_path / "metrics.csv"
    lines = [f"{n},1,a,train,{'nan' if n % 2 else n},inf," for n in range(1, 4001)]
    path.write_text(HEADER + "\n".join(lines) + "\n")
    first = drawn_rows(path, "").rows[:3]
    assert [row["loss/total"] for row in first] == ["2", "8", "14"]
    assert [row["lr"] for row in first] == ["", "inf", ""]


def test_a_damaged_row_of_a_long_log_is_named_and_the_report_shows_the_others(tmp_path, few):
    path = tmp_path / "metrics.csv"
    write_log(path, 4000)
    with path.open("a") as file:
        file.write("4001,40,second")
    with pytest.raises(DataError, match="is cut within line 4006"):
        drawn_rows(path, "")
    story = read_run(tmp_path, "run")
    assert story.rows[-1]["step"] == "4000"
    assert any("its other rows are shown" in fault for fault in story.faults)
    path.write_text(HEADER + "1,1,a,train,1,1,\n" * 2000 + "1,1,a,train,one,1,\n")
    with pytest.raises(DataError, match="damaged in line 2002: loss/total is 'one'"):
        drawn_rows(path, "")


def test_every_row_is_in_a_group(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 6)
    path = tmp_path / "metrics.csv"
    path.write_text(HEADER + "".join(f"{n},1,a,train,{n},1,\n" for n in range(1, 12)))
    steps = [int(row["step"]) for row in drawn_rows(path, "").rows]
    assert steps == [1, 4, 6, 7, 9, 11]
