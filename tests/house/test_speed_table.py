"""Do pairs, ratios, spreads and rows of the benchmark say what was measured?"""

import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.benchmarks.bench import Bench, Case, Limit, SkippedError, measure
from tests.benchmarks.causes import CAUSES, Cause, cause
from tests.benchmarks.families import FAMILIES, chosen, together
from tests.benchmarks.paired import Spread, Turn, command, in_turn, ratio, spread
from tests.benchmarks.quality_page import Difference, Quality
from tests.benchmarks.row import BF16, FP32, PEER, Row, kept_rows, read_figures, write_figures
from tests.benchmarks.speed_page import drawn_ratios, speed_page
from tests.benchmarks.told import duration, load_words, machine_lines, ratio_words, row_lines
from tests.benchmarks.worker import ROOT, Worker

MACHINE = {
    "processor": "Some Processor",
    "model": "6 1 2",
    "cores": 2,
    "units": ["avx2", "amx_bf16"],
    "memory_gb": 24.0,
    "rates": {
        "flops/fp32": 2e11,
        "flops/bf16": 9e11,
        "bytes copied": 8.5e9,
        "bytes written": 3e8,
        "fsyncs": 250.0,
    },
    "versions": {"python": "3.11.7", "torch": "2.15.0"},
}
ROW = Row(
    "step",
    "RRDB-4, L1",
    "BasicSR 1.4.2",
    "a step",
    seconds={PEER: [3.0, 4.0, 2.0], FP32: [2.0, 2.0, 2.0], BF16: [1.0, 1.0, 2.0]},
    memory_mb={PEER: 1000.0, FP32: 900.0, BF16: 700.0},
    limits={FP32: 1.25, BF16: 0.5},
    limit="250 GFLOP at the rate of products",
    goals={FP32: 1.4, BF16: 3.5},
)


def told(seconds):
    """A way that takes these seconds, one after the other, and who was asked when."""
    left = list(seconds)
    return lambda: Turn(left.pop(0), 10.0, 1e9)


def test_ways_take_turns_and_every_second_round_is_backwards():
    asked = []
    ways = {name: lambda name=name: asked.append(name) or Turn(1.0) for name in "ab"}
    turns = in_turn(ways, 3, warm=1)
    assert "".join(asked) == "ba" + "ab" + "ba" + "ab"
    assert {name: len(found) for name, found in turns.items()} == {"a": 3, "b": 3}


def test_warm_rounds_are_not_counted():
    turns = in_turn({"a": told([9.0, 8.0, 1.0, 2.0])}, 2, warm=2)
    assert [one.seconds for one in turns["a"]] == [1.0, 2.0]


def test_a_ratio_is_that_of_pairs_and_not_of_medians():
    assert ratio([3.0, 4.0, 2.0], [2.0, 2.0, 2.0]) == Spread(1.5, 1.0, 2.0)
    assert ratio([1.0, 10.0, 4.0], [1.0, 5.0, 1.0]) == Spread(2.0, 1.0, 4.0)
    assert spread([4.0, 1.0, 2.0, 3.0]) == Spread(2.5, 1.0, 4.0)
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_a_row_says_its_ratios_and_what_is_missed():
    assert ROW.ratio(FP32) == Spread(1.5, 1.0, 2.0)
    assert ROW.ratio(BF16) == Spread(3.0, 1.0, 4.0)
    assert ROW.missed() == [BF16]
    alone = Row("start", "srkit list", seconds={FP32: [0.2]}, goals={FP32: 1.0})
    assert (alone.ratio(FP32), alone.time(PEER), alone.missed()) == (None, None, [])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (123.4, "123 s"),
        (12.34, "12.3 s"),
        (1.234, "1.23 s"),
        (0.9996, "1000 ms"),
        (0.0345, "34.5 ms"),
        (0.00123, "1.23 ms"),
        (4.5e-06, "4.50 us"),
    ],
)
def test_seconds_have_three_digits(seconds, words):
    assert duration(seconds) == words


