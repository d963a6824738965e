"""Does `srkit compare` put scores side by side that compare, and say what keeps others apart?"""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from srkit_core.cli.app import run
from srkit_core.engine.trainer import train
from srkit_core.evaluation.mean_intervals import mean_difference
from srkit_core.evaluation.paper_figures import known_set, published_figures
from srkit_core.evaluation.score_files import read_scores
from srkit_core.io.images import write_image
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

METRIC = {"unit": "dB", "higher_is_better": True}
OURS = [30.0, 31.0, 32.5, 33.0, 29.0, 30.5]
THEIRS = [29.5, 30.8, 32.0, 32.6, 28.2, 30.4]


def document(name="ours", values=OURS, **protocol):
    said = {
        "channel": "y",
        "border": 4,
        "quantisation": "8 bit",
        "scale": 4,
        "lr": "made from HR",
        "kernel": "bicubic",
        "metrics": {"psnr": "srkit 1"},
        "pictures": {"count": 6, "sha256": "a" * 64, "from": "SET"},
        "srkit": "1",
    }
    images = [{"name": str(number), "psnr": value} for number, value in enumerate(values)]
    model = {"name": name, "metrics": {"psnr": METRIC}, "images": images}
    return {"protocol": said | protocol, "models": [model]}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Write documents as files of these names, and run a command line beside them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words, code=0, **files):
        for name, one in files.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(one))
        assert run(["compare", *words]) == code
        printed = capsys.readouterr()
        return (printed.err if code else printed.out).splitlines()

    return call


def test_equal_protocols_give_one_table_and_the_interval_of_the_difference(told):
    words = ["--markdown", "c.md", "--latex", "c.tex", "--csv", "c.csv"]
    other = document("theirs", THEIRS, srkit="2")
    lines = told("a.json", "b.json", *words, a=document(), b=other)
    assert lines[0].startswith("x4, LR by bicubic; luma, border 4, 8 bit; psnr of srkit 1; 6")
    wanted = mean_difference(THEIRS, OURS)
    row = next(line for line in lines if line.startswith("theirs  psnr"))
    low, high = wanted.interval
    assert row.split()[2:] == [
        f"{wanted.mean:+.4f}",
        f"{low:+.4f}",
        "to",
        f"{high:+.4f}",
        f"{wanted.p:.4f}",
    ]
    assert (wanted.p, wanted.mean) == (2 / 64, pytest.approx(-0.4166667))
    assert max(map(len, lines)) <= 80
    assert "| theirs | psnr | " in Path("c.md").read_text()
    assert told("a.json", "b.json", *words, code=2)[0] == "error: c.csv exists already"
    turned = told("a.json", "b.json", "--against", "theirs")
    assert any(line.startswith("ours   psnr    +0.4167") for line in turned)
    assert told("a.json", "--against", "nobody", code=2)[0] == (
        "error: no model is called 'nobody'"
    )


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"border": 0}, "the protocols of a.json and b.json differ in border: 4, 0"),
        ({"channel": "rgb"}, "the protocols of a.json and b.json differ in channel: y, rgb"),
        ({"metrics": {"psnr": "srkit 2"}}, "differ in metrics.psnr: srkit 1, srkit 2"),
        ({"crop": 96}, "the protocols of a.json and b.json differ in crop: none, 96"),
        ({"kernel": "bilinear"}, "differ in kernel: bicubic, bilinear"),
        ({"pictures": {"count": 6, "sha256": "b" * 64}}, "6 of aaaaaaaaaaaa and 6 of bbbbbbbbbbbb"),
    ],
)
def test_what_keeps_scores_apart_is_named_with_both_values(told, change, fact):
    lines = told("a.json", "b.json", code=2, a=document(), b=document("theirs", **change))
    assert fact in lines[0]
    assert lines[1].startswith("try: ")


def test_other_pictures_and_other_files_of_lr_are_refused(told):
    lines = told("a.json", "b.json", code=2, a=document(), b=document("theirs", THEIRS[:5]))
    assert lines[0] == "error: the pictures differ: only a.json has '5'"
    low, lower = (document(kernel="as stored", lr=where, lr_sha256=where * 64) for where in "cd")
    assert (
        "lr_sha256: cccccccccccc, dddddddddddd"
        in told("a.json", "b.json", code=2, a=low, b=lower)[0]
    )
    moved = deepcopy(low) | {"models": document("theirs", THEIRS)["models"]}
    moved["protocol"]["lr"] = "elsewhere"
    assert any(line.startswith("theirs") for line in told("a.json", "b.json", a=low, b=moved))


def test_equal_rows_are_one_and_others_of_a_name_are_told_apart(told):
    both = document() | {"models": [*document()["models"], *document("plain", THEIRS)["models"]]}
    lines = told("a.json", "b.json", a=both, b=document("plain", THEIRS))
    assert sum(line.startswith("plain") for line in lines) == 2  # its score, and its difference
    lines = told("a.json", "b.json", a=document(), b=document("ours", THEIRS))
    assert any(line.startswith("ours (b)") for line in lines)


def test_published_figures_stand_beside_ours(told):
    found = document("EDSR", pictures={"count": 5, "sha256": "e" * 64, "from": "/data/Set5/HR"})
    found["models"][0]["images"] = found["models"][0]["images"][:5]
    lines = told("a.json", "--published", a=found)
    row = next(line for line in lines if line.startswith("EDSR") and "Set5" in line)
    assert row.split()[1:] == ["Set5", "psnr", "32.46", "31.10", "-1.36"]
    assert "published of EDSR: Zhang et al. 2018 (RCAN), table 2" in lines
    rgb = document("EDSR", channel="rgb")
    assert told("a.json", "--published", a=rgb)[-1].startswith("no published figure is known")


def test_sets_are_known_by_their_pictures_or_by_name_and_number():
    digest = "50d09b2b7d02e54a5df9d4eb7e000b5f1813137fc869206855c89e22f8fea391"
    assert known_set("", {"pictures": {"sha256": digest, "count": 5}}) == "Set5"
    assert known_set("Set14", {"pictures": {"sha256": "", "count": 14}}) == "Set14"
    assert known_set("Set14", {"pictures": {"sha256": "", "count": 13}}) is None
    assert known_set("mine", {}) is None


def test_runs_are_compared_by_their_last_validation(told, tmp_path, smooth):
    for seed in range(3):
        write_image(tmp_path / f"data/{seed}.png", smooth(48, 48, seed))
    stage = {"loss": "l1", "steps": 1, "batch": 1, "patch": 16}
    for name, changes in (("one", {}), ("two", {"seed": 1}), ("three", {"border": 1})):
        validation = {"pictures": 0, "metrics": "psnr"} | {
            key: value for key, value in changes.items() if key == "border"
        }
        wanted = recipe_from_dict(
            {"generator": "srvgg(features=4, blocks=1)", "scale": 2, "stages": [stage]}
            | {"validation": validation, "seed": changes.get("seed", 0)}
        )
        train(wanted, RunOptions(data=str(tmp_path / "data"), out=tmp_path / name, device="cpu"))
    lines = told("one", "two")
    assert [line.split()[:2] for line in lines[-2:]] == [["one", "(last)"], ["two", "(last)"]]
    assert "differ in border: 2, 1" in told("one", "three", code=2)[0]
    words = ["eval", "one", "--split", "val", "--device", "cpu", "--json", "e.json"]
    assert run(words) == 0
    assert "one holds final figures alone, and e.json" in told("one", "e.json", code=2)[0]
    assert read_scores("e.json").protocol["border"] == 2
    assert list(published_figures("", read_scores("e.json"))) == []
