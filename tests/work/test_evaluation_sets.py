"""Are several sets and named models scored from one file, and the shipped recipes filled in?"""

import csv
import json
import shutil

import pytest

from srkit_core.cli.app import run
from srkit_core.evaluation.score_files import read_scores
from srkit_core.evaluation_files import read_evaluation_recipe
from srkit_core.expressions import parse_call
from srkit_core.io.images import image_size, write_image
from srkit_core.models.build import build_network
from srkit_core.models.weights_card import Card
from srkit_core.models.weights_file import save_weights
from srkit_core.named_recipes import read_recipe
from srkit_core.plan import bind_generator
from srkit_core.resources import bundled

SETS = """
metrics = "psnr"
baseline = "bicubic"
scale = 4
[sets.waves]
data = "waves/HR"
[sets."more waves"]
data = "more/HR"
border = 4
[models]
bicubic = "bicubic"
[models.ours]
box = "nearest"
"""


@pytest.fixture
def here(tmp_path, monkeypatch, smooth):
    """A folder of two sets of pictures, and a recipe of them."""
    for seed, name in enumerate(("waves", "more")):
        write_image(tmp_path / f"sets/{name}/HR/one.png", smooth(60, 48, seed))
    (tmp_path / "two.toml").write_text(SETS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def told(capsys):
    def call(*words, code=0):
        assert run([*map(str, words), "--device", "cpu"]) == code
        printed = capsys.readouterr()
        return (printed.err if code else printed.out).splitlines()

    return call


def test_several_sets_are_one_table_in_eighty_columns(here, told, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    outputs = ["--json", "a.json", "--csv", "a.csv", "--markdown", "a.md", "--latex", "a.tex"]
    lines = told("eval", "two.toml", "lanczos", "--data", "sets", *outputs, "--pictures", "sr")
    assert max(map(len, lines)) <= 80
    assert lines[:6] == [
        f"{name}, {model}: 1 pictures scored"
        for name in ("waves", "more waves")
        for model in ("bicubic", "ours: box", "lanczos")
    ]
    headings = ["waves", "waves, ours", "more waves", "more waves, ours"]
    headings += ["mean of sets", "mean of sets, ours"]
    assert [line for line in lines if line in headings] == headings * 2
    scores = read_scores("a.json")
    document = json.loads((here / "a.json").read_text())
    assert [one["name"] for one in document["sets"]] == ["waves", "more waves"]
    assert list(scores["ours: box"].images) == ["waves/one", "more waves/one"]
    with (here / "a.csv").open(newline="") as file:
        means = [row for row in csv.DictReader(file) if row["image"] == "mean"]
    assert len(means) == 3 * 3
    gain = float(means[-2]["psnr"]) - float(means[-3]["psnr"])
    assert float(means[-2]["psnr/gain"]) == pytest.approx(gain)
    assert "| bicubic | " in (here / "a.md").read_text()
    assert r"\multicolumn{1}{c}{more waves}" in (here / "a.tex").read_text()
    assert image_size(here / "sr/more waves/ours: box/one.png") == (60, 48)


def test_what_a_recipe_names_and_is_not_here_is_one_sentence_with_the_way_on(here, told):
    assert told("eval", "two.toml", code=4) == [
        "error: two.toml names what is not here: pictures in waves/HR, more/HR",
        "try: srkit eval two.toml --data FOLDER",
    ]
    shutil.move(here / "sets/waves", here / "waves")
    assert told("eval", "two.toml", "--set", "models.mine=gone.pth", code=4) == [
        "error: two.toml names what is not here: the model gone.pth of 'mine'; pictures in more/HR",
        "try: srkit eval two.toml --set models.mine=MODEL --data FOLDER (or --only waves)",
    ]
    assert told("eval", "two.toml", "--only", "waves")[-2] == "waves, ours"
    assert told("eval", "cross-domain", code=4) == [
        "error: cross-domain names what is not here: the run runs/srgan-faces-1 of CelebA, "
        "runs/srgan-natural-1 of DIV2K; pictures in Set14/HR",
        "try: srkit eval cross-domain --set runs.CelebA=RUN --set runs.DIV2K=RUN --data FOLDER",
    ]


def test_files_that_are_there_are_not_replaced(here, told):
    (here / "a.md").write_text("mine")
    lines = told("eval", "two.toml", "--data", "sets", "--markdown", "a.md", code=2)
    assert lines[0] == "error: a.md exists already"
    assert (here / "a.md").read_text() == "mine"


def test_cross_domain_is_filled_with_two_runs(here, told, registry):
    """A generator of each file of the recipe, and pictures in the place of Set14."""
    bound = bind_generator(registry, parse_call("srvgg(features=8, blocks=1)"), 4)
    for name in ("faces", "natural"):
        for file in (
            "srresnet/best-psnr",
            *(f"srgan/best-{one}" for one in ("psnr", "ssim", "lpips")),
        ):
            place = here / f"mine/{name}/weights/{file}.safetensors"
            place.parent.mkdir(parents=True, exist_ok=True)
            network = build_network(bound)
            save_weights(place, network.state_dict(), Card(bound.expression, 4, "", {}, 5))
    runs = ["--set", "runs.CelebA=mine/faces", "--set", "runs.DIV2K=mine/natural"]
    words = ["eval", "cross-domain", "--data", "sets", "--metrics", "psnr+ssim", *runs]
    lines = told(*words)
    assert lines[-1].startswith("  SRGAN (Best LPIPS)   ")
    assert "gain over SRResNet (PSNR-Opt) of the same group" in "\n".join(lines)
    assert sum(line.split()[0] == "CelebA" for line in lines if line) == 2
    assert len(told(*words, "--only", "DIV2K")) < len(lines)


REPORTED = """\
#   SRResNet           23.01 / .6916 / .3847     23.25 / .6576 / .3616
#   SRGAN, best PSNR   24.03 / .6718 / .2927     25.15 / .7191 / .1901
#   SRGAN, best SSIM   24.37 / .6902 / .3225     25.15 / .7191 / .1901 (the same checkpoint)
#   SRGAN, best LPIPS  24.29 / .6681 / .2426     24.80 / .7038 / .1577
"""
"""SYSTEMS.md, S8 and S9."""


def test_the_shipped_recipes_say_what_was_reported():
    folder = bundled("examples/evaluations")
    cross = folder / "cross-domain.toml"
    assert REPORTED in cross.read_text()
    wanted = read_evaluation_recipe(cross, {})
    assert [row.name for row in wanted.rows()] == [
        "SRResNet (PSNR-Opt)", "SRGAN (Best PSNR)", "SRGAN (Best SSIM)", "SRGAN (Best LPIPS)",
    ] * 2  # fmt: skip
    assert (wanted.groups, wanted.baseline) == (("CelebA", "DIV2K"), "SRResNet (PSNR-Opt)")
    assert str(wanted.metrics) == "psnr + ssim + lpips"
    benchmark = read_evaluation_recipe(folder / "benchmark.toml", {})
    assert list(benchmark.sets) == ["Set5", "Set14", "BSD100", "Urban100"]
    assert (benchmark.scale, benchmark.protocol, benchmark.baseline) == (4, "y", "bicubic")


def test_the_files_of_cross_domain_are_those_that_the_two_recipes_leave():
    wanted = read_evaluation_recipe(bundled("examples/evaluations") / "cross-domain.toml", {})
    for group, name in (("CelebA", "srgan-faces"), ("DIV2K", "srgan-natural")):
        recipe = read_recipe(name)
        assert wanted.runs[group] == f"runs/{recipe.name}-1"
        metrics = [term.call.name.rpartition("/")[2] for term in recipe.validation.metrics.terms]
        kept = {
            f"runs/{name}-1/weights/{stage.name}/best-{metric}.safetensors"
            for stage in recipe.stages
            for metric in metrics
        }
        assert {row.word for row in wanted.rows() if row.group == group} <= kept


def test_benchmark_gives_the_known_good_figures(assets, told, tmp_path):
    """Of Set5, the only set of the four that is among the shared files."""
    golden = json.loads((assets / "goldens/set5_x4.json").read_text())["Set5"]
    srresnet = assets / "weights/srresnet_x4_pretrained.pth"
    words = ["--data", assets / "benchmarks", "--set", f"models.SRResNet={srresnet}"]
    told("eval", "benchmark", "--only", "Set5", *words, "--json", tmp_path / "s.json",
         "--latex", tmp_path / "s.tex")  # fmt: skip
    scores = read_scores(tmp_path / "s.json")
    for name, key in (("bicubic", "bicubic"), ("SRResNet", "srresnet_x4_pretrained")):
        for picture, values in scores[name].images.items():
            psnr, ssim = golden[f"{picture}.png"][key]
            assert (round(values["psnr"], 4), round(values["ssim"], 5)) == (
                pytest.approx(psnr, abs=1.01e-4),
                pytest.approx(ssim, abs=1.01e-5),
            )
    text = (tmp_path / "s.tex").read_text()
    assert "bicubic & 28.43 & 0.8111 \\\\" in text
    assert "SRResNet & \\textbf{32.01} & \\textbf{0.8929} \\\\" in text
    assert "SRResNet & +3.58 (+12.6 \\%) & +0.0818 (+10.1 \\%) \\\\" in text