def test_a_row_is_told_in_80_columns():
    lines = list(row_lines(ROW))
    assert lines == [
        "step: RRDB-4, L1",
        "  peer         3.00 s a step       1,000 MB",
        "  srkit        2.00 s              1.50 (1.00 to 2.00)    limit 1.25 s 900 MB",
        "  srkit bf16   1.00 s              3.00 (1.00 to 4.00)    limit 500 ms 700 MB",
        "  wanted: 3.5 (bf16)",
    ]
    assert ratio_words(Spread(1.416, 1.3, 1.5)) == "1.42 (1.30 to 1.50)"
    assert list(row_lines(Row("step", "x", skipped="no bf16 units"))) == [
        "step: x",
        "  left out: no bf16 units",
    ]


def test_the_machine_is_told_with_its_units_and_rates():
    assert list(machine_lines(MACHINE)) == [
        "Some Processor (6 1 2), 2 cores; units: avx2, amx_bf16",
        "200 GFLOP/s in fp32, 900 in bf16; copies 8.5 GB/s, writes 300 MB/s, 250 fsyncs/s",
    ]


def test_figures_are_kept_until_they_are_measured_again(tmp_path):
    file = tmp_path / "speed.json"
    other = Row("start", "srkit list", seconds={FP32: [0.25]})
    write_figures(file, MACHINE, [ROW, other])
    again = Row("start", "srkit list", seconds={FP32: [0.125]})
    write_figures(file, MACHINE, [again], kept_rows(file, MACHINE, whole=False))
    machine, rows = read_figures(file)
    assert machine == MACHINE
    assert [row.work for row in rows] == ["RRDB-4, L1", "srkit list"]
    assert rows[0].ratio(FP32) == ROW.ratio(FP32)
    assert rows[1].seconds == {FP32: [0.125]}


def test_a_whole_table_replaces_that_of_another_processor(tmp_path):
    file, other = tmp_path / "speed.json", MACHINE | {"processor": "Another"}
    write_figures(file, MACHINE, [ROW])
    with pytest.raises(SystemExit, match="holds figures of Some Processor, this is Another"):
        kept_rows(file, other, whole=False)
    assert kept_rows(file, other, whole=True) == []


def test_a_work_becomes_a_row():
    def opened(bench, stack):
        return {PEER: told([9.0, 4.0, 6.0]), FP32: told([9.0, 2.0, 2.0])}

    def limit(rates, turns):
        return Limit("1 GFLOP", {FP32: turns[FP32][0].flop / rates["flops/fp32"]})

    case = Case("a work", opened, "a peer", limit=limit, goals={FP32: 3.0})
    (row,) = measure("step", [case], Bench(MACHINE, quick=True))
    assert row.seconds == {PEER: [4.0, 6.0], FP32: [2.0, 2.0]}
    assert (row.ratio(FP32), row.missed()) == (Spread(2.5, 2.0, 3.0), [FP32])
    assert (row.limits, row.memory_mb) == ({FP32: 0.005}, {PEER: 10.0, FP32: 10.0})
    assert all(one >= 0 for one in row.load)


def test_works_of_a_group_share_what_is_the_same():
    peer = told([9.0, 4.0, 6.0])

    def case(work, seconds, group="together"):
        def opened(bench, stack):
            return {PEER: peer, FP32: told(seconds)}

        return Case(work, opened, "a peer", group=group)

    works = [("step", case("a", [9.0, 2.0, 3.0])), ("step", case("b", [9.0, 4.0, 6.0]))]
    works += [("step", case("c", [], group="")), ("start", case("d", []))]
    grouped = together(works)
    assert [[one.work for one in cases] for _, cases in grouped] == [["a", "b"], ["c"], ["d"]]
    one, other = measure(*grouped[0], Bench(MACHINE, quick=True))
    assert one.seconds[PEER] == other.seconds[PEER] == [4.0, 6.0]
    assert (one.ratio(FP32).median, other.ratio(FP32).median) == (2.0, 1.0)


