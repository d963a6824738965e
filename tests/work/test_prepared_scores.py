"""Which of the prepared pictures does `srkit eval` score, and on which LR?"""

import json

from prepared_places import (
    SPLITS,
    noise,
    pack,
)

from srkit_core.cli.app import run
from srkit_core.io.images import write_image


def test_eval_scores_the_test_split(tmp_path, capsys):
    place = pack(tmp_path / "a", splits=SPLITS)
    names = {}
    for flags in ([], ["--split", "val"], ["--split", "train"]):
        assert (
            run(
                [
                    "eval",
                    "bicubic",
                    "--data",
                    str(place),
                    "--metrics",
                    "psnr",
                    "--json",
                    str(tmp_path / "scores.json"),
                    "--overwrite",
                    *flags,
                ]
            )
            == 0
        )
        scores = json.loads((tmp_path / "scores.json").read_text())
        names[" ".join(flags)] = [image["name"][-1] for image in scores["models"][0]["images"]]
    assert names == {"": ["4"], "--split val": ["2"], "--split train": ["0", "1", "3"]}
    capsys.readouterr()
    assert run(["eval", "bicubic", "--data", str(pack(tmp_path / "b")), "--split", "val"]) == 4
    assert "has no split 'val'" in capsys.readouterr().err


def test_eval_scores_stored_lr_at_the_scale_of_the_manifest(tmp_path, capsys):
    prepare = [
        "--scale",
        "2",
        "--patch",
        "32",
        "--degrade",
        "blur(sigma=3) | bicubic",
        "--keep-duplicates",
    ]
    (tmp_path / "photos").mkdir()
    for number in range(2):
        write_image(tmp_path / f"photos/{number}.png", noise(64, 64, seed=number))
    figures = {}
    for form in ("packed", "files"):
        assert (
            run(
                [
                    "prepare",
                    str(tmp_path / "photos"),
                    str(tmp_path / form),
                    "--format",
                    form,
                    *prepare,
                ]
            )
            == 0
        )
        for degrade in ("bicubic", "paired"):
            words = [
                "--data",
                str(tmp_path / form),
                "--degrade",
                degrade,
                "--metrics",
                "psnr",
                "--json",
                str(tmp_path / "s.json"),
                "--overwrite",
            ]
            assert run(["eval", "bicubic", *words]) == 0
            document = json.loads((tmp_path / "s.json").read_text())
            assert (
                document["protocol"]["scale"],
                document["protocol"]["kernel"] == "as stored",
            ) == (2, degrade == "paired")
            figures[form, degrade] = document["models"][0]["metrics"]["psnr"]["mean"]
    assert "scale 2, that of" in capsys.readouterr().out
    for form in ("packed", "files"):
        assert figures[form, "paired"] < figures[form, "bicubic"] - 0.2
