"""Do tables say which score is best and what is gained, alike in text, Markdown, LaTeX and CSV?"""

import csv
import io
import re

import pytest

from srkit_core.errors import DataError
from srkit_core.evaluation.comparison import compare
from srkit_core.evaluation.score_files import read_scores
from srkit_core.evaluation.scores import ModelScores, ReadTraits, Scores
from srkit_core.evaluation.scores_by_set import ScoresBySet
from srkit_core.evaluation.tables.figures import MEAN_OF_SETS, compared
from srkit_core.evaluation.tables.outputs import csv_text, latex, markdown, text_rows
from srkit_core.evaluation.tables.score_tables import (
    long_tables,
    notes,
    picture_table,
    wide_tables,
)
from srkit_core.evaluation_recipe import evaluation_recipe
from srkit_core.io.documents import write_json

TRAITS = {
    "psnr": ReadTraits("dB", higher_is_better=True),
    "lpips": ReadTraits("", higher_is_better=False),
}
FIGURES = {  # as reported for S8 and S9 on Set14: PSNR, LPIPS
    "CelebA: SRResNet": (23.01, 0.3847),
    "CelebA: SRGAN": (24.03, 0.2927),
    "DIV2K: SRResNet": (23.25, 0.3616),
    "DIV2K: SRGAN": (25.15, 0.1901),
}
RECIPE = {
    "models": {
        "CelebA": {"SRResNet": "a", "SRGAN": "b"},
        "DIV2K": {"SRResNet": "c", "SRGAN": "d"},
    },
    "baseline": "SRResNet",
}


def protocol(**other):
    return {
        "channel": "y", "border": 4, "scale": 4, "lr": "made from HR", "kernel": "bicubic",
        "metrics": dict.fromkeys(TRAITS, "srkit 1"), **other,
    }  # fmt: skip


def scores(plus=0.0, figures=FIGURES, **other):
    """Two pictures, one a decibel above the mean and one below."""
    models = tuple(
        ModelScores(
            name,
            {
                "one": {"psnr": psnr + plus + 1, "lpips": lpips},
                "two": {"psnr": psnr + plus - 1, "lpips": lpips},
            },
            TRAITS,
        )
        for name, (psnr, lpips) in figures.items()
    )
    return Scores(protocol(**other), models)


def table_of(sets, recipe=RECIPE):
    return compared(evaluation_recipe(recipe), ScoresBySet(sets))


@pytest.fixture
def one():
    return table_of({"": scores()})


@pytest.fixture
def two():
    return table_of({"A": scores(), "B": scores(2.0)})


def test_heads_say_which_way_is_better_and_a_star_which_is_best(one):
    heads, rows = text_rows(long_tables(one)[0])
    assert heads == ["model", "psnr (dB) ↑", "lpips ↓"]
    assert rows == [
        ["CelebA", "", ""],
        ["  SRResNet", "23.0100 ± 1.0000", "0.3847 ± 0.0000"],
        ["  SRGAN", "24.0300 ± 1.0000", "0.2927 ± 0.0000"],
        ["DIV2K", "", ""],
        ["  SRResNet", "23.2500 ± 1.0000", "0.3616 ± 0.0000"],
        ["  SRGAN", "25.1500 ± 1.0000 *", "0.1901 ± 0.0000 *"],
    ]


def test_a_gain_is_above_zero_where_the_score_is_better(one):
    table = long_tables(one)[1]
    assert table.caption == (
        "gain over SRResNet of the same group, and in percent of its score: + is better, - is "
        "worse, also where lower scores are better"
    )
    assert text_rows(table)[1] == [
        ["CelebA", "", ""],
        ["  SRResNet", "baseline", "baseline"],
        ["  SRGAN", "+1.0200 (+4.4 %)", "+0.0920 (+23.9 %)"],
        ["DIV2K", "", ""],
        ["  SRResNet", "baseline", "baseline"],
        ["  SRGAN", "+1.9000 (+8.2 %)", "+0.1715 (+47.4 %)"],
    ]