def test_where_one_of_a_group_fails_the_others_are_measured():
    def fails(bench, stack):
        raise RuntimeError("no engine")

    def works(bench, stack):
        return {FP32: told([9.0, 2.0, 2.0])}

    cases = [Case("a", fails, "", group="g"), Case("b", works, "", group="g")]
    failed, done = measure("step", cases, Bench(MACHINE, quick=True))
    assert (failed.skipped, done.seconds) == ("failed: no engine", {FP32: [2.0, 2.0]})


def test_a_process_that_several_works_need_is_one():
    bench = Bench(MACHINE)
    with ExitStack() as stack:
        ways = [bench.ours(stack, "no_such_script", number) for number in (1, 1, 2)]
        assert ways[0] is ways[1] is not ways[2]
    with ExitStack() as stack:
        assert bench.ours(stack, "no_such_script", 1) is not ways[0]


def test_a_processor_without_units_leaves_bf16_open():
    without = MACHINE | {"units": ["avx2"]}
    case = Case(
        "a work", lambda *_: {FP32: told([9.0, 2.0, 2.0])}, "", bf16=True, goals={BF16: 2.3}
    )
    (row,) = measure("step", [case], Bench(without, quick=True))
    assert row.left_out == {BF16: "this processor has no units for bf16"}
    assert list(row_lines(row))[1] == (
        "  srkit bf16: not measured, this processor has no units for bf16"
    )
    page = " ".join(speed_page(without, [row]).split())
    assert "| a work, time | | 2.00 s | | not measured | | | 10 |" in page
    assert "bf16: not measured, as this processor has no units for bf16; these rows stay" in page
    assert "* In bf16, as this processor has no units for bf16: a work (wanted 2.3)." in page


def test_a_cause_may_be_that_of_a_way_and_of_a_unit():
    known = {
        "step: RRDB-4, L1": [
            Cause("It copies.", way=FP32),
            Cause("Its tiles wait.", unit="amx_bf16"),
            Cause("There are no units for it.", without="avx512_bf16"),
        ]
    }
    without = MACHINE | {"units": ["avx2"]}
    assert cause(ROW, FP32, MACHINE, known) == "It copies."
    assert cause(ROW, BF16, MACHINE, known) == "Its tiles wait."
    assert cause(ROW, BF16, without, known) == "There are no units for it."
    assert cause(ROW, BF16, MACHINE, {}) == "Its cause is not known."
    names = {f"{family}: {case.work}" for family, case in chosen([])}
    assert set(CAUSES) <= names


def test_the_page_tells_what_training_in_bf16_costs():
    found = (
        Difference("l1", "psnr", 24.5, -0.01, 0.02, 3),
        Difference("gan", "lpips", 0.25, 0.004, 0.001, 3),
    )
    quality = Quality("Some Processor", 300, "l1 + ragan", "srvgg", "vgg-sn", 2, 32, found)
    page = speed_page(MACHINE, [ROW], quality)
    assert "## Does bf16 cost quality?" in page
    assert "| l1 | PSNR-Y, dB | 24.5000 | -0.0100 +- 0.0200 | 3 |" in page
    assert "The interval does not hold zero for: gan, LPIPS." in page
    assert "quality?" not in speed_page(MACHINE, [ROW])


def test_a_rate_that_was_not_measured_is_not_told():
    rates = {name: rate for name, rate in MACHINE["rates"].items() if name != "flops/bf16"}
    assert list(machine_lines(MACHINE | {"rates": rates}))[1] == (
        "200 GFLOP/s in fp32; copies 8.5 GB/s, writes 300 MB/s, 250 fsyncs/s"
    )


@pytest.mark.parametrize(
    ("loads", "words"),
    [
        ({"a": ()}, "How busy the machine was meanwhile is not recorded."),
        (
            {"a": (0.1, 2.1), "b": (2.1, 2.0)},
            "The machine's load average before and after each was 0.1 to 2.1, of which a work "
            "itself makes up to 2.",
        ),
        (
            {"a": (0.1, 2.1), "b": (2.0, 3.5), "c": ()},
            "The machine's load average before and after each was 0.1 to 3.5, of which a work "
            "itself makes up to 2. Taken beside other work: b. Not recorded: c.",
        ),
    ],
)
def test_other_work_is_told(loads, words):
    assert load_words(2, loads) == words


