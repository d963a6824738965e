"""Are pictures scored that somebody made, and the same SR under the protocols of others?"""

import json

import numpy as np
import pytest

from srkit_core import evaluate
from srkit_core.cli.app import run
from srkit_core.errors import DataError
from srkit_core.io.images import read_image, write_image

PLAIN = ("--device", "cpu", "--metrics", "psnr")
QUICK = {"device": "cpu", "metrics": "psnr"}
NAMES = ("baby", "bird", "butterfly", "head", "woman")


@pytest.fixture(scope="module")
def set5(assets):
    return assets / "benchmarks/Set5"


@pytest.fixture(scope="module")
def made(set5, tmp_path_factory):
    """Bicubic SR of Set5 x4 under the names of another tool, and its scores by every protocol."""
    folder = tmp_path_factory.mktemp("made")
    words = ["eval", "bicubic", "--data", set5 / "HR", "--lr", set5 / "LRx4", *PLAIN]
    more = ["--pictures", folder / "out", "--explain", "--json", folder / "s.json"]
    assert run([str(word) for word in (*words, *more)]) == 0
    (folder / "SR").mkdir()
    for name in NAMES:
        (folder / f"out/bicubic/{name}.png").rename(folder / f"SR/{name}x4.png")
    return folder


def psnr(sr, hr):
    return -10 * np.log10(np.mean((sr - hr) ** 2) / 255**2)


def luma(rgb):
    return 16 + rgb @ np.array([65.481, 128.553, 24.966]) / 255


def test_a_folder_of_pictures_scores_as_the_model_that_made_it(made, set5):
    scores = evaluate([made / "SR", "bicubic"], set5 / "HR", lr=set5 / "LRx4", **QUICK)
    assert scores["SR"].images == scores["bicubic"].images
    assert scores.mean("psnr", "SR") == pytest.approx(28.4290, abs=5e-5)
    alone = evaluate(made / "SR", set5 / "HR", against="bicubic", **QUICK)
    assert alone["SR"].images == scores["bicubic"].images
    assert [one.p for _, _, one in alone.differences()] == [1.0]
    only = evaluate(made / "SR", set5 / "HR", **QUICK)
    assert (only.protocol["lr"], only.protocol["kernel"]) == ("unknown", "unknown")
    assert only["SR"].weights["asked_for"] == str(made / "SR")


def test_missing_and_misfitting_pictures_are_one_sentence(made, set5, tmp_path):
    for name in NAMES[1:]:
        write_image(tmp_path / f"{name}.png", read_image(made / f"SR/{name}x4.png"))
    with pytest.raises(DataError, match=r"baby.png has no SR picture in "):
        evaluate(tmp_path, set5 / "HR", **QUICK)
    write_image(tmp_path / "baby.png", np.zeros((500, 512, 3), np.uint8))
    with pytest.raises(DataError, match=r"has 512x500 pixels, and HR of baby 512x512") as caught:
        evaluate(tmp_path, set5 / "HR", **QUICK)
    assert caught.value.hint.startswith("--scale N")


def test_one_file_under_two_names_is_scored_once(assets, set5, tmp_path):
    weights = assets / "weights/srresnet_x4_pretrained.pth"
    copy = tmp_path / "copy.pth"
    copy.write_bytes(weights.read_bytes())
    notes = []
    hr = tmp_path / "HR/bird.png"
    write_image(hr, read_image(set5 / "HR/bird.png")[:64, :64])
    found = evaluate({"a": weights, "b": copy}, hr.parent, note=notes.append, **QUICK)
    assert "b is the file of a: scored once" in notes
    assert found["a"].images == found["b"].images
    assert found["a"].is_file_of(found["b"])


def test_common_protocols_give_the_figures_of_independent_formulas(made, set5):
    document = json.loads((made / "s.json").read_text())
    found = {
        one["name"]: one["models"][0]["metrics"]["psnr"]["mean"] for one in document["explained"]
    }
    pictures = [
        tuple(
            read_image(file).astype(float)
            for file in (made / f"SR/{name}x4.png", set5 / f"HR/{name}.png")
        )
        for name in NAMES
    ]
    pictures = [(sr, hr[: sr.shape[0], : sr.shape[1]]) for sr, hr in pictures]
    cut = {border: slice(border, -border or None) for border in (0, 4, 10)}

    def mean(border, see=lambda rgb: rgb):
        part = cut[border]
        return np.mean([psnr(see(sr[part, part]), see(hr[part, part])) for sr, hr in pictures])

    wanted = {
        "luma, border = scale": mean(4, luma),
        "luma of whole levels, border = scale": mean(4, lambda rgb: np.round(luma(rgb))),
        "RGB, border = scale": mean(4),
        "RGB, border = 6 + scale": mean(10),
        "RGB, whole pictures": mean(0),
    }
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, abs=1e-4)
    assert wanted["luma, border = scale"] == pytest.approx(28.4290, abs=5e-5)
    pooled = found["RGB, neither clamped nor rounded, all pixels as one"]
    errors = sum(np.sum((sr - hr) ** 2) for sr, hr in pictures)
    count = sum(hr.size for _, hr in pictures)
    assert pooled == pytest.approx(-10 * np.log10(errors / count / 255**2), abs=0.02)
    assert all(one["used_by"] for one in document["explained"])