def test_a_loss_has_a_minus_and_nothing_has_no_sign_of_its_own():
    figures = {"a": (30.0, 0.2), "b": (29.0, 0.3), "c": (29.99999, 0.2)}
    recipe = {"models": {"a": "a", "b": "b", "c": "c"}, "baseline": "a"}
    table = wide_tables(table_of({"": scores(figures=figures)}, recipe))[1]
    assert text_rows(table)[1][1:] == [
        ["b", "-1.00 (-3.3 %)", "-0.1000 (-50.0 %)"],
        ["c", "+0.00 (+0.0 %)", "+0.0000 (+0.0 %)"],
    ]
    assert "gain over a, and" in table.caption


def test_equal_figures_are_best_together_and_one_alone_is_not():
    figures = {"a": (30.001, 0.2), "b": (29.999, 0.3)}
    recipe = {"models": {"a": "a", "b": "b"}}
    (table,) = wide_tables(table_of({"": scores(figures=figures)}, recipe))
    assert [[cell.best for cell in row.cells] for row in table.blocks[0].rows] == [
        [True, True],
        [True, False],
    ]
    alone = table_of({"": scores(figures={"a": (30.0, 0.2)})}, {"models": {"a": "a"}})
    assert not any(cell.best for cell in wide_tables(alone)[0].blocks[0].rows[0].cells)


def test_sets_stand_below_each_other_on_a_screen_and_beside_each_other_in_files(two):
    assert [block.heading for block in long_tables(two)[0].blocks] == [
        f"{place}, {group}" for place in ("A", "B", MEAN_OF_SETS) for group in ("CelebA", "DIV2K")
    ]
    wide = wide_tables(two)[0]
    assert [(one.over, one.head) for one in wide.columns] == [
        (place, head) for place in ("A", "B", MEAN_OF_SETS) for head in ("psnr (dB) ↑", "lpips ↓")
    ]
    assert [cell.text for cell in wide.blocks[0].rows[0].cells] == [
        "23.01", "0.3847", "25.01", "0.3847", "24.01", "0.3847",
    ]  # fmt: skip


def test_there_is_no_mean_over_protocols_that_differ():
    apart = table_of({"A": scores(), "B": scores(border=0)})
    assert apart.places == ("A", "B")
    assert list(notes(apart)) == ["no mean over the sets, whose protocols differ in border"]
    assert long_tables(apart)[0].caption == (
        "A: x4, LR by bicubic; luma, border 4, 8 bit; psnr and lpips of srkit 1; "
        "B: x4, LR by bicubic; luma, border 0, 8 bit; psnr and lpips of srkit 1"
    )
    own = {"lpips": {"channel": "rgb", "border": 0}}
    one_metric = table_of({"A": scores(), "B": scores(metric_protocols=own, lr="LR")})
    assert one_metric.labels(MEAN_OF_SETS) == ("psnr",)
    assert [row.cells[1].text for row in long_tables(one_metric)[0].blocks[-1].rows] == ["", ""]


def test_what_judges_nothing_is_said_and_not_counted():
    figures = {"a": (float("inf"), 0.2), "b": (29.0, 0.3)}
    found = table_of({"": scores(figures=figures)}, {"models": {"a": "a", "b": "b"}})
    assert text_rows(long_tables(found)[0])[1][0] == ["a", "none judged", "0.2000 ± 0.0000 *"]
    (note,) = notes(found)
    assert note.startswith("left out of the psnr of a: one, two (2 of 2 pictures)")


STRANGE = '50% & <b>_x_</b> | #1 {$\\~^"`*[↑'


@pytest.fixture
def strange():
    recipe = {"models": {STRANGE: "a", "plain": "b"}, "baseline": "plain"}
    figures = {STRANGE: (31.0, 0.1), "plain": (30.0, 0.2)}
    return table_of({"S&5": scores(figures=figures), "B": scores(figures=figures)}, recipe)


def test_markdown_is_a_table_that_no_name_breaks(strange):
    text = markdown(wide_tables(strange), ["a | note"])
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {8}
    first, rule, row = lines[:3]
    assert first.startswith("| model | S&5 psnr (dB) ↑ | S&5 lpips ↓ |")
    assert rule == "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert row.startswith(
        r"| 50% & \<b\>\_x\_\</b\> \| \#1 \{$\\\~^" + '"' + r"\`\*\[↑ | **31.00** |"
    )
    assert text.endswith("a \\| note\n")