def test_what_cannot_be_done_here_says_why():
    def photographs(bench, stack):
        return bench.photographs()

    def fails(bench, stack):
        raise RuntimeError("first\nlast words")

    bench = Bench(MACHINE)
    (row,) = measure("prepare", [Case("64 pictures", photographs, "")], bench)
    assert row.skipped.startswith("needs photographs")
    (row,) = measure("prepare", [Case("x", fails, "")], bench)
    assert row.skipped == "failed: last words"
    with pytest.raises(SkippedError):
        bench.photographs()


def test_a_command_is_timed_from_its_start_to_its_end():
    turn = command([sys.executable, "-c", "x = bytearray(60_000_000)"])()
    assert 0.01 < turn.seconds < 60
    assert turn.memory_mb is None or turn.memory_mb > 60
    with pytest.raises(RuntimeError, match=r"exit 3\nwhy"):
        command([sys.executable, "-c", "import sys; sys.stderr.write('why'); sys.exit(3)"])()


def test_a_process_works_when_it_is_asked():
    work = (
        "from tests.benchmarks.turns import Turns, serve; turns = Turns(); print('noise'); "
        "serve(turns, lambda: print('more'), times=2, flop=7.0)"
    )
    with ExitStack() as opened:
        worker = opened.enter_context(Worker([sys.executable, "-c", work]))
        turns = [worker(), worker()]
    assert [one.flop for one in turns] == [7.0, 7.0]
    assert all(0 < one.seconds < 1 for one in turns)


def test_a_process_that_ends_leaves_its_last_words():
    dies = "import sys; sys.exit('out of luck')"
    with Worker([sys.executable, "-c", dies]) as worker, pytest.raises(RuntimeError, match="luck"):
        worker()


def test_our_benchmarks_win_over_another_package_called_tests(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/__init__.py").write_text("raise ImportError('another')\n")
    asked = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "python -m tests.benchmarks" in asked.stdout


def test_every_work_of_every_family_has_a_name_of_its_own():
    found = [(family, case.work) for family, case in chosen([])]
    assert len(set(found)) == len(found)
    assert list(dict.fromkeys(family for family, _ in found)) == list(FAMILIES)
    assert [case.work for _, case in chosen(["step:rrdb-4, l1"])] == ["RRDB-4, L1"]
    with pytest.raises(SystemExit, match="there is no family 'steps'"):
        chosen(["steps"])
    with pytest.raises(SystemExit, match="nothing of 'step' is called 'vit'"):
        chosen(["step:vit"])


def test_the_page_tells_a_row_and_what_it_misses():
    left_out = Row("prepare", "64 photographs", skipped="needs photographs")
    causes = {"step: RRDB-4, L1": [Cause("Copies.")]}
    page = speed_page(MACHINE, [replace(ROW, day="2026-11-28"), left_out], known=causes)
    assert "Rows are of 2026-11-28." in page
    assert "## A training step" in page
    assert (
        "| RRDB-4, L1, a step | 3.00 s | 2.00 s | 1.50 (1.00 to 2.00) | 1.00 s | "
        "3.00 (1.00 to 4.00) | 1.25 s / 500 ms | 1,000 / 900 / 700 |"
    ) in page
    assert "* 64 photographs: not measured; needs photographs." in page
    assert "* RRDB-4, L1, bf16: 3.00 (1.00 to 4.00), wanted 3.5. Copies." in page
    assert "Nothing of what was measured." in speed_page(MACHINE, [left_out])
    assert "* `validation`: 8 pictures of 512 x 384" in page
    assert "* `step`: RRDB-4, L1;" not in page


def test_the_picture_shows_every_ratio():
    name = "step: RRDB-4, L1"
    assert drawn_ratios([ROW]) == [(name, FP32, 1.5, 1.0, 2.0), (name, BF16, 3.0, 1.0, 4.0)]