def test_latex_has_a_cell_for_every_column_and_no_name_is_a_command(strange):
    text = latex(wide_tables(strange))
    tables = re.findall(r"\\begin\{tabular\}\{(l(r*))\}\n(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert [len(columns) for _, columns, _ in tables] == [6, 6]
    for _, columns, body in tables:
        rows = [line for line in body.splitlines() if line.endswith("\\\\")]
        assert len(rows) == 4
        for line in rows:
            spanned = [int(one) - 1 for one in re.findall(r"\\multicolumn\{(\d+)\}", line)]
            assert len(re.findall(r"(?<!\\)&", line)) + sum(spanned) == len(columns)
    assert r"\multicolumn{2}{c}{S\&5}" in text
    assert r"\cmidrule(lr){2-3} \cmidrule(lr){4-5} \cmidrule(lr){6-7}" in text
    assert r"psnr (dB) $\uparrow$ & lpips $\downarrow$" in text
    name = (
        r"50\% \& \textless{}b\textgreater{}\_x\_\textless{}/b\textgreater{} \textbar{} \#1 \{\$"
        r"\textbackslash{}\textasciitilde{}\textasciicircum{}''`*[$\uparrow$"
    )
    assert f"{name} & \\textbf{{31.00}} & \\textbf{{0.1000}}" in text
    assert r"+1.00 (+3.3 \%)" in text
    assert text.count("\\toprule") == text.count("\\bottomrule") == 2


def test_csv_has_every_picture_and_rows_of_means_with_gains(two):
    rows = list(csv.DictReader(io.StringIO(csv_text(picture_table(two)))))
    assert list(rows[0]) == [
        "set", "model", "image", "psnr", "lpips",
        "psnr/low", "psnr/high", "lpips/low", "lpips/high",
        "psnr/gain", "psnr/gain_percent", "lpips/gain", "lpips/gain_percent", "protocol",
    ]  # fmt: skip
    assert len(rows) == 2 * 4 * 3 + 4
    assert [row["image"] for row in rows[:3]] == ["one", "two", "mean"]
    means = {(row["set"], row["model"]): row for row in rows if row["image"] == "mean"}
    mean = means["mean", "DIV2K: SRGAN"]
    assert float(mean["psnr"]) == pytest.approx(26.15)
    assert float(mean["psnr/gain"]) == pytest.approx(1.9)
    assert float(mean["lpips/gain_percent"]) == pytest.approx(100 * 0.1715 / 0.3616)
    assert rows[0]["psnr/gain"] == ""


def test_csv_of_one_set_begins_with_its_scores_and_ends_with_the_protocol(one):
    plain = table_of({"": one.scores.sets[""]}, {"models": RECIPE["models"]})
    head, first, _, mean = csv_text(picture_table(plain)).splitlines()[:4]
    ends = "psnr/low,psnr/high,lpips/low,lpips/high"
    assert head == f"model,image,psnr,lpips,{ends},protocol"
    assert first == "CelebA: SRResNet,one,24.01,0.3847,,,,,"
    assert mean.endswith('"x4, LR by bicubic; luma, border 4, 8 bit; psnr and lpips of srkit 1"')


def test_a_file_of_several_sets_reads_as_one_of_all_their_pictures(two, tmp_path):
    write_json(tmp_path / "two.json", two.scores.to_dict())
    read = read_scores(tmp_path / "two.json")
    assert list(read["DIV2K: SRGAN"].images) == ["A/one", "A/two", "B/one", "B/two"]
    assert read.mean("psnr", "DIV2K: SRGAN") == pytest.approx(26.15)
    document = two.scores.to_dict()
    assert [one["name"] for one in document["sets"]] == ["A", "B"]
    assert {k: v for k, v in document["sets"][1].items() if k != "name"} == scores(2.0).to_dict()
    assert document["means"][3]["metrics"]["psnr"] == pytest.approx(26.15)
    assert compare(read).names == tuple(FIGURES)


def test_a_file_of_one_set_is_what_it_always_was(one):
    assert one.scores.to_dict() == scores().to_dict()


def test_sets_under_protocols_that_differ_are_not_read_as_one(tmp_path):
    apart = ScoresBySet({"A": scores(), "B": scores(border=0)})
    assert apart.to_dict().keys() == {"sets", "means"}
    write_json(tmp_path / "apart.json", apart.to_dict())
    with pytest.raises(DataError, match="holds scores of several sets, under protocols") as caught:
        read_scores(tmp_path / "apart.json")
    assert caught.value.hint == "srkit eval RECIPE --only SET --json FILE"
